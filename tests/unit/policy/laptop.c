// SPDX-License-Identifier: GPL-2.0
/*
 * The population of laptops, and what happens in one while time goes by.
 */
#include <string.h>

#include "laptop.h"

/* What a slot draws more in D0, and for how long each switch passes there. */
#define D0_POWER 7.0
#define SWITCH_TIME 0.3
/* Nothing changes in between, but for events. */
#define STEP_TIME 1.2
/* How busy a job of one watt looks, and how unsteady that is, in permille. */
#define LOAD_PER_WATT 30.0
#define LOAD_IDLE 20.0
#define LOAD_NOISE 8.0

static double draw_saving(struct rng *rng)
{
	double kind = rng_between(rng, 0, 1);

	if (kind < 0.10)
		return 0;
	if (kind < 0.40)
		return rng_between(rng, -2, 2);
	return rng_between(rng, -20, 20);
}

static void draw_gauge(struct gauge *gauge, struct rng *rng)
{
	double kind = rng_between(rng, 0, 1);

	gauge->kind = kind < 0.35 ? GAUGE_DIRECT :
		      kind < 0.65 ? GAUGE_EXPONENTIAL :
		      kind < 0.75 ? GAUGE_SLIDING :
		      kind < 0.90 ? GAUGE_BLOCK :
				    GAUGE_HOLD;
	gauge->time = rng_log_between(rng, 1, 60);
	gauge->quantum = rng_log_between(rng, 0.001, 1);
	/* Some stand still at times, a few for good. */
	if (rng_chance(rng, 0.05)) {
		gauge->stuck_every = rng_log_between(rng, 60, 1200);
		gauge->stuck_for = rng_log_between(rng, 10, 300);
	} else if (rng_chance(rng, 0.01)) {
		gauge->stuck_every = rng_log_between(rng, 0.1, 600);
		gauge->stuck_for = 1e9;
	}
}

static void draw_drift(struct laptop *laptop, struct rng *rng)
{
	if (rng_chance(rng, 0.5))
		laptop->slope = rng_between(rng, -3, 3) / 600;
	if (rng_chance(rng, 0.5))
		laptop->wave = rng_between(rng, 0, 2);
	laptop->wave_time = rng_log_between(rng, 30, 3600);
	laptop->wave_phase = rng_between(rng, 0, 2 * M_PI);
	if (rng_chance(rng, 0.3))
		laptop->warm = rng_between(rng, -5, 5);
}

static void draw_events(struct laptop *laptop, struct rng *rng)
{
	if (rng_chance(rng, 0.5))
		laptop->job_every = rng_log_between(rng, 20, 1000);
	laptop->job_for = rng_log_between(rng, 3, 200);
	laptop->job_power = rng_between(rng, 1, 8);
	laptop->job_seen = rng_chance(rng, 0.7) ? 1 : rng_between(rng, 0, 1);
	laptop->load_known = rng_chance(rng, 0.9);
	if (rng_chance(rng, 0.3))
		laptop->step_every = rng_log_between(rng, 120, 3600);
	if (rng_chance(rng, 0.03))
		laptop->waker_every = rng_log_between(rng, 5, 600);
	laptop->opened_at = rng_chance(rng, 0.02) ? rng_between(rng, 1, 600) :
						    INFINITY;
}

static double time_of_next(struct rng *rng, double now, double every)
{
	return every > 0 ? now + rng_exponential(rng, every) : INFINITY;
}

static double laptop_power(const struct laptop *laptop)
{
	double power = laptop->base + laptop->noise + laptop->lasting +
		       laptop->job_now;

	power += laptop->slope * laptop->now;
	power += laptop->wave * sin(laptop->wave_phase +
				    2 * M_PI * laptop->now / laptop->wave_time);
	power += laptop->warm * exp(-laptop->now / 300);
	if (laptop->state != VFIO_PM_D3COLD)
		power += laptop->saving;
	if (laptop->state == VFIO_PM_D0)
		power += D0_POWER;
	return power;
}

/* Laptop @number of the population that @seed stands for. */
void laptop_draw(struct laptop *laptop, uint64_t seed, uint64_t number)
{
	struct rng *rng = &laptop->rng;
	double sigma;

	memset(laptop, 0, sizeof(*laptop));
	rng->state = seed;
	rng->state = rng_next(rng) ^ (number * 0xd1342543de82ef95);
	rng_next(rng);

	laptop->saving = draw_saving(rng);
	laptop->base = rng_between(rng, 25, 40);
	draw_gauge(&laptop->gauge, rng);
	/* The noise may be the machine's or the gauge's. */
	sigma = rng_chance(rng, 0.05) ? 0 : rng_between(rng, 0, 5);
	if (rng_chance(rng, 0.5))
		laptop->gauge.sigma = sigma;
	else
		laptop->sigma = sigma;
	laptop->noise_time = rng_log_between(rng, 0.3, 30);
	draw_drift(laptop, rng);
	draw_events(laptop, rng);
	laptop->jitter = rng_between(rng, 0, 0.4);

	laptop->noise = laptop->sigma * rng_normal(rng);
	laptop->job_change = time_of_next(rng, 0, laptop->job_every);
	laptop->step_next = time_of_next(rng, 0, laptop->step_every);
	laptop->waker_next = time_of_next(rng, 0, laptop->waker_every);
	laptop->state = VFIO_PM_D3HOT;
	gauge_start(&laptop->gauge, rng, laptop_power(laptop));
}

static void laptop_change_job(struct laptop *laptop)
{
	struct rng *rng = &laptop->rng;

	if (laptop->job_now > 0) {
		laptop->job_now = 0;
		laptop->job_change =
			time_of_next(rng, laptop->now, laptop->job_every);
	} else {
		laptop->job_now =
			laptop->job_power * rng_between(rng, 0.7, 1.3);
		laptop->job_now_seen = rng_chance(rng, laptop->job_seen);
		laptop->job_change =
			time_of_next(rng, laptop->now, laptop->job_for);
	}
}

/* Until the next event, or for @limit. */
static double laptop_step(struct laptop *laptop, double limit)
{
	struct rng *rng = &laptop->rng;
	double dt = fmin(limit, STEP_TIME), keep;

	dt = fmin(dt, laptop->job_change - laptop->now);
	dt = fmin(dt, laptop->step_next - laptop->now);
	if (laptop->sigma > 0) {
		keep = exp(-dt / laptop->noise_time);
		laptop->noise =
			keep * laptop->noise +
			laptop->sigma * sqrt(1 - keep * keep) * rng_normal(rng);
	}
	laptop->now += dt;
	gauge_advance(&laptop->gauge, rng, laptop->now, dt,
		      laptop_power(laptop));
	if (laptop->now >= laptop->job_change)
		laptop_change_job(laptop);
	if (laptop->now >= laptop->step_next) {
		laptop->lasting += rng_between(rng, -4, 4);
		laptop->step_next =
			time_of_next(rng, laptop->now, laptop->step_every);
	}
	return dt;
}

void laptop_wait(struct laptop *laptop, double seconds)
{
	while (seconds > 0.000001)
		seconds -= laptop_step(laptop, seconds);
}

void laptop_switch(struct laptop *laptop, enum vfio_pm_power state)
{
	if (laptop->state == state)
		return;
	laptop->state = VFIO_PM_D0;
	laptop_wait(laptop, SWITCH_TIME);
	laptop->state = state;
}

/* Waits until the next sample is due and takes it. */
void laptop_sample(struct laptop *laptop, struct vfio_pm_sample *sample)
{
	struct rng *rng = &laptop->rng;
	enum vfio_pm_power state = laptop->state;
	double load, wait = 1.1 + rng_between(rng, 0, laptop->jitter);

	if (rng_chance(rng, 0.005))
		wait += rng_between(rng, 1, 6);
	if (laptop->now >= laptop->waker_next) {
		laptop->state = VFIO_PM_D0;
		laptop->waker_next =
			time_of_next(rng, laptop->now, laptop->waker_every);
	}
	laptop_wait(laptop, wait);
	load = LOAD_IDLE + LOAD_NOISE * fabs(rng_normal(rng));
	if (laptop->job_now_seen)
		load += LOAD_PER_WATT * laptop->job_now;
	sample->time_ms = (uint64_t)(laptop->now * 1000);
	sample->power_uw = (s32)lround(laptop->gauge.shown * 1e6);
	sample->load = laptop->load_known ? (u16)fmin(load, 1000) :
					    VFIO_PM_LOAD_UNKNOWN;
	sample->state = laptop->state;
	laptop->state = state;
}
