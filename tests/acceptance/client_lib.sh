# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # words are those of tap.sh; for those who source it
# Looking Glass's client, as its users run it: by a user who has the node from
# udev's rule and kvmfrd, on an X server. The host application is our own,
# frame_source. Settings, from the suite:
#   $renderer  EGL or OpenGL      $dma  yes or no      $size  MiB of the device
#   $peer      set: the module is not ours
node=/dev/kvmfr0
uid=1000
limit=200	# seconds for llvmpipe's first frame in an emulated machine
mode=bgra:320x240

# as_user COMMAND...: in the place of this shell
as_user()
{
	exec setpriv --reuid=$uid --regid=$uid --clear-groups env HOME=/var/lib/user \
		XDG_RUNTIME_DIR=/run/user/$uid DISPLAY=:1 \
		LIBGL_ALWAYS_SOFTWARE=1 "$@"
}

prepare()
{
	echo "user:x:$uid:$uid::/var/lib/user:/bin/sh" >>/etc/passwd
	echo "user:x:$uid:" >>/etc/group
	getent group kvm >/dev/null || groupadd -r kvm
	mkdir -p /var/lib/user /run/user/$uid /tmp/.X11-unix
	chown $uid:$uid /var/lib/user /run/user/$uid
	chmod 1777 /tmp/.X11-unix
	/usr/lib/systemd/systemd-udevd --daemon 2>/tmp/udevd.log
	printf '[nodes]\nusers = user\n' >/etc/kvmfr.conf
}

screen_start()
{
	Xvfb :1 -screen 0 320x240x24 -nolisten tcp -nocursor 2>/tmp/xvfb.log &
	screen=$!
	for _ in $(seq 60); do
		! DISPLAY=:1 xdpyinfo >/dev/null 2>&1 || return 0
		sleep 1
	done
	return 1
}

# source_start MODE...: frames before its first one count no more
source_start()
{
	as_user /lib/kvmfr/bin/frame_source $node "$@" >/tmp/source.log 2>&1 &
	source=$!
	until_is 20 2 source_lines
	newest=$(($(head -n 1 /tmp/source.log) - 1))
}

source_lines()
{
	wc -l </tmp/source.log
}

client_start()
{
	as_user looking-glass-client app:shmFile=$node spice:enable=no \
		app:renderer="$renderer" app:allowDMA="$dma" win:size=320x240 \
		win:quickSplash=yes win:fpsMin=1 win:alerts=no egl:multisample=no \
		>/tmp/client.log 2>&1 &
	client=$!
}

# What is on the screen: number of the frame and of wrong pixels, if any.
screen_look()
{
	DISPLAY=:1 xwd -root -silent >/tmp/screen.xwd && screen_check </tmp/screen.xwd
}

# frames_come COUNT WRONG: so many frames, each newer than the one before, with
# at most so many wrong pixels. A screen that is just being written is looked at
# again.
frames_come()
{
	seen=0 torn=0
	end=$(($(date +%s) + limit))
	while [ "$seen" -lt "$1" ]; do
		if [ "$(date +%s)" -ge $end ] || ! kill -0 "$client" 2>/dev/null; then
			echo "# $seen frames seen to $newest, and now: $(screen_look)"
			sed 's/^/# client: /' /tmp/client.log
			sed 's/^/# source: /' /tmp/source.log
			return 1
		fi
		look=$(screen_look) || { sleep 1; continue; }
		number=${look% *} wrong=${look#* }
		if [ "$wrong" -gt "$2" ]; then
			torn=$((torn + 1))
		elif [ "$number" -gt "$newest" ]; then
			newest=$number
			seen=$((seen + 1))
		fi
		sleep 0.2
	done
	echo "# $torn looks were while the screen was written"
}

# All dma-bufs of the module, as the kernel knows them.
exports()
{
	awk '$5 == "kvmfr" { n++ } END { print n + 0 }' /sys/kernel/debug/dma_buf/bufinfo
}

# Processes that map the node.
mappers()
{
	grep -l "$node\$" /proc/[0-9]*/maps 2>/dev/null | wc -l
}

# node_says NAME WANT: what sysfs tells of it, which other modules may leave out
node_says()
{
	file=/sys/class/kvmfr/kvmfr0/$1
	if [ -n "${peer-}" ] && [ ! -e "$file" ]; then
		skip "the node's $1: $2" "this module does not tell"
	else
		is "the node's $1: $2" "$2" "$(cat "$file")"
	fi
}

# The dma-bufs that the client has, by their inodes.
buffers()
{
	for fd in /proc/"$client"/fd/*; do
		case $(readlink "$fd") in
		/dmabuf:*) stat -L -c %i "$fd" ;;
		esac
	done | sort -u | xargs
}

# buffers_since INODES: those that are not among them
buffers_since()
{
	for inode in $(buffers); do
		case " $1 " in
		*" $inode "*) ;;
		*) echo "$inode" ;;
		esac
	done
}

client_maps()
{
	grep -c "$1" /proc/"$client"/maps
}

client_stop()
{
	kill -INT "$client"
	status=0
	wait "$client" || status=$?
	is "the client ends when it is told to" 0 $status
}

source_stop()
{
	kill "$source"
	wait "$source" || :
}

user_may()
{
	(as_user test -w $node) && echo yes
}

no_access()
{
	client_start
	wait "$client" || :
	like "without kvmfrd the user may not open the node" \
		"Permission denied" "$(cat /tmp/client.log)"
	kvmfrd 2>/tmp/kvmfrd.log &
	daemon=$!
	becomes "with kvmfrd the user may" 20 yes user_may
}

client_version()
{
	(as_user looking-glass-client --version) 2>&1 | grep -o 'Looking Glass (.*)'
}

# The module, a screen, and the user's right to the node.
client_prepare()
{
	passes "the module loads" modprobe kvmfr static_size_mb="$size"
	echo "# its version is $(modinfo -F version kvmfr), $(modinfo -F srcversion kvmfr)"
	udevadm settle
	passes "there is a screen" screen_start
	no_access
}

# with_client COMMAND...: if it is the one that frame_source speaks to
with_client()
{
	prepare
	version=$(client_version)
	case $version in
	"Looking Glass (B7)") "$@" ;;
	*) skip "the client" "frame_source speaks to B7, this is '$version'" ;;
	esac
}
