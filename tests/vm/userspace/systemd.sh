# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by guest/userspace
cp -R /lib/kvmfr/stage/. /
cp /lib/kvmfr/kvmfr.conf /etc/
useradd -M player

# said UNIT: what it has said, without the name and the time
said()
{
	journalctl --sync
	journalctl -q -o cat -u "$1" _SYSTEMD_UNIT="$1.service"
}

allowed()
{
	setpriv --reuid=player --regid=player --clear-groups sh -c ': <>/dev/kvmfr0' &&
		echo yes
}

passes "units are found" systemctl daemon-reload
for daemon in kvmfrd vfio-powerd; do
	passes "$daemon starts, and says when it is ready" systemctl start $daemon
	is "$daemon runs" active "$(systemctl is-active $daemon)"
	like "its exposure: $(systemd-analyze security --no-pager $daemon | tail -n 1)" \
		" ([012]\.[0-9]|3\.0) OK" \
		"$(systemd-analyze security --no-pager $daemon | tail -n 1)"
done

passes "kvmfr is loaded" modprobe kvmfr static_size_mb=2
becomes "the node is kvm's" 10 "root:kvm" stat -c %U:%G /dev/kvmfr0
is "others may not use it" "" "$(allowed 2>/dev/null)"
printf '[nodes]\nusers = player\n' >/etc/kvmfr.conf
passes "reload" systemctl reload kvmfrd
becomes "a user that was added may" 10 yes allowed
printf '[nodes]\nmode = 0999\n' >/etc/kvmfr.conf
systemctl reload kvmfrd
sleep 1
is "after a bad file it still runs" active "$(systemctl is-active kvmfrd)"
is "and nothing has changed" yes "$(allowed)"
like "the journal names file, line and value" 'kvmfr\.conf.*2.*0999' "$(said kvmfrd)"
printf '[nodes]\n' >/etc/kvmfr.conf
passes "reload of a good one" systemctl reload kvmfrd
becomes "the user is out again" 10 "" allowed

passes "vfio_pci_pm is loaded" modprobe vfio_pci_pm
becomes "vfio-powerd has written its state" 10 yes \
	sh -c '[ -s /run/vfio-powerd/state.json ] && echo yes'
passes "modules can be unloaded under the daemons" modprobe -r kvmfr vfio_pci_pm
for daemon in kvmfrd vfio-powerd; do
	is "$daemon still runs" active "$(systemctl is-active $daemon)"
	passes "$daemon is restarted" systemctl restart $daemon
	passes "$daemon is stopped" systemctl stop $daemon
	is "$daemon ended well" success \
		"$(systemctl show -P Result $daemon)"
done
is "vfio-powerd had nothing to say" "" "$(said vfio-powerd)"
is "the state is gone with the daemon" no \
	"$([ -e /run/vfio-powerd/state.json ] && echo yes || echo no)"
