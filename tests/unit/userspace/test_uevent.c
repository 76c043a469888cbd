// SPDX-License-Identifier: GPL-2.0
/* Listening for events; what comes of them is seen in a machine of its own. */
#include "fixture.h"

#include <poll.h>

#include "uevent.h"

static const char *const subsystems[] = { "kvmfr", "vfio_pm", NULL };

static void silence_is_no_event(void **state)
{
	struct kvmfr_uevent *uevent;
	struct pollfd wait;

	assert_int_equal(kvmfr_uevent_open(&uevent, subsystems), 0);
	wait.fd = kvmfr_uevent_fd(uevent);
	wait.events = POLLIN;
	assert_true(wait.fd >= 0);
	assert_int_equal(fcntl(wait.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(poll(&wait, 1, 0), 0);
	assert_false(kvmfr_uevent_drain(uevent));
	kvmfr_uevent_close(uevent);
}

static void closing_takes_the_descriptor(void **state)
{
	struct kvmfr_uevent *uevent;
	int fd;

	assert_int_equal(kvmfr_uevent_open(&uevent, subsystems), 0);
	fd = kvmfr_uevent_fd(uevent);
	kvmfr_uevent_close(uevent);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	kvmfr_uevent_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_no_event),
		cmocka_unit_test(closing_takes_the_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
