#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the rule of udev runs when a device has gone, in a mount namespace with a
# /sys and a /dev that are put together here.
set -u
here=$(cd "${0%/*}" && pwd)
if [ "${1-}" != inside ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	unshare -m --propagation private sh "$0" inside "$dir"
	exit
fi
dir=$2
rules=$here/../../../udev/70-kvmfr.rules

# shellcheck source=tests/unit/userspace/is.sh
. "${0%/*}/is.sh"

# gone [PATH]: as udevd does for kvmfr0, without a PATH
gone()
{
	env -i ${1+PATH="$1"} /bin/sh "$dir/run" 2>&1 || echo "status $?"
}

# What is in /dev, with the numbers of nodes.
names()
{
	find /dev -mindepth 1 ! -name null -exec stat -c '%n %Hr:%Lr' {} + | sort | paste -sd' '
}

mknod -m 666 "$dir/null" c 1 3
mount -t tmpfs sys /sys
mount -t tmpfs -o mode=755 dev /dev
cp -a "$dir/null" /dev/null
sed -n '/^ACTION=="remove"/s/.*RUN+="\(.*\)"$/exec \1/p' "$rules" | sed 's/%k/kvmfr0/g' >"$dir/run"

is "the rule runs a shell" 1 "$(grep -c '^exec /bin/sh -c ' "$dir/run")"
is "without a node nothing is said" "" "$(gone)"
mknod /dev/kvmfr0 c 240 0
mknod /dev/kvmfr1 c 240 1
is "nor with one that is left" "" "$(gone)"
is "it is removed, and no other" "/dev/kvmfr1 240:1" "$(names)"
mkdir -p /sys/class/kvmfr/kvmfr0
mknod /dev/kvmfr0 c 240 0
is "nor if the device is back" "" "$(gone)"
is "its node stays" "/dev/kvmfr0 240:0 /dev/kvmfr1 240:1" "$(names)"
rmdir /sys/class/kvmfr/kvmfr0
rm /dev/kvmfr0 /dev/kvmfr1
echo memory >/dev/kvmfr0
is "nor with a file, of a VM that was started too early" "" "$(gone)"
is "it stays" memory "$(cat /dev/kvmfr0)"
ln -sf null /dev/kvmfr0
is "nor with a link" "" "$(gone)"
is "it stays, too" null "$(readlink /dev/kvmfr0)"
rm /dev/kvmfr0

# The device comes back just before the node is moved.
mkdir "$dir/bin"
cat >"$dir/bin/mv" <<'END'
#!/bin/sh
if [ ! -e /sys/class/kvmfr/kvmfr0 ]; then
	mkdir /sys/class/kvmfr/kvmfr0
	rm /dev/kvmfr0
	mknod /dev/kvmfr0 c 239 0
fi
exec /bin/mv "$@"
END
chmod +x "$dir/bin/mv"
mknod /dev/kvmfr0 c 240 0
is "nor if the device comes back meanwhile" "" "$(gone "$dir/bin:/usr/bin:/bin")"
is "the new node stays" "/dev/kvmfr0 239:0" "$(names)"
