// SPDX-License-Identifier: GPL-2.0
/* Pictures are well-formed XML, show what is there, and nothing outside. */
#include "fixture.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "chart.h"

#define START 1763800000000

static const char *const no_notes[] = { NULL };

static xmlDoc *draw(const struct kvmfr_chart *chart)
{
	xmlDoc *document;
	size_t size;
	char *svg;

	assert_int_equal(kvmfr_chart_svg(chart, &svg, &size), 0);
	assert_int_equal(strlen(svg), size);
	document = xmlReadMemory(svg, (int)size, "chart.svg", NULL,
				 XML_PARSE_NONET | XML_PARSE_PEDANTIC);
	assert_non_null(document);
	free(svg);
	return document;
}

/* What an XPath expression counts, or says. */
static xmlXPathObject *look(xmlDoc *document, const char *expression)
{
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *object;

	xmlXPathRegisterNs(context, BAD_CAST "s",
			   BAD_CAST "http://www.w3.org/2000/svg");
	object = xmlXPathEval(BAD_CAST expression, context);
	assert_non_null(object);
	xmlXPathFreeContext(context);
	return object;
}

static void expect_number(xmlDoc *document, const char *expression,
			  double number)
{
	xmlXPathObject *object = look(document, expression);
	double got = xmlXPathCastToNumber(object);

	xmlXPathFreeObject(object);
	if (got != number)
		fail_msg("%s is %g, not %g", expression, got, number);
}

static void expect_text(xmlDoc *document, const char *expression,
			const char *text)
{
	xmlXPathObject *object = look(document, expression);
	xmlChar *got = xmlXPathCastToString(object);

	assert_string_equal((char *)got, text);
	xmlFree(got);
	xmlXPathFreeObject(object);
}

static struct kvmfr_chart_sample sample(int64_t seconds, int64_t power_uw,
					const char *level, const char *state)
{
	struct kvmfr_chart_sample one = {
		.time_ms = START + seconds * 1000,
		.power_uw = power_uw,
	};

	strcpy(one.level, level);
	strcpy(one.state, state);
	return one;
}

static void levels_are_bands_as_long_as_they_last(void **state)
{
	struct kvmfr_chart_sample samples[] = {
		sample(0, 15000000, "d3cold", "measuring"),
		sample(10, 15100000, "d3cold", "measuring"),
		sample(20, 18000000, "d3hot", "measuring"),
		sample(40, 15000000, "d3cold", "decided"),
		sample(80, 15000000, "d3cold", "decided"),
	};
	struct kvmfr_chart chart = { "title", no_notes, samples, 5, 60000 };
	xmlDoc *document = draw(&chart);

	/* 870 pixels are 80 s; a legend's square is 12 high, a band 22. */
	expect_number(document, "count(//s:rect[@height=22.0])", 5);
	expect_number(document,
		      "sum(//s:rect[@height=22.0 and @fill='#0072b2']/@width)",
		      870.0 * 60 / 80);
	expect_number(document,
		      "sum(//s:rect[@height=22.0 and @fill='#e69f00']/@width)",
		      870.0 * 20 / 80);
	expect_number(document,
		      "sum(//s:rect[@height=22.0 and @fill='#009e73']/@width)",
		      870.0 / 2);
	expect_number(document, "count(//s:polyline)", 1);
	xmlFreeDoc(document);
}

static void nothing_is_drawn_over_a_gap(void **state)
{
	struct kvmfr_chart_sample samples[] = {
		sample(0, 15000000, "d3cold", "decided"),
		sample(10, 15000000, "d3cold", "decided"),
		sample(90, 15000000, "d3cold", "decided"),
		sample(100, 15000000, "d3cold", "decided"),
	};
	struct kvmfr_chart chart = { "title", no_notes, samples, 4, 20000 };
	xmlDoc *document = draw(&chart);

	expect_number(document, "count(//s:polyline)", 2);
	expect_number(document,
		      "sum(//s:rect[@height=22.0 and @fill='#0072b2']/@width)",
		      174);
	xmlFreeDoc(document);
}

static void text_is_escaped(void **state)
{
	static const char *const notes[] = {
		"<script>alert('x')</script> & \"quotes\" ]]>",
		"\x1b[2J\x01\xff\xfe noncharacter \xef\xbf\xbf\xef\xbf\xbe.",
		NULL
	};
	struct kvmfr_chart_sample samples[] = {
		sample(0, 15000000, "<d0>", "&state;"),
		sample(10, 15000000, "<d0>", "&state;"),
	};
	struct kvmfr_chart chart = { "a < b && \"c\"", notes, samples, 2,
				     60000 };
	xmlDoc *document = draw(&chart);

	expect_text(document, "string(//s:title)", "a < b && \"c\"");
	expect_text(document, "string(//s:text[contains(., 'alert')])",
		    notes[0]);
	expect_text(document, "string(//s:text[contains(., 'nonch')])",
		    "?[2J??? noncharacter .");
	expect_number(document, "count(//*[local-name()='script'])", 0);
	xmlFreeDoc(document);
}

static void watts_can_be_missing(void **state)
{
	struct kvmfr_chart_sample samples[] = {
		sample(0, INT64_MIN, "d0", "observed"),
		sample(10, INT64_MIN, "", ""),
		sample(20, 15000000, "d0", "observed"),
		sample(30, INT64_MIN, "d0", "observed"),
	};
	struct kvmfr_chart chart = { "title", no_notes, samples, 4, 60000 };
	xmlDoc *document = draw(&chart);

	expect_number(document, "count(//s:polyline)", 1);
	xmlFreeDoc(document);
	chart.count = 2;
	document = draw(&chart);
	expect_number(document, "count(//s:polyline)", 0);
	xmlFreeDoc(document);
}

/* Nothing is left or right of the picture, above or below the plot. */
static void expect_inside(xmlDoc *document)
{
	expect_number(document, "count(//s:rect[@x < 0 or @x + @width > 960])",
		      0);
	expect_number(document, "count(//s:line[@x1 < 70 or @x2 > 940])", 0);
	expect_number(document, "count(//s:line[@y1 < 0 or @y2 < 0])", 0);
}

static void extremes_stay_inside(void **state)
{
	struct kvmfr_chart_sample samples[] = {
		sample(0, 0, "d0", "fault"),
		sample(1, INT64_MAX, "d0", "fault"),
		sample(31536000, 1, "d3hot", "in_use"),
	};
	struct kvmfr_chart chart = { "", no_notes, samples, 3, INT64_MAX };
	xmlDoc *document = draw(&chart);

	expect_inside(document);
	xmlFreeDoc(document);
	samples[0].time_ms = 0;
	samples[2].time_ms = KVMFR_CHART_TIME_MAX_MS;
	document = draw(&chart);
	expect_inside(document);
	expect_number(document, "count(//s:line) < 40", 1);
	xmlFreeDoc(document);
	chart.count = 1;
	document = draw(&chart);
	expect_inside(document);
	xmlFreeDoc(document);
}

static void many_samples_are_one_picture(void **state)
{
	size_t count = 200000;
	struct kvmfr_chart_sample *samples = calloc(count, sizeof(*samples));
	struct kvmfr_chart chart = { "", no_notes, samples, count, 60000 };
	size_t size;
	char *svg;

	assert_non_null(samples);
	for (size_t i = 0; i < count; i++)
		samples[i] = sample((int64_t)i, 15000000 + (int64_t)(i % 7),
				    i % 2 ? "d0" : "d3cold", "decided");
	assert_int_equal(kvmfr_chart_svg(&chart, &svg, &size), 0);
	assert_true(size < 2000000);
	free(svg);
	free(samples);
}

static void disorder_is_refused(void **state)
{
	struct kvmfr_chart_sample samples[] = {
		sample(10, 0, "d0", "fault"),
		sample(0, 0, "d0", "fault"),
	};
	struct kvmfr_chart chart = { "", no_notes, samples, 2, 60000 };
	size_t size;
	char *svg;

	assert_int_equal(kvmfr_chart_svg(&chart, &svg, &size), -EINVAL);
	assert_null(svg);
	chart.count = 0;
	assert_int_equal(kvmfr_chart_svg(&chart, &svg, &size), -EINVAL);
	chart.count = 1;
	samples[0].time_ms = -1;
	assert_int_equal(kvmfr_chart_svg(&chart, &svg, &size), -EINVAL);
	samples[0].time_ms = INT64_MAX;
	assert_int_equal(kvmfr_chart_svg(&chart, &svg, &size), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_bands_as_long_as_they_last),
		cmocka_unit_test(nothing_is_drawn_over_a_gap),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(watts_can_be_missing),
		cmocka_unit_test(extremes_stay_inside),
		cmocka_unit_test(many_samples_are_one_picture),
		cmocka_unit_test(disorder_is_refused),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	xmlCleanupParser();
	return ret;
}
