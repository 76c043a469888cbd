/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same on every machine for the same seed:
 * splitmix64, whose state may be any number.
 */
#ifndef POLICY_RNG_H
#define POLICY_RNG_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Uniform, low <= x < high. */
static inline double rng_between(struct rng *rng, double low, double high)
{
	/* 53 bits, as a double has. */
	double part = (rng_next(rng) >> 11) / 9007199254740992.0;

	return low + (high - low) * part;
}

/* Uniform on a logarithmic scale: as many from 1 to 10 as from 10 to 100. */
static inline double rng_log_between(struct rng *rng, double low, double high)
{
	return exp(rng_between(rng, log(low), log(high)));
}

static inline bool rng_chance(struct rng *rng, double probability)
{
	return rng_between(rng, 0, 1) < probability;
}

/* Time until something that happens every @mean on average. */
static inline double rng_exponential(struct rng *rng, double mean)
{
	return -mean * log(1 - rng_between(rng, 0, 1));
}

/* Standard normal, by the polar method. */
static inline double rng_normal(struct rng *rng)
{
	double x, y, s;

	do {
		x = rng_between(rng, -1, 1);
		y = rng_between(rng, -1, 1);
		s = x * x + y * y;
	} while (s >= 1 || s == 0);
	return x * sqrt(-2 * log(s) / s);
}

#endif /* POLICY_RNG_H */
