# SPDX-License-Identifier: GPL-2.0
# Counts TAP documents: "N passed, N failed, N skipped". A document that is
# empty, or whose plan is missing or not kept, is one failure more.
function finish()
{
	if (documents && (plan == "" || plan != results))
		failed++
	plan = ""
	results = 0
}

FNR == 1 { finish(); documents++ }
/^1\.\.[0-9]/ { plan = substr($0, 4) + 0 }
/^not ok / { results++; failed++ }
/^ok / {
	results++
	if (toupper($0) ~ /# *SKIP/)
		skipped++
	else
		passed++
}

END {
	finish()
	failed += ARGC - 1 - documents
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
}
