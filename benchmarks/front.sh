#!/usr/bin/env bash
# How fast warm ranges leave, compared with nginx in the same run: the server on one core, the load on the other, in
# rounds of alternating order; ratios within each round, medians over the rounds.
#
#   benchmarks/front.sh [ranges] [connections] [core] [idle] [pass-through] [cold]      without a name: all
#
#   ranges         4 KiB, 64 KiB, 1 MiB, 8 MiB of an object of 64 MiB, 32 connections: nginx with slice, nginx serving
#                  the file itself, the seed peer
#   connections    4 KiB over 4,000 connections
#   core           4 KiB, HTTPServer alone with blocks from memory
#   idle           own memory of each of 10,000 idle connections
#   pass-through   small requests through to an origin, 32 connections, against nginx's proxy_pass with kept connections
#   cold           1 GiB for the first time, to a file, against a plain download to a file; the server on both cores
#
#   FRONT_ROUNDS (5), FRONT_SECONDS of each run (4), FRONT_SIZES of the ranges in bytes, SEED_PEER the
#   program, FRONT_TABLE a file for the lines as JSON
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${FRONT_ROUNDS:-5} seconds=${FRONT_SECONDS:-4}
work=$(mktemp -d)
nginx_pid= peer_pid= core_pid=
. benchmarks/lib.sh

clean_up() {
    stop TERM "$peer_pid"
    stop TERM "$core_pid"
    stop TERM "$nginx_pid"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

free_port() { echo $((20000 + RANDOM % 20000)); }

start_all() {
    mkdir -p "$work/files" "$work/cache"
    head -c $((64 << 20)) /dev/urandom >"$work/files/object"
    slice=127.0.0.1:$(free_port) relay=127.0.0.1:$(free_port)
    # The server that start_nginx adds is the origin, and serves the file itself. It has a worker of its own in none of the
    # comparisons but pass-through, where both sides use it.
    start_nginx 1 "access_log off; keepalive_requests 100000000; open_file_cache max=64;
        proxy_cache_path $work/cache keys_zone=c:10m max_size=1g; proxy_http_version 1.1;
        upstream kept { server @ORIGIN@; keepalive 64; keepalive_requests 100000000; }
        server { listen $slice; location / { slice 4m; proxy_cache c; proxy_cache_key \$uri\$slice_range;
            proxy_set_header Range \$slice_range; proxy_cache_valid 200 206 1h; proxy_pass http://kept;
            proxy_set_header Connection \"\"; } }
        server { listen $relay; location / { proxy_pass http://kept; proxy_set_header Connection \"\"; } }" \
        taskset -c 0
    start_peer seed-peer "dir: $work/store" taskset -c 0
    worker=$(pgrep -P "$nginx_pid" | head -1)
    local address
    for address in "$slice" "$origin"; do curl -q -sS --fail -o /dev/null "http://$address/object"; done
    curl -q -sS --fail -x "http://$proxy" -o /dev/null "http://$origin/object"
}

# load NAME ADDRESS TARGET RANGE CONNECTIONS PID: one run; appends a line of JSON to $work/runs with the name in front
load() {
    local line
    line=$(taskset -c 1 "$work/load" "${2%:*}" "${2##*:}" "$3" "$origin" "$4" $((64 << 20)) "$5" "$seconds" "$6")
    echo "$1 $line" >>"$work/runs"
}

field() { # field NAME KEY: the values of that key in the runs of that name, in their order
    sed -n "s/^$1 .*\"$2\": \([0-9.]*\).*/\1/p" "$work/runs"
}

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

ratio() { # ratio KEY OURS THEIRS: the median of the ratios of each round
    paste <(field "$2" "$1") <(field "$3" "$1") | awk '$2 > 0 { print $1 / $2 }' | median
}

# compare FIGURE RANGE CONNECTIONS NAME|ADDRESS|TARGET|PID…: all against the first, which is nginx
compare() {
    local figure=$1 range=$2 connections=$3 round name address target pid order
    shift 3
    : >"$work/runs"
    for ((round = 0; round < rounds; round++)); do
        order=("$@")
        if ((round % 2)); then mapfile -t order < <(printf '%s\n' "$@" | tac); fi
        for side in "${order[@]}"; do
            IFS='|' read -r name address target pid <<<"$side"
            say "$figure, round $((round + 1)) of $rounds: $name"
            load "$name" "$address" "$target" "$range" "$connections" "$pid"
        done
    done
    local first=${1%%|*}
    for side in "$@"; do
        name=${side%%|*}
        row "$figure" "$name" "$(field "$name" requestsPerSecond | median)" \
            "$(ratio requestsPerSecond "$name" "$first")" "$(field "$name" p50 | median)" \
            "$(field "$name" p99 | median)" "$(ratio p99 "$name" "$first")" "$(field "$name" cpuMicroseconds | median)"
    done
}

row() {
    printf '%-22s %-12s %10.0f/s  ratio %5.2f  p50 %8.0f µs  p99 %8.0f µs (%5.2f)  CPU %8.1f µs\n' "$@"
    [ -z "${FRONT_TABLE:-}" ] || printf \
        '{"figure": "%s", "server": "%s", "requestsPerSecond": %s, "ratio": %s, "p50": %s, "p99": %s, "p99Ratio": %s, "cpuMicroseconds": %s}\n' \
        "$@" >>"$FRONT_TABLE"
}

ranges() {
    local size name
    for size in ${FRONT_SIZES:-4096 65536 1048576 8388608}; do
        name="$((size >> 10)) KiB, 32 conn."
        compare "$name" "$size" 32 "nginx-slice|$slice|/object|$worker" "nginx-file|$origin|/object|$worker" \
            "seed-peer|$proxy|http://$origin/object|$peer_pid"
    done
}

connections() {
    compare "4 KiB, 4000 conn." 4096 4000 "nginx-slice|$slice|/object|$worker" \
        "seed-peer|$proxy|http://$origin/object|$peer_pid"
}

core() {
    local program=.build/release/ServerBenchmarks
    [ -x "$program" ] || { say "core: left out, $program is not built"; return 0; }
    taskset -c 0 "$program" 2>"$work/core.log" >"$work/core.out" &
    core_pid=$!
    until grep -q '^listening ' "$work/core.out"; do kill -0 "$core_pid" || fail "it does not start: $(cat "$work/core.log")"; sleep 0.02; done
    local address
    address=$(sed -n 's/^listening //p' "$work/core.out")
    compare "4 KiB, server core" 4096 32 "nginx-slice|$slice|/object|$worker" "server-core|$address|/object|$core_pid"
    stop TERM "$core_pid"
    core_pid=
}

own_memory() { awk '/^(RssAnon):/ { print $2 * 1024 }' "/proc/$peer_pid/status"; }

idle() {
    say "idle: 10,000 connections"
    local before after line
    before=$(own_memory)
    mkfifo "$work/held"
    taskset -c 1 "$work/load" "${proxy%:*}" "${proxy##*:}" "http://$origin/object" "$origin" 4096 $((64 << 20)) 10000 2 \
        "$peer_pid" hold >"$work/idle" <"$work/held" &
    local client=$!
    exec 9>"$work/held"
    until [ -s "$work/idle" ]; do kill -0 "$client" || fail "the clients ended"; sleep 0.1; done
    after=$(own_memory)
    exec 9>&-
    wait "$client"
    printf '%-22s %-12s %d B for each of 10,000 idle connections\n' "own memory" seed-peer $(((after - before) / 10000))
}

pass_through() {
    head -c 4096 /dev/urandom >"$work/files/small"
    compare "pass-through 4 KiB" 0 32 "nginx-relay|$relay|/small|$worker" \
        "seed-peer|$proxy|http://$origin/small?X-Amz-Signature=0|$peer_pid"
}

cold() {
    # A page that the host of a virtual machine has to find first costs several times as much as one that was used before,
    # and ours takes twice as many: they are all used once.
    head -c $((12 << 30)) /dev/zero >"$work/pages"
    rm "$work/pages"
    head -c $((1 << 30)) /dev/urandom >"$work/files/large"
    # Origin, server and client would share one core otherwise, which the plain download leaves to two.
    taskset -ap 3 "$peer_pid" >/dev/null
    local round ours theirs
    : >"$work/cold"
    for ((round = 0; round < 5; round++)); do
        say "cold, round $((round + 1)) of 5"
        theirs=$(curl -q -sS --fail -o "$work/got" -w '%{time_total}' "http://$origin/large")
        ours=$(curl -q -sS --fail -x "http://$proxy" -o "$work/got" -w '%{time_total}' "http://$origin/large?round=$round")
        echo "$theirs $ours" >>"$work/cold"
    done
    printf '%-22s %-12s %.2f of the rate of a plain download (median of 5)\n' "cold 1 GiB" seed-peer \
        "$(awk '{ print $1 / $2 }' "$work/cold" | median)"
}

need_tools nginx curl taskset pgrep
compiler=${CC:-$(command -v cc || command -v clang || true)}
[ -n "$compiler" ] || fail "a C compiler is not there: install one, or name it in CC"
"$compiler" -O2 -o "$work/load" benchmarks/Benchmarks/LoadGenerator/main.c
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
start_all
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(ranges connections core idle pass-through cold)
for part in "${parts[@]}"; do
    case $part in
    ranges | connections | core | idle | cold) "$part" ;;
    pass-through) pass_through ;;
    *) fail "there is no part $part: ranges, connections, core, idle, pass-through, cold" ;;
    esac
done
