# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2086,SC2154 # set by lib.sh
# What liar.asl understands, as a trip point in mWh. It hangs for 20 seconds.
honest=10 hangs=23

# Whoever wants to know waits until it is asked.
source_ms()
{
	now_ms
	start=$now
	show meter/source >/tmp/source
	now_ms
	ms=$((now - start))
}

# asked_after SECONDS: for so long it is left alone, and no longer
asked_after()
{
	sleep $(($1 - 10))
	source_ms
	between "$1 seconds: it is not asked before, ms" 0 1000 $ms
	sleep 15
	source_ms
	between "$1 seconds: it is asked then, ms" 5000 45000 $ms
}

becomes_slow()
{
	tell $hangs
	becomes "$1" 120 "not measured: the batteries take too long to answer" \
		show reason
}

begin
becomes "measuring starts" 60 measuring show state
becomes_slow "slow for hours"
for pause in 60 120 240 480 960 1920 3600 3600; do
	asked_after $pause
done
tell $honest
sleep 3500
becomes "an hour later it is measured" 200 measuring show state
becomes_slow "slow again after a quick answer"
asked_after 60
