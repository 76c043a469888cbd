// SPDX-License-Identifier: GPL-2.0
/* Some other module of the same name, for a DKMS package of its own. */
#include <linux/module.h>

static int __init other_init(void)
{
	return 0;
}
module_init(other_init);

static void __exit other_exit(void)
{
}
module_exit(other_exit);

MODULE_DESCRIPTION("Not the kvmfr of this suite");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.0.1");
