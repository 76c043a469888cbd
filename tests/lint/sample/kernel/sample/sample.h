/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SAMPLE_H
#define SAMPLE_H

int sample_count(int count);

#endif /* SAMPLE_H */
