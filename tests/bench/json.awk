# SPDX-License-Identifier: GPL-2.0
# Lines of KERNEL DESIGN NAME SIZE VALUE UNIT as the document of bench.json.
BEGIN { printf "{\"figures\": [" }
{
	printf("%s\n  {\"name\": \"%s\", \"kernel\": \"%s\", \"design\": \"%s\", ",
	       (NR == 1) ? "" : ",", $3, $1, $2)
	printf("\"size_mib\": %d, \"value\": %d, \"unit\": \"%s\"}", $4, $5, $6)
}
END { print "\n]}" }
