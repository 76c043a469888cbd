// SPDX-License-Identifier: GPL-2.0
/* Does what the bench has to notice, as this kernel words it. */
#include <linux/init.h>
#include <linux/module.h>

static char *how = "";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "warn or bug");

static int __init misbehave_init(void)
{
	WARN_ON(!strcmp(how, "warn"));
	BUG_ON(!strcmp(how, "bug"));
	return 0;
}

/* Without an exit function the module cannot be unloaded. */
module_init(misbehave_init);
MODULE_DESCRIPTION("Test module that breaks the kernel on request");
MODULE_LICENSE("GPL");
