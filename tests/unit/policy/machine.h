/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine as simple as can be, and a comparison that is fed from it.
 */
#ifndef POLICY_MACHINE_H
#define POLICY_MACHINE_H

#include "policy.h"

#define W 1000000

#define MACHINE_PHASES 100

/**
 * struct machine - what is measured
 * @power_uw: of each state
 * @noise_uw: added to it, normal
 * @slope_uw: added to it, per second
 * @average_s: time constant of the gauge, 0 for none
 * @quantum_uw: of the gauge
 * @load: of the machine; the second phase of each round has @load_second more
 * @load_second: see there
 * @stuck_second: the gauge stands still in every second phase
 * @now: time, ms
 * @reading: the gauge's average
 * @states: the state of each phase
 * @switched: which of these came with a switch
 * @phases: number of these
 */
struct machine {
	s32 power_uw[3];
	double noise_uw;
	double slope_uw;
	double average_s;
	s32 quantum_uw;
	u16 load;
	u16 load_second;
	bool stuck_second;

	u64 now;
	double reading;
	enum vfio_pm_power states[MACHINE_PHASES];
	bool switched[MACHINE_PHASES];
	unsigned int phases;
};

extern struct machine machine;
extern struct vfio_pm_policy policy;
extern struct vfio_pm_result result;

/* A quiet machine that draws so much in each state, with a good gauge. */
void machine_init(s32 d0, s32 d3hot, s32 d3cold);
void start_with(const struct vfio_pm_policy_params *params);
void enter(void);
enum vfio_pm_step sample_in(enum vfio_pm_power state);
enum vfio_pm_step sample(void);
/* Goes on until so many rounds count, or to the end if that is 0. */
enum vfio_pm_verdict run_until(u32 rounds);
/* D3hot against D3cold, by default. */
enum vfio_pm_verdict run(void);

#endif /* POLICY_MACHINE_H */
