#!/usr/bin/env bash
# What a warm request of 4 KiB costs: instructions (callgrind, exact to a few percent on any machine), and requests per
# second as a ratio to nginx serving the same file in the same run (wrk; one core each for server and load).
#
#   benchmarks/hot-path.sh [--instructions | --speed]        progress on stderr, the figures on stdout
#
#   HOT_PATH_LIMIT  fail above so many instructions per request (none)
#   HOT_PATH_SECONDS  how long each wrk run takes (5)
#   SEED_PEER       the program (.build/release/seed-peer)
set -euo pipefail
cd "$(dirname "$0")/.."
seed_peer=${SEED_PEER:-.build/release/seed-peer}
seconds=${HOT_PATH_SECONDS:-5}
what=${1:-}
PATH=$PATH:/usr/sbin
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
work=$(mktemp -d)
nginx_pid= peer_pid=

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "hot-path: $*"
    exit 1
}
stop() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
clean_up() {
    stop "$peer_pid"
    stop "$nginx_pid"
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
    sendfile on; keepalive_requests 100000000; open_file_cache max=16;
    server { listen $origin; root $work/files; }
}
CONF
    taskset -c 0 nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.err" &
    nginx_pid=$!
    until curl -q -s -o /dev/null "http://$origin/"; do
        kill -0 "$nginx_pid" 2>/dev/null || fail "nginx does not start: $(cat "$work/nginx.err")"
        sleep 0.05
    done
}

start_peer() { # start_peer [PREFIX…]: the program, perhaps under a tool
    cat >"$work/seed-peer.yaml" <<CONF
host: {ip: 127.0.0.1}
proxy: {server: {ip: 127.0.0.1, port: 0}, rules: [{regex: '.*'}]}
storage: {dir: $work/store}
backend: {allowAddresses: [127.0.0.0/8]}
health: {server: {ip: 127.0.0.1, port: 0}}
metrics: {server: {ip: 127.0.0.1, port: 0}}
admin: {server: {ip: 127.0.0.1, port: 0}}
CONF
    : >"$work/peer.log"
    "$@" "$seed_peer" run --config "$work/seed-peer.yaml" 2>"$work/peer.log" &
    peer_pid=$!
    until grep -q 'ready proxy=' "$work/peer.log"; do
        kill -0 "$peer_pid" 2>/dev/null || fail "the seed peer does not start: $(cat "$work/peer.log")"
        sleep 0.1
    done
    proxy=$(sed -n 's/.*ready proxy=\([^ ]*\).*/\1/p' "$work/peer.log" | head -1)
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
    rm -rf "$work/store"
    start_peer env LD_PRELOAD="$work/fit.so" valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out"
    ranges "$1"
    stop "$peer_pid"
    peer_pid=
    awk '/^(totals|summary):/ { print $2 }' "$work/callgrind.out" | tail -1
}

instructions() {
    say "counting instructions"
    # valgrind 3.19 gives up on the debug information of today's Swift.
    strip --strip-debug -o "$work/seed-peer" "$seed_peer"
    local seed_peer=$work/seed-peer
    # It also sanitizes the signal mask of sigsuspend in place, which libdispatch keeps in memory that can't be written,
    # and has no room for the index's huge map.
    cat >"$work/fit.c" <<'C'
#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return syscall(SYS_rt_sigsuspend, &copy, 8);
}
int mdb_env_set_mapsize(void *env, size_t size) {
    int (*real)(void *, size_t) = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
    return real(env, size < 1 << 28 ? size : 1 << 28);
}
C
    "${CC:-cc}" -shared -fPIC -D_GNU_SOURCE -o "$work/fit.so" "$work/fit.c"
    local few many per
    few=$(total_instructions 100)
    many=$(total_instructions 1100)
    per=$(((many - few) / 1000))
    echo "instructions per warm request of 4 KiB: $per"
    [ -z "${HOT_PATH_LIMIT:-}" ] || [ "$per" -le "$HOT_PATH_LIMIT" ] || fail "more than $HOT_PATH_LIMIT instructions"
}

requests_per_second() { # requests_per_second URL_PREFIX ADDRESS SIZE
    cat >"$work/wrk.lua" <<LUA
local n = 0
request = function()
    n = (n * 1103515245 + 12345) % 2147483648
    local start = n % ($object_bytes - $3)
    return "GET $1/object HTTP/1.1\r\nHost: $origin\r\nRange: bytes=" .. start .. "-" .. (start + $3 - 1) .. "\r\n\r\n"
end
LUA
    taskset -c 1 wrk -t1 -c32 -d"${seconds}s" -s "$work/wrk.lua" "http://$2/" >"$work/wrk.out"
    ! grep -q 'Non-2xx' "$work/wrk.out" || fail "$1 answered with errors"
    awk '/^Requests\/sec/ { print $2 }' "$work/wrk.out"
}

speed() {
    say "measuring requests per second"
    rm -rf "$work/store"
    start_peer taskset -c 0
    local size ours theirs
    for size in 4096 65536 1048576; do
        theirs=$(requests_per_second "" "$origin" "$size")
        ours=$(requests_per_second "http://$origin" "$proxy" "$size")
        awk -v s="$size" -v a="$ours" -v b="$theirs" \
            'BEGIN { printf "warm ranges of %d KiB: %.0f requests/s, nginx %.0f, ratio %.2f\n", s / 1024, a, b, a / b }'
    done
    stop "$peer_pid"
    peer_pid=
}

tools='nginx taskset'
[ "$what" = --speed ] || tools+=' valgrind'
[ "$what" = --instructions ] || tools+=' wrk'
for tool in $tools; do
    command -v "$tool" >/dev/null || fail "$tool is not there: install it"
done
[ -x "$seed_peer" ] || fail "$seed_peer is not there: run make release"
object_bytes=$((64 * 1024 * 1024))
[ "$what" = --instructions ] && object_bytes=1100000
mkdir -p "$work/files" "$work/tmp"
head -c "$object_bytes" /dev/urandom >"$work/files/object"
start_nginx
[ "$what" = --speed ] || instructions
[ "$what" = --instructions ] || speed
