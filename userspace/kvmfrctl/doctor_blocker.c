// SPDX-License-Identifier: GPL-2.0
/* What keeps a slot out of D3cold, as findings; see Documentation/blockers.md. */
#include "doctor_blocker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEV "/sys/bus/pci/devices/"

/**
 * struct blocker - what the doctor knows about a code of vfio_pci_pm
 * @code: column 2 of the file "blockers"
 * @id: of the finding
 * @file: what --fix writes to, below the device; NULL if only a person can
 * @text: that
 * @second: another file that --fix writes @second_text to afterwards, or NULL
 * @advice: what to do where there is no command
 */
static const struct blocker {
	const char *code;
	const char *id;
	const char *file;
	const char *text;
	const char *second;
	const char *second_text;
	const char *advice;
} blockers[] = {
	{ .code = "old_bios", .id = "slot-old-bios" },
	{ .code = "hotplug_port", .id = "slot-hotplug-port" },
	{ .code = "conventional_bridge",
	  .id = "slot-conventional-bridge",
	  .advice = "put the card into another slot" },
	{ .code = "port_no_d3", .id = "slot-port-no-d3" },
	{ .code = "port_services_off", .id = "slot-port-services-off" },
	{ .code = "no_port_driver", .id = "slot-no-port-driver" },
	{ .code = "bridge_d3_stale", .id = "slot-bridge-d3-stale" },
	{ .code = "no_power_resource",
	  .id = "slot-no-power-resource",
	  .advice =
		  "look for \"RTD3\" or \"hybrid graphics\" in the setup of the BIOS, or for a newer BIOS" },
	{ .code = "firmware_eject",
	  .id = "slot-firmware-eject",
	  .advice = "a newer BIOS may help" },
	{ .code = "firmware_target",
	  .id = "slot-firmware-target",
	  .advice = "a newer BIOS may help" },
	{ .code = "no_power_off",
	  .id = "slot-no-power-off",
	  .file = "power/pm_qos_no_power_off",
	  .text = "0" },
	{ .code = "runtime_pm_forbidden",
	  .id = "slot-runtime-pm-forbidden",
	  .file = "power/control",
	  .text = "auto" },
	{ .code = "runtime_pm_error", .id = "slot-runtime-pm-error" },
	{ .code = "runtime_pm_disabled",
	  .id = "slot-runtime-pm-disabled",
	  .advice = "its driver does that; try a newer kernel" },
	{ .code = "autosuspend_off",
	  .id = "slot-autosuspend-off",
	  .file = "power/autosuspend_delay_ms",
	  .text = "100" },
	{ .code = "latency_limit",
	  .id = "slot-latency-limit",
	  .file = "power/pm_qos_resume_latency_us",
	  .text = "0" },
	{ .code = "d3cold_not_allowed",
	  .id = "slot-d3cold-not-allowed",
	  .file = "d3cold_allowed",
	  .text = "1" },
	{ .code = "no_d3cold",
	  .id = "slot-no-d3cold",
	  .advice =
		  "let vfio_pci_pm manage the slot: all functions vfio-pci's, policy not observe" },
	{ .code = "foreign_no_d3cold",
	  .id = "slot-foreign-no-d3cold",
	  .advice =
		  "unload the graphics drivers of the host that are not needed" },
	{ .code = "wakeup_enabled",
	  .id = "slot-wakeup-enabled",
	  .file = "power/wakeup",
	  .text = "disabled",
	  .second = "d3cold_allowed",
	  .second_text = "1" },
	{ .code = "no_d3_quirk", .id = "slot-no-d3-quirk" },
	{ .code = "driverless_active",
	  .id = "slot-driverless-active",
	  .file = "power/control",
	  .text = "auto" },
	{ .code = "other_driver", .id = "slot-other-driver" },
	{ .code = "host_driver",
	  .id = "slot-host-driver",
	  .file = "power/control",
	  .text = "auto" },
	{ .code = "sriov_active", .id = "slot-sriov-active" },
	{ .code = "disable_idle_d3", .id = "slot-disable-idle-d3" },
	{ .code = "firmware_framebuffer", .id = "slot-firmware-framebuffer" },
	{ .code = "kept_active",
	  .id = "slot-kept-active",
	  .advice =
		  "look for a driver that does something with it; it is recorded nowhere which" },
	{ .code = "active_supplier_link",
	  .id = "slot-active-supplier-link",
	  .advice = "see what is said about the other functions" },
	{ .code = "in_use",
	  .id = "slot-in-use",
	  .advice = "that is what it is for" },
	{ .id = "slot-blocker" },
};

static const struct blocker *find_blocker(const char *code)
{
	const struct blocker *blocker = blockers;

	while (blocker->code && strcmp(blocker->code, code))
		blocker++;
	return blocker;
}

static void add_writes(struct doctor *doctor, struct doctor_finding *finding,
		       const struct blocker *blocker, const char *address)
{
	if (!finding || !blocker->file)
		return;
	doctor_fix_write(doctor, finding, blocker->text,
			 "sys/bus/pci/devices/%s/%s", address, blocker->file);
	if (blocker->second)
		doctor_fix_write(doctor, finding, blocker->second_text,
				 "sys/bus/pci/devices/%s/%s", address,
				 blocker->second);
}

static void report(struct doctor *doctor, enum doctor_level level,
		   const struct blocker *blocker, const char *address,
		   const char *text, const char *remedy)
{
	struct doctor_finding *finding;
	char *lines;

	if (*remedy)
		lines = doctor_text("%s\n", remedy);
	else
		lines = doctor_text(
			"# %s\n",
			blocker->advice ?
				blocker->advice :
				"nothing can be done about that from outside");
	finding = doctor_report(
		doctor, blocker->id, level,
		doctor_text("%s: %s.", address, text),
		doctor_text(
			level == DOCTOR_NOTE ?
				"It does not keep the card out of D3cold by itself." :
				"It keeps the card out of D3cold, so that it draws power while nobody uses it."),
		lines);
	add_writes(doctor, finding, blocker, address);
}

/*
 * These two come from another check, with the same remedy or a better one: a
 * function of the GPU with a driver of the host.
 */
static bool is_known(const struct doctor_gpus *gpus,
		     const struct vfio_pm_blocker *blocker)
{
	const struct kvmfr_pci *pci =
		kvmfr_pci_find(gpus->pci, gpus->count, blocker->address);

	if (strcmp(blocker->code, "other_driver") &&
	    strcmp(blocker->code, "host_driver"))
		return false;
	return pci && gpus->function[pci - gpus->pci].given;
}

static bool is_informative(const struct vfio_pm_slot *slot, const char *code)
{
	if (!strcmp(code, "in_use") || !strcmp(code, "active_supplier_link"))
		return true;
	/* They block, unless the kernel has not looked, or they are an endpoint's. */
	return !strcmp(slot->level, "d3cold") ||
	       (!strcmp(code, "no_d3_quirk") && strcmp(slot->state, "blocked"));
}

void doctor_blocker_report(struct doctor *doctor,
			   const struct doctor_gpus *gpus,
			   const struct vfio_pm_slot *slot,
			   const struct vfio_pm_blocker *blocker)
{
	enum doctor_level level = DOCTOR_WARNING;

	if (is_known(gpus, blocker))
		return;
	if (is_informative(slot, blocker->code))
		level = DOCTOR_NOTE;
	else if (!strcmp(slot->state, "blocked"))
		level = DOCTOR_ERROR;
	report(doctor, level, find_blocker(blocker->code), blocker->address,
	       blocker->text, blocker->remedy);
}

/* The remedy is @before, the address and @after; none if that is NULL. */
static void guess(struct doctor *doctor, const char *code,
		  const struct kvmfr_pci *pci, const char *text,
		  const char *before, const char *after)
{
	char *remedy =
		before ? doctor_text("%s%s%s", before, pci->address, after) :
			 doctor_text("%s", "");

	if (remedy)
		report(doctor, DOCTOR_WARNING, find_blocker(code), pci->address,
		       text, remedy);
	else
		doctor->error = -ENOMEM;
	free(remedy);
}

static void guess_device(struct doctor *doctor, const struct kvmfr_pci *pci)
{
	bool on = !strcmp(pci->control, "on");

	if (on && (pci->driver[0] || kvmfr_pci_is_bridge(pci)))
		guess(doctor, "runtime_pm_forbidden", pci,
		      "its runtime power management is off (power/control says on)",
		      "echo auto > " DEV, "/power/control");
	else if (on)
		guess(doctor, "driverless_active", pci,
		      "it has no driver, and was left on (power/control says on)",
		      "echo auto > " DEV, "/power/control");
	if (!pci->d3cold_allowed)
		guess(doctor, "d3cold_not_allowed", pci,
		      "D3cold is not allowed for it (d3cold_allowed is 0)",
		      "echo 1 > " DEV, "/d3cold_allowed");
}

/* Whether the port is the one, or above the one, that the device is behind. */
static bool is_below(const struct doctor_gpus *gpus,
		     const struct kvmfr_pci *pci, const struct kvmfr_pci *port)
{
	for (int i = 0; i < gpus->count && pci; i++) {
		if (pci == port)
			return true;
		pci = kvmfr_pci_find(gpus->pci, gpus->count, pci->port);
	}
	return false;
}

void doctor_blocker_guess(struct doctor *doctor, const struct doctor_gpus *gpus,
			  const struct kvmfr_pci *port)
{
	if (!port->cuts_power)
		guess(doctor, "no_power_resource", port,
		      "the firmware cannot cut its power (no _PR3)", NULL,
		      NULL);
	if (!port->driver[0])
		guess(doctor, "no_port_driver", port,
		      "the port is not bound to pcieport, its driver", "echo ",
		      " > /sys/bus/pci/drivers/pcieport/bind");
	for (int i = 0; i < gpus->count; i++)
		if (is_below(gpus, &gpus->pci[i], port) &&
		    (&gpus->pci[i] == port || gpus->function[i].given ||
		     kvmfr_pci_is_bridge(&gpus->pci[i])))
			guess_device(doctor, &gpus->pci[i]);
}
