// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_pci_pm is there, and the slots of the GPUs that virtual machines get
 * reach D3cold, draw less there, and are left alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "battery.h"
#include "doctor_blocker.h"
#include "doctor_conf.h"
#include "doctor_file.h"
#include "doctor_gpu_boot.h"
#include "terminal.h"

#define WAKER_AGE_S 600 /* older ones do not count any more */
#define WAKER_COUNT 3 /* so often is no accident */
#define SLOT "/sys/class/vfio_pm/"
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_loaded(const struct kvmfr_root *root)
{
	return kvmfr_exists(root, "sys/module/vfio_pci_pm");
}

static void report_not_built(struct doctor *doctor, const char *release)
{
	doctor_report(
		doctor, "vfio-pm-not-built", DOCTOR_WARNING,
		doctor_text(
			"There is no vfio_pci_pm for the running kernel, %s.",
			release),
		doctor_text(
			"Nothing tests then whether the card is really off, and says why not."),
		kvmfr_exists(doctor->root, "var/lib/dkms/kvmfr-suite") ?
			doctor_text("dkms autoinstall -k %s\n", release) :
			doctor_text(
				"# install it: \"make dkms-install\" in the sources of kvmfr-suite\n"));
}

static void check_module(struct doctor *doctor)
{
	const struct kvmfr_root *root = doctor->root;
	char release[96], path[256];

	doctor_release(doctor, release);
	doctor_module_find(doctor, "vfio_pci_pm", release, path, sizeof(path));
	if (!is_loaded(root) && !*path) {
		report_not_built(doctor, *release ? release : "unknown");
		return;
	}
	if (!is_loaded(root))
		doctor_report(
			doctor, "vfio-pm-not-loaded", DOCTOR_WARNING,
			doctor_text("vfio_pci_pm is not loaded."),
			doctor_text(
				"Nothing tests whether the card is really off, and says why not."),
			doctor_text("modprobe vfio_pci_pm\n"));
	if (!doctor_gpu_boot_loads(doctor, "vfio_pci_pm", "vfio_pci"))
		doctor_report(
			doctor, "vfio-pm-not-at-boot", DOCTOR_WARNING,
			doctor_text("vfio_pci_pm is not loaded at boot."),
			doctor_text(
				"The card is not looked after when the machine was started again."),
			doctor_text(
				"mkdir -p /etc/modules-load.d\n"
				"echo vfio_pci_pm >> /etc/modules-load.d/kvmfr-suite-vfio.conf\n"));
}

static void check_fault(struct doctor *doctor, const struct vfio_pm_slot *slot)
{
	if (strcmp(slot->state, "fault"))
		return;
	doctor_report(
		doctor, "slot-fault", DOCTOR_ERROR,
		doctor_text(
			"The card at %s is lost, or did not wake from D3cold: %s.",
			slot->port, slot->reason ? slot->reason : ""),
		doctor_text(
			"D3cold is off for it now; a virtual machine may not get the card before the next boot."),
		doctor_text(
			"# keeps it in D3hot from now on, which it survives:\n"
			"echo d3hot > " SLOT "%s/policy\n"
			"echo 'options vfio_pci_pm policy=d3hot' >> /etc/modprobe.d/kvmfr-suite-policy.conf\n",
			slot->port));
}

static void check_use(struct doctor *doctor, const struct vfio_pm_slot *slot)
{
	if (strcmp(slot->state, "in_use"))
		return;
	doctor_report(
		doctor, "slot-in-use", DOCTOR_NOTE,
		doctor_text("A virtual machine has the card at %s.",
			    slot->port),
		doctor_text(
			"What it draws when nobody has it can be seen when that has ended."),
		doctor_text("# run this again then\n"));
}

/* No blocker is known, and it does not sleep all the same. */
static void check_blocked(struct doctor *doctor,
			  const struct vfio_pm_slot *slot)
{
	if (strcmp(slot->state, "blocked") || slot->blocker_count)
		return;
	doctor_report(
		doctor, "slot-blocked", DOCTOR_ERROR,
		doctor_text("The card at %s stays out of D3cold: %s.",
			    slot->port, slot->reason ? slot->reason : ""),
		doctor_text("It draws power while nobody uses it."),
		doctor_text("# the kernel's log may tell: dmesg | grep %s\n",
			    slot->port));
}

static void check_power(struct doctor *doctor, const struct vfio_pm_slot *slot)
{
	if (strcmp(slot->level, "d3cold") || strcmp(slot->acpi_sta, "on"))
		return;
	doctor_report(
		doctor, "slot-power-not-cut", DOCTOR_NOTE,
		doctor_text(
			"The port %s is in D3cold, but its power resource says that it is on.",
			slot->port),
		doctor_text(
			"The firmware did not cut the power, or another device shares it, so that D3cold saves nothing."),
		doctor_text(
			"# nothing can be done about that from outside; a newer BIOS may help\n"));
}

static void check_verdict(struct doctor *doctor,
			  const struct vfio_pm_slot *slot)
{
	static const struct {
		const char *verdict;
		const char *id;
		const char *what;
	} table[] = {
		{ "no_difference", "slot-no-difference",
		  "draws no less than D3hot" },
		{ "costs_more", "slot-costs-more", "draws more than D3hot" },
		{ "inconclusive", "slot-inconclusive",
		  "was measured, and the readings do not tell what it saves" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(slot->verdict, table[i].verdict))
			continue;
		doctor_report(
			doctor, table[i].id, DOCTOR_NOTE,
			doctor_text("D3cold of the card at %s %s.", slot->port,
				    table[i].what),
			doctor_text(
				"vfio_pci_pm has chosen the state that draws least: %s.",
				slot->chosen),
			doctor_text(
				"# to measure again, on battery and without load:\n"
				"# echo 1 > " SLOT "%s/measure\n",
				slot->port));
	}
}

static void check_meter(struct doctor *doctor, const struct vfio_pm_slot *slot)
{
	int64_t power_uw;

	if (strcmp(slot->verdict, "unmeasured") ||
	    strcmp(slot->meter.source, "none") ||
	    strcmp(slot->state, "decided") || strcmp(slot->policy, "auto"))
		return;
	doctor_report(
		doctor, "no-meter", DOCTOR_WARNING,
		doctor_text("What D3cold saves at %s was not measured.",
			    slot->port),
		doctor_text(
			"Some machines say that a card is off and supply it all the same, or draw more."),
		kvmfr_battery_read(doctor->root, &power_uw) != -ENODEV ?
			doctor_text(
				"# pull the charger's plug for ten minutes: it is measured by the battery then\n") :
			doctor_text(
				"# vfio-powerd measures with what the machine has; without a meter of its own, name a command in /etc/kvmfr.conf, [power]\n"
				"systemctl enable --now vfio-powerd\n"));
}

static void check_policy(struct doctor *doctor, const struct vfio_pm_slot *slot)
{
	if (strcmp(slot->policy, "observe") && strcmp(slot->policy, "d0"))
		return;
	doctor_report(
		doctor, "slot-policy", DOCTOR_NOTE,
		doctor_text("The policy of the slot %s is %s.", slot->port,
			    slot->policy),
		doctor_text("vfio_pci_pm was told not to care for the card."),
		doctor_text("# echo auto > " SLOT "%s/policy\n", slot->port));
}

/* Seconds since boot without sleep; in a tree that is not this machine, its uptime. */
static double now_s(const struct kvmfr_root *root)
{
	struct timespec now;
	char text[64];

	if (root->fd < 0 && !clock_gettime(CLOCK_MONOTONIC, &now))
		return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	if (kvmfr_read(root, text, sizeof(text), "proc/uptime") <= 0)
		return 0;
	return strtod(text, NULL);
}

/* How often this one woke the slot of late, as far as it is remembered. */
static unsigned int count_wakes(const struct vfio_pm_slot *slot,
				const char *comm, double since)
{
	unsigned int count = 0;

	for (size_t i = 0; i < slot->waker_count; i++)
		if (slot->wakers[i].time_s >= since &&
		    strcmp(slot->wakers[i].kind, "open") &&
		    !strcmp(slot->wakers[i].comm, comm))
			count++;
	return count;
}

/* Whether the process is there and still has that name. */
static bool is_alive(const struct kvmfr_root *root,
		     const struct vfio_pm_waker *waker)
{
	char comm[64];

	return kvmfr_read(root, comm, sizeof(comm), "proc/%d/comm",
			  waker->pid) >= 0 &&
	       !strcmp(comm, waker->comm);
}

/* Whether it was one process all the time, and that has ended. */
static bool is_over(const struct kvmfr_root *root,
		    const struct vfio_pm_slot *slot,
		    const struct vfio_pm_waker *waker)
{
	for (size_t i = 0; i < slot->waker_count; i++)
		if (!strcmp(slot->wakers[i].comm, waker->comm) &&
		    slot->wakers[i].pid != waker->pid)
			return false;
	return !is_alive(root, waker);
}

/*
 * "foo.service" if a unit of the system is what it belongs to: the first name
 * below the slices of the system. Names below it, and all elsewhere, are chosen
 * by those who run there, who may be anybody.
 */
static bool find_unit(const struct kvmfr_root *root, int pid, char unit[128])
{
	static const char slice[] = "0::/system.slice";
	char text[KVMFR_TEXT_MAX];
	char *name = NULL, *rest;

	if (kvmfr_read(root, text, sizeof(text), "proc/%d/cgroup", pid) <= 0)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line && !name;
	     line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, slice, strlen(slice)) &&
		    line[strlen(slice)] == '/')
			name = line + strlen(slice);
	name = name ? strtok_r(name, "/", &rest) : NULL;
	while (name && doctor_ends_with(name, ".slice"))
		name = strtok_r(NULL, "/", &rest);
	if (!name || !doctor_ends_with(name, ".service") ||
	    strlen(name) >= 128 ||
	    strspn(name, ALNUM "-_.@:\\") != strlen(name))
		return false;
	strcpy(unit, name);
	return true;
}

static char *waker_remedy(const struct kvmfr_root *root,
			  const struct vfio_pm_waker *waker)
{
	const char *comm = waker->comm;
	char unit[128];

	/* Whoever calls a program something else does not want a command of it. */
	if (!is_alive(root, waker))
		return doctor_text(
			"# it ends each time, so something starts it again and again; look for it there:\n"
			"# systemctl list-timers; grep -rlF -- '%s' /etc/cron* /etc/systemd /etc/xdg/autostart ~/.config\n",
			strspn(comm, ALNUM "-_.+") == strlen(comm) ?
				comm :
				"ITS-NAME");
	if (find_unit(root, waker->pid, unit))
		return doctor_text(
			"# if you can do without it, or tell it in its settings to leave the card alone:\n"
			"systemctl disable --now '%s'\n",
			unit);
	return doctor_text(
		"# what it is: ps -fp %d. If you can do without it; or tell it to leave the card alone:\n"
		"kill %d\n",
		waker->pid, waker->pid);
}

static void check_wakers(struct doctor *doctor, const struct vfio_pm_slot *slot)
{
	double since = now_s(doctor->root) - WAKER_AGE_S;
	const struct vfio_pm_waker *worst = NULL;
	unsigned int most = 0;
	char safe[64];

	for (size_t i = 0; i < slot->waker_count; i++) {
		unsigned int count =
			count_wakes(slot, slot->wakers[i].comm, since);

		if (count >= most && count) {
			most = count;
			worst = &slot->wakers[i];
		}
	}
	if (most < WAKER_COUNT || is_over(doctor->root, slot, worst))
		return;
	kvmfr_terminal_safe(safe, sizeof(safe), worst->comm);
	doctor_report(
		doctor, "slot-waker", DOCTOR_WARNING,
		doctor_text(
			"'%s' (pid %d) keeps waking the card at %s: %u of the last %zu times, by %s.",
			safe, worst->pid, slot->port, most, slot->waker_count,
			strcmp(worst->kind, "config") ?
				"using it" :
				"reading its configuration"),
		doctor_text(
			"Each time costs seconds at full power, and more than that if it is done often."),
		waker_remedy(doctor->root, worst));
}

static void check_slot(struct doctor *doctor, const struct doctor_gpus *gpus,
		       const struct vfio_pm_slot *slot)
{
	check_fault(doctor, slot);
	check_use(doctor, slot);
	check_blocked(doctor, slot);
	for (size_t i = 0; i < slot->blocker_count; i++)
		if (strcmp(slot->blockers[i].code, "in_use"))
			doctor_blocker_report(doctor, gpus, slot,
					      &slot->blockers[i]);
	check_power(doctor, slot);
	check_verdict(doctor, slot);
	check_meter(doctor, slot);
	check_policy(doctor, slot);
	check_wakers(doctor, slot);
}

static bool has_slot(const struct vfio_pm_slot *slots, int count,
		     const char *address)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(slots[i].port, address))
			return true;
	return false;
}

/* Each port that a GPU gets its power from, and that the module does not show. */
static void guess_ports(struct doctor *doctor, const struct doctor_gpus *gpus,
			const struct vfio_pm_slot *slots, int count)
{
	for (int i = 0; i < gpus->count; i++)
		if (kvmfr_pci_is_bridge(&gpus->pci[i]) &&
		    doctor_gpus_port_given(gpus, gpus->pci[i].address) &&
		    !has_slot(slots, count, gpus->pci[i].address))
			doctor_blocker_guess(doctor, gpus, &gpus->pci[i]);
}

void doctor_check_slot(struct doctor *doctor)
{
	struct vfio_pm_slot *slots = NULL;
	struct doctor_gpus gpus;
	int count;

	if (!doctor_gpus_find(doctor, &gpus))
		return;
	count = vfio_pm_slots_read(doctor->root, &slots);
	if (count < 0)
		doctor_skip(doctor, doctor_text("slots below " SLOT ": %s",
						strerror(-count)));
	if (gpus.any && count >= 0) {
		check_module(doctor);
		for (int i = 0; i < count; i++)
			if (doctor_gpus_port_given(&gpus, slots[i].port))
				check_slot(doctor, &gpus, &slots[i]);
		guess_ports(doctor, &gpus, slots, count);
	}
	if (count > 0)
		vfio_pm_slots_free(slots, (size_t)count);
	doctor_gpus_free(&gpus);
}
