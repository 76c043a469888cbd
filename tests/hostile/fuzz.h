/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A random caller of what the modules show to users, nodes, dma-bufs and attributes
 * in sysfs. Programs are lists of calls; where the kernel has KCOV, those that reach
 * new code are kept and changed further. Dependencies: kvmfr_fuzz (workers) ->
 * corpus -> run, program -> ops_* -> victim, state.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PAGE 4096UL
#define MIB (1024UL * 1024UL)

#define FUZZ_WORKERS 3
#define FUZZ_OPS 64
#define FUZZ_CALLS 40
#define FUZZ_ARGS 4
#define FUZZ_THREADS 3
/* Few, so that calls meet; each window takes more than the largest device. */
#define FUZZ_FILES 4
#define FUZZ_WINDOWS 4
#define FUZZ_WINDOW (32 * MIB)
/* Those of programs are below, the fuzzer's own are not. */
#define FUZZ_OWN_FILE 500
/* A disk that everybody may write to. */
#define FUZZ_DISK "/dev/vdb"

/**
 * struct fuzz_call - one call of a program
 * @op: index of the operation
 * @arg: what they mean is the operation's business; it takes any number
 */
struct fuzz_call {
	uint32_t op;
	uint32_t arg[FUZZ_ARGS];
};

/**
 * struct fuzz_program - calls that are made one after the other
 * @nr_calls: elements of @call
 * @nr_threads: thread i of them makes calls i, i + @nr_threads, ...
 * @call: the calls
 */
struct fuzz_program {
	uint32_t nr_calls;
	uint32_t nr_threads;
	struct fuzz_call call[FUZZ_CALLS];
};

/**
 * struct fuzz_op - one thing that users can do
 * @name: in the text of programs
 * @weight: how often a random program has it
 * @run: do it; 0, or what was refused as -errno; -ENOSYS: not on this kernel
 */
struct fuzz_op {
	const char *name;
	unsigned int weight;
	int (*run)(const uint32_t *arg);
};

/* All of them, by dense index. */
extern const struct fuzz_op fuzz_file_ops[], fuzz_memory_ops[], fuzz_pin_ops[],
	fuzz_process_ops[], fuzz_message_ops[], fuzz_signal_ops[],
	fuzz_compat_ops[], fuzz_dmabuf_ops[], fuzz_admin_ops[];
const struct fuzz_op *fuzz_op(uint32_t index);
uint32_t fuzz_op_count(void);
/* Returned by an operation that saw what must never be; the text says what. */
#define FUZZ_VIOLATION (-4711)
extern const char *fuzz_violation;
/* No other thread can have changed a file under an operation. */
extern bool fuzz_alone;

/* state.c: files and windows that programs work with */
int state_init(void);
/* The file of a slot, or -1. */
int state_file(uint32_t slot);
/* Empty a slot: the file, or -1, is the caller's. */
int state_take(uint32_t slot);
/* Fill a slot; what was there is closed. The file or -errno. */
int state_keep(uint32_t slot, int fd);
/* Start of a window, and a place in it at a multiple of the page size. */
char *state_window(uint32_t slot);
char *state_place(uint32_t slot, uint32_t where);
/* A number of bytes: mostly round, some beyond any sense. */
uint64_t state_bytes(uint32_t number);
/* The same, where more than a window would hit what is not ours. */
size_t state_length(uint32_t number);
/* Everything closed, unmapped and drained. */
void state_reset(void);
/* 0 or -errno of a system call's result. */
int result(long result);
/* The same descriptor, where programs do not close it. */
int state_own(int fd);

/* ops_file.c: a dma-buf of a node that was opened in this mode; as state_keep() */
int file_created(uint32_t slot, int mode, int fd);

/* ops_process.c: before workers start, and in each of them */
int process_init(void);
void process_publish(unsigned int number);

/* ops_message.c: before workers start; now and then; in the end */
int message_init(void);
void message_drain(void);

/* ops_signal.c: in each worker */
int signal_init(void);

/* program.c */
uint32_t fuzz_random(uint64_t *seed);
void program_random(struct fuzz_program *program, uint64_t *seed);
/* Change it a little; @other may be spliced in. */
void program_mutate(struct fuzz_program *program,
		    const struct fuzz_program *other, uint64_t *seed);
/* As text: one call per line, after a line with the number of threads. */
void program_print(const struct fuzz_program *program, FILE *file);
/* The next program of a file; 0, -ENOENT at its end, -EINVAL with @line. */
int program_parse(struct fuzz_program *program, FILE *file, unsigned int *line);

/* ops_admin.c: functions of the machine that can be taken away; number or -errno */
#define FUZZ_FUNCTIONS 2
int admin_init(void);
/* vfio_pci_pm with a slot for each of them; 0 or -errno. */
int admin_slots_load(void);
void admin_open_nodes(void);
void admin_restore(void);

/* victim.c */
/* Load the modules, with nodes for everybody; NULL or what went wrong. */
const char *victim_load(bool zeroing);
/* Nothing is mapped or exported; what is pinned by a ring goes a moment later. */
bool victim_is_free(void);
/* The static device is, or becomes soon. */
bool victim_is_zero(void);
/* The guard is a device that is not called. For those who call the others. */
void victim_guard_forget(void);
/* Nobody wrote to it. */
bool victim_guard_whole(void);
/* Look for what is in it: 0, -EFAULT at the end of memory, or FUZZ_VIOLATION. */
int victim_guard_look(const void *memory, size_t bytes);

/* corpus.c: programs that came to new places, shared by the workers */
/* From a file of programs, or none; where KCOV is they go to a disk, or nowhere. */
void corpus_init(const char *path, const char *disk);
void corpus_add(const struct fuzz_program *program);
unsigned int corpus_size(void);
/* Those of the file first, for who replays; then mostly one of all, changed. */
void corpus_next(struct fuzz_program *program, bool replay, uint64_t *seed);
bool corpus_replayed(void);
/* What a worker runs, as text on the disk. */
void corpus_note(unsigned int number, const struct fuzz_program *program);
/* At the end, what each of them adds to the ones before, the most first. */
void corpus_write(void);

/* run.c */
#define FUZZ_COVER_BITS 16

/**
 * struct fuzz_score - what is known of all programs; shared by the workers
 * @cover: by hash of two successive places in the kernel, whether reached
 * @places: of them
 * @called: calls of each operation
 * @worked: of these, without error
 * @absent: of these, that the kernel does not have
 */
struct fuzz_score {
	unsigned char cover[1 << FUZZ_COVER_BITS];
	unsigned int places;
	unsigned int called[FUZZ_OPS];
	unsigned int worked[FUZZ_OPS];
	unsigned int absent[FUZZ_OPS];
};

/* Before rights are dropped. False: this kernel has no KCOV. */
bool run_init(void);
/* Run one. True if it came to a place where none has been before. */
bool run_program(const struct fuzz_program *program, struct fuzz_score *score);

#endif /* FUZZ_H */
