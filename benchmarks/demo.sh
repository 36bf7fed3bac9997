#!/usr/bin/env bash
# Shows what a seed peer does with one large object, against a real nginx as its origin: cold, warm, by random ranges,
# under a crowd and after kill -9. Every step says what it cost at the origin; bytes are compared by SHA-256.
#
#   benchmarks/demo.sh [--json]        progress on stderr, the result on stdout
#
#   DEMO_SIZE_MIB  size of the object (1024)        DEMO_CLIENTS  size of the crowd (50)
#   DEMO_RANGES    number of random ranges (1000)   DEMO_DIR      where to work (.build/demo, on the disk of the store)
#   SEED_PEER      the program (.build/release/seed-peer)
#
# Whole objects go to a file in the direct run, to /dev/null through the seed peer: so both write the bytes to the disk
# once. nginx has read its files before the first step, so no step waits for the origin's disk.
set -euo pipefail
cd "$(dirname "$0")/.."

size_mib=${DEMO_SIZE_MIB:-1024}
clients=${DEMO_CLIENTS:-50}
ranges=${DEMO_RANGES:-1000}
json=false
[ "${1:-}" = --json ] && json=true
size=$((size_mib * 1024 * 1024))
crowd_size=$((size / 16))

mkdir -p "${DEMO_DIR:-.build/demo}"
work=$(mktemp -d "$(cd "${DEMO_DIR:-.build/demo}" && pwd)/run.XXXXXX")
nginx_pid= peer_pid= sampler_pid=

. benchmarks/lib.sh

clean_up() {
    stop TERM "$sampler_pid"
    stop KILL "$peer_pid"
    stop TERM "$nginx_pid"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- the origin ---------------------------------------------------------------------------------------------------

origin_bytes() { # origin_bytes NAME: body bytes nginx has sent of that object so far
    sleep 0.2 # nginx writes a line when its request is over, a moment after the client has everything
    awk -v name="/$1" '$1 == name { sum += $3 } END { printf "%.0f\n", sum }' "$work/access.log"
}

# --- the seed peer ------------------------------------------------------------------------------------------------

start() { # the seed peer on its store, watched
    start_peer seed-peer "dir: $work/store"
    sample_memory &
    sampler_pid=$!
}

sample_memory() { # the peak of the anonymous resident memory, in KiB, goes to a file
    local peak now
    peak=$(cat "$work/peak" 2>/dev/null || echo 0)
    while now=$(awk '/^RssAnon/ { print $2 }' "/proc/$peer_pid/status" 2>/dev/null) && [ -n "$now" ]; do
        if [ "$now" -gt "$peak" ]; then
            peak=$now
            echo "$peak" >"$work/peak"
        fi
        sleep 0.1
    done
}

# --- fetching -----------------------------------------------------------------------------------------------------

through() { printf '%s' "-x http://$proxy"; } # the curl options that go through the seed peer

fetch() { # fetch NAME OUTPUT [CURL OPTIONS]: sets $seconds, $fetched, $cache
    local name=$1 output=$2 line
    shift 2
    line=$(curl -q -sS --fail -D "$work/head" -o "$output" -w '%{time_total} %{size_download}' "$@" \
        "http://$origin/$name") || fail "$name: the fetch failed"
    read -r seconds fetched <<<"$line"
    cache=$(awk 'tolower($1) == "cache-status:" { sub(/^[^:]*: */, ""); sub(/\r$/, ""); print }' "$work/head" | tail -1)
}

hash_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

expect_hash() { # expect_hash WANTED GOT WHAT
    [ "$1" = "$2" ] || fail "$3: wrong bytes: SHA-256 $2, should be $1"
}

write_ranges() { # one random range of 4 KiB to 1 MiB a line: OFFSET LENGTH
    local i length offset
    for ((i = 0; i < ranges; i++)); do
        length=$((4096 + (RANDOM * 32768 + RANDOM) % 1044480))
        offset=$(((RANDOM * 1073741824 + RANDOM * 32768 + RANDOM) % (size - length)))
        echo "$offset $length"
    done >"$work/ranges"
}

range_options() { # range_options PROXY: the same requests as a curl configuration, one connection for all of them
    awk -v url="http://$origin/object.bin" -v proxy="$1" '{
        if (NR > 1) print "next"
        printf "url = %s\nrange = %.0f-%.0f\nfail\nsilent\nshow-error\n", url, $1, $1 + $2 - 1
        if (proxy != "") printf "proxy = %s\n", proxy
    }' "$work/ranges"
}

slices() { # the bytes of the ranges, cut from the file itself
    local offset length
    while read -r offset length; do
        tail -c "+$((offset + 1))" "$work/files/object.bin" | head -c "$length" || true
    done <"$work/ranges"
}

fetch_ranges() { # fetch_ranges PROXY: timed to /dev/null, then once more and checked; sets $seconds, $fetched
    local start
    range_options "$1" >"$work/curlrc"
    start=$EPOCHREALTIME
    curl -q --config "$work/curlrc" >/dev/null || fail "the ranges: a fetch failed"
    since "$start"
    curl -q --config "$work/curlrc" >"$work/out" || fail "the ranges: a fetch failed"
    fetched=$(stat -c %s "$work/out")
    expect_hash "$ranges_hash" "$(hash_of "$work/out")" "the ranges"
}

since() { seconds=$(awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.6f", b - a }'); }

fetch_crowd() { # many cold clients at once, each of them hashing what it gets: sets $seconds, $fetched
    local start=$EPOCHREALTIME i pids=()
    for ((i = 0; i < clients; i++)); do
        curl -q -sS --fail $(through) "http://$origin/crowd.bin" | sha256sum >"$work/crowd.$i" &
        pids+=($!)
    done
    wait "${pids[@]}"
    since "$start"
    fetched=$((crowd_size * clients))
    for ((i = 0; i < clients; i++)); do
        expect_hash "$crowd_hash" "$(cut -d ' ' -f 1 <"$work/crowd.$i")" "client $i of the crowd"
    done
}

# --- the result ---------------------------------------------------------------------------------------------------

: >"$work/rows"
row() { # row STEP SECONDS BYTES ORIGIN_BYTES DIRECT_SECONDS [CACHE [WANTED_BYTES]]: a line of tab-separated values
    awk -v OFS='\t' -v step="$1" -v s="$2" -v bytes="$3" -v origin="$4" -v direct="$5" -v cache="${6:--}" \
        -v wanted="${7:-$3}" 'BEGIN {
        print step, cache, sprintf("%.3f", s), sprintf("%.0f", bytes / s / 1e6), origin, \
            sprintf("%.2f", origin / wanted), (direct > 0 ? sprintf("%.2f", direct / s) : "-")
    }' >>"$work/rows"
    say "  $1: ${2}s"
}

print_table() {
    {
        printf 'step\tCache-Status\tseconds\tMB/s\torigin bytes\torigin/wanted\tspeed vs direct\n'
        cat "$work/rows"
    } | awk -F '\t' '{ printf "%-38s %-38s %9s %8s %14s %13s %16s\n", $1, $2, $3, $4, $5, $6, $7 }'
    printf '\npeak anonymous resident memory: %d MiB\n' $(($(cat "$work/peak") / 1024))
}

print_json() {
    awk -F '\t' -v peak="$(cat "$work/peak")" -v size="$size" '
        function number(x) { return x == "-" ? "null" : x }
        BEGIN { printf "{\"object_bytes\": %d, \"peak_anonymous_kib\": %d, \"steps\": [", size, peak }
        {
            gsub(/"/, "\\\"", $2)
            printf "%s\n  {\"step\": \"%s\", \"cache_status\": \"%s\", \"seconds\": %s, \"mb_per_s\": %s, ", \
                (NR > 1 ? "," : ""), $1, $2, $3, $4
            printf "\"origin_bytes\": %s, \"origin_ratio\": %s, \"speed_vs_direct\": %s}", $5, number($6), number($7)
        }
        END { print "\n]}" }' "$work/rows"
}

# --- the steps ----------------------------------------------------------------------------------------------------

need_tools nginx curl
say "making $size_mib MiB of random data"
mkdir -p "$work/files"
head -c "$size" /dev/urandom >"$work/files/object.bin"
head -c "$crowd_size" /dev/urandom >"$work/files/crowd.bin"
truncate -s 1073741824 "$work/files/sparse.bin"
object_hash=$(hash_of "$work/files/object.bin")
crowd_hash=$(hash_of "$work/files/crowd.bin")
# The log tells what each step cost.
start_nginx 2 "log_format cost '\$uri \$status \$body_bytes_sent'; access_log $work/access.log cost;
    tcp_nopush on; keepalive_requests 1000000;"
start

say "fetching"
fetch object.bin "$work/out"
direct=$seconds
expect_hash "$object_hash" "$(hash_of "$work/out")" "direct"
before=$(origin_bytes object.bin)
row "direct from nginx, to a file" "$seconds" "$fetched" "$before" 0

fetch object.bin /dev/null $(through)
[ "$fetched" -eq "$size" ] || fail "cold: $fetched bytes instead of $size"
after=$(origin_bytes object.bin)
row "cold" "$seconds" "$fetched" $((after - before)) "$direct" "$cache"

fetch object.bin /dev/null
warm_direct=$seconds
before=$(origin_bytes object.bin)
row "direct from nginx, to /dev/null" "$seconds" "$fetched" "$fetched" 0
fetch object.bin /dev/null $(through)
row "warm" "$seconds" "$fetched" $(($(origin_bytes object.bin) - before)) "$warm_direct" "$cache"
fetch object.bin "$work/out" $(through)
expect_hash "$object_hash" "$(hash_of "$work/out")" "warm"

write_ranges
ranges_hash=$(slices | sha256sum | cut -d ' ' -f 1)
fetch_ranges ""
ranges_direct=$seconds
before=$(origin_bytes object.bin)
row "direct, $ranges random ranges" "$seconds" "$fetched" "$fetched" 0
fetch_ranges "http://$proxy"
row "warm, $ranges random ranges" "$seconds" "$fetched" $(($(origin_bytes object.bin) - before)) "$ranges_direct"

fetch sparse.bin /dev/null $(through) -r 536870912-536875007
row "cold, 4 KiB of 1 GiB" "$seconds" "$fetched" "$(origin_bytes sparse.bin)" 0 "$cache"

fetch_crowd
crowd_origin=$(origin_bytes crowd.bin)
row "cold, $clients clients at once, hashing" "$seconds" "$fetched" "$crowd_origin" 0 - "$crowd_size"
crowd_ratio=$(awk -v a="$crowd_origin" -v b="$crowd_size" 'BEGIN { printf "%.2f", a / b }')

stop KILL "$peer_pid"
stop TERM "$sampler_pid"
start
before=$(origin_bytes object.bin)
fetch object.bin "$work/out" $(through)
expect_hash "$object_hash" "$(hash_of "$work/out")" "after kill -9"
row "after kill -9 and restart, to a file" "$seconds" "$fetched" $(($(origin_bytes object.bin) - before)) "$direct" "$cache"

if $json; then print_json; else
    echo
    print_table
    echo "SHA-256 right in every step that keeps its bytes"
fi
[ "$crowd_ratio" = 1.00 ] || fail "the crowd cost $crowd_ratio objects at the origin, should be 1.00"
