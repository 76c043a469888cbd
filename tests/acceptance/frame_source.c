// SPDX-License-Identifier: GPL-2.0
/*
 * A host application for Looking Glass's client: writes numbered pictures into
 * a /dev/kvmfrN, or a plain file, until it is told to end.
 *
 *   frame_source FILE FORMAT:WIDTHxHEIGHT...
 *
 * SIGUSR1 goes on to the next format and size. Two frames a second, if the
 * client takes them: it may still look at one while the next is written, not at
 * two. Standard output has the number of the first frame, then a line for each
 * format. Numbers go on growing when the program is started again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvmfr.h>

#include "lgmp_host.h"
#include "pattern.h"

#define PAGE 4096u
#define FRAMES 2u /* memory of them; one is written while the other is read */
#define FRAME_MS 500
#define TICK_MS 10
#define SIZE_MAX_PIXELS 4096u

struct format {
	const char *name;
	uint32_t type;
	uint32_t bytes; /* of a pixel */
	void (*put)(void *to, uint32_t colour);
};

struct mode {
	const struct format *format;
	uint32_t width;
	uint32_t height;
};

struct source {
	struct lgmp_header *header;
	size_t size;
	const struct mode *mode;
	uint32_t format_version;
	uint32_t serial;
	uint32_t cursor; /* offset of the payload of the pointer's queue */
	uint32_t frame[FRAMES]; /* offsets of struct kvmfr_frame */
};

static volatile sig_atomic_t ended, switched;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		switched = 1;
	else
		ended = 1;
}

static void put_bgra(void *to, uint32_t colour)
{
	*(uint32_t *)to = 0xff000000 | colour;
}

static uint32_t red(uint32_t colour)
{
	return colour >> 16 & 0xff;
}

static uint32_t green(uint32_t colour)
{
	return colour >> 8 & 0xff;
}

static uint32_t blue(uint32_t colour)
{
	return colour & 0xff;
}

static void put_rgba(void *to, uint32_t colour)
{
	*(uint32_t *)to = 0xff000000 | blue(colour) << 16 | green(colour) << 8 |
			  red(colour);
}

/* The nearest of 1024 steps to one of 256. */
static uint32_t ten_bits(uint32_t eight)
{
	return (eight * 1023 + 127) / 255;
}

static void put_rgba10(void *to, uint32_t colour)
{
	*(uint32_t *)to = 3u << 30 | ten_bits(blue(colour)) << 20 |
			  ten_bits(green(colour)) << 10 | ten_bits(red(colour));
}

static void put_rgba16f(void *to, uint32_t colour)
{
	_Float16 *half = to;

	half[0] = red(colour) / 255.0f;
	half[1] = green(colour) / 255.0f;
	half[2] = blue(colour) / 255.0f;
	half[3] = 1;
}

static const struct format formats[] = {
	{ "bgra", KVMFR_BGRA, 4, put_bgra },
	{ "rgba", KVMFR_RGBA, 4, put_rgba },
	{ "rgba10", KVMFR_RGBA10, 4, put_rgba10 },
	{ "rgba16f", KVMFR_RGBA16F, 8, put_rgba16f },
};

static const struct format *find_format(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strlen(formats[i].name) == length &&
		    !strncmp(formats[i].name, name, length))
			return &formats[i];
	return NULL;
}

static bool is_side(uint32_t pixels)
{
	return pixels >= PATTERN_TILES && pixels <= SIZE_MAX_PIXELS;
}

static int parse_mode(const char *text, struct mode *mode)
{
	size_t length = strcspn(text, ":");
	int end = 0;

	mode->format = find_format(text, length);
	if (!mode->format || !text[length] ||
	    sscanf(text + length, ":%ux%u%n", &mode->width, &mode->height,
		   &end) != 2 ||
	    text[length + end])
		return -EINVAL;
	return is_side(mode->width) && is_side(mode->height) ? 0 : -ERANGE;
}

static size_t round_up(size_t value)
{
	return (value + PAGE - 1) / PAGE * PAGE;
}

static size_t mode_bytes(const struct mode *mode)
{
	return (size_t)mode->width * mode->height * mode->format->bytes;
}

/* The device says its size by itself, a file has one. */
static int map_memory(const char *path, struct source *source)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;
	long size;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	size = S_ISCHR(status.st_mode) ? ioctl(fd, KVMFR_DMABUF_GETSIZE, 0) :
					 status.st_size;
	if (size <= 0)
		return size ? -errno : -ENODATA;
	source->size = size;
	source->header =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return source->header == MAP_FAILED ? -errno : 0;
}

/*
 * Frames begin on pages, so that each can become a dma-buf, and are always at
 * the same places: the client has no room for dma-bufs of more than two.
 */
static int lay_out(struct source *source, size_t bytes)
{
	size_t at, share;

	if (source->size < 4 * PAGE)
		return -ENOSPC;
	source->cursor = lgmp_host_start(source->header, "frame_source");
	at = round_up(source->cursor + sizeof(struct kvmfr_cursor));
	share = (source->size - at) / FRAMES / PAGE * PAGE;
	for (uint32_t i = 0; i < FRAMES; i++)
		source->frame[i] = at + i * share;
	return PAGE + round_up(bytes) > share ? -ENOSPC : 0;
}

static void describe(const struct source *source, struct kvmfr_frame *frame)
{
	const struct mode *mode = source->mode;

	*frame = (struct kvmfr_frame){
		.format_version = source->format_version,
		.serial = source->serial,
		.type = mode->format->type,
		.screen_width = mode->width,
		.screen_height = mode->height,
		.data_width = mode->width,
		.data_height = mode->height,
		.frame_width = mode->width,
		.frame_height = mode->height,
		.stride = mode->width,
		.pitch = mode->width * mode->format->bytes,
		.offset = PAGE - sizeof(uint32_t),
	};
}

static void draw(const struct source *source, char *pixels)
{
	const struct mode *mode = source->mode;

	for (uint32_t y = 0; y < mode->height; y++)
		for (uint32_t x = 0; x < mode->width; x++) {
			mode->format->put(pixels,
					  pattern_pixel(source->serial, x, y,
							mode->width,
							mode->height));
			pixels += mode->format->bytes;
		}
}

/* The client takes pixels while they come: it is told how many there are. */
static void send_frame(struct source *source)
{
	uint32_t offset = source->frame[source->serial % FRAMES];
	char *base = (char *)source->header + offset;
	atomic_uint *written = (void *)(base + PAGE - sizeof(*written));
	size_t bytes = mode_bytes(source->mode);

	describe(source, (struct kvmfr_frame *)base);
	atomic_store(written, 0);
	if (!lgmp_host_post(source->header, KVMFR_QUEUE_FRAME, 0, offset,
			    PAGE + bytes))
		return;
	draw(source, base + PAGE);
	atomic_store_explicit(written, bytes, memory_order_release);
	source->serial++;
}

/* A client waits for some word of the pointer. */
static void send_cursor(struct source *source)
{
	struct kvmfr_cursor *cursor =
		(void *)((char *)source->header + source->cursor);

	memset(cursor, 0, sizeof(*cursor));
	lgmp_host_post(source->header, KVMFR_QUEUE_POINTER,
		       KVMFR_POINTER_POSITION, source->cursor, sizeof(*cursor));
}

static void say_mode(const struct mode *mode)
{
	printf("%s:%ux%u\n", mode->format->name, mode->width, mode->height);
	fflush(stdout);
}

static void run(struct source *source, const struct mode *modes, int count)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000 };
	uint64_t next = 0;
	int mode = 0;

	source->mode = modes;
	source->serial = lgmp_clock_ms() / FRAME_MS;
	printf("%u\n", source->serial);
	say_mode(source->mode);
	while (!ended) {
		if (switched) {
			switched = 0;
			mode = (mode + 1) % count;
			source->mode = &modes[mode];
			source->format_version++;
			say_mode(source->mode);
		}
		lgmp_host_tick(source->header);
		if (lgmp_host_subscribed(source->header, KVMFR_QUEUE_POINTER))
			send_cursor(source);
		if (lgmp_clock_ms() >= next &&
		    lgmp_host_can_post(source->header, KVMFR_QUEUE_FRAME)) {
			next = lgmp_clock_ms() + FRAME_MS;
			send_frame(source);
		}
		nanosleep(&tick, NULL);
	}
}

static int usage(void)
{
	fputs("usage: frame_source FILE FORMAT:WIDTHxHEIGHT...\nformats:",
	      stderr);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		fprintf(stderr, " %s", formats[i].name);
	fprintf(stderr, "; sizes: %u to %u pixels\n", PATTERN_TILES,
		SIZE_MAX_PIXELS);
	return 2;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct source source = { .format_version = 1 };
	struct mode *modes = calloc(argc, sizeof(*modes));
	size_t bytes = 0;
	int ret;

	if (argc < 3 || !modes)
		return usage();
	for (int i = 2; i < argc; i++) {
		if (parse_mode(argv[i], &modes[i - 2])) {
			fprintf(stderr, "frame_source: '%s' is no mode\n",
				argv[i]);
			return usage();
		}
		if (mode_bytes(&modes[i - 2]) > bytes)
			bytes = mode_bytes(&modes[i - 2]);
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	ret = map_memory(argv[1], &source);
	if (!ret)
		ret = lay_out(&source, bytes);
	if (ret) {
		fprintf(stderr, "frame_source: %s: %s\n", argv[1],
			strerror(-ret));
		return 1;
	}
	run(&source, modes, argc - 2);
	free(modes);
	return 0;
}
