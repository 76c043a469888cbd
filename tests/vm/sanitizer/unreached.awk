# SPDX-License-Identifier: GPL-2.0
# The functions with lines that did not run, each with its lines and the reason:
#   awk -v top=DIR -f unreached.awk unreached coverage-kernel.txt
# "FILE FUNCTION LINES: REASON", or "FILE FUNCTION LINES" where none is given.
# DIR has the files as they were compiled.

# unreached: "FILE FUNCTION REASON"
FILENAME ~ /unreached$/ {
	if (NF > 2 && $1 !~ /^#/) {
		key = $1 " " $2
		$1 = $2 = ""
		sub(/^ +/, "")
		reasons[key] = $0
	}
	next
}

# A function begins with its name, which is at the beginning of a line or follows
# its type there.
function read_functions(file,    path, line, number, name) {
	path = top "/" file
	name = "-"
	for (number = 1; (getline line < path) > 0; number++) {
		if (line ~ /^[a-z].*\(/ && line !~ /;$/) {
			name = line
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
		}
		function_at[file, number] = name
	}
	close(path)
}

function note(file, line,    key) {
	key = file " " function_at[file, line]
	if (!(key in lines)) {
		order[++count] = key
		lines[key] = line
	} else {
		lines[key] = lines[key] "," line
	}
}

# "FILE lines ran percent 3,7-9"
/^kernel\// && $5 != "" {
	read_functions($1)
	parts = split($5, part, ",")
	for (i = 1; i <= parts; i++) {
		split(part[i] "-" part[i], range, "-")
		for (line = range[1]; line <= range[2]; line++)
			note($1, line)
	}
}

END {
	for (i = 1; i <= count; i++) {
		key = order[i]
		print key, lines[key] (key in reasons ? ": " reasons[key] : "")
	}
}
