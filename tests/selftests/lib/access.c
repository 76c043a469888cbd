// SPDX-License-Identifier: GPL-2.0
/* Memory accesses that may raise a signal. */
#include <setjmp.h>
#include <signal.h>

#include "access.h"

#define PAGE 4096

typedef void (*access_action)(volatile unsigned char *memory, size_t argument);

static __thread sigjmp_buf *recover;
static __thread volatile unsigned char loaded;
static __thread bool (*wanted)(uint64_t word);
static __thread volatile bool seen;

/* One that no access waits for is as deadly as without us. */
static void access_signal(int number)
{
	if (recover)
		siglongjmp(*recover, number);
	signal(number, SIG_DFL);
}

/* The action is a call of its own, so that no local of ours spans the jump. */
static int access_try(access_action action, void *address, size_t argument)
{
	const struct sigaction handler = { .sa_handler = access_signal,
					   .sa_flags = SA_NODEFER };
	sigjmp_buf place;
	int number;

	/* Where calls are made to fail, one of these may be the one that does. */
	while (sigaction(SIGBUS, &handler, NULL) ||
	       sigaction(SIGSEGV, &handler, NULL))
		;
	number = sigsetjmp(place, 0);
	recover = number ? NULL : &place;
	if (!number)
		action(address, argument);
	recover = NULL;
	return number;
}

static void load(volatile unsigned char *memory, size_t unused)
{
	(void)unused;
	loaded = *memory;
}

static void store(volatile unsigned char *memory, size_t value)
{
	*memory = value;
}

static void touch(volatile unsigned char *memory, size_t bytes)
{
	const volatile unsigned char *end = memory + bytes;

	for (; memory < end; memory += PAGE)
		*memory = *memory;
}

static void find(volatile unsigned char *memory, size_t bytes)
{
	const volatile unsigned char *end = memory + bytes;

	for (; memory < end && !seen; memory += PAGE)
		seen = wanted(*(volatile uint64_t *)memory);
}

int memory_load(const void *address, unsigned char *value)
{
	int number = access_try(load, (void *)address, 0);

	if (!number)
		*value = loaded;
	return number;
}

int memory_store(void *address, unsigned char value)
{
	return access_try(store, address, value);
}

int memory_touch(void *address, size_t bytes)
{
	return access_try(touch, address, bytes);
}

int memory_find(const void *address, size_t bytes, bool (*is)(uint64_t word),
		bool *found)
{
	int number;

	wanted = is;
	seen = false;
	number = access_try(find, (void *)address, bytes);
	*found = seen;
	return number;
}
