/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/cpufreq.h, which lacks get_cpu_idle_time() without CPU_FREQ.
 */
#ifndef KVMFR_COMPAT_CPUFREQ_H
#define KVMFR_COMPAT_CPUFREQ_H

#include <linux/cpufreq.h>
#include <linux/tick.h>

/* As cpufreq does it. With nohz=off it stands still: never idle. */
#ifndef CONFIG_CPU_FREQ
static inline u64 get_cpu_idle_time(unsigned int cpu, u64 *wall, int io_busy)
{
	u64 idle_us = get_cpu_idle_time_us(cpu, io_busy ? wall : NULL);

	if (!io_busy)
		idle_us += get_cpu_iowait_time_us(cpu, wall);
	return idle_us;
}
#endif

#endif /* KVMFR_COMPAT_CPUFREQ_H */
