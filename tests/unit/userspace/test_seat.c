// SPDX-License-Identifier: GPL-2.0
/* Who sits in front of the machine. */
#include "fixture.h"

#include "seat.h"

#define SEAT KVMFR_SEAT_DIRECTORY "/" KVMFR_SEAT_NAME

static void finds_the_active_user(void **state)
{
	struct fixture *fixture = fixture_create();
	uid_t uid = 77;

	assert_int_equal(kvmfr_seat_user(&fixture->root, &uid), -ENOENT);
	fixture_file(fixture, SEAT,
		     "# private\nIS_SEAT0=1\nACTIVE=2\nACTIVE_UID=1000\n"
		     "SESSIONS=2 c1\n");
	assert_int_equal(kvmfr_seat_user(&fixture->root, &uid), 0);
	assert_int_equal(uid, 1000);
	fixture_file(fixture, SEAT, "ACTIVE_UID=0");
	assert_int_equal(kvmfr_seat_user(&fixture->root, &uid), 0);
	assert_int_equal(uid, 0);
	fixture_destroy(fixture);
}

static void nobody_is_enodata(void **state)
{
	struct fixture *fixture = fixture_create();
	uid_t uid = 77;

	fixture_file(fixture, SEAT, "");
	assert_int_equal(kvmfr_seat_user(&fixture->root, &uid), -ENODATA);
	fixture_file(fixture, SEAT, "XACTIVE_UID=1\nACTIVE=2\n");
	assert_int_equal(kvmfr_seat_user(&fixture->root, &uid), -ENODATA);
	assert_int_equal(uid, 77);
	fixture_destroy(fixture);
}

static void nonsense_is_einval(void **state)
{
	static const char *const cases[] = {
		"ACTIVE_UID=\n",	   "ACTIVE_UID=-1\n",
		"ACTIVE_UID=4294967295\n", "ACTIVE_UID=1000\t\n",
		"ACTIVE_UID=alice\n",	   "ACTIVE_UID=00000000000000000001\n",
	};
	struct fixture *fixture = fixture_create();
	uid_t uid = 77;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fixture_file(fixture, SEAT, cases[i]);
		assert_int_equal(kvmfr_seat_user(&fixture->root, &uid),
				 -EINVAL);
		assert_int_equal(uid, 77);
	}
	fixture_destroy(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_active_user),
		cmocka_unit_test(nobody_is_enodata),
		cmocka_unit_test(nonsense_is_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
