// SPDX-License-Identifier: GPL-2.0
/* Memory accesses that may raise a signal. */
#include <setjmp.h>
#include <signal.h>

#include "access.h"

#define PAGE 4096

typedef void (*access_action)(volatile unsigned char *memory, size_t argument);

static sigjmp_buf recover;
static volatile unsigned char loaded;

static void access_signal(int number)
{
	siglongjmp(recover, number);
}

/* The action is a call of its own, so that no local of ours spans the jump. */
static int access_try(access_action action, void *address, size_t argument)
{
	struct sigaction handler = { .sa_handler = access_signal };
	struct sigaction bus, segv;
	int number;

	sigaction(SIGBUS, &handler, &bus);
	sigaction(SIGSEGV, &handler, &segv);
	number = sigsetjmp(recover, 1);
	if (!number)
		action(address, argument);
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
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
