# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Secure Boot's way: DKMS signs what it builds with the key that its
# configuration names. A signature is a PKCS#7 message at the end of the file,
# followed by twelve bytes, of which the last four are its length, and a line.
key=/root/kvmfr-test
mark='~Module signature appended~'

# key_pair NAME: NAME.priv and the certificate, NAME.der
key_pair()
{
	openssl req -new -x509 -nodes -newkey rsa:2048 -days 30 -sha256 \
		-subj "/CN=${1##*/} of the tests" -keyout "$1.priv" -outform DER -out "$1.der"
}

# module_take RELEASE NAME: without compression as /tmp/module.ko
module_take()
{
	file=$(find "/lib/modules/$1/updates/dkms/" -name "$2.ko*")
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -qdc "$file" ;;
	*) cat "$file" ;;
	esac >/tmp/module.ko
}

# Of /tmp/module.ko: what is signed, and the message.
signature_cut()
{
	[ "$(tail -c 28 /tmp/module.ko)" = "$mark" ] || return
	length=$(tail -c 32 /tmp/module.ko | head -c 4 | od -An -v -tu1 |
		awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }')
	tail -c $((length + 40)) /tmp/module.ko | head -c "$length" >/tmp/module.p7s
	head -c -$((length + 40)) /tmp/module.ko >/tmp/module.body
}

# signature_fits CERTIFICATE: that of the signer, who is nobody's friend
signature_fits()
{
	openssl x509 -inform DER -in "$1" -out /tmp/signer.pem &&
		openssl cms -verify -binary -inform DER -in /tmp/module.p7s \
			-content /tmp/module.body -certfile /tmp/signer.pem -nointern \
			-noverify -out /dev/null
}

# signed RELEASE CERTIFICATE: both modules are, with what belongs to it
signed()
{
	serial=$(openssl x509 -inform DER -in "$2" -noout -serial)
	for name in kvmfr vfio_pci_pm; do
		module_take "$1" $name && signature_cut && signature_fits "$2" || return
		[ "$(modinfo -F sig_id /tmp/module.ko)" = PKCS#7 ] || return
		[ "serial=$(modinfo -F sig_key /tmp/module.ko | tr -d :)" = "$serial" ] || return
	done
}

# refuted COMMAND...: it says no, and not that it cannot tell
refuted()
{
	! "$@" >/tmp/refuted 2>&1 && cat /tmp/refuted &&
		grep -qiE 'verification failure|digest mismatch|signer certificate not found|certificate verify error' /tmp/refuted
}

# flip FILE: one bit in its middle
flip()
{
	at=$(($(stat -c %s "$1") / 2))
	byte=$(od -An -v -tu1 -j $at -N 1 "$1")
	# shellcheck disable=SC2059 # the byte is the format
	printf "\\$(printf %03o $((byte ^ 1)))" |
		dd of="$1" bs=1 seek=$at conv=notrunc status=none
}

expect "a key pair can be made" key_pair $key
expect "and another one" key_pair /root/kvmfr-other
printf 'mok_signing_key=%s\nmok_certificate=%s\n' $key.priv $key.der \
	>/etc/dkms/framework.conf.d/kvmfr-test.conf
expect "make dkms-install with a key" make dkms-install
expect "the modules are signed with it" signed "$release" $key.der
expect "modinfo names the signer" test \
	"$(modinfo -k "$release" -F signer kvmfr)" = "kvmfr-test of the tests"
module_take "$release" kvmfr
signature_cut
expect "the signature is the certificate's" signature_fits $key.der
expect "it is not another key's" refuted signature_fits /root/kvmfr-other.der
flip /tmp/module.body
expect "nor that of a module with one bit flipped" refuted signature_fits $key.der
