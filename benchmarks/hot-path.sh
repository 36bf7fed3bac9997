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

need_tools nginx curl valgrind strip
compiler=${CC:-$(command -v cc || command -v clang || true)}
[ -n "$compiler" ] || fail "a C compiler is not there: install one, or name it in CC"
mkdir -p "$work/files"
head -c 1100000 /dev/urandom >"$work/files/object"
start_nginx 1 "access_log off; keepalive_requests 100000000; open_file_cache max=16;"
instructions
