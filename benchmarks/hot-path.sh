#!/usr/bin/env bash
# What a warm request of 4 KiB costs: instructions (callgrind, exact to a few percent on any machine), and requests per
# second as a ratio to nginx serving the same file in the same run (wrk; one core each for server and load).
#
#   benchmarks/hot-path.sh [--instructions | --speed]        progress on stderr, the figures on stdout
#
#   HOT_PATH_LIMIT  fail above so many instructions per request (none)
#   HOT_PATH_SECONDS  how long each wrk run takes (5)
#   SEED_PEER       the program (.build/release/seed-peer)
#   CC              the C compiler, for the instructions (cc, else clang)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${HOT_PATH_SECONDS:-5}
what=${1:-}
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
    "$compiler" -shared -fPIC -D_GNU_SOURCE -o "$work/fit.so" "$work/fit.c"
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
    start_warm_peer taskset -c 0
    local size ours theirs
    for size in 4096 65536 1048576; do
        theirs=$(requests_per_second "" "$origin" "$size")
        ours=$(requests_per_second "http://$origin" "$proxy" "$size")
        awk -v s="$size" -v a="$ours" -v b="$theirs" \
            'BEGIN { printf "warm ranges of %d KiB: %.0f requests/s, nginx %.0f, ratio %.2f\n", s / 1024, a, b, a / b }'
    done
    stop TERM "$peer_pid"
    peer_pid=
}

tools=(nginx curl taskset)
[ "$what" = --speed ] || tools+=(valgrind strip)
[ "$what" = --instructions ] || tools+=(wrk)
need_tools "${tools[@]}"
compiler=${CC:-$(command -v cc || command -v clang || true)}
[ "$what" = --speed ] || [ -n "$compiler" ] || fail "a C compiler is not there: install one, or name it in CC"
object_bytes=$((64 * 1024 * 1024))
[ "$what" = --instructions ] && object_bytes=1100000
mkdir -p "$work/files"
head -c "$object_bytes" /dev/urandom >"$work/files/object"
start_nginx 1 "access_log off; keepalive_requests 100000000; open_file_cache max=16;" taskset -c 0
[ "$what" = --speed ] || instructions
[ "$what" = --instructions ] || speed
