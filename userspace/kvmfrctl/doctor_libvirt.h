/* SPDX-License-Identifier: GPL-2.0 */
/* The doctor: what libvirt and its guards let QEMU do. */
#ifndef KVMFRCTL_DOCTOR_LIBVIRT_H
#define KVMFRCTL_DOCTOR_LIBVIRT_H

#include "device.h"
#include "doctor_user.h"

#define QEMU_CONF_ACL_MAX 64

/**
 * struct qemu_conf - /etc/libvirt/qemu.conf
 * @user: whom QEMU runs as, "" for libvirt's default
 * @group: likewise
 * @unguarded: security_driver is "none"
 * @has_acl: it has an active cgroup_device_acl
 * @acl: entries of that list
 * @first: line of cgroup_device_acl
 * @last: line that its value ends on
 */
struct qemu_conf {
	char user[64];
	char group[64];
	bool unguarded;
	bool has_acl;
	char *acl[QEMU_CONF_ACL_MAX];
	size_t acl_count;
	unsigned int first;
	unsigned int last;
};

/* 0, or a negative errno: -ENOENT without libvirt. */
int qemu_conf_read(const struct doctor *doctor, struct qemu_conf *conf);
void qemu_conf_clear(struct qemu_conf *conf);

/* Whom libvirt runs QEMU as; false if that is not known, or libvirt not there. */
bool doctor_libvirt_user(const struct doctor *doctor, struct doctor_user *user);

/* cgroup_device_acl, AppArmor, SELinux. */
void doctor_check_libvirt(struct doctor *doctor,
			  const struct kvmfr_device *devices, int count);

#endif
