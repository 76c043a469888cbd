# SPDX-License-Identifier: GPL-2.0
# Turns what a test machine left behind into one TAP document:
#   awk -f verdict.awk -v status=N RESULT
# RESULT is the second serial port (protocol: guest/init), status is the exit
# status of qemu.sh. What is missing is a failure; nothing is taken for granted.

# Diagnostics come before their test, as in the program's own output.
function diagnose(text)
{
	print "# " text
}

function result(good, text)
{
	total++
	print (good ? "ok " : "not ok ") total " - " text
}

# One "ok 3 name # SKIP why" of the program.
function program_result(line,    good, number)
{
	good = line !~ /^not /
	sub(/^(not )?ok */, "", line)
	number = line + 0
	sub(/^[0-9]+ */, "", line)
	sub(/^- /, "", line)
	results++
	if (number != results)
		complain("test " results " came as number " number)
	if (toupper(line) ~ /# *SKIP/)
		skipped++
	if (!good)
		failed++
	result(good, program ": " line)
}

# "1..12" or "1..0 # SKIP why"
function program_plan(line)
{
	if (planned != "")
		complain("it has two plans")
	sub(/^1\.\./, "", line)
	planned = line + 0
	if (planned == 0 && toupper(line) ~ /# *SKIP/) {
		sub(/^[^#]*/, "", line)
		whole = line
	}
}

function complain(text)
{
	complaints = complaints (complaints ? "; " : "") text
}

function judge_program()
{
	if (program == "")
		complain("it never started")
	if (planned == "")
		complain("it gave no plan")
	else if (planned != results)
		complain("it planned " planned " tests and reported " results + 0)
	else if (planned == 0 && whole == "")
		complain("it tested nothing")
	if (exited == "")
		complain("it never ended")
	else if (exited > 128)
		complain("it was killed by signal " exited - 128)
	else if (exited == 4 && !skipped && whole == "")
		complain("it ended as skipped, but no test was")
	else if (exited != 0 && exited != 4 && !failed)
		complain("it ended with status " exited ", but no test failed")
	if (complaints)
		result(0, "program " program " ran as planned: " complaints)
	else
		result(1, "program " program " ran as planned" (whole ? " " whole : ""))
}

function judge_machine()
{
	if (status == 124)
		result(0, "machine powered off: time is up")
	else if (status != 0)
		result(0, "machine powered off: QEMU ended with status " status)
	else if (ended == "")
		result(0, "machine powered off: it died before its last report")
	else if (ended != checks)
		result(0, "machine powered off: " ended " checks made, " checks + 0 " seen")
	else
		result(1, "machine powered off")
}

BEGIN { print "TAP version 13" }

ended != "" && NF { complain("something was reported after the end") }
/^@begin / { program = $2; next }
/^@exit / { exited = $2; next }
/^@end / { ended = $2; next }
/^@ok / { checks++; result(1, substr($0, 5)); next }
/^@fail / { checks++; result(0, substr($0, 7)); next }
/^(not )?ok / { program_result($0); next }
/^1\.\.[0-9]/ { program_plan($0); next }
/^Bail out!/ { complain($0); next }
/^TAP version/ { next }
/^# / { print; next }
NF { diagnose($0) }

END {
	judge_program()
	judge_machine()
}
