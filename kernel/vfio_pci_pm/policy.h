/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of two power states of a slot draws less, decided from samples of the
 * whole machine's power. Compiles in the kernel and in programs alike.
 */
#ifndef VFIO_PM_POLICY_H
#define VFIO_PM_POLICY_H

#include <linux/errno.h>
#include <linux/types.h>

/* For programs; <linux/types.h> of the kernel has these names already. */
#ifndef __KERNEL__
#include <stdbool.h>
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
#endif

/* Rounds after which a verdict is possible, and after which it is final. */
#define VFIO_PM_ROUNDS_MIN 6
#define VFIO_PM_ROUNDS_LIMIT 32

/* Room for one phase: at most 60 s to settle and 200 s to look, 1 s apart. */
#define VFIO_PM_PHASE_SAMPLES 264

/* Readings beyond +-500 W are not believed, so that 32 bits are enough. */
#define VFIO_PM_POWER_LIMIT_UW 500000000

/* The caller cannot tell how busy the machine is. */
#define VFIO_PM_LOAD_UNKNOWN 0xffff

/**
 * enum vfio_pm_power - states that can be compared, the shallowest first
 * @VFIO_PM_D0: port and functions on
 * @VFIO_PM_D3HOT: port and functions in D3hot
 * @VFIO_PM_D3COLD: power of the port cut
 */
enum vfio_pm_power {
	VFIO_PM_D0,
	VFIO_PM_D3HOT,
	VFIO_PM_D3COLD,
};

/**
 * enum vfio_pm_verdict - what is known about the deeper of two states
 * @VFIO_PM_UNMEASURED: nothing, no comparison was started
 * @VFIO_PM_UNDECIDED: the comparison is running
 * @VFIO_PM_SAVES: it draws less
 * @VFIO_PM_NO_DIFFERENCE: it draws the same, within the smallest saving that
 *                         counts
 * @VFIO_PM_COSTS_MORE: it draws more
 * @VFIO_PM_INCONCLUSIVE: the readings do not tell
 */
enum vfio_pm_verdict {
	VFIO_PM_UNMEASURED,
	VFIO_PM_UNDECIDED,
	VFIO_PM_SAVES,
	VFIO_PM_NO_DIFFERENCE,
	VFIO_PM_COSTS_MORE,
	VFIO_PM_INCONCLUSIVE,
};

/**
 * enum vfio_pm_step - what the caller of the policy does next
 * @VFIO_PM_STEP_SAMPLE: feed another sample, 1.1 s after the last or later
 * @VFIO_PM_STEP_SWITCH: bring the slot to vfio_pm_policy_wanted(), even if it
 *                       seems to be there, then call vfio_pm_policy_entered()
 * @VFIO_PM_STEP_DONE: there is a verdict
 */
enum vfio_pm_step {
	VFIO_PM_STEP_SAMPLE,
	VFIO_PM_STEP_SWITCH,
	VFIO_PM_STEP_DONE,
};

/**
 * enum vfio_pm_reject - why a round did not count
 * @VFIO_PM_REJECT_NONE: it did
 * @VFIO_PM_REJECT_STATE: the slot left the state, or the caller interrupted
 * @VFIO_PM_REJECT_STALE: the gauge did not renew its reading often enough
 * @VFIO_PM_REJECT_LOAD: the machine was not equally busy all the time
 * @VFIO_PM_REJECT_DRIFT: the power moved while the state did not
 * @VFIO_PM_REJECT_REASONS: number of the above
 */
enum vfio_pm_reject {
	VFIO_PM_REJECT_NONE,
	VFIO_PM_REJECT_STATE,
	VFIO_PM_REJECT_STALE,
	VFIO_PM_REJECT_LOAD,
	VFIO_PM_REJECT_DRIFT,
	VFIO_PM_REJECT_REASONS,
};

/**
 * struct vfio_pm_policy_params - what the user may choose
 * @min_saving_uw: smallest saving that counts, 50 mW to 50 W
 * @settle_ms: time after a switch whose samples are not used, to begin with;
 *             1 s to 60 s
 * @rounds_max: inconclusive after so many rounds; VFIO_PM_ROUNDS_MIN to
 *              VFIO_PM_ROUNDS_LIMIT, and even, or a drift adds up
 * @time_max_ms: inconclusive after so much time, 1 min to 24 h
 * @load_tolerance: difference in load that keeps samples from being compared,
 *                  1 to 1000 permille
 */
struct vfio_pm_policy_params {
	u32 min_saving_uw;
	u32 settle_ms;
	u32 rounds_max;
	u32 time_max_ms;
	u32 load_tolerance;
};

/**
 * struct vfio_pm_sample - one reading of the gauge
 * @time_ms: when, on a clock that never goes back
 * @power_uw: what the whole machine draws, positive
 * @load: how busy the machine was since the last sample, in permille, or
 *        VFIO_PM_LOAD_UNKNOWN
 * @state: the state in which the slot really is
 */
struct vfio_pm_sample {
	u64 time_ms;
	s32 power_uw;
	u16 load;
	enum vfio_pm_power state;
};

/**
 * struct vfio_pm_gauge - what has been learnt about the gauge
 * @settle_ms: time it is given after a switch
 * @window_ms: how long it is looked at then, at least
 * @resolution_uw: smallest step seen between two samples
 * @settled: it is seen to follow a switch within @settle_ms
 * @proven: so it was in an earlier comparison
 */
struct vfio_pm_gauge {
	u32 settle_ms;
	u32 window_ms;
	u32 resolution_uw;
	bool settled;
	bool proven;
};

/**
 * struct vfio_pm_phase - samples while the slot is in one state
 * @begin_ms: since when it is
 * @settle_ms: the time after @begin_ms whose samples are not used
 * @used_ms: time of the first sample that is used
 * @count: samples in @power_uw
 * @used: index of the first one that is used
 * @fresh: used samples that differ from the one before
 * @load_min: smallest load of a used sample
 * @load_max: largest one
 * @busy: samples left out because the machine was too busy
 * @moved: a reading has changed since @begin_ms, used or not
 * @power_uw: the readings
 */
struct vfio_pm_phase {
	u64 begin_ms;
	u32 settle_ms;
	u64 used_ms;
	u32 count;
	u32 used;
	u32 fresh;
	u32 load_min;
	u32 load_max;
	u32 busy;
	bool moved;
	s32 power_uw[VFIO_PM_PHASE_SAMPLES];
};

/**
 * struct vfio_pm_window - what a phase comes to
 * @median_uw: of the samples that are used
 * @mad_uw: their median absolute deviation from it
 * @early_uw: median of the second quarter of all samples of the phase
 * @drift_uw: how far the medians of the two halves of the used ones are apart
 * @load: in the middle between the smallest and the largest load
 * @fresh: how many readings were new
 * @moved: see struct vfio_pm_phase
 */
struct vfio_pm_window {
	s32 median_uw;
	u32 mad_uw;
	s32 early_uw;
	u32 drift_uw;
	u32 load;
	u32 fresh;
	bool moved;
};

/**
 * struct vfio_pm_policy - a comparison of two states
 * @params: constant after vfio_pm_policy_init()
 * @gauge: survives from one comparison to the next
 * @shallow: the one state
 * @deep: the other one, which has to earn its place
 * @verdict: of the comparison
 * @switching: the caller has been told to switch
 * @second: the running phase is the second one of its round
 * @phase: the running phase
 * @first: the first phase of the running round
 * @rounds: rounds that count
 * @rounds_run: rounds that were begun and ended, whether they count or not
 * @rejected: rounds that do not count, by reason
 * @streak: rounds rejected since the last one that was not
 * @diff_uw: @shallow less @deep, per round
 * @early_uw: the same, taking early_uw of the round's second phase
 * @shallow_uw: what the machine drew in the one state, per round
 * @deep_uw: what it drew in the other one
 * @last_ms: time of the newest sample
 * @last_uw: its reading
 * @spent_ms: time that has been spent looking, in all
 * @scratch: for sorting
 *
 * Belongs to one caller, who serialises all calls. 3 KiB: not for the stack of
 * a kernel thread.
 */
struct vfio_pm_policy {
	struct vfio_pm_policy_params params;
	struct vfio_pm_gauge gauge;
	enum vfio_pm_power shallow;
	enum vfio_pm_power deep;
	enum vfio_pm_verdict verdict;

	bool switching;
	bool second;
	struct vfio_pm_phase phase;
	struct vfio_pm_window first;

	u32 rounds;
	u32 rounds_run;
	u32 rejected[VFIO_PM_REJECT_REASONS];
	u32 streak;
	s32 diff_uw[VFIO_PM_ROUNDS_LIMIT];
	s32 early_uw[VFIO_PM_ROUNDS_LIMIT];
	s32 shallow_uw[VFIO_PM_ROUNDS_LIMIT];
	s32 deep_uw[VFIO_PM_ROUNDS_LIMIT];

	u64 last_ms;
	s32 last_uw;
	u64 spent_ms;
	s32 scratch[VFIO_PM_PHASE_SAMPLES];
};

/**
 * struct vfio_pm_result - a comparison in figures
 * @verdict: so far
 * @saving_uw: median over the rounds of what the deeper state saves; negative
 *             if it costs. A lower bound in size if @settled is false
 * @spread_uw: median absolute deviation of the rounds from it
 * @shallow_uw: median draw of the machine in the shallower state
 * @deep_uw: median draw in the deeper state
 * @rounds: rounds that this rests on
 * @settle_ms: settling time they had
 * @settled: the gauge was seen to follow within that time
 */
struct vfio_pm_result {
	enum vfio_pm_verdict verdict;
	s32 saving_uw;
	u32 spread_uw;
	s32 shallow_uw;
	s32 deep_uw;
	u32 rounds;
	u32 settle_ms;
	bool settled;
};

/* policy.c */
extern const struct vfio_pm_policy_params vfio_pm_policy_defaults;

int vfio_pm_policy_init(struct vfio_pm_policy *policy,
			const struct vfio_pm_policy_params *params);
int vfio_pm_policy_start(struct vfio_pm_policy *policy,
			 enum vfio_pm_power shallow, enum vfio_pm_power deep);
enum vfio_pm_power vfio_pm_policy_wanted(const struct vfio_pm_policy *policy);
void vfio_pm_policy_entered(struct vfio_pm_policy *policy, u64 now_ms);
enum vfio_pm_step vfio_pm_policy_feed(struct vfio_pm_policy *policy,
				      const struct vfio_pm_sample *sample);
enum vfio_pm_step vfio_pm_policy_interrupt(struct vfio_pm_policy *policy);
void vfio_pm_policy_result(struct vfio_pm_policy *policy,
			   struct vfio_pm_result *result);
bool vfio_pm_policy_wants_d0(enum vfio_pm_verdict cold_over_hot);
enum vfio_pm_power vfio_pm_policy_choose(enum vfio_pm_verdict cold_over_hot,
					 enum vfio_pm_verdict best_over_d0);

/* policy_phase.c */
void vfio_pm_phase_begin(struct vfio_pm_phase *phase, u64 now_ms,
			 u32 settle_ms);
void vfio_pm_phase_add(struct vfio_pm_phase *phase,
		       const struct vfio_pm_sample *sample, u32 step_uw,
		       u32 tolerance);
bool vfio_pm_phase_is_over(const struct vfio_pm_phase *phase, u64 now_ms,
			   u32 window_ms);
enum vfio_pm_reject vfio_pm_phase_check(const struct vfio_pm_phase *phase,
					u64 now_ms);
void vfio_pm_phase_summarise(const struct vfio_pm_phase *phase, s32 *scratch,
			     struct vfio_pm_window *window);
bool vfio_pm_window_drifts(const struct vfio_pm_window *window, u32 effect_uw);

/* policy_stat.c */
bool vfio_pm_stat_is_look(u32 rounds);
u32 vfio_pm_stat_distance(s32 a, s32 b);
s32 vfio_pm_stat_median(s32 *values, u32 count);
s32 vfio_pm_stat_median_of(const s32 *values, u32 count, s32 *scratch);
u32 vfio_pm_stat_mad(s32 *values, u32 count, s32 center);
u64 vfio_pm_stat_tail(u32 count, u32 heads);
enum vfio_pm_verdict vfio_pm_stat_judge(const s32 *diff_uw, u32 count,
					u32 min_saving_uw, u32 equal_uw);

#endif /* VFIO_PM_POLICY_H */
