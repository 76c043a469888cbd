# SPDX-License-Identifier: GPL-2.0
# Lines of KERNEL DESIGN NAME SIZE VALUE UNIT as a table: one row per figure,
# one column per design, and how many times kvmfr's value the others' are.
{
	row = $1 " " $3 " " $4
	if (!(row in seen)) {
		seen[row] = ++rows
		title[rows] = row
	}
	value[row, $2] = $5
	designs[$2] = 1
	unit[row] = $6
}

function ratio(row, design)
{
	if (!((row, design) in value) || !((row, "kvmfr") in value))
		return "-"
	if (!value[row, "kvmfr"])
		return "-"
	return sprintf("%.1fx", value[row, design] / value[row, "kvmfr"])
}

function cell(row, design)
{
	return (row, design) in value ? value[row, design] : "-"
}

END {
	peer = "peer_ko" in designs
	printf "%-6s %-22s %5s %12s %12s %8s", "kernel", "figure", "MiB", "kvmfr", "shm", "ratio"
	if (peer)
		printf " %12s %8s", "peer_ko", "ratio"
	print "  unit"
	for (i = 1; i <= rows; i++) {
		split(title[i], part, " ")
		printf "%-6s %-22s %5d %12s %12s %8s", part[1], part[2], part[3],
		       cell(title[i], "kvmfr"), cell(title[i], "shm"), ratio(title[i], "shm")
		if (peer)
			printf " %12s %8s", cell(title[i], "peer_ko"), ratio(title[i], "peer_ko")
		print "  " unit[title[i]]
	}
}
