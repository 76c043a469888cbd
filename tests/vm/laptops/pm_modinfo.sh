# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2005,SC2046,SC2086,SC2116 # words separated by blanks
# No laptop: a machine without a card and without vfio-pci. What modinfo says is
# in a file, busybox's reads installed modules only.
parameters="devices min_saving_mw observe policy poll recover retry_hours
rounds_max settle_ms"

# field NAME
field()
{
	sed -n "s/^$1: *//p" /lib/kvmfr/modinfo
}

like "description" '^.{20,}$' "$(field description)"
like "author" '^.{4,}$' "$(field author)"
is "license" GPL "$(field license)"
like "version" '^[1-9][0-9]*[.][0-9]+[.][0-9]+$' "$(field version)"
is "made for this kernel" "$(uname -r)" "$(field vermagic | cut -d ' ' -f 1)"
is "it is loaded by name only" "" "$(field alias)"
is "depends on no module" "" "$(field depends)"

# The word before the colon, and a sentence with the default behind it.
is "parameters" "$(echo $parameters)" \
	"$(echo $(field parm | sed 's/:.*//' | sort))"
is "each with a text and a type" "" "$(
	field parm | grep -vE '^[a-z_]+:.{20,} [(](uint|bool|charp|array of charp)[)]$'
)"
field parm | sed 's/^/# /'

passes "vfio-pci is not there" test ! -e /sys/bus/pci/drivers/vfio-pci
passes "vfio_pci_pm is loaded without it" load
is "version of what is loaded" "$(field version)" \
	"$(cat /sys/module/vfio_pci_pm/version)"
is "parameters of what is loaded" "$(echo $parameters)" \
	"$(echo $(ls /sys/module/vfio_pci_pm/parameters))"
is "there is no slot without a card" "" "$(ls /sys/class/vfio_pm)"
is "no module is used by it" "vfio_pci_pm" \
	"$(awk '{ print $1; if ($4 != "-") print $4 }' /proc/modules)"
passes "it is unloaded" unload
passes "nothing is left" sh -c "! ls -d /sys/class/vfio_pm /sys/module/vfio_pci_pm \
	/sys/devices/virtual/vfio_pm 2>/dev/null"
