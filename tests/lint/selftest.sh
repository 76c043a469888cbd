#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Proves that each check can fail: a small tree that every check passes is
# spoilt in one place, and the check must then say so. One line per sample.
set -eu
lint=$(cd "${0%/*}" && pwd)
vm=$lint/../vm
. "$vm/lib.sh"

work=$BUILD/lint/selftest
tree=$work/tree

# A module, a test and the documents, as small as the checks allow.
good_tree()
{
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -R "$lint/sample/." "$tree"
}

# runs CHECK ROOT: its status on the tree as it is now
runs()
{
	(cd "$tree" && find . -type f | sed 's|^[.]/||' | sort) >"$work/files"
	"$lint/check.sh" "$1" "$2" "$tree" "$work/files" >"$work/log" 2>&1
}

passes()
{
	good_tree
	if runs "$1" "$2"; then
		echo "ok - $1 passes a good sample"
	else
		echo "not ok - $1 fails a good sample: $(tail -n 3 "$work/log" | xargs)"
	fi
}

# fails CHECK ROOT FINDING: a bad sample must fail, and for the right reason
fails()
{
	if runs "$1" "$2"; then
		echo "not ok - $1 passes a bad sample ($3)"
	elif ! grep -q -e "$3" "$work/log"; then
		echo "not ok - $1 does not say '$3': $(tail -n 3 "$work/log" | xargs)"
	else
		echo "ok - $1 finds: $3"
	fi
}

# spoil FILE SED-SCRIPT
spoil()
{
	good_tree
	cp "$tree/$1" "$work/before"
	sed -i "$2" "$tree/$1"
	! cmp -s "$tree/$1" "$work/before" || die "the sample $1 is still good"
}

mkdir -p "$work"

passes checkpatch trixie
spoil kernel/sample/main.c 's/^\treturn 0;/    return 0;/'
fails checkpatch trixie 'LEADING_SPACE'
spoil tests/selftests/program.c 's/int main(void)/int main( void )/'
fails checkpatch trixie 'program.c:.*SPACING'

passes clang-format trixie
spoil kernel/sample/main.c 's/^\treturn 0;/\treturn\t0;/'
fails clang-format trixie 'Wclang-format-violations'

passes kernel-doc trixie
spoil kernel/sample/main.c '/@count:/d'
fails kernel-doc trixie "'count' not described"

passes w1 trixie
spoil kernel/sample/main.c '/MODULE_DESCRIPTION/d'
fails w1 trixie 'missing MODULE_DESCRIPTION'
spoil kernel/sample/main.c 's/^\treturn 0;/\tint unused;\n\n&/'
fails w1 trixie 'unused variable'
spoil kernel/Kbuild 's/^obj-m/#&/'
fails w1 trixie 'no module was built'

passes sparse trixie
spoil kernel/sample/main.c 's/^\treturn 0;/\t*(int __user *)param = 1;\n&/'
fails sparse trixie 'dereference of noderef'
good_tree
fails sparse backports 'not available'
spoil kernel/sample/Kbuild 's/other.o//'
fails sparse trixie 'other.c: in the tree, not in what sparse read'

passes clang-tidy lint
spoil kernel/sample/main.c 's/^\treturn 0;/\tint *none = attr ? NULL : \&count;\n\n\treturn *none;/'
fails clang-tidy lint 'main.c:.*NullDereference'
spoil kernel/sample/main.c 's/^\treturn 0;/\treturn (u64)param + count * 4096 * 1024;/; s/^static int sample_a/static u64 sample_a/'
fails clang-tidy lint 'main.c:.*implicit-widening'
spoil kernel/sample/Kbuild 's/other.o//'
fails clang-tidy lint 'other.c: in the tree, not in what clang-tidy read'

passes coccicheck lint
spoil kernel/sample/main.c 's/^\treturn 0;/\tif (attr)\n\t\tkfree(attr);\n&/'
fails coccicheck lint 'kernel/sample/main.c:.*ifnullfree.cocci'

passes gcc-analyzer trixie
spoil userspace/kvmfrctl/main.c '/free(text)/d'
fails gcc-analyzer trixie "main.c:.*leak of .text.*Wanalyzer-malloc-leak"
spoil userspace/Makefile 's/^\t.*/\ttrue/'
fails gcc-analyzer trixie 'main.c: in the tree, not in what gcc read'
good_tree
mkdir -p "$tree/tests/lint"
echo 'gcc-analyzer userspace/kvmfrctl/main.c -Wanalyzer-malloc-leak none' >"$tree/tests/lint/exceptions"
fails gcc-analyzer trixie 'an exception that nothing needs'

passes codespell trixie
spoil README.md 's/receive/rec''ieve/'
fails codespell trixie 'README.md.*receive'

passes shellcheck trixie
# shellcheck disable=SC2016 # the sample's dollar
spoil tests/script 's/"$1"/$1/'
fails shellcheck trixie 'SC2086'

passes versions trixie
spoil kernel/sample/main.c 's/^\treturn 0;/\treturn LINUX_VERSION_CODE > 1;/'
fails versions trixie 'main.c:.*LINUX_VERSION_CODE'

passes no-if trixie
spoil kernel/sample/main.c 's/^MODULE_VERSION.*/#ifdef MODULE\n&\n#endif/'
fails no-if trixie 'main.c:.*#ifdef MODULE'

passes length trixie
good_tree
yes '# line' | head -n 501 >>"$tree/tests/script"
fails length trixie 'tests/script: more than 500 lines'

passes spdx trixie
spoil tests/script '/SPDX/d'
fails spdx trixie 'tests/script: no SPDX line'

passes paths trixie
spoil README.md 's|^Nothing.*|See /wo''rk/here.|'
fails paths trixie 'README.md'
spoil README.md 's|^Nothing.*|From http://deb.debi''an.org/here.|'
fails paths trixie 'README.md'

passes sysfs trixie
spoil kernel/sample/main.c 's/DEVICE_ATTR_RO(size)/DEVICE_ATTR_RO(length)/; s/size_show/length_show/'
fails sysfs trixie 'length: in the code, not in Documentation'
spoil Documentation/ABI/testing/sysfs-class-sample 's/^What:.*size/&s/'
fails sysfs trixie 'sizes: in Documentation/ABI/testing, not in the code'
spoil Documentation/ABI/testing/sysfs-class-sample '/^Contact/d'
fails sysfs trixie 'no Contact'

passes parameters trixie
spoil README.md '/^| `param`/d'
fails parameters trixie 'param: in the code, not in README'
spoil README.md 's/^| `param`.*/&\n| `other` | 1 |/'
fails parameters trixie 'other: in README.md, not in the code'

passes version trixie
spoil dkms.conf 's/1[.]0/1.1/'
fails version trixie '1.1 dkms.conf'

passes readme trixie
spoil README.md 's/^make sample$/make something else/'
fails readme trixie "no test runs 'make something else'"

passes cases trixie
spoil Documentation/testing.md 's/`sample`/`other`/'
fails cases trixie "no suite 'other'"
spoil Documentation/testing.md 's/ works |$/ works, rests |/'
fails cases trixie 'no rests in sample'
spoil Documentation/testing.md 's/` works |$/` |/'
fails cases trixie 'no test of sample'
spoil tests/selftests/program.c 's/^TEST_F(sample, works)/TEST_F(sample, works_not)/'
fails cases trixie 'no works in sample'
spoil Documentation/testing.md '/^| A1/d'
fails cases trixie 'no case'
spoil Documentation/security.md 's/`sample` works]/`sample` rests]/'
fails cases trixie 'security.md: no rests in sample'
spoil Documentation/security.md 's/`sample`:/`other`:/'
fails cases trixie "security.md: no suite 'other'"
spoil Documentation/security.md 's/`sample` |$/`sample` rests |/'
fails cases trixie 'security.md: no rests in sample'

passes udev trixie
spoil udev/70-sample.rules 's/MODE=/MODE==/'
fails udev trixie '70-sample.rules'
spoil udev/70-sample.rules 's/MODE=/OWNER="root", &/'
fails udev trixie 'OWNER'
good_tree
mv "$tree/udev/70-sample.rules" "$tree/udev/90-sample.rules"
fails udev trixie 'sorts after'

passes manual tools
spoil userspace/man/kvmfrctl-sample.8 's/^[.]Nd.*/.Nd/'
fails manual tools 'kvmfrctl-sample.8'
spoil userspace/kvmfrctl/main.c 's/^\t{ "sample".*/&\n\t{ "other", "does more", other_run },/'
fails manual tools 'no page for kvmfrctl other'

passes units trixie
spoil userspace/systemd/sample.service 's/^ProtectSystem=.*/Protect=all/'
fails units trixie 'Protect'
spoil userspace/systemd/sample.service '/^[A-Z][A-Za-z]*=.*yes$/d'
fails units trixie 'level for sample.service: [3-9]'
