#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compiles the sanitizer kernel in the kbuild root: build.sh CONFIG ROOT WORK
# ROOT gets its kernel in /boot, its modules and what modules are built with;
# WORK is for the sources. Says on fd 3 how it gets on.
set -eu
config=$1 root=$2 work=$3
tree=$work/linux
export CCACHE_DIR="$KVMFR_CACHE/ccache" CCACHE_MAXSIZE=2G
export KBUILD_BUILD_USER=kvmfr KBUILD_BUILD_HOST=bench

tell()
{
	printf '  %4d s: %s\n' $(($(date +%s) - start)) "$*" >&3
}

kernel_make()
{
	make -C "$tree" CC='ccache gcc' "$@"
}

# Symbols that did not come out as asked for: a dependency is missing, or the
# kernel knows no such name any more.
unheeded()
{
	sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=/\1 /p' "$config" |
		while read -r symbol wanted; do
			got=$(sed -n "s/^$symbol=//p" "$tree/.config")
			[ "${got:-n}" = "$wanted" ] ||
				echo "$symbol=$wanted is asked for, ${got:-n} in .config"
		done
}

configure()
{
	kernel_make KCONFIG_ALLCONFIG="$config" allnoconfig
	unheeded >"$work/unheeded"
	if [ -s "$work/unheeded" ]; then
		cat "$work/unheeded"
		exit 1
	fi
}

# In the background, with a line once a minute: it takes long.
compile()
{
	kernel_make -j"$(nproc)" bzImage modules >"$work/make.log" 2>&1 &
	compiler=$!
	minute=0
	while kill -0 "$compiler" 2>/dev/null; do
		sleep 1
		minute=$(((minute + 1) % 60))
		[ $minute -ne 0 ] ||
			tell "$(grep -c '^  CC ' "$work/make.log") files compiled"
	done
	wait "$compiler" || {
		cat "$work/make.log"
		exit 1
	}
}

# The layout of Debian's packages, which the scripts of the bench expect.
install_kernel()
{
	release=$(kernel_make -s kernelrelease)
	headers=/usr/src/linux-headers-$release
	cp "$tree/arch/x86/boot/bzImage" "$root/boot/vmlinuz-$release"
	cp "$tree/.config" "$root/boot/config-$release"
	cp "$tree/System.map" "$root/boot/System.map-$release"
	# Below /lib it would replace a root's symbolic link.
	kernel_make INSTALL_MOD_PATH="$root/usr" modules_install
	mkdir -p "$root$headers"
	# With the plain compiler it takes the programs as they were built.
	make -C "$tree" run-command \
		KBUILD_RUN_COMMAND="\$(srctree)/scripts/package/install-extmod-build $root$headers"
	ln -snf "$headers" "$root/usr/lib/modules/$release/build"
}

start=$(date +%s)
mkdir -p "$tree"
tar -xf /usr/src/linux-source-*.tar.xz -C "$tree" --strip-components=1
tell "sources unpacked"
configure
tell "configured: $(grep -c '=[ym]$' "$tree/.config") symbols set, all asked for are"
compile
tell "$(grep -c '^  CC ' "$work/make.log") files compiled"
install_kernel
tell "$release: image of" \
	"$(($(stat -c %s "$root/boot/vmlinuz-$release") / 1024)) KiB, modules of" \
	"$(du -sk "$root/usr/lib/modules/$release" | cut -f 1) KiB"
