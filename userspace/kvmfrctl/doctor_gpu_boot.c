// SPDX-License-Identifier: GPL-2.0
/* What is arranged for the GPU at the next boot: modprobe.d, the command line. */
#include "doctor_gpu_boot.h"

#include <stdio.h>
#include <string.h>

#include "doctor_conf.h"
#include "doctor_file.h"

#define BLANKS " \t\r"

struct option {
	const char *module;
	const char *name;
	char *value;
	char *where;
	bool found;
};

static void option_take(struct option *option, const char *word,
			const char *where)
{
	size_t length = strlen(option->name);
	const char *value;

	if (strncmp(word, option->name, length) ||
	    (word[length] && word[length] != '='))
		return;
	value = word[length] ? word + length + 1 : "y";
	/* The kernel takes quotes around a value off. */
	value += *value == '"';
	snprintf(option->value, 256, "%.*s", (int)strcspn(value, "\""), value);
	snprintf(option->where, 128, "/%s", where);
	option->found = true;
}

/* options vfio-pci ids=10de:249d,10de:228b disable_idle_d3=1 */
static void option_line(struct doctor *doctor, const struct doctor_line *line,
			void *data)
{
	struct option *option = data;
	char *rest;
	char *word = strtok_r(line->text, BLANKS, &rest);

	if (!word || strcmp(word, "options"))
		return;
	word = strtok_r(NULL, BLANKS, &rest);
	if (!word || !doctor_same_module(word, option->module))
		return;
	while ((word = strtok_r(NULL, BLANKS, &rest)))
		option_take(option, word, line->path);
}

/* vfio-pci.ids=10de:249d,10de:228b */
static void option_command_line(struct doctor *doctor,
				const struct doctor_line *line, void *data)
{
	struct option *option = data;
	char *rest;

	for (char *word = strtok_r(line->text, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		char *dot = strchr(word, '.');

		if (!dot)
			continue;
		*dot = '\0';
		if (doctor_same_module(word, option->module))
			option_take(option, dot + 1, line->path);
	}
}

bool doctor_gpu_boot_option(struct doctor *doctor, const char *module,
			    const char *name, char value[256], char where[128])
{
	struct option option = {
		.module = module,
		.name = name,
		.value = value,
		.where = where,
	};

	value[0] = '\0';
	where[0] = '\0';
	doctor_modprobe_lines(doctor, option_line, &option);
	doctor_lines(doctor, option_command_line, &option, "proc/cmdline");
	return option.found;
}

struct order {
	const char *module;
	const char *other;
	const char *when; /* "pre:" or "post:" */
	bool found;
};

/* softdep nvidia pre: vfio-pci */
static void order_line(struct doctor *doctor, const struct doctor_line *line,
		       void *data)
{
	struct order *order = data;
	const char *when = "";
	char *rest;
	char *word = strtok_r(line->text, BLANKS, &rest);

	if (!word || strcmp(word, "softdep"))
		return;
	word = strtok_r(NULL, BLANKS, &rest);
	if (!word || !doctor_same_module(word, order->other))
		return;
	while ((word = strtok_r(NULL, BLANKS, &rest))) {
		if (!strcmp(word, "pre:") || !strcmp(word, "post:"))
			when = word;
		else if (!strcmp(when, order->when) &&
			 doctor_same_module(word, order->module))
			order->found = true;
	}
}

bool doctor_gpu_boot_precedes(struct doctor *doctor, const char *first,
			      const char *driver)
{
	struct order order = { .module = first,
			       .other = driver,
			       .when = "pre:" };

	doctor_modprobe_lines(doctor, order_line, &order);
	return order.found;
}

bool doctor_gpu_boot_loads(struct doctor *doctor, const char *module,
			   const char *after)
{
	struct order order = { .module = module,
			       .other = after,
			       .when = "post:" };
	char release[96];

	doctor_release(doctor, release);
	/* A part of the kernel is not loaded, and nothing after it. */
	if (!doctor_module_built_in(doctor, after, release))
		doctor_modprobe_lines(doctor, order_line, &order);
	return order.found || doctor_loads_at_boot(doctor, module);
}

struct word {
	const char *word;
	bool found;
};

static void word_line(struct doctor *doctor, const struct doctor_line *line,
		      void *data)
{
	struct word *wanted = data;
	char *rest;

	for (char *word = strtok_r(line->text, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest))
		if (!strcmp(word, wanted->word))
			wanted->found = true;
}

bool doctor_gpu_boot_has_word(struct doctor *doctor, const char *word)
{
	struct word wanted = { .word = word };

	doctor_lines(doctor, word_line, &wanted, "proc/cmdline");
	return wanted.found;
}

char *doctor_gpu_boot_add_word(const struct kvmfr_root *root, const char *word)
{
	char *text = NULL;
	int ret;

	if (kvmfr_exists(root, "usr/sbin/grubby") ||
	    kvmfr_exists(root, "usr/bin/grubby"))
		ret = asprintf(&text, "grubby --update-kernel=ALL --args=%s\n",
			       word);
	else if (kvmfr_exists(root, "etc/default/grub"))
		ret = asprintf(
			&text,
			"printf '\\n%%s\\n' 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX %s\"' >> /etc/default/grub\n%s\n",
			word,
			kvmfr_exists(root, "usr/sbin/update-grub") ?
				"update-grub" :
			kvmfr_exists(root, "usr/sbin/grub2-mkconfig") ?
				"grub2-mkconfig -o /boot/grub2/grub.cfg" :
				"grub-mkconfig -o /boot/grub/grub.cfg");
	else if (kvmfr_exists(root, "etc/kernel/cmdline"))
		ret = asprintf(&text,
			       "sed -i '1s/$/ %s/' /etc/kernel/cmdline\n%s\n",
			       word,
			       kvmfr_exists(root, "etc/mkinitcpio.conf") ?
				       "mkinitcpio -P" :
				       "kernel-install add-all");
	else if (kvmfr_exists(root, "boot/loader/entries"))
		ret = asprintf(
			&text,
			"sed -i '/^options/s/$/ %s/' /boot/loader/entries/*.conf\n",
			word);
	else
		ret = asprintf(
			&text,
			"# put %s on the kernel's command line, in the settings of the boot loader\n",
			word);
	return ret < 0 ? NULL : text;
}
