// SPDX-License-Identifier: GPL-2.0
/*
 * Gauges as laptops have them: slow, coarse, and sometimes asleep.
 */
#include "laptop.h"

/* The reading, unless the gauge stands still. */
static void gauge_show(struct gauge *gauge, struct rng *rng, double now)
{
	double value = gauge->value + gauge->sigma * rng_normal(rng);

	if (gauge->stuck_every > 0) {
		if (now >= gauge->stuck_until) {
			gauge->stuck_from =
				now + rng_exponential(rng, gauge->stuck_every);
			gauge->stuck_until =
				gauge->stuck_from +
				rng_exponential(rng, gauge->stuck_for);
		}
		if (now >= gauge->stuck_from)
			return;
	}
	gauge->shown = gauge->quantum * round(value / gauge->quantum);
}

/* Energy drawn until a time in the past, or the oldest time known. */
static double gauge_energy_at(const struct gauge *gauge, double time)
{
	unsigned int i, at = gauge->newest;
	double span, part;

	for (i = 0; i < ENERGY_POINTS - 1 && gauge->past[at].time > time; i++)
		at = (at + ENERGY_POINTS - 1) % ENERGY_POINTS;
	if (gauge->past[at].time >= time || at == gauge->newest)
		return gauge->past[at].energy;
	i = (at + 1) % ENERGY_POINTS;
	span = gauge->past[i].time - gauge->past[at].time;
	part = (time - gauge->past[at].time) / span;
	return gauge->past[at].energy +
	       part * (gauge->past[i].energy - gauge->past[at].energy);
}

static void gauge_slide(struct gauge *gauge, double now)
{
	gauge->newest = (gauge->newest + 1) % ENERGY_POINTS;
	gauge->past[gauge->newest].time = now;
	gauge->past[gauge->newest].energy = gauge->energy;
	gauge->value =
		(gauge->energy - gauge_energy_at(gauge, now - gauge->time)) /
		gauge->time;
}

/* A gauge that has seen the same power for a long time. */
void gauge_start(struct gauge *gauge, struct rng *rng, double power)
{
	unsigned int i;

	gauge->value = power;
	gauge->energy = 0;
	gauge->energy_then = 0;
	gauge->newest = 0;
	for (i = 0; i < ENERGY_POINTS; i++) {
		double before = i ? (double)i - ENERGY_POINTS : 0;

		gauge->past[i].time = before;
		gauge->past[i].energy = power * before;
	}
	gauge->renewal = rng_between(rng, 0, gauge->time);
	gauge->energy_then = power * (gauge->renewal - gauge->time);
	gauge->stuck_from = 0;
	gauge->stuck_until = 0;
	gauge_show(gauge, rng, 0);
}

/* @power was drawn for @dt until @now. */
static void gauge_step(struct gauge *gauge, struct rng *rng, double now,
		       double dt, double power)
{
	if (dt <= 0)
		return;
	gauge->energy += power * dt;
	switch (gauge->kind) {
	case GAUGE_EXPONENTIAL:
		gauge->value +=
			(power - gauge->value) * (1 - exp(-dt / gauge->time));
		break;
	case GAUGE_SLIDING:
		gauge_slide(gauge, now);
		break;
	case GAUGE_BLOCK:
		gauge->value =
			(gauge->energy - gauge->energy_then) / gauge->time;
		break;
	default:
		gauge->value = power;
	}
	if (gauge->kind != GAUGE_BLOCK && gauge->kind != GAUGE_HOLD) {
		gauge_show(gauge, rng, now);
	} else if (now >= gauge->renewal) {
		gauge_show(gauge, rng, now);
		gauge->energy_then = gauge->energy;
		gauge->renewal += gauge->time;
	}
}

/* The same, in pieces that end where the gauge renews its reading. */
void gauge_advance(struct gauge *gauge, struct rng *rng, double now, double dt,
		   double power)
{
	double then = now - dt;

	if (gauge->kind == GAUGE_BLOCK || gauge->kind == GAUGE_HOLD) {
		while (gauge->renewal < now) {
			double renewal = gauge->renewal;

			gauge_step(gauge, rng, renewal, renewal - then, power);
			then = renewal;
		}
	}
	gauge_step(gauge, rng, now, now - then, power);
}
