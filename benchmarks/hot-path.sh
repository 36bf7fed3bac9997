#!/usr/bin/env bash
# What a warm request of 4 KiB costs in instructions (callgrind, exact to a few percent on any machine).
#
#   benchmarks/hot-path.sh        progress on stderr, the figure on stdout
#
#   HOT_PATH_LIMIT  fail above so many instructions per request (none)
#   SEED_PEER       the program (.build/release/seed-peer)
#   CC              the C compiler, for the instructions (cc, else clang)
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
nginx_pid= peer_pid=
. benchmarks/lib.sh

clean_up() {
    stop TERM "$peer_pid"
    stop TERM "$nginx_pid"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start_warm_peer() { # start_warm_peer [PREFIX…]: with an empty store, then with the object in it
    rm -rf "$work/store"
    start_peer seed-peer "dir: $work/store" "$@"
    curl -q -sS --fail -x "http://$proxy" -o /dev/null "http://$origin/object"
}

ranges() { # ranges COUNT: as many warm requests of 4 KiB over one connection
    for ((i = 0; i < $1; i++)); do
        [ "$i" -eq 0 ] || echo next
        local start=$((RANDOM * 31 % 1000000))
        printf 'url = http://%s/object\nproxy = http://%s\nrange = %d-%d\noutput = /dev/null\nfail\nsilent\nshow-error\n' \
            "$origin" "$proxy" "$start" $((start + 4095))
    done >"$work/curlrc"
    curl -q --config "$work/curlrc"
}

total_instructions() { # total_instructions COUNT
    start_warm_peer env LD_PRELOAD="$work/fit.so" valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out"
    ranges "$1"
    stop TERM "$peer_pid"
    peer_pid=
    awk '/^(totals|summary):/ { print $2 }' "$work/callgrind.out" | tail -1
}

instructions() {
    say "counting instructions"
    fit_for_valgrind
    local seed_peer=$work/seed-peer
    local few many per
    few=$(total_instructions 100)
    many=$(total_instructions 1100)
    per=$(((many - few) / 1000))
    echo "instructions per warm request of 4 KiB: $per"
    [ -z "${HOT_PATH_LIMIT:-}" ] || [ "$per" -le "$HOT_PATH_LIMIT" ] || fail "more than $HOT_PATH_LIMIT instructions"
}

need_tools nginx curl valgrind strip
mkdir -p "$work/files"
head -c 1100000 /dev/urandom >"$work/files/object"
start_nginx 1 "access_log off; keepalive_requests 100000000; open_file_cache max=16;"
instructions
