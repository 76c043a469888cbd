# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # words are those of tap.sh and client_lib.sh
# One session of Looking Glass's client and all that can happen to it. Settings,
# beside those of client_lib.sh: $modes, set for all formats and another size.
# shellcheck source=tests/acceptance/client_lib.sh
. /lib/kvmfr/client_lib.sh

session()
{
	source_start $mode
	client_start
	passes "ten frames come, each newer and each pixel right" frames_come 10 0
	like "it uses the node" "KVMFR Device +: $node" "$(cat /tmp/client.log)"
	if [ "$dma" = yes ]; then
		first=$(buffers)
		is "the client has two dma-bufs" 2 "$(echo "$first" | wc -w)"
		is "they are all there are" 2 "$(exports)"
		node_says exports 2
		[ "$renderer" = OpenGL ] ||
			is "it has mapped both" 2 "$(client_maps dmabuf:)"
		passes "ten more frames come" frames_come 10 0
		is "from the same dma-bufs" "$first" "$(buffers)"
	else
		is "there are no dma-bufs" 0 "$(exports)"
	fi
	is "the memory is mapped once by the client" 1 "$(client_maps $node)"
	is "the module cannot be taken away" 1 "$(rmmod kvmfr 2>/dev/null; echo $?)"
	cp /tmp/screen.xwd /tmp/client.xwd
	is "nothing failed" "" "$(grep -E 'DMA update failed|Failed to' /tmp/client.log)"
}

host_restart()
{
	kill -KILL "$source"
	wait "$source" 2>/dev/null || :
	source_start $mode
	passes "the source was killed, and its successor's frames come" frames_come 3 0
	[ "$dma" = no ] ||
		is "with two dma-bufs of its own" 2 "$(buffers_since "$first" | wc -l)"
}

other_modes()
{
	source_stop
	source_start $mode rgba:320x240 rgba10:320x240 rgba16f:320x240 \
		bgra:640x480 bgra:320x240
	frames_come 1 0
	for next in rgba:320x240 rgba10:320x240 rgba16f:320x240; do
		kill -USR1 "$source"
		passes "$next: frames come" frames_come 3 0
	done
	# Where the client makes one pixel of four, some are of two tiles.
	kill -USR1 "$source"
	passes "bgra:640x480: frames come, scaled" frames_come 3 2500
	kill -USR1 "$source"
	passes "and the first size again" frames_come 3 0
}

# The end of everything, in the order that leaves most behind if anything does.
all_gone()
{
	client_stop
	source_stop
	is "no dma-buf is left" 0 "$(exports)"
	is "and no mapping" 0 "$(mappers)"
	node_says exports 0
	node_says mappings 0
	kill "$daemon"
	passes "the module can be unloaded" rmmod kvmfr
}

silent()
{
	if [ -n "${peer-}" ]; then
		skip "the module has no word to say" "others may; the kernel's warnings count"
		return
	fi
	is "the module has no word to say" "" \
		"$(dmesg | grep -i kvmfr: | grep -vE 'loaded|MiB|out-of-tree|verification failed')"
}

everything()
{
	client_prepare
	session
	host_restart
	[ -z "${modes-}" ] || other_modes
	all_gone
	silent
	tar -cf /dev/vdb -C /tmp client.xwd client.log source.log
}

with_client everything
