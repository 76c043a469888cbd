# SPDX-License-Identifier: GPL-2.0
# Judges a verdict that should be bad: awk -v expect=LINES -f expect.awk TAP
# Each of LINES has to begin a failure, and every failure has to be begun by
# one of them.
BEGIN { count = split(expect, wanted, "\n") }

/^not ok / {
	text = $0
	sub(/^not ok [0-9]+ - /, "", text)
	surprise = 1
	for (i = 1; i <= count; i++) {
		if (index(text, wanted[i]) == 1) {
			seen[i] = 1
			surprise = 0
		}
	}
	if (surprise)
		surprises[++extra] = text
}

END {
	print "TAP version 13"
	for (i = 1; i <= count; i++)
		print (i in seen ? "ok " : "not ok ") i " - bench reports: " wanted[i]
	for (i = 1; i <= extra; i++)
		print "# " surprises[i]
	print (extra ? "not ok " : "ok ") count + 1 " - bench reports nothing else"
	print "1.." count + 1
}
