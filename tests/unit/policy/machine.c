// SPDX-License-Identifier: GPL-2.0
/*
 * A machine as simple as can be, and a comparison that is fed from it.
 */
#include <math.h>

#include "check.h"
#include "machine.h"
#include "rng.h"

#define PERIOD_MS 1100

struct machine machine;
struct vfio_pm_policy policy;
struct vfio_pm_result result;

static struct rng rng;

void machine_init(s32 d0, s32 d3hot, s32 d3cold)
{
	machine = (struct machine){
		.power_uw = { d0, d3hot, d3cold },
		.quantum_uw = 1000,
		.now = 100000,
		.reading = d3hot,
	};
	rng.state = 1;
}

void start_with(const struct vfio_pm_policy_params *params)
{
	EXPECT_EQ(vfio_pm_policy_init(&policy, params), 0);
	EXPECT_EQ(vfio_pm_policy_start(&policy, VFIO_PM_D3HOT, VFIO_PM_D3COLD),
		  0);
}

void enter(void)
{
	vfio_pm_policy_entered(&policy, machine.now);
}

static s32 read_gauge(enum vfio_pm_power state)
{
	double power = machine.power_uw[state];
	double part = 1;

	if (machine.average_s > 0)
		part = 1 - exp(-PERIOD_MS / 1e3 / machine.average_s);
	power += machine.slope_uw * machine.now / 1000;
	machine.reading += part * (power - machine.reading);
	power = machine.reading + machine.noise_uw * rng_normal(&rng);
	if (machine.stuck_second && policy.second)
		return policy.last_uw;
	return machine.quantum_uw * (s32)lround(power / machine.quantum_uw);
}

enum vfio_pm_step sample_in(enum vfio_pm_power state)
{
	struct vfio_pm_sample sample = { .state = state };

	machine.now += PERIOD_MS;
	sample.time_ms = machine.now;
	sample.power_uw = read_gauge(state);
	sample.load = machine.load;
	if (policy.second)
		sample.load += machine.load_second;
	return vfio_pm_policy_feed(&policy, &sample);
}

enum vfio_pm_step sample(void)
{
	return sample_in(vfio_pm_policy_wanted(&policy));
}

/* Notes each phase, once. */
static void note_phase(bool switched)
{
	unsigned int i = machine.phases;

	if (!policy.phase.count && i < MACHINE_PHASES) {
		machine.states[i] = vfio_pm_policy_wanted(&policy);
		machine.switched[i] = switched;
		machine.phases++;
	}
}

enum vfio_pm_verdict run_until(u32 rounds)
{
	enum vfio_pm_step step = VFIO_PM_STEP_SAMPLE;
	int i;

	if (policy.switching)
		step = VFIO_PM_STEP_SWITCH;
	for (i = 0; step != VFIO_PM_STEP_DONE && i < 20000; i++) {
		if (rounds && policy.rounds == rounds)
			return policy.verdict;
		if (step == VFIO_PM_STEP_SWITCH)
			enter();
		note_phase(step == VFIO_PM_STEP_SWITCH);
		step = sample();
	}
	EXPECT_EQ(step, VFIO_PM_STEP_DONE);
	vfio_pm_policy_result(&policy, &result);
	return result.verdict;
}

enum vfio_pm_verdict run(void)
{
	start_with(&vfio_pm_policy_defaults);
	return run_until(0);
}
