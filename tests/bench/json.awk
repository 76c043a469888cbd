# SPDX-License-Identifier: GPL-2.0
# Lines of KERNEL DESIGN NAME SIZE VALUE UNIT as the document of bench.json.
BEGIN { print "{\"figures\": [" }
{
	printf "%s  {\"name\": \"%s\", \"kernel\": \"%s\", \"design\": \"%s\", " \
	       "\"size_mib\": %d, \"value\": %d, \"unit\": \"%s\"}",
	       NR > 1 ? ",\n" : "", $3, $1, $2, $4, $5, $6
}
END { print "\n]}" }
