# shellcheck shell=bash
# What the scripts beside this file have in common: an nginx as origin, and seed peers, each on free ports of loopback.
# To be sourced, from the package's directory. Whoever does sets $work, an empty directory of its own; SEED_PEER names
# the program (.build/release/seed-peer).

seed_peer=${SEED_PEER:-.build/release/seed-peer}
PATH=$PATH:/usr/sbin
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

say() { printf '%s\n' "$*" >&2; }
fail() {
    local name=${0##*/}
    say "${name%.sh}: $*"
    exit 1
}

need_tools() { # need_tools TOOL…: and the program itself
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "$tool is not there: install it"
    done
    [ -x "$seed_peer" ] || fail "$seed_peer is not there: run make release"
}

stop() { # stop SIGNAL PID: and wait until it is gone
    [ -n "$2" ] || return 0
    kill "-$1" "$2" 2>/dev/null || true
    wait "$2" 2>/dev/null || true
}

write_nginx_configuration() { # write_nginx_configuration ADDRESS WORKERS DIRECTIVES: @ORIGIN@ in these is ADDRESS
    cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes $2;
pid $work/nginx.pid;
error_log $work/nginx.err warn;
$([ "$(id -u)" -eq 0 ] && echo "user root;")
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
    client_body_temp_path $work/tmp; proxy_temp_path $work/tmp; fastcgi_temp_path $work/tmp;
    uwsgi_temp_path $work/tmp; scgi_temp_path $work/tmp;
    sendfile on;
    ${3//@ORIGIN@/$1}
    server { listen $1; root $work/files; }
}
CONF
}

# start_nginx WORKERS DIRECTIVES [PREFIX…]: serves $work/files, with more directives for all of HTTP, perhaps under a
# tool; sets $origin, $nginx_pid
start_nginx() {
    local workers=$1 directives=$2 try
    shift 2
    mkdir -p "$work/files" "$work/tmp"
    for try in 1 2 3 4 5 6 7 8 9 10; do
        origin=127.0.0.1:$((20000 + RANDOM % 20000))
        write_nginx_configuration "$origin" "$workers" "$directives"
        "$@" nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.err" &
        nginx_pid=$!
        until curl -q -s -o /dev/null "http://$origin/"; do
            kill -0 "$nginx_pid" 2>/dev/null || continue 2
            sleep 0.05
        done
        return 0
    done
    fail "nginx does not start: $(cat "$work/nginx.err")"
}

# start_peer NAME STORAGE [PREFIX…]: with these keys of storage, caching every URL, perhaps under a tool; sets
# $peer_pid, $proxy, $metrics
start_peer() {
    local name=$1 storage=$2
    shift 2
    cat >"$work/$name.yaml" <<CONF
host: {ip: 127.0.0.1}
proxy: {server: {ip: 127.0.0.1, port: 0}, rules: [{regex: '.*'}]}
storage: {$storage}
backend: {allowAddresses: [127.0.0.0/8]}
health: {server: {ip: 127.0.0.1, port: 0}}
metrics: {server: {ip: 127.0.0.1, port: 0}}
admin: {server: {ip: 127.0.0.1, port: 0}}
shutdown: {drainDelay: 0s}
CONF
    : >"$work/$name.log"
    "$@" "$seed_peer" run --config "$work/$name.yaml" 2>"$work/$name.log" &
    peer_pid=$!
    until grep -q 'ready proxy=' "$work/$name.log"; do
        kill -0 "$peer_pid" 2>/dev/null || fail "the seed peer does not start: $(cat "$work/$name.log")"
        sleep 0.02
    done
    proxy=$(sed -n 's/.*ready proxy=\([^ ]*\).*/\1/p' "$work/$name.log" | head -1)
    metrics=$(sed -n 's/.*ready proxy=.* metrics=\([^ ]*\).*/\1/p' "$work/$name.log" | head -1)
}

# Makes of the program one that runs under valgrind, $work/seed-peer, with $work/fit.so preloaded. CC names the C compiler.
fit_for_valgrind() {
    local compiler=${CC:-$(command -v cc || command -v clang || true)}
    [ -n "$compiler" ] || fail "a C compiler is not there: install one, or name it in CC"
    # valgrind 3.19 gives up on the debug information of today's Swift.
    strip --strip-debug -o "$work/seed-peer" "$seed_peer"
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
}
