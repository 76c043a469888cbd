#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What installing and uninstalling ask of systemd. The rest of it is run on whole
# systems, see tests/vm/dkms.
set -u
here=$(cd "${0%/*}" && pwd)
if [ "${1-}" != inside ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	unshare -m --propagation private sh "$0" inside "$dir"
	exit
fi
dir=$2

# shellcheck source=tests/unit/userspace/is.sh
. "${0%/*}/is.sh"

# asked FUNCTION [VARIABLE=VALUE...]: what systemctl was asked for, and the end
asked()
{
	function=$1
	shift
	: >"$dir/asked"
	env PATH="$dir/bin:$PATH" PREFIX="$dir/usr" "$@" sh -euc "
		here=$here/../../../packaging
		. \"\$here/lib.sh\"
		CONFIG=$dir/kvmfr.conf
		userspace()
		{
			echo \"\$1\" >>'$dir/asked'
		}
		$function
		echo end >>'$dir/asked'" >"$dir/said" 2>&1
	paste -sd, "$dir/asked"
}

mkdir "$dir/bin"
cat >"$dir/bin/systemctl" <<END
#!/bin/sh
echo "\$*" >>"$dir/asked"
exit \$(cat "$dir/status")
END
chmod +x "$dir/bin/systemctl"
echo 0 >"$dir/status"
mount -t tmpfs run /run

is "without systemd, installing asks nothing" install,end "$(asked install_userspace)"
is "nor does uninstalling" uninstall,end "$(asked uninstall_userspace)"
mkdir -p /run/systemd/system "$dir/usr/lib/systemd/system"
is "daemons that run are started anew" \
	"install,daemon-reload,try-restart kvmfrd.service vfio-powerd.service,end" "$(asked install_userspace)"
is "what is not installed is not stopped" uninstall,daemon-reload,end "$(asked uninstall_userspace)"
for unit in kvmfrd vfio-powerd; do
	echo >"$dir/usr/lib/systemd/system/$unit.service"
done
is "what is, is stopped before it is removed" \
	"disable --now kvmfrd.service vfio-powerd.service,uninstall,daemon-reload,end" "$(asked uninstall_userspace)"
echo 1 >"$dir/status"
is "uninstalling goes on if systemd refuses" \
	"disable --now kvmfrd.service vfio-powerd.service,uninstall,daemon-reload,end" "$(asked uninstall_userspace)"
is "so does installing" \
	"install,daemon-reload,try-restart kvmfrd.service vfio-powerd.service,end" "$(asked install_userspace)"
is "a package asks nothing" install,end "$(asked install_userspace DESTDIR="$dir/package")"
is "neither when it is taken apart" uninstall,end "$(asked uninstall_userspace DESTDIR="$dir/package")"
