#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Completion in real shells: bash and zsh on a terminal, where the tab key is
# pressed, fish by its own command; and that no option of --help is forgotten.
set -u
here=$(cd "${0%/*}" && pwd)
files=$here/../../../userspace/completion
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bash/completions" "$dir/zsh" "$dir/fish/completions" "$dir/home"
cp "$files/kvmfrctl.bash" "$dir/bash/completions/kvmfrctl"
cp "$files/_kvmfrctl" "$dir/zsh/"
cp "$files/kvmfrctl.fish" "$dir/fish/completions/"
export HOME="$dir/home" TERM=dumb INPUTRC=/dev/null

# result STATUS TEXT
result()
{
	if [ "$1" -eq 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
	fi
}

cat >"$dir/press.py" <<'END'
"""Types into a shell on a terminal until the wanted words are on the screen."""
import os, pty, re, select, sys, time

def read(fd, seconds, done):
    text, end = '', time.time() + seconds
    while time.time() < end and not done(text):
        if select.select([fd], [], [], 0.1)[0]:
            try:
                text += os.read(fd, 65536).decode(errors='replace')
            except OSError:
                break
    return text

typed, wanted, shell = sys.argv[1], sys.argv[2].split(), sys.argv[3:]
pid, fd = pty.fork()
if not pid:
    os.execvp(shell[0], shell)
read(fd, 60, lambda text: 'READY>' in text)
# The first tab may only add what all have in common.
os.write(fd, typed.encode() + b'\t\t\t')
plain = lambda text: re.sub(r'\x1b\[[0-9;?]*[A-Za-z]|\x00|\x07|.\x08', '', text)
shown = lambda text: all(word in re.split(r'[\s=]+', plain(text)) for word in wanted)
text = read(fd, 15, shown)
os.kill(pid, 9)
os.waitpid(pid, 0)
if not shown(text):
    print('#', repr(plain(text)[-400:]))
    sys.exit(1)
END

cat >"$dir/bashrc" <<END
. /usr/share/bash-completion/bash_completion
bind 'set enable-bracketed-paste off' 'set bell-style none' 'set page-completions off' 2>/dev/null
bind 'set completion-query-items 0'
PS1='READY>'
END
cat >"$dir/home/.zshrc" <<END
fpath=($dir/zsh \$fpath)
autoload -Uz compinit
compinit -u -d $dir/zcompdump
zstyle ':completion:*' list-prompt ''
LISTMAX=10000
PROMPT='READY>'
END

press_bash()
{
	BASH_COMPLETION_USER_DIR=$dir/bash COLUMNS=200 \
		python3 "$dir/press.py" "$1" "$2" bash --noprofile --rcfile "$dir/bashrc" -i
}

press_zsh()
{
	ZDOTDIR=$HOME TERM=xterm COLUMNS=200 python3 "$dir/press.py" "$1" "$2" zsh -i
}

press_fish()
{
	XDG_CONFIG_HOME=$dir fish --no-config -c "set -p fish_complete_path $dir/fish/completions; complete -C '$1'" \
		>"$dir/fish.out" 2>&1
	for word in $2; do
		cut -f 1 "$dir/fish.out" | sed 's/^--[a-z]*=//' | grep -qxF -- "$word" && continue
		sed 's/^/# /' "$dir/fish.out"
		return 1
	done
}

while IFS='|' read -r line wanted; do
	for shell in bash zsh fish; do
		press_$shell "$line" "$wanted"
		result $? "$shell: '$line' gives $wanted"
	done
done <<'END'
kvmfrctl |status doctor size load unload resize power
kvmfrctl re|resize
kvmfrctl size 38|3840x1600 3840x2160
kvmfrctl size --host |b7 idd both
kvmfrctl load |64 128 1024
kvmfrctl resize 64 --p|--persist
kvmfrctl power |watch measure report
kvmfrctl power report --s|--svg --seconds
kvmfrctl doctor --mode 25|2560x1080 2560x1440
kvmfrctl --root / unl|unload
END

# Options of each command that this program has.
commands=$(kvmfrctl --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ]
result $? "--help lists commands"
parts=
case $commands in
*power*) parts='power_watch power_measure power_report' ;;
esac
for command in $commands $parts; do
	words=$(echo "$command" | tr _ ' ')
	# An explanation that goes on is further to the right.
	# shellcheck disable=SC2086 # two words
	kvmfrctl $words --help | grep -o '^ \{2,6\}\(-., \)\?--[a-z-]*' |
		sed 's/.*--/--/' | sort -u >"$dir/options"
	for shell in bash zsh fish; do
		press_$shell "kvmfrctl $words --" "$(tr '\n' ' ' <"$dir/options")"
		result $? "$shell: $words has the options of its --help"
	done
done
