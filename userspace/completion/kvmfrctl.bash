# SPDX-License-Identifier: GPL-2.0
# Completion of kvmfrctl(8) for bash.
# shellcheck shell=bash

# What belongs after an option that takes something; fails for other words.
_kvmfrctl_value()
{
	local reply
	case $1 in
	-r | --root)
		compopt -o filenames
		reply=$(compgen -d -- "$2")
		;;
	--host) reply=$(compgen -W 'b7 idd both' -- "$2") ;;
	-d | --domain)
		compopt -o filenames
		reply=$(compgen -f -- "$2")
		reply+=$'\n'$(compgen -W "$(_kvmfrctl_domains)" -- "$2")
		;;
	-m | --mode) reply=$(compgen -W "$_kvmfrctl_modes" -- "$2") ;;
	-u | --user) reply=$(compgen -u -- "$2") ;;
	-o | --svg | -H | --history | --record)
		compopt -o filenames
		reply=$(compgen -f -- "$2")
		;;
	-i | --interval | -s | --seconds) reply= ;;
	*) return 1 ;;
	esac
	mapfile -t COMPREPLY < <(printf '%s' "$reply" | sed '/^$/d')
}

_kvmfrctl_modes='1920x1080 2560x1080 2560x1440 3440x1440 3840x1600 3840x2160 5120x1440 5120x2160 7680x4320'

# Names that libvirt knows; only root can see them.
_kvmfrctl_domains()
{
	local file
	for file in /etc/libvirt/qemu/*.xml; do
		[[ -e $file ]] && file=${file##*/} && printf '%s\n' "${file%.xml}"
	done
}

# Sets $command and $sub from what has been typed before the cursor.
_kvmfrctl_command()
{
	local i
	command='' sub=''
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-r | --root) [[ ${COMP_WORDS[i + 1]} == = ]] || ((i++)) ;;
		= | -*) ;;
		*)
			[[ ${COMP_WORDS[i - 1]} != = ]] || continue
			if [[ -z $command ]]; then
				command=${COMP_WORDS[i]}
			elif [[ -z $sub ]]; then
				sub=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
}

_kvmfrctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local options='--help --usage --version' words='' command sub

	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	_kvmfrctl_command
	# -s means nothing but in power; -r is a file there.
	[[ $command == power && $prev == -r ]] && prev=--record
	_kvmfrctl_value "$prev" "$cur" && return
	case $command in
	'') options+=' --root' words='status doctor size load unload resize power' ;;
	status) options+=' --json --watch' ;;
	doctor) options+=' --json --fix --yes --domain --mode --user' ;;
	size) options+=' --hdr --host --json' words=$_kvmfrctl_modes ;;
	load) words='16 32 64 128 256 512 1024' ;;
	resize)
		options+=' --persist --dry-run --forget'
		words='16 32 64 128 256 512 1024'
		;;
	power)
		case $sub in
		'') words='watch measure report' ;;
		watch) options+=' --interval --seconds --record' ;;
		report) options+=' --json --svg --history --seconds' ;;
		esac
		[[ -z $sub || ! -d /sys/class/vfio_pm ]] || words+=" $(ls /sys/class/vfio_pm)"
		;;
	esac
	[[ $cur != -* ]] || words=$options
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _kvmfrctl kvmfrctl
