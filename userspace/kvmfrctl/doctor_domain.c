// SPDX-License-Identifier: GPL-2.0
/* The doctor: virtual machines that use /dev/kvmfr<n>. */
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_conf.h"
#include "doctor_xml.h"

#define NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"
#define ALIGN (2 * KVMFR_MIB)

/* The nodes that there are, or that the next load of the module makes. */
struct nodes {
	int64_t mib[KVMFR_DEVICES_MAX]; /* -1 if not known */
	int count;
	struct doctor_boot boot;
};

static void read_nodes(struct doctor *doctor, struct nodes *nodes)
{
	struct kvmfr_device devices[KVMFR_DEVICES_MAX];
	int count = kvmfr_device_list(doctor->root, devices);

	doctor_boot_read(doctor, &nodes->boot);
	nodes->count = count > 0 ? count : 0;
	for (int i = 0; i < nodes->count; i++)
		nodes->mib[i] =
			devices[i].size < 0 ? -1 : devices[i].size / KVMFR_MIB;
	if (!nodes->count)
		nodes->count =
			doctor_sizes_parse(nodes->boot.sizes, nodes->mib);
}

/* What the virtual machine has to say: what the module has, once that is right. */
static int64_t right_bytes(const struct doctor *doctor,
			   const struct nodes *nodes, int node)
{
	int64_t mib = node < nodes->count ? nodes->mib[node] : -1;

	if (mib < 0)
		return -1;
	mib = doctor_power_of_two(mib);
	if (doctor->mode_count && doctor_wanted_mib(doctor, node) > mib)
		mib = doctor_wanted_mib(doctor, node);
	return mib * KVMFR_MIB;
}

/* One remedy for all that is wrong with an object: they are run one by one. */
static char *right_object(const struct doctor *doctor,
			  const struct nodes *nodes,
			  const struct kvmfr_domain *domain,
			  const struct kvmfr_domain_arg *object)
{
	int64_t bytes = right_bytes(doctor, nodes, kvmfr_domain_kvmfr(object));
	char size[32];
	struct kvmfr_domain_option options[] = {
		{ (char[]){ "share" }, (char[]){ "on" } },
		{ (char[]){ "align" }, (char[]){ "2M" } },
		{ (char[]){ "size" }, size },
	};

	snprintf(size, sizeof(size), "%lld", (long long)bytes);
	return doctor_xml_set(domain, object, options, bytes < 0 ? 2 : 3);
}

static void check_size(struct doctor *doctor, const struct nodes *nodes,
		       const struct kvmfr_domain *domain,
		       const struct kvmfr_domain_arg *object)
{
	const char *text = kvmfr_domain_option(object, "size");
	int64_t size = kvmfr_domain_size(text);
	int node = kvmfr_domain_kvmfr(object);
	int64_t right = right_bytes(doctor, nodes, node);

	if (size > 0 && size != doctor_power_of_two(size))
		doctor_report(
			doctor, "domain-size-not-power-of-two", DOCTOR_ERROR,
			doctor_text(
				"%s gives /dev/kvmfr%d the size %s, which is no power of two.",
				domain->name, node, text),
			doctor_text("QEMU refuses to make a PCI device of it."),
			right_object(doctor, nodes, domain, object));
	else if (right > 0 && size != right)
		doctor_report(
			doctor, "domain-size-mismatch", DOCTOR_ERROR,
			doctor_text(
				"%s gives /dev/kvmfr%d the size %s, the module has %lld.",
				domain->name, node, text ? text : "0",
				(long long)right),
			doctor_text(
				"With more than there is QEMU does not start; with less the client looks in the wrong place."),
			right_object(doctor, nodes, domain, object));
}

static void check_object(struct doctor *doctor, const struct nodes *nodes,
			 const struct kvmfr_domain *domain,
			 const struct kvmfr_domain_arg *object)
{
	int64_t align = kvmfr_domain_size(kvmfr_domain_option(object, "align"));
	int node = kvmfr_domain_kvmfr(object);

	check_size(doctor, nodes, domain, object);
	if (!kvmfr_domain_bool(kvmfr_domain_option(object, "share")))
		doctor_report(
			doctor, "domain-no-share", DOCTOR_ERROR,
			doctor_text("%s maps /dev/kvmfr%d without share=on.",
				    domain->name, node),
			doctor_text(
				"What the virtual machine writes goes to a copy, and no picture arrives."),
			right_object(doctor, nodes, domain, object));
	if (align <= 0 || align % ALIGN)
		doctor_report(
			doctor, "domain-no-align", DOCTOR_WARNING,
			doctor_text("%s maps /dev/kvmfr%d without align=2M.",
				    domain->name, node),
			doctor_text(
				"The mapping cannot use huge pages and is slower."),
			right_object(doctor, nodes, domain, object));
}

/* A device beyond those that exist. */
static void report_no_device(struct doctor *doctor, const struct nodes *nodes,
			     const struct kvmfr_domain *domain, int node)
{
	int64_t mib[KVMFR_DEVICES_MAX];
	char sizes[64];
	char *set;

	for (int i = 0; i <= node; i++)
		mib[i] = i < nodes->count && nodes->mib[i] > 0 ?
				 nodes->mib[i] :
				 doctor_wanted_mib(doctor, i);
	doctor_sizes_format(mib, node + 1, sizes);
	set = doctor_boot_set(&nodes->boot, sizes);
	doctor_report(
		doctor, "domain-no-device", DOCTOR_ERROR,
		doctor_text("%s uses /dev/kvmfr%d, but kvmfr has %d device%s.",
			    domain->name, node, nodes->count,
			    nodes->count == 1 ? "" : "s"),
		doctor_text(
			"QEMU leaves a regular file of that name, and no picture arrives."),
		set ? doctor_text("%s" DOCTOR_RELOAD, set) : NULL);
	free(set);
}

static void check_namespace(struct doctor *doctor,
			    const struct kvmfr_domain *domain)
{
	const char *prefix = domain->namespace_prefix;

	if (!domain->namespace_missing)
		return;
	doctor_report(
		doctor, "domain-no-namespace", DOCTOR_ERROR,
		doctor_text(
			"%s has arguments for QEMU, but its <domain> lacks xmlns:%s='" NAMESPACE
			"'.",
			domain->name, *prefix ? prefix : "qemu"),
		doctor_text("libvirt drops them without a word."),
		domain->namespace_other || !*prefix ?
			doctor_xml_words(
				domain,
				"let the prefix of the arguments for QEMU stand for " NAMESPACE) :
		domain->domain_line ?
			doctor_xml_edit(domain,
					"'%lds|<domain|& xmlns:%s=\"" NAMESPACE
					"\"|'",
					domain->domain_line, prefix) :
			doctor_xml_words(domain,
					 "add xmlns:%s='" NAMESPACE
					 "' to <domain>",
					 prefix));
}

static char *no_balloon(const struct kvmfr_domain *domain)
{
	if (domain->balloon_line)
		return doctor_xml_edit(
			domain,
			"'%lds|\\(<memballoon [^>]*model=.\\)[a-z-]*|\\1none|'",
			domain->balloon_line);
	if (domain->has_balloon)
		return doctor_xml_words(domain,
					"set model='none' of <memballoon>");
	if (domain->devices_line)
		return doctor_xml_edit(
			domain,
			"'%lds|<devices>|&<memballoon model=\"none\"/>|'",
			domain->devices_line);
	return doctor_xml_words(domain,
				"add <memballoon model='none'/> to <devices>");
}

static void check_balloon(struct doctor *doctor,
			  const struct kvmfr_domain *domain)
{
	if (!strcmp(domain->balloon, "none"))
		return;
	doctor_report(
		doctor, "domain-memballoon", DOCTOR_WARNING,
		doctor_text("%s has a memory balloon.", domain->name),
		doctor_text(
			"With a passed through GPU it frees no memory, and costs speed."),
		no_balloon(domain));
}

/* An object that the device has as its memory. */
static bool has_memory(const struct kvmfr_domain *domain,
		       const struct kvmfr_domain_arg *device)
{
	const char *memory = kvmfr_domain_option(device, "memdev");

	for (size_t i = 0; i < domain->arg_count && memory; i++) {
		const struct kvmfr_domain_arg *arg = &domain->arg[i];
		const char *id = kvmfr_domain_option(arg, "id");

		if (arg->object && id && !strcmp(id, memory))
			return true;
	}
	return false;
}

/* A device that has memory which is not there. */
static const struct kvmfr_domain_arg *
find_orphan(const struct kvmfr_domain *domain)
{
	for (size_t i = 0; i < domain->arg_count; i++) {
		const struct kvmfr_domain_arg *device = &domain->arg[i];

		if (!device->object && !strcmp(device->type, "ivshmem-plain") &&
		    !has_memory(domain, device))
			return device;
	}
	return NULL;
}

static void check_device(struct doctor *doctor,
			 const struct kvmfr_domain *domain,
			 const struct kvmfr_domain_arg *object)
{
	const struct kvmfr_domain_arg *orphan;
	struct kvmfr_domain_option option = { (char[]){ "memdev" }, NULL };
	char *id;

	if (kvmfr_domain_device(domain, object))
		return;
	orphan = find_orphan(domain);
	id = doctor_text("%s", kvmfr_domain_option(object, "id") ?: "");
	option.value = id;
	if (id)
		doctor_report(
			doctor, "domain-no-ivshmem-device", DOCTOR_ERROR,
			doctor_text(
				"%s has the memory /dev/kvmfr%d with the id '%s', but no ivshmem-plain device with memdev=%s.",
				domain->name, kvmfr_domain_kvmfr(object), id,
				id),
			doctor_text(
				"The virtual machine does not see the memory."),
			orphan ? doctor_xml_set(domain, orphan, &option, 1) :
				 doctor_xml_add_device(domain, object, id));
	free(id);
}

/* The least width of all IOMMUs in bits, 0 if not known. */
static unsigned int iommu_width(const struct doctor *doctor)
{
	struct kvmfr_names names;
	unsigned int least = 0;
	char text[32];

	if (kvmfr_list(doctor->root, &names, "sys/class/iommu"))
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		unsigned int width;

		if (kvmfr_read(doctor->root, text, sizeof(text),
			       "sys/class/iommu/%s/intel-iommu/cap",
			       names.name[i]) <= 0)
			continue;
		/* VT-d specification, capability register, MGAW. */
		width = (unsigned int)(strtoull(text, NULL, 16) >> 16 & 0x3f) +
			1;
		least = !least || width < least ? width : least;
	}
	kvmfr_names_free(&names);
	return least;
}

/* "address sizes	: 46 bits physical, 48 bits virtual" */
static unsigned int host_width(const struct doctor *doctor)
{
	unsigned int width = 0;
	const char *found;
	char *text;

	if (kvmfr_read_all(doctor->root, &text, KVMFR_DOMAIN_SIZE_MAX,
			   "proc/cpuinfo") < 0)
		return 0;
	found = strstr(text, "\naddress sizes");
	found = found ? strchr(found, ':') : NULL;
	if (found)
		width = (unsigned int)strtoul(found + 1, NULL, 10);
	free(text);
	return width;
}

static char *limit_phys_bits(const struct kvmfr_domain *domain,
			     unsigned int bits)
{
	if (!domain->cpu_line)
		return doctor_xml_words(
			domain,
			"put <maxphysaddr mode='passthrough' limit='%u'/> into <cpu>, and no other",
			bits);
	return doctor_xml_edit(
		domain,
		"-e 's|<maxphysaddr [^>]*/>||' -e '%lds|<cpu \\([^>]*[^/>]\\)>|<cpu \\1><maxphysaddr mode=\"passthrough\" limit=\"%u\"/>|' -e '%lds|<cpu \\([^>]*\\)/>|<cpu \\1><maxphysaddr mode=\"passthrough\" limit=\"%u\"/></cpu>|'",
		domain->cpu_line, bits, domain->cpu_line, bits);
}

static void check_phys_bits(struct doctor *doctor,
			    const struct kvmfr_domain *domain)
{
	unsigned int iommu = iommu_width(doctor);
	unsigned int host = host_width(doctor);

	if (!domain->hostdev_count || !iommu || iommu >= host ||
	    (strcmp(domain->cpu_mode, "host-passthrough") &&
	     strcmp(domain->cpu_mode, "maximum")) ||
	    (domain->phys_bits && domain->phys_bits <= iommu))
		return;
	doctor_report(
		doctor, "domain-phys-bits", DOCTOR_WARNING,
		doctor_text(
			"%s has addresses of %u bits as this processor, but the IOMMU has %u.",
			domain->name,
			domain->phys_bits ? domain->phys_bits : host, iommu),
		doctor_text(
			"What the firmware puts beyond that cannot be mapped for the GPU: 'VFIO_MAP_DMA failed'."),
		limit_phys_bits(domain, iommu));
}

static bool uses(const struct kvmfr_domain *domain, int node)
{
	for (size_t i = 0; i < domain->arg_count; i++)
		if (kvmfr_domain_kvmfr(&domain->arg[i]) == node)
			return true;
	return false;
}

static void check_sharing(struct doctor *doctor)
{
	for (int node = 0; node < KVMFR_DEVICES_MAX; node++) {
		const struct kvmfr_domain *first = NULL;

		for (size_t i = 0; i < doctor->domain_count; i++) {
			const struct kvmfr_domain *domain = doctor->domains[i];

			if (!uses(domain, node))
				continue;
			if (first)
				doctor_report(
					doctor, "domain-shared-node",
					DOCTOR_NOTE,
					doctor_text(
						"%s and %s both use /dev/kvmfr%d.",
						first->name, domain->name,
						node),
					doctor_text(
						"They cannot run at the same time: both would write their picture there."),
					doctor_text(
						"# give one of them a device of its own, if they are to"));
			first = domain;
		}
	}
}

/*
 * What replaces something within a line comes before what adds something, from
 * the end of the file to its beginning, because libvirt gives that new lines.
 */
static void check_domain(struct doctor *doctor, const struct nodes *nodes,
			 const struct kvmfr_domain *domain)
{
	bool any = false;

	check_namespace(doctor, domain);
	for (size_t i = 0; i < domain->arg_count; i++) {
		int node = kvmfr_domain_kvmfr(&domain->arg[i]);

		if (node < 0)
			continue;
		any = true;
		check_object(doctor, nodes, domain, &domain->arg[i]);
		if (nodes->count && node >= nodes->count)
			report_no_device(doctor, nodes, domain, node);
	}
	for (size_t i = domain->arg_count; i; i--)
		if (kvmfr_domain_kvmfr(&domain->arg[i - 1]) >= 0)
			check_device(doctor, domain, &domain->arg[i - 1]);
	if (!any)
		return;
	check_balloon(doctor, domain);
	check_phys_bits(doctor, domain);
}

void doctor_check_domain(struct doctor *doctor)
{
	struct nodes nodes = { 0 };

	read_nodes(doctor, &nodes);
	for (size_t i = 0; i < doctor->domain_count; i++)
		check_domain(doctor, &nodes, doctor->domains[i]);
	check_sharing(doctor);
	doctor_boot_free(&nodes.boot);
}
