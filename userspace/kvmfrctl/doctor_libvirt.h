/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor: what libvirt and its guards let QEMU do. */
#ifndef KVMFRCTL_DOCTOR_LIBVIRT_H
#define KVMFRCTL_DOCTOR_LIBVIRT_H

#include "device.h"
#include "doctor_user.h"

/**
 * struct qemu_conf - /etc/libvirt/qemu.conf
 * @user: whom QEMU runs as, "" for libvirt's default
 * @group: likewise
 * @unguarded: security_driver is "none"
 * @has_acl: it has an active cgroup_device_acl
 * @listed: whether /dev/kvmfr<n> is in it
 * @first: line of cgroup_device_acl
 * @open: line of its '[', 0 if it is no list
 */
struct qemu_conf {
	char user[64];
	char group[64];
	bool unguarded;
	bool has_acl;
	bool listed[KVMFR_DEVICES_MAX];
	unsigned int first;
	unsigned int open;
};

/* 0, or a negative errno: -ENOENT without libvirt. */
int qemu_conf_read(const struct doctor *doctor, struct qemu_conf *conf);

/* Whom libvirt runs QEMU as; false if that is not known, or libvirt not there. */
bool doctor_libvirt_user(const struct doctor *doctor, struct doctor_user *user);

/* cgroup_device_acl, AppArmor, SELinux. */
void doctor_check_libvirt(struct doctor *doctor,
			  const struct kvmfr_device *devices, int count);

#endif
