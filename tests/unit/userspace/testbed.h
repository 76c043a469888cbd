/* SPDX-License-Identifier: GPL-2.0 */
/* What is used of libumockdev, whose own header wants all of GLib's. */
#ifndef TESTBED_H
#define TESTBED_H

struct testbed *umockdev_testbed_new(void);
char *umockdev_testbed_get_root_dir(struct testbed *bed);
char *umockdev_testbed_add_devicev(struct testbed *bed, const char *subsystem,
				   const char *name, const char *parent,
				   char **attributes, char **properties);
void umockdev_testbed_set_attribute(struct testbed *bed, const char *path,
				    const char *name, const char *value);
void umockdev_testbed_set_property(struct testbed *bed, const char *path,
				   const char *name, const char *value);
void umockdev_testbed_remove_device(struct testbed *bed, const char *path);
void umockdev_testbed_uevent(struct testbed *bed, const char *path,
			     const char *action);
void g_object_unref(void *object);
void g_free(void *memory);

#endif
