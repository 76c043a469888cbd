// SPDX-License-Identifier: GPL-2.0
/* What processes do to each other's memory, or to their own as if it were. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

#define BUFFER (4 * PAGE)

/**
 * struct peer - a worker, as others find it
 * @pid: its process
 * @window: where its windows begin
 */
struct peer {
	pid_t pid;
	char *window;
};

static struct peer *peers;

int process_init(void)
{
	peers = mmap(NULL, FUZZ_WORKERS * sizeof(*peers),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return peers == MAP_FAILED ? -errno : 0;
}

void process_publish(unsigned int number)
{
	peers[number].pid = getpid();
	peers[number].window = state_window(0);
}

/* As a debugger has it, past the rights of the mapping. */
static int op_self_mem(const uint32_t *arg)
{
	off_t place = (uintptr_t)state_place(arg[0], arg[1]);
	size_t length = state_length(arg[2]) % BUFFER + 1;
	/* What a stack held before may be the secret that somebody looked for. */
	char buffer[BUFFER] __attribute__((aligned(8))) = "";
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	if (arg[3] % 2) {
		memset(buffer, arg[3] >> 8, sizeof(buffer));
		ret = result(pwrite(fd, buffer, length, place));
	} else {
		ret = result(pread(fd, buffer, length, place));
		if (!ret)
			ret = victim_guard_look(buffer, length);
	}
	close(fd);
	return ret;
}

static int read_all(int fd)
{
	char text[BUFFER];
	long got;

	while ((got = read(fd, text, sizeof(text))) > 0)
		;
	return result(got);
}

/* All that the kernel tells of mappings, for which it looks at their tables. */
static int op_tables(const uint32_t *arg)
{
	static const char *const names[] = { "pagemap", "smaps", "numa_maps",
					     "smaps_rollup", "clear_refs" };
	off_t place = (uintptr_t)state_place(arg[1], arg[2]);
	uint64_t entries[BUFFER / sizeof(uint64_t)];
	char path[32], number = '1' + arg[3] % 5;
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/self/%s", names[arg[0] % 5]);
	fd = open(path, (arg[0] % 5 == 4 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	switch (arg[0] % 5) {
	case 0:
		ret = result(pread(fd, entries, sizeof(entries),
				   place / PAGE * sizeof(uint64_t)));
		break;
	case 4:
		ret = result(write(fd, &number, 1));
		break;
	default:
		ret = read_all(fd);
	}
	close(fd);
	return ret;
}

/* In the windows of another worker, while it uses them. */
static int op_peer(const uint32_t *arg)
{
	const struct peer *peer = &peers[arg[0] % FUZZ_WORKERS];
	size_t place = state_place(arg[1], arg[2]) - state_window(0);
	char buffer[BUFFER] __attribute__((aligned(8))) = "";
	struct iovec local = { buffer, state_length(arg[3]) % BUFFER + 1 };
	struct iovec remote = { peer->window + place, local.iov_len };
	pid_t pid = peer->pid;
	int ret;

	if (arg[0] >> 8 & 1) {
		memset(buffer, arg[3], sizeof(buffer));
		return result(process_vm_writev(pid, &local, 1, &remote, 1, 0));
	}
	ret = result(process_vm_readv(pid, &local, 1, &remote, 1, 0));
	return ret ? ret : victim_guard_look(buffer, local.iov_len);
}

const struct fuzz_op fuzz_process_ops[] = {
	{ "self_mem", 5, op_self_mem },
	{ "tables", 3, op_tables },
	{ "peer", 4, op_peer },
	{},
};
