# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Words for the tests of kvmfrctl doctor that do what it says. What only counts on
# machines with a GPU is left to others.

report=/tmp/report
mine='^(error|warning) (module|node|access|udev|cgroup|apparmor|selinux|domain|memory)-'

look()
{
	kvmfrctl doctor --user alice "$@" >$report 2>&1
}

# The ids of our findings, on one line.
ids()
{
	look "$@"
	sed -n -E "/$mine/s/^[a-z]* ([a-z-]*) .*/\1/p; /$mine/s/^[a-z]* ([a-z-]*)\$/\1/p" $report |
		paste -sd' '
}

# remedy [ID]: of the last look; of all without an ID
remedy()
{
	awk -v id="${1-}" -v mine="$mine" '
		/^(error|warning|note) / { print_it = $0 ~ mine && (id == "" || $2 == id) }
		print_it && /^      / { print substr($0, 7) }' $report
}

# heal ID: what the last look says about it
heal()
{
	remedy "$1" >/tmp/remedy
	sed 's/^/# /' /tmp/remedy
	sh /tmp/remedy >/tmp/remedy.log 2>&1
	udevadm settle
}

# cured ID [OPTION...]
cured()
{
	id=$1
	shift
	like "$id is found" "(^| )$id( |$)" "$(ids "$@")"
	heal "$id"
	is "after its remedy nothing is left" "" "$(ids "$@")"
	[ -z "$(ids "$@")" ] || sed 's/^/# /' /tmp/remedy.log $report
}

# follow [OPTION...]: all remedies, until the doctor is content; sets $rounds
follow()
{
	rounds=0
	while [ -n "$(ids "$@")" ] && [ $rounds -lt 5 ]; do
		rounds=$((rounds + 1))
		echo "# round $rounds: $(ids "$@")"
		ids "$@" >/dev/null
		remedy >/tmp/remedy
		sh /tmp/remedy >/tmp/remedy.log 2>&1
		udevadm settle
	done
}

# may USER: really, by opening the node
may()
{
	setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups sh -c ': <>/dev/kvmfr0' 2>/dev/null &&
		echo yes
}

size()
{
	cat /sys/class/kvmfr/kvmfr0/size
}
