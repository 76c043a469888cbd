/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated laptop: a slot in one of two states, everything else that draws
 * power, and a gauge that shows the sum in its own way. Watts and seconds.
 */
#ifndef POLICY_LAPTOP_H
#define POLICY_LAPTOP_H

#include "policy.h"
#include "rng.h"

enum gauge_kind {
	GAUGE_DIRECT,
	GAUGE_EXPONENTIAL,
	GAUGE_SLIDING,
	GAUGE_BLOCK,
	GAUGE_HOLD,
	GAUGE_KINDS,
};

#define ENERGY_POINTS 256

/**
 * struct gauge - how the power is shown
 * @kind: exponential or sliding average over @time; or renewed every @time
 *        only, with the average since then or what is drawn just now
 * @time: see there
 * @quantum: what is shown is a multiple of it
 * @sigma: noise of the gauge itself
 * @stuck_every: mean time between two times when it stands still; 0 never
 * @stuck_for: mean length of these
 * @value: the average, before noise and rounding
 * @shown: what can be read
 * @renewal: time of the next renewal
 * @energy: energy drawn so far
 * @energy_then: at the last renewal
 * @past: time and energy of the last steps, for the sliding average
 * @newest: index of the newest one
 * @stuck_from: when it stands still next, or since when
 * @stuck_until: end of that
 */
struct gauge {
	enum gauge_kind kind;
	double time;
	double quantum;
	double sigma;
	double stuck_every;
	double stuck_for;

	double value;
	double shown;
	double renewal;
	double energy;
	double energy_then;
	struct {
		double time;
		double energy;
	} past[ENERGY_POINTS];
	unsigned int newest;
	double stuck_from;
	double stuck_until;
};

/**
 * struct laptop - one of the population
 * @rng: its own, so that each laptop can be run alone
 * @saving: what D3cold draws less than D3hot; the truth to be found
 * @base: what all the rest draws on average
 * @sigma: noise of the rest
 * @noise_time: correlation time of that
 * @slope: steady drift, W/s
 * @wave: amplitude of a slow wave
 * @wave_time: its period
 * @wave_phase: its phase
 * @warm: what is still fading away at the start, or growing
 * @job_every: mean time between jobs; 0 for none
 * @job_for: mean length of one
 * @job_power: mean power of one
 * @job_seen: share of jobs that the load shows
 * @load_known: the load can be read at all
 * @step_every: mean time between lasting steps that no load shows; 0 for none
 * @waker_every: mean time between accesses that wake the slot; 0 for none
 * @opened_at: when a VM interrupts the measurement, if ever
 * @jitter: of the time between samples
 * @gauge: what is read
 *
 * The rest changes with time.
 */
struct laptop {
	struct rng rng;
	double saving;
	double base;
	double sigma;
	double noise_time;
	double slope;
	double wave;
	double wave_time;
	double wave_phase;
	double warm;
	double job_every;
	double job_for;
	double job_power;
	double job_seen;
	bool load_known;
	double step_every;
	double waker_every;
	double opened_at;
	double jitter;
	struct gauge gauge;

	double now;
	double noise;
	double lasting;
	double job_now;
	bool job_now_seen;
	double job_change;
	double step_next;
	double waker_next;
	enum vfio_pm_power state;
};

void laptop_draw(struct laptop *laptop, uint64_t seed, uint64_t number);
void laptop_switch(struct laptop *laptop, enum vfio_pm_power state);
void laptop_wait(struct laptop *laptop, double seconds);
void laptop_sample(struct laptop *laptop, struct vfio_pm_sample *sample);

void gauge_start(struct gauge *gauge, struct rng *rng, double power);
void gauge_advance(struct gauge *gauge, struct rng *rng, double now, double dt,
		   double power);

#endif /* POLICY_LAPTOP_H */
