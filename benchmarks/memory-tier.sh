#!/usr/bin/env bash
# What the memory for hot blocks (storage.cacheCapacity) is worth inside the real server: random ranges all over 1 GiB that is
# in the page cache, with all of it in memory and with none, in turns. One core for the server, one for wrk.
#
#   benchmarks/memory-tier.sh        progress on stderr, medians on stdout
#
#   TIER_SECONDS  how long each wrk run takes (5)      TIER_ROUNDS  runs of each kind (3)
#   SEED_PEER     the program (.build/release/seed-peer)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${TIER_SECONDS:-5}
rounds=${TIER_ROUNDS:-3}
object_bytes=$((1024 * 1024 * 1024))
work=$(mktemp -d)
pids=()
declare -A proxies ports processes
. benchmarks/lib.sh

clean_up() {
    for pid in "${pids[@]}"; do stop TERM "$pid"; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start() { # start NAME CAPACITY
    start_peer "$1" "dir: $work/store-$1, cacheCapacity: $2, scrubRate: 0" taskset -c 0
    pids+=("$peer_pid")
    proxies[$1]=$proxy
    ports[$1]=$metrics
    processes[$1]=$peer_pid
}

warm() { # warm NAME: all of it into the store, and by reads that lie apart into memory
    for _ in 1 2 3; do
        curl -q -sS --fail -x "http://${proxies[$1]}" -o /dev/null "http://$origin/object"
        sleep 3
    done
    say "$1: $(curl -q -s "http://${ports[$1]}/metrics" | awk '/^seed_peer_memory_tier_bytes/ { print $2 }') bytes in memory"
}

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/${processes[$1]}/stat"; }

measure() { # measure NAME SIZE: requests a second, and the server's CPU milliseconds for each GiB
    local before
    cat >"$work/wrk.lua" <<LUA
math.randomseed(7)
request = function()
    local start = math.random(0, $object_bytes - $2)
    return "GET http://$origin/object HTTP/1.1\r\nHost: $origin\r\nRange: bytes=" .. start .. "-" .. (start + $2 - 1) .. "\r\n\r\n"
end
LUA
    before=$(cpu_ticks "$1")
    taskset -c 1 wrk -t1 -c4 -d"${seconds}s" -s "$work/wrk.lua" "http://${proxies[$1]}/" >"$work/wrk.out"
    ! grep -q 'Non-2xx' "$work/wrk.out" || fail "$1 answered with errors"
    awk -v ticks=$(($(cpu_ticks "$1") - before)) -v hz="$(getconf CLK_TCK)" -v size="$2" '
        /requests in/ { count = $1 }
        /^Requests\/sec/ { print $2, 1000 * ticks / hz / (count * size / 2 ^ 30) }' "$work/wrk.out"
}

median() { awk -v c="$2" '{ print $c }' "$work/$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

need_tools nginx curl wrk taskset
mkdir -p "$work/files"
head -c "$object_bytes" /dev/urandom >"$work/files/object"
start_nginx 1 "access_log off; keepalive_requests 100000000;"
pids+=("$nginx_pid")
start memory 2GiB
start file 0
for name in memory file; do warm "$name"; done
for size in 4096 8192 12288; do
    for ((round = 0; round < rounds; round++)); do
        for name in memory file; do measure "$name" "$size" >>"$work/$name.$size"; done
    done
    awk -v s="$size" -v a="$(median "memory.$size" 1)" -v b="$(median "file.$size" 1)" \
        -v c="$(median "memory.$size" 2)" -v d="$(median "file.$size" 2)" 'BEGIN {
            printf "%d KiB: with memory %.0f requests/s, without %.0f, ratio %.2f; ", s / 1024, a, b, a / b
            printf "CPU ms a GiB %.0f and %.0f, ratio %.2f\n", c, d, c / d
        }'
done
