# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # addresses, set by lib.sh
# shellcheck source=tests/vm/laptops/lib.sh
. /lib/kvmfr/lib.sh
conf=/etc/kvmfr.conf
state=/run/vfio-powerd/state.json
collected=/var/lib/prometheus/node-exporter

# said: the journal, without names and times
said()
{
	journalctl --sync
	journalctl -q -o cat -u vfio-powerd _SYSTEMD_UNIT=vfio-powerd.service
}

says()
{
	said | grep -qE "$1" && echo yes
}

sampled()
{
	sed -n 's/^ *"kind": *"\(.*\)",$/\1/p' $state
}

install -m 755 /lib/kvmfr/bin/vfio-powerd /usr/sbin/
cp /lib/kvmfr/vfio-powerd.service /etc/systemd/system/
# Another user's directory.
mkdir -p $collected
chown nobody $collected
printf '[power]\nmetrics = %s/vfio.prom\n' $collected >$conf

allow_vfio
bind_functions
allow_d3cold
passes "the unit is read" systemctl daemon-reload
passes "the service starts" systemctl start vfio-powerd
is "its state is there when it says that it is ready" yes "$([ -s $state ] && echo yes)"
passes "so are the metrics" test -s $collected/vfio.prom
like "its exposure" ' ([012]\.[0-9]|3\.0) OK' \
	"$(systemd-analyze security --no-pager vfio-powerd | tail -n 1)"

passes "vfio_pci_pm is loaded" load
becomes "it reads the meter and may write to meter/sample: measuring starts" 120 \
	measuring show state
sleep 20
is "it goes on" "measuring pushed" "$(show state) $(show meter/source)"

# A program reads the meter; it can do no more than that.
meter=$(find -L /sys/class/hwmon/hwmon*/ -maxdepth 2 -name power1_average 2>/dev/null | head -n 1)
unsafe=/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
cat >/usr/local/bin/meter <<END
#!/bin/sh
touch /etc/written /usr/written /var/written /root/written /run/written /tmp/written
echo 0 >/proc/sys/kernel/sysrq
echo N >$unsafe
exec cat $meter
END
chmod +x /usr/local/bin/meter
settings()
{
	cat /proc/sys/kernel/sysrq $unsafe
}

before=$(settings)
printf '[power]\nmeter = command\ncommand = /usr/local/bin/meter\n' >$conf
passes "reload" systemctl reload vfio-powerd
becomes "the program gives samples" 20 yes says "meter 'command'"
systemctl kill -s HUP vfio-powerd
becomes "which the state tells" 10 command sampled
is "and it goes on" "measuring pushed" "$(show state) $(show meter/source)"
is "nothing was written elsewhere" "" \
	"$(ls -d /etc/written /usr/written /var/written /root/written /run/written \
		/tmp/written 2>/dev/null)"
is "no setting of the kernel changed" "$before" "$(settings)"
becomes "as the journal says" 10 yes says "allow_unsafe_interrupts: Read-only file system"
printf '[power]\nmeter = sundial\n' >$conf
systemctl reload vfio-powerd
becomes "bad settings are told" 10 yes says "kvmfr.conf: line 2: meter 'sundial'.*stay"
is "and not used" "active measuring" "$(systemctl is-active vfio-powerd) $(show state)"
rm $conf

systemctl kill -s KILL vfio-powerd
becomes "killed, it comes back" 30 yes \
	sh -c "[ \$(systemctl show -P NRestarts vfio-powerd) -gt 0 ] && [ -s $state ] && echo yes"
passes "it is stopped" systemctl stop vfio-powerd
is "well" success "$(systemctl show -P Result vfio-powerd)"
is "its directory is gone" no "$([ -e /run/vfio-powerd ] && echo yes || echo no)"
