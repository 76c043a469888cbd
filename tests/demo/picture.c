// SPDX-License-Identifier: GPL-2.0
/* The moving test picture: see picture.h. */
#include <string.h>

#include "picture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define BLACK 0x000000u
#define WHITE 0xffffffu

#define BOX_SIDE 96u
#define BOX_BORDER 8u
/* Steps without a common factor with the way: the box gets everywhere. */
#define BOX_STEP_X 17u
#define BOX_STEP_Y 11u

#define COUNTER_DIGITS 5u
#define DIGIT_WIDTH 40u
#define DIGIT_HEIGHT 80u
#define DIGIT_STROKE 10u
#define DIGIT_SPACING 16u
#define COUNTER_MARGIN 40u

static const uint32_t bars[] = {
	0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
	0xff00ff, 0xff0000, 0x0000ff, 0x202020,
};

/* Seven-segment digits: bits 0-6 are the segments in the order of segments[]. */
static const uint8_t digits[10] = {
	0x77, 0x24, 0x5d, 0x6d, 0x2e, 0x6b, 0x7b, 0x25, 0x7f, 0x6f,
};

struct rectangle {
	uint32_t x, y, width, height;
};

/* Top, upper left, upper right, middle, lower left, lower right, bottom. */
static const struct rectangle segments[] = {
	{ 0, 0, DIGIT_WIDTH, DIGIT_STROKE },
	{ 0, 0, DIGIT_STROKE, DIGIT_HEIGHT / 2 },
	{ DIGIT_WIDTH - DIGIT_STROKE, 0, DIGIT_STROKE, DIGIT_HEIGHT / 2 },
	{ 0, (DIGIT_HEIGHT - DIGIT_STROKE) / 2, DIGIT_WIDTH, DIGIT_STROKE },
	{ 0, DIGIT_HEIGHT / 2, DIGIT_STROKE, DIGIT_HEIGHT / 2 },
	{ DIGIT_WIDTH - DIGIT_STROKE, DIGIT_HEIGHT / 2, DIGIT_STROKE,
	  DIGIT_HEIGHT / 2 },
	{ 0, DIGIT_HEIGHT - DIGIT_STROKE, DIGIT_WIDTH, DIGIT_STROKE },
};

static uint32_t *row_of(const struct picture *picture, uint32_t y)
{
	return picture->pixels + (uint64_t)y * picture->width;
}

static void rectangle_fill(const struct picture *picture,
			   const struct rectangle *area, uint32_t colour)
{
	for (uint32_t y = area->y; y < area->y + area->height; y++) {
		uint32_t *row = row_of(picture, y);

		for (uint32_t x = area->x; x < area->x + area->width; x++)
			row[x] = colour;
	}
}

/* One row is drawn, the ones below are copies of it. */
static void rows_repeat(const struct picture *picture, uint32_t first,
			uint32_t end)
{
	const uint32_t *row = row_of(picture, first);

	for (uint32_t y = first + 1; y < end; y++)
		memcpy(row_of(picture, y), row, picture->width * sizeof(*row));
}

static void background_draw(const struct picture *picture)
{
	uint32_t ramp_y = picture->height / 4 * 3;
	uint32_t *bar_row = row_of(picture, 0);
	uint32_t *ramp_row = row_of(picture, ramp_y);

	for (uint32_t x = 0; x < picture->width; x++) {
		uint32_t grey = x * 255 / (picture->width - 1);

		bar_row[x] = bars[x * ARRAY_SIZE(bars) / picture->width];
		ramp_row[x] = grey << 16 | grey << 8 | grey;
	}
	rows_repeat(picture, 0, ramp_y);
	rows_repeat(picture, ramp_y, picture->height);
}

/* To and fro between 0 and @way. */
static uint32_t bounce(uint64_t position, uint32_t way)
{
	uint32_t phase = position % (2 * way);

	return phase < way ? phase : 2 * way - phase;
}

static void box_draw(const struct picture *picture, uint64_t number)
{
	struct rectangle box = {
		.x = bounce(number * BOX_STEP_X, picture->width - BOX_SIDE),
		.y = bounce(number * BOX_STEP_Y, picture->height - BOX_SIDE),
		.width = BOX_SIDE,
		.height = BOX_SIDE,
	};
	struct rectangle inner = {
		.x = box.x + BOX_BORDER,
		.y = box.y + BOX_BORDER,
		.width = BOX_SIDE - 2 * BOX_BORDER,
		.height = BOX_SIDE - 2 * BOX_BORDER,
	};

	rectangle_fill(picture, &box, BLACK);
	rectangle_fill(picture, &inner, 0xff8000);
}

static void digit_draw(const struct picture *picture, uint32_t x, uint32_t y,
		       unsigned int digit)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(segments); i++) {
		struct rectangle stroke = segments[i];

		if (!(digits[digit] & (1u << i)))
			continue;
		stroke.x += x;
		stroke.y += y;
		rectangle_fill(picture, &stroke, WHITE);
	}
}

static void counter_draw(const struct picture *picture, uint64_t number)
{
	struct rectangle plate = {
		.x = COUNTER_MARGIN,
		.y = picture->height - COUNTER_MARGIN - DIGIT_HEIGHT -
		     2 * DIGIT_SPACING,
		.width = COUNTER_DIGITS * (DIGIT_WIDTH + DIGIT_SPACING) +
			 DIGIT_SPACING,
		.height = DIGIT_HEIGHT + 2 * DIGIT_SPACING,
	};

	rectangle_fill(picture, &plate, BLACK);
	for (unsigned int i = COUNTER_DIGITS; i-- > 0; number /= 10)
		digit_draw(picture,
			   plate.x + DIGIT_SPACING +
				   i * (DIGIT_WIDTH + DIGIT_SPACING),
			   plate.y + DIGIT_SPACING, number % 10);
}

void picture_draw(const struct picture *picture, uint64_t number)
{
	background_draw(picture);
	box_draw(picture, number);
	counter_draw(picture, number);
}
