// SPDX-License-Identifier: GPL-2.0
/*
 * Which frame a screen shows: screen_check <PICTURE, of xwd. Prints its number
 * and how many pixels are wrong. Exit status 1 when there is no frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xwd.h"

int main(void)
{
	struct xwd_look look;
	struct xwd xwd;
	int ret = xwd_read(stdin, &xwd);

	if (ret) {
		fprintf(stderr, "screen_check: no picture: %s\n",
			strerror(-ret));
		return 1;
	}
	ret = xwd_find_frame(&xwd, &look);
	if (!ret)
		printf("%u %zu\n", look.serial, look.wrong);
	free(xwd.pixels);
	return ret ? 1 : 0;
}
