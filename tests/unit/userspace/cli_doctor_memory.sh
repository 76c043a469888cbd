#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kvmfrctl doctor: the module, its sizes, what is at boot, and its nodes.
# shellcheck source=tests/unit/userspace/doctor-tree.sh
. "${0%/*}/doctor-tree.sh"

healthy
gone nothing

# --- the module
healthy
put "lib/modules/$release/modules.dep" "kernel/a.ko.xz:"
rm -r "$root/sys/module/kvmfr" "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
found module-not-built error "no kvmfr.ko for kernel $release; DKMS does not know kvmfr-suite, the kernel's headers are missing"
case $(field module-not-built remedy) in
"apt-get install -y linux-headers-$release
# in the sources of kvmfr-suite: make dkms-install") ok "headers and sources are asked for" ;;
*) not_ok "headers and sources are asked for" "$(field module-not-built remedy)" ;;
esac
put "lib/modules/$release/build/Makefile" ""
put usr/src/kvmfr-suite-1.0.0/dkms.conf ""
case $(field module-not-built remedy) in
"dkms add -m kvmfr-suite -v 1.0.0
dkms install -m kvmfr-suite -v 1.0.0 -k $release") ok "sources are added to DKMS" ;;
*) not_ok "sources are added to DKMS" "$(field module-not-built remedy)" ;;
esac
mkdir -p "$root/var/lib/dkms/kvmfr-suite/1.0.0/build"
put var/lib/dkms/kvmfr-suite/1.0.0/build/make.log "error"
ln -s /usr/src/kvmfr-suite-1.0.0 "$root/var/lib/dkms/kvmfr-suite/1.0.0/source"
found module-not-built error "could not build kvmfr-suite 1.0.0, see /var/lib/dkms/kvmfr-suite/1.0.0/build/make.log"
put lib/modules/6.1.0-old/modules.dep "updates/dkms/kvmfr.ko.xz:"
found module-other-kernel error "a kvmfr.ko for 6.1.0-old, but none for $release"

healthy
rm -r "$root/sys/module/kvmfr" "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
found module-not-loaded error "not loaded"
case $(field module-not-loaded remedy) in
"modprobe kvmfr") ok "loading is advised" ;;
*) not_ok "loading is advised" ;;
esac
put sys/kernel/security/lockdown "none [integrity] confidentiality"
found module-unsigned-secure-boot error "not signed, and lockdown is on"
printf '\006\000\000\000\001' >"$root/secure"
mkdir -p "$root/sys/firmware/efi/efivars"
mv "$root/secure" "$root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
found module-unsigned-secure-boot error "not signed, and Secure Boot is on"
case $(field module-unsigned-secure-boot remedy) in
*"mokutil --import /var/lib/dkms/mok.pub"*) ok "the key of DKMS is to be enrolled" ;;
*) not_ok "the key of DKMS is to be enrolled" ;;
esac
printf '~Module signature appended~\n' >>"$root/lib/modules/$release/updates/dkms/kvmfr.ko"
if field module-unsigned-secure-boot what >/dev/null; then
	not_ok "a signed module has no such finding"
else
	ok "a signed module has no such finding"
fi
put proc/keys "12ab I------ 1 perm 1f030000 0 0 asymmetri Debian Secure Boot CA: X509.rsa"
found module-key-unknown error "signed by 'somebody', whose key the kernel does not have"
mkdir -p "$root/var/lib/shim-signed/mok"
put var/lib/shim-signed/mok/MOK.der key
case $(field module-key-unknown remedy) in
"mokutil --import /var/lib/shim-signed/mok/MOK.der"*) ok "Ubuntu's key is to be enrolled" ;;
*) not_ok "Ubuntu's key is to be enrolled" ;;
esac
put proc/keys "12ab I------ 1 perm 1f030000 0 0 asymmetri somebody's key: X509.rsa"
if field module-key-unknown what >/dev/null; then
	not_ok "with its key there is no such finding"
else
	ok "with its key there is no such finding"
fi
put "lib/modules/$release/modules.dep" "updates/dkms/kvmfr.ko.zst:"
mv "$root/lib/modules/$release/updates/dkms/kvmfr.ko" "$root/lib/modules/$release/updates/dkms/kvmfr.ko.zst"
case $(doctor) in
*"not checked: the signature of /lib/modules/$release/updates/dkms/kvmfr.ko.zst"*) ok "what is not checked is said" ;;
*) not_ok "what is not checked is said" "$(doctor)" ;;
esac
put sys/kernel/security/lockdown "[none] integrity confidentiality"

healthy
rm "$root/etc/modprobe.d/kvmfr.conf"
cured module-options-missing error "no static_size_mb"
healthy
put etc/modprobe.d/gpu.conf "options kvmfr numa_node=0 \\" "  static_size_mb=32"
found module-options-conflict warning "the last one, 64, is used"
cured module-options-conflict warning "several values"
check "the other options stay" grep -q '^options kvmfr numa_node=0' "$root/etc/modprobe.d/gpu.conf"
healthy
put proc/cmdline "quiet kvmfr.static_size_mb=64"
put etc/modprobe.d/kvmfr.conf "options kvmfr static_size_mb=32"
cured module-options-cmdline warning "kvmfr.static_size_mb=64, modprobe.d says 32"
healthy
mkdir -p "$root/usr/lib/modprobe.d"
mv "$root/etc/modprobe.d/kvmfr.conf" "$root/usr/lib/modprobe.d/kvmfr.conf"
put proc/cmdline "kvmfr.static_size_mb=128 quiet"
rm "$root/sys/class/kvmfr/kvmfr0/size"
put sys/class/kvmfr/kvmfr0/size 134217728
sed -i 's/67108864/134217728/' "$root/etc/libvirt/qemu/win.xml"
cured module-options-cmdline warning "kvmfr.static_size_mb=128, modprobe.d says 64"
# What is no list of sizes is named, and does not come into a command.
healthy
put "etc/modprobe.d/b c;id;.conf" "options kvmfr static_size_mb=128';reboot;'"
found module-options-invalid error "/etc/modprobe.d/b c;id;.conf says static_size_mb=128';reboot;', which is no list"
case $(field module-options-invalid remedy) in
"sed -i '1,1s/static_size_mb=[^[:space:]]*/static_size_mb=64/' '/etc/modprobe.d/b c;id;.conf'
sed -i '2,2s/static_size_mb=[^[:space:]]*/static_size_mb=64/' /etc/modprobe.d/kvmfr.conf") ok "a file's name is one word" ;;
*) not_ok "a file's name is one word" "$(field module-options-invalid remedy)" ;;
esac
rm "$root/etc/modprobe.d/b c;id;.conf"
put etc/modprobe.d/a.conf "options kvmfr static_size_mb=64/32"
cured module-options-invalid error "/etc/modprobe.d/a.conf says static_size_mb=64/32"
healthy
mkdir -p "$root/usr/lib/modprobe.d"
put "usr/lib/modprobe.d/my gpu's.conf" "options kvmfr static_size_mb=32"
case $(field module-options-conflict remedy) in
*"sed '1,1s/static_size_mb=[^[:space:]]*/static_size_mb=32/' \$'/usr/lib/modprobe.d/my gpu\\047s.conf' >/etc/modprobe.d/\$'my gpu\\047s.conf'") ok "quotes in a name are written as a number" ;;
*) not_ok "quotes in a name are written as a number" "$(field module-options-conflict remedy)" ;;
esac
healthy
put etc/modprobe.d/kvmfr.conf 'options kvmfr static_size_mb="64"'
gone "with quotes around the sizes, module-options-invalid"
put proc/cmdline "kvmfr.static_size_mb=64;id quiet"
found module-options-invalid error "the kernel's command line says static_size_mb=64;id"
case $(field module-options-invalid remedy) in
*"
# take kvmfr.static_size_mb=... from the kernel's command line"*) ok "nor does one of the command line" ;;
*) not_ok "nor does one of the command line" "$(field module-options-invalid remedy)" ;;
esac
healthy
rm -r "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
put etc/modprobe.d/kvmfr.conf "options kvmfr static_size_mb=4611686018427387904"
if field domain-size-mismatch what >"$top/said" 2>&1 || [ -s "$top/said" ]; then
	not_ok "a size that the module does not make is no size" "$(cat "$top/said")"
else
	ok "a size that the module does not make is no size"
fi

healthy
rm "$root/etc/modules-load.d/kvmfr.conf"
cured module-not-at-boot warning "Nothing loads kvmfr"
rm "$root/etc/modules-load.d/kvmfr.conf"
put etc/modules "# old way" kvmfr
gone "with /etc/modules, module-not-at-boot"
rm "$root/etc/modules"
put etc/conf.d/modules 'modules="loop kvmfr"'
gone "with OpenRC, module-not-at-boot"
rm "$root/etc/conf.d/modules"
put proc/cmdline "quiet modules-load=loop,kvmfr"
gone "with the command line, module-not-at-boot"
healthy
rm "$root/etc/modules-load.d/kvmfr.conf" "$root/etc/modprobe.d/kvmfr.conf"
put sys/bus/pci/devices/0000:00:05.0/vendor 0x1af4
put sys/bus/pci/devices/0000:00:05.0/device 0x1110
gone "in a virtual machine with ivshmem, module-options-missing"

healthy
rm -r "$root/sys/class/kvmfr" "$root/dev/kvmfr0"
found module-no-devices error "has no device"
device 0 64
gone module-no-devices
healthy
rm "$root/sys/class/kvmfr/kvmfr0/size"
found module-foreign warning "kvmfr0 shows no size"
healthy
put usr/src/kvmfr-0.0.12/dkms.conf 'BUILT_MODULE_NAME[0]="kvmfr"'
mkdir -p "$root/var/lib/dkms/kvmfr/0.0.12"
ln -s /usr/src/kvmfr-0.0.12 "$root/var/lib/dkms/kvmfr/0.0.12/source"
found module-foreign-installed warning "kvmfr/0.0.12"
mv "$root/var/lib/dkms/kvmfr/0.0.12" "$root/var/lib/dkms/kvmfr/0;id"
case $(field module-foreign-installed remedy) in
"dkms remove 'kvmfr/0;id' --all") ok "a package's name is one word" ;;
*) not_ok "a package's name is one word" "$(field module-foreign-installed remedy)" ;;
esac
rm -r "$root/var/lib/dkms/kvmfr"
gone module-foreign-installed

healthy
device 0 48
sed -i s/67108864/50331648/ "$root/etc/libvirt/qemu/win.xml"
found module-size-not-power-of-two error "48 MiB"
found domain-size-not-power-of-two error 50331648
field module-size-not-power-of-two remedy | run_remedy
device 0 64
cured domain-size-not-power-of-two error 50331648

healthy
found memory-too-small error "kvmfr0 has 64 MiB, the picture needs 128 MiB" --mode 3840x2160
field memory-too-small remedy --mode 3840x2160 | run_remedy
check "the new size is in modprobe.d" grep -q 'static_size_mb=128' "$root/etc/modprobe.d/kvmfr.conf"
device 0 128
cured domain-size-mismatch error "size 67108864, the module has 134217728" --mode 3840x2160
healthy
gone memory-too-small --mode 1920x1080 --mode 2560x1440

# --- the node
healthy
rm "$root/dev/kvmfr0"
found node-missing error "no /dev/kvmfr0"
echo picture >"$root/dev/kvmfr0"
found node-regular-file error "a regular file of 8 bytes"
field node-regular-file remedy | run_remedy
check "the regular file is removed" test ! -e "$root/dev/kvmfr0"
device 0 64
gone node-regular-file
echo stray >"$root/dev/kvmfr3"
cured node-regular-file error "/dev/kvmfr3 is a regular file"
rm "$root/dev/kvmfr0"
mknod "$root/dev/kvmfr0" c 240 7
found node-other error "the node of another device"
field node-other remedy | run_remedy
device 0 64
gone node-other
rm "$root/dev/kvmfr0"
ln -s /dev/null "$root/dev/kvmfr0"
found node-other error "a symbolic link"
rm "$root/dev/kvmfr0"
mkdir "$root/dev/kvmfr0"
put sys/class/kvmfr/kvmfr0/mappings 1
found node-other error "a directory"
case $(field node-other remedy) in
"# first shut down the virtual machines"*"
rmdir /dev/kvmfr0
modprobe -r kvmfr && modprobe kvmfr") ok "who uses it has to end first" ;;
*) not_ok "who uses it has to end first" "$(field node-other remedy)" ;;
esac
