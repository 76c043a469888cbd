# SPDX-License-Identifier: GPL-2.0
# The failures of a TAP document, each after the last of what was said before it:
#   awk -f failures.awk TAP
/^#/ { said[++lines] = $0; next }
/^not ok/ {
	for (i = lines > 40 ? lines - 39 : 1; i <= lines; i++)
		print "  " said[i]
	print "  " $0
}
{ lines = 0 }
