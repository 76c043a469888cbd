# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # words are those of tap.sh and client_lib.sh
# Looking Glass's client is started and ended again and again. Between two of them
# there is no screen, for what that keeps in memory is not the module's.
# shellcheck source=tests/acceptance/client_lib.sh
. /lib/kvmfr/client_lib.sh
# shellcheck source=tests/long/memory.sh
. /lib/kvmfr/memory.sh

screen_stop()
{
	kill "$screen"
	wait "$screen" || :
}

# round NUMBER
round()
{
	source_start $mode
	client_start
	passes "session $1: frames come, each pixel right" frames_come 5 0
	# It makes two more each time it takes the source for gone.
	is "session $1: the client saw one session of the source" 1 \
		"$(grep -c 'Starting session' /tmp/client.log)"
	is "session $1: two dma-bufs" 2 "$(exports)"
	client_stop
	source_stop
	screen_stop
	is "session $1: no dma-buf is left" 0 "$(exports)"
}

everything()
{
	client_prepare
	round 0
	memory_starts
	for number in $(seq "$rounds"); do
		passes "session $number: there is a screen" screen_start
		round "$number"
	done
	memory_ends
	kill "$daemon"
}

with_client everything
