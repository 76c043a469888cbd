/* SPDX-License-Identifier: GPL-2.0 */
/* The difference of two texts, in the form that patch(1) takes. */
#ifndef KVMFRCTL_DIFF_H
#define KVMFRCTL_DIFF_H

/*
 * Prints how @before becomes @after; NULL is no file. One hunk from the first
 * line that differs to the last one; nothing if none does.
 */
void diff_print(const char *path, const char *before, const char *after);

#endif
