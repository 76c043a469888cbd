// SPDX-License-Identifier: GPL-2.0
/* Memory for a picture, against what Looking Glass has published. */
#include "fixture.h"
#include "memsize.h"

/* Used in hundredths of a MiB, and that rounded up, for each formula. */
static const struct row {
	const char *mode;
	unsigned int b7, b7_mib;
	unsigned int hdr, hdr_mib;
	unsigned int idd, idd_mib;
	unsigned int both, both_hdr;
} rows[] = {
	{ "1280x720", 1703, 32, 2406, 32, 1455, 16, 32, 32 },
	{ "1920x1080", 2582, 32, 4164, 64, 2773, 32, 32, 64 },
	{ "1920x1200", 2758, 32, 4516, 64, 3037, 32, 32, 64 },
	{ "2560x1080", 3109, 32, 5219, 64, 3564, 64, 64, 64 },
	{ "2560x1440", 3812, 64, 6625, 128, 4619, 64, 64, 128 },
	{ "2560x1600", 4125, 64, 7250, 128, 5088, 64, 64, 128 },
	{ "2880x1800", 4955, 64, 8910, 128, 6333, 64, 64, 128 },
	{ "3440x1440", 4779, 64, 8559, 128, 6095, 64, 64, 128 },
	{ "3840x1600", 5688, 64, 10375, 128, 7431, 128, 128, 128 },
	{ "3840x2160", 7328, 128, 13656, 256, 9892, 128, 128, 256 },
	{ "5120x1440", 6625, 128, 12250, 128, 8838, 128, 128, 128 },
	{ "5120x2160", 9438, 128, 17875, 256, 13056, 256, 256, 256 },
	{ "5120x2880", 12250, 128, 23500, 256, 17275, 256, 256, 256 },
	{ "7680x2160", 13656, 256, 26312, 512, 19384, 256, 256, 512 },
	{ "7680x4320", 26312, 512, 51625, 1024, 38369, 512, 512, 1024 },
};

/* Two decimals: rounded half up or half to even, the published tables do both. */
static void is_used(uint64_t bytes, unsigned int hundredths)
{
	double mib = (double)bytes * 100 / (1024 * 1024);

	assert_true(mib >= hundredths - 0.5001 && mib <= hundredths + 0.5001);
}

static void published_tables_are_met(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct kvmfr_mode mode;

		assert_int_equal(kvmfr_mode_parse(row->mode, &mode), 0);
		is_used(kvmfr_memsize_used(mode, false, KVMFR_HOST_B7),
			row->b7);
		is_used(kvmfr_memsize_used(mode, true, KVMFR_HOST_B7),
			row->hdr);
		is_used(kvmfr_memsize_used(mode, false, KVMFR_HOST_IDD),
			row->idd);
		is_used(kvmfr_memsize_used(mode, true, KVMFR_HOST_IDD),
			row->idd);
		assert_int_equal(kvmfr_memsize_mib(mode, false, KVMFR_HOST_B7),
				 row->b7_mib);
		assert_int_equal(kvmfr_memsize_mib(mode, true, KVMFR_HOST_B7),
				 row->hdr_mib);
		assert_int_equal(kvmfr_memsize_mib(mode, false, KVMFR_HOST_IDD),
				 row->idd_mib);
		assert_int_equal(kvmfr_memsize_mib(mode, true, KVMFR_HOST_IDD),
				 row->idd_mib);
		assert_int_equal(kvmfr_memsize_mib(mode, false,
						   KVMFR_HOST_BOTH),
				 row->both);
		assert_int_equal(kvmfr_memsize_mib(mode, true, KVMFR_HOST_BOTH),
				 row->both_hdr);
	}
}

static void powers_of_two_are_not_doubled(void **state)
{
	/* 3 * 256 bytes * 16384 lines and 4 MiB are 16 MiB. */
	struct kvmfr_mode exact = { 64, 16384 };
	struct kvmfr_mode wider = { 65, 16384 };

	assert_int_equal(kvmfr_memsize_used(exact, false, KVMFR_HOST_IDD),
			 16 << 20);
	assert_int_equal(kvmfr_memsize_mib(exact, false, KVMFR_HOST_IDD), 16);
	assert_int_equal(kvmfr_memsize_mib(wider, false, KVMFR_HOST_IDD), 32);
}

static void nothing_overflows(void **state)
{
	struct kvmfr_mode largest = { KVMFR_MODE_MAX, KVMFR_MODE_MAX };
	struct kvmfr_mode none = { 0, 1080 },
			  beyond = { 1920, KVMFR_MODE_MAX + 1 };

	assert_true(kvmfr_memsize_used(largest, true, KVMFR_HOST_BOTH) ==
		    (16ULL << 30) + (10 << 20));
	assert_int_equal(kvmfr_memsize_mib(largest, true, KVMFR_HOST_BOTH),
			 32768);
	assert_int_equal(kvmfr_memsize_used(none, false, KVMFR_HOST_BOTH), 0);
	assert_int_equal(kvmfr_memsize_used(beyond, false, KVMFR_HOST_BOTH), 0);
	assert_int_equal(kvmfr_memsize_mib(none, false, KVMFR_HOST_BOTH), 1);
}

static void modes_are_strict(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} cases[] = {
		{ "1x1", 0 },
		{ "32768x32768", 0 },
		{ "01920x1080", 0 },
		{ "", -EINVAL },
		{ "x", -EINVAL },
		{ "1920", -EINVAL },
		{ "1920x", -EINVAL },
		{ "x1080", -EINVAL },
		{ "1920X1080", -EINVAL },
		{ "1920x1080x", -EINVAL },
		{ "1920x1080@60", -EINVAL },
		{ " 1920x1080", -EINVAL },
		{ "1920 x1080", -EINVAL },
		{ "0x10", -ERANGE },
		{ "10x0", -ERANGE },
		{ "32769x1", -ERANGE },
		{ "1x99999", -ERANGE },
		{ "-1x1", -EINVAL },
		{ "+1x1", -EINVAL },
		{ "1x-1", -EINVAL },
		{ "99999999999999999999x1", -ERANGE },
		{ "0xff", -EINVAL },
		{ "19\37720x1080", -EINVAL },
		{ "1920\303\2271080", -EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kvmfr_mode mode = { 7, 8 };

		assert_int_equal(kvmfr_mode_parse(cases[i].text, &mode),
				 cases[i].ret);
		if (cases[i].ret)
			assert_true(mode.width == 7 && mode.height == 8);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_tables_are_met),
		cmocka_unit_test(powers_of_two_are_not_doubled),
		cmocka_unit_test(nothing_overflows),
		cmocka_unit_test(modes_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
