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
seed_peer=${SEED_PEER:-.build/release/seed-peer}
seconds=${TIER_SECONDS:-5}
rounds=${TIER_ROUNDS:-3}
object_bytes=$((1024 * 1024 * 1024))
PATH=$PATH:/usr/sbin
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
work=$(mktemp -d)
pids=()
declare -A proxies metrics

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "memory-tier: $*"
    exit 1
}
clean_up() {
    for pid in "${pids[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start_nginx() {
    origin=127.0.0.1:$((20000 + RANDOM % 20000))
    cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $work/nginx.pid;
error_log $work/nginx.err warn;
$([ "$(id -u)" -eq 0 ] && echo "user root;")
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $work/tmp; proxy_temp_path $work/tmp; fastcgi_temp_path $work/tmp;
    uwsgi_temp_path $work/tmp; scgi_temp_path $work/tmp;
    sendfile on; keepalive_requests 100000000;
    server { listen $origin; root $work/files; }
}
CONF
    nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.err" &
    pids+=($!)
    until curl -q -s -o /dev/null "http://$origin/"; do
        kill -0 "${pids[-1]}" 2>/dev/null || fail "nginx does not start: $(cat "$work/nginx.err")"
        sleep 0.05
    done
}

start_peer() { # start_peer NAME CAPACITY
    cat >"$work/$1.yaml" <<CONF
host: {ip: 127.0.0.1}
proxy: {server: {ip: 127.0.0.1, port: 0}, rules: [{regex: '.*'}]}
storage: {dir: $work/store-$1, cacheCapacity: $2, scrubRate: 0}
backend: {allowAddresses: [127.0.0.0/8]}
health: {server: {ip: 127.0.0.1, port: 0}}
metrics: {server: {ip: 127.0.0.1, port: 0}}
admin: {server: {ip: 127.0.0.1, port: 0}}
CONF
    taskset -c 0 "$seed_peer" run --config "$work/$1.yaml" 2>"$work/$1.log" &
    pids+=($!)
    until grep -q 'ready proxy=' "$work/$1.log"; do
        kill -0 "${pids[-1]}" 2>/dev/null || fail "the seed peer does not start: $(cat "$work/$1.log")"
        sleep 0.1
    done
    proxies[$1]=$(sed -n 's/.*ready proxy=\([^ ]*\).*/\1/p' "$work/$1.log" | head -1)
    metrics[$1]=$(sed -n 's/.* metrics=\([^ ]*\).*/\1/p' "$work/$1.log" | head -1)
}

warm() { # warm NAME: all of it into the store, and by reads that lie apart into memory
    for _ in 1 2 3; do
        curl -q -sS --fail -x "http://${proxies[$1]}" -o /dev/null "http://$origin/object"
        sleep 3
    done
    say "$1: $(curl -q -s "http://${metrics[$1]}/metrics" | awk '/^seed_peer_memory_tier_bytes/ { print $2 }') bytes in memory"
}

requests_per_second() { # requests_per_second NAME SIZE
    cat >"$work/wrk.lua" <<LUA
math.randomseed(7)
request = function()
    local start = math.random(0, $object_bytes - $2)
    return "GET http://$origin/object HTTP/1.1\r\nHost: $origin\r\nRange: bytes=" .. start .. "-" .. (start + $2 - 1) .. "\r\n\r\n"
end
LUA
    taskset -c 1 wrk -t1 -c4 -d"${seconds}s" -s "$work/wrk.lua" "http://${proxies[$1]}/" >"$work/wrk.out"
    ! grep -q 'Non-2xx' "$work/wrk.out" || fail "$1 answered with errors"
    awk '/^Requests\/sec/ { print $2 }' "$work/wrk.out"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for tool in nginx wrk taskset; do
    command -v "$tool" >/dev/null || fail "$tool is not there: install it"
done
[ -x "$seed_peer" ] || fail "$seed_peer is not there: run make release"
mkdir -p "$work/files" "$work/tmp"
head -c "$object_bytes" /dev/urandom >"$work/files/object"
start_nginx
start_peer memory 2GiB
start_peer file 0
for name in memory file; do warm "$name"; done
for size in 4096 65536 1048576 8388608; do
    for ((round = 0; round < rounds; round++)); do
        for name in memory file; do requests_per_second "$name" "$size" >>"$work/$name.$size"; done
    done
    awk -v s="$size" -v a="$(median <"$work/memory.$size")" -v b="$(median <"$work/file.$size")" \
        'BEGIN { printf "%d KiB: memory %.0f requests/s, file %.0f, ratio %.2f\n", s / 1024, a, b, a / b }'
done
