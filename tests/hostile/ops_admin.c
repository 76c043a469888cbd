// SPDX-License-Identifier: GPL-2.0
/*
 * What only root can do: take devices away and put them back, write attributes; which
 * others may read.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fuzz.h"
#include "ivshmem.h"
#include "kvmfr_test.h"

#define VFIO_PM_KO "/lib/kvmfr/vfio_pci_pm.ko"
#define ATTRIBUTES "/sys/class/kvmfr/*/*"
#define SLOTS "/sys/class/vfio_pm/*/"
#define NODES "/dev/kvmfr[0-9]*"
#define IMPORTERS "{/dev/kvmfr_importer,/dev/dri/card*," FUZZ_DISK "}"

static struct ivshmem functions[FUZZ_FUNCTIONS];
static int nr_functions;

int admin_init(void)
{
	nr_functions = ivshmem_list(functions, FUZZ_FUNCTIONS);
	return nr_functions;
}

/* A slot for each function; they come and go with those. */
int admin_slots_load(void)
{
	char params[64];

	snprintf(params, sizeof(params), "devices=%s,%s", functions[0].address,
		 functions[1].address);
	return module_load(VFIO_PM_KO, params);
}

/* For everybody: what is new belongs to root. */
void admin_open_nodes(void)
{
	glob_t found = {};
	size_t i;

	glob(NODES, 0, NULL, &found);
	glob(IMPORTERS, GLOB_APPEND | GLOB_BRACE, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++)
		chmod(found.gl_pathv[i], 0666);
	globfree(&found);
}

/* What a program took away; another one may want it. */
void admin_restore(void)
{
	bool missed = false;
	int i;

	for (i = 0; i < nr_functions; i++) {
		char path[128];

		snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver",
			 functions[i].address);
		if (!access(path, F_OK))
			continue;
		pci_rescan();
		pci_bind(functions[i].address);
		missed = true;
	}
	if (missed)
		admin_open_nodes();
}

static const char *function(uint32_t number)
{
	return functions[number % nr_functions].address;
}

static int op_unbind(const uint32_t *arg)
{
	return pci_unbind(function(arg[0]));
}

/* The n-th allocation from here on fails, in this thread; 0: none. */
static long fail_nth(unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return text_write("/proc/thread-self/fail-nth", text);
}

/* The kernel's own map of memory has to grow for it: see kvmfr_fault, bind. */
static void fail_nothing(void)
{
	fail_nth(0);
}

static int op_bind(const uint32_t *arg)
{
	int ret;

	fail_nothing();
	ret = pci_bind(function(arg[0]));
	admin_open_nodes();
	return ret;
}

static int op_remove(const uint32_t *arg)
{
	return pci_write(function(arg[0]), "remove", "1");
}

static int op_rescan(const uint32_t *arg)
{
	int ret;

	(void)arg;
	fail_nothing();
	ret = pci_rescan();
	admin_open_nodes();
	return ret;
}

/* One of the files is read, or written if there is a @text. */
static int use_file(const char *pattern, uint32_t number, const char *text)
{
	glob_t found = {};
	char read[4096];
	long ret = -ENOENT;

	if (!glob(pattern, GLOB_BRACE, NULL, &found)) {
		const char *path = found.gl_pathv[number % found.gl_pathc];

		ret = text ? text_write(path, text) :
			     text_read(path, read, sizeof(read));
	}
	globfree(&found);
	return ret < 0 ? ret : 0;
}

/* Any attribute of any device, read or written. */
static int op_attribute(const uint32_t *arg)
{
	static const char *const texts[] = {
		"1", "0", "-1", "auto", "on", "\n", "", "99999999999999999999"
	};

	return use_file(ATTRIBUTES, arg[0],
			arg[1] % 2 ? texts[arg[2] % 8] : NULL);
}

/* Firmware may be asked, whose interpreter lacks no memory: see vfio_pm_fault. */
static int op_slot_read(const uint32_t *arg)
{
	fail_nothing();
	return use_file(SLOTS "{*,counters/*,meter/*}", arg[0], NULL);
}

static int op_slot_write(const uint32_t *arg)
{
	static const char *const texts[] = {
		"auto", "observe", "d3cold", "d3hot",
		"d0",	"1",	   "0",	     "20000000",
	};

	fail_nothing();
	return use_file(SLOTS "{policy,measure,meter/sample}", arg[0],
			texts[arg[1] % 8]);
}

/* Memory moves, or the page cache goes. */
static int op_pressure(const uint32_t *arg)
{
	long ret = arg[0] % 2 ? text_write("/proc/sys/vm/compact_memory", "1") :
				text_write("/proc/sys/vm/drop_caches", "3");

	return ret < 0 ? ret : 0;
}

static int op_fail(const uint32_t *arg)
{
	long ret = fail_nth(1 + arg[0] % 24);

	if (ret == -ENOENT)
		return -ENOSYS;
	return ret < 0 ? ret : 0;
}

/*
 * A node made by hand, which stays when its device goes; everybody may use it.
 * Not the guard's minor.
 */
static int op_node(const uint32_t *arg)
{
	static const unsigned int minors[] = { 0, 2, 3, 9 };
	unsigned int minor = minors[arg[1] % 4];
	struct stat status;
	char path[32];

	if (stat("/dev/kvmfr0", &status))
		return -errno;
	snprintf(path, sizeof(path), "/tmp/kvmfr%u", minor);
	if (!mknod(path, S_IFCHR, makedev(major(status.st_rdev), minor)))
		chmod(path, 0666);
	return state_keep(arg[0], open(path, O_RDWR | O_NONBLOCK));
}

const struct fuzz_op fuzz_admin_ops[] = {
	{ "unbind", 3, op_unbind },
	{ "bind", 3, op_bind },
	{ "remove", 1, op_remove },
	{ "rescan", 1, op_rescan },
	{ "attribute", 2, op_attribute },
	{ "slot_read", 2, op_slot_read },
	{ "slot_write", 2, op_slot_write },
	{ "pressure", 1, op_pressure },
	{ "node", 3, op_node },
	{ "fail", 10, op_fail },
	{},
};
