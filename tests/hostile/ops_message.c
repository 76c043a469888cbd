// SPDX-License-Identifier: GPL-2.0
/*
 * Files in messages: in a socket that is closed without having been read, or to
 * whoever of the workers asks next.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

/* Of all workers; what is sent to the first is received from the second. */
static int mailbox[2];

int message_init(void)
{
	unsigned int i;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, mailbox))
		return -errno;
	for (i = 0; i < 2; i++) {
		mailbox[i] = state_own(mailbox[i]);
		if (mailbox[i] < 0)
			return -errno;
	}
	return 0;
}

static int send_file(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	return result(sendmsg(socket, &message, MSG_DONTWAIT));
}

static int receive_file(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;
	int fd;

	if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -1;
	head = CMSG_FIRSTHDR(&message);
	if (!head) {
		errno = ENOMSG;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* A file that nobody fetches stays in use, which would keep memory from going. */
void message_drain(void)
{
	int fd;

	while ((fd = receive_file(mailbox[1])) >= 0)
		close(fd);
}

/* To everybody, or in flight: then its socket is kept. */
static int op_send(const uint32_t *arg)
{
	int pair[2], ret;

	if (arg[2] % 2)
		return send_file(mailbox[0], state_file(arg[1]));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		return -errno;
	ret = send_file(pair[0], state_file(arg[1]));
	close(pair[0]);
	if (!ret)
		return state_keep(arg[0], pair[1]);
	close(pair[1]);
	return ret;
}

static int op_receive(const uint32_t *arg)
{
	int socket = arg[2] % 2 ? mailbox[1] : state_file(arg[1]);

	return state_keep(arg[0], receive_file(socket));
}

const struct fuzz_op fuzz_message_ops[] = {
	{ "send", 4, op_send },
	{ "receive", 4, op_receive },
	{},
};
