/* Asks a server for ranges of one object over kept connections, as fast as it answers, and prints what came of it.

     LoadGenerator ADDRESS PORT TARGET HOST RANGE_BYTES OBJECT_BYTES CONNECTIONS SECONDS [PID [hold]]

   RANGE_BYTES 0 asks for the whole object. Each connection has one request under way. With the server's PID its CPU time
   is read from /proc. With `hold` the connections stay open and idle behind the line until the standard input ends.
   Prints one line of JSON; exits 1 if there was anything but 200 and 206, or a connection broke.

   In C, with MSG_TRUNC: a client that copies what it receives is itself the limit from 64 KiB up, and what the client costs
   must not count. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
    int socket;
    uint64_t began;
    int64_t left; /* bytes of the body still to come; -1 before the head's end */
    size_t held;  /* bytes of an incomplete head */
    char head[8192];
};

/* Latencies: 64 steps for each power of two of nanoseconds, so each is known to 1.6 %. */
enum { STEPS = 64, BUCKETS = 64 * STEPS };
static uint64_t latencies[BUCKETS];

static const char *target, *host;
static int64_t range_bytes, object_bytes;
static uint64_t requests, bytes, errors, waiting, end, seed = 0x9e3779b97f4a7c15;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "LoadGenerator: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int bucket(uint64_t value) {
    if (value < STEPS) return (int)value;
    int power = 63 - __builtin_clzll(value);
    return (power - 5) * STEPS + (int)((value >> (power - 6)) & (STEPS - 1));
}

static double microseconds(int index) {
    if (index < STEPS) return index / 1000.0;
    int power = index / STEPS + 5;
    return ((1ull << power) + ((uint64_t)(index % STEPS) << (power - 6))) / 1000.0;
}

static double percentile(double share) {
    uint64_t rank = (uint64_t)(share * (double)requests), seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += latencies[i];
        if (seen > rank) return microseconds(i);
    }
    return 0;
}

static double cpu_seconds(int pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) fail(path);
    fclose(file);
    unsigned long user, system;
    char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) fail(path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void ask(struct connection *c) {
    char request[4096];
    int count;
    if (range_bytes > 0) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t start = (int64_t)((seed >> 20) % (uint64_t)(object_bytes - range_bytes + 1));
        count = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%lld-%lld\r\n\r\n", target,
                         host, (long long)start, (long long)(start + range_bytes - 1));
    } else {
        count = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, host);
    }
    if (count >= (int)sizeof request) fail("the target is too long");
    c->began = now();
    waiting++;
    c->left = -1;
    c->held = 0;
    if (send(c->socket, request, (size_t)count, MSG_NOSIGNAL) != count) fail("send");
}

static void answered(struct connection *c) {
    latencies[bucket(now() - c->began)]++;
    requests++;
    waiting--;
    if (now() < end) ask(c);
}

/* Takes the head, and as much of the body as came with it. */
static void take_head(struct connection *c) {
    ssize_t count = recv(c->socket, c->head + c->held, sizeof c->head - 1 - c->held, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the server closed a connection");
    c->held += (size_t)count;
    c->head[c->held] = 0;
    char *end = memmem(c->head, c->held, "\r\n\r\n", 4);
    if (!end) {
        if (c->held == sizeof c->head - 1) fail("the head is too long");
        return;
    }
    int status = atoi(c->head + 9);
    if (status != 200 && status != 206) {
        if (!errors++) fprintf(stderr, "LoadGenerator: %.*s\n", (int)(strchr(c->head, '\r') - c->head), c->head);
    }
    *end = 0;
    char *length = strcasestr(c->head, "\r\nContent-Length:");
    if (!length) fail("no Content-Length");
    int64_t body = atoll(length + 17), held = (int64_t)(c->held - (size_t)(end + 4 - c->head));
    bytes += (uint64_t)held;
    c->left = body - held;
    if (c->left == 0) answered(c);
}

static void take_body(struct connection *c) {
    while (c->left > 0) {
        ssize_t count = recv(c->socket, NULL, (size_t)(c->left < 1 << 20 ? c->left : 1 << 20), MSG_TRUNC);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) fail("the server closed a connection");
        c->left -= count;
        bytes += (uint64_t)count;
        if (c->left == 0) return answered(c);
    }
}

static int connect_to(const char *address, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) fail("the address");
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return s;
}

int main(int argc, char **argv) {
    if (argc < 9) {
        fprintf(stderr, "usage: LoadGenerator ADDRESS PORT TARGET HOST RANGE_BYTES OBJECT_BYTES CONNECTIONS SECONDS [PID [hold]]\n");
        return 64;
    }
    target = argv[3];
    host = argv[4];
    range_bytes = atoll(argv[5]);
    object_bytes = atoll(argv[6]);
    int count = atoi(argv[7]), pid = argc > 9 ? atoi(argv[9]) : 0;
    double seconds = atof(argv[8]);
    if (count < 1 || seconds <= 0 || range_bytes > object_bytes) fail("the arguments");

    struct connection *connections = calloc((size_t)count, sizeof *connections);
    int poll = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        connections[i].socket = connect_to(argv[1], atoi(argv[2]));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].socket, &event) != 0) fail("epoll_ctl");
    }
    double cpu = pid ? cpu_seconds(pid) : 0;
    uint64_t start = now();
    end = start + (uint64_t)(seconds * 1e9);
    for (int i = 0; i < count; i++) ask(&connections[i]);
    struct epoll_event events[256];
    int holds = argc > 10;
    while (now() < end || (holds && waiting > 0)) {
        int ready = epoll_wait(poll, events, 256, 100);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->left < 0) take_head(c);
            else take_body(c);
        }
    }
    double took = (double)(now() - start) / 1e9;
    double used = pid ? cpu_seconds(pid) - cpu : 0;
    printf("{\"requestsPerSecond\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"mebibytesPerSecond\": %.1f, "
           "\"cpuMicroseconds\": %.2f, \"requests\": %llu, \"errors\": %llu}\n",
           (double)requests / took, percentile(0.5), percentile(0.99), (double)bytes / took / 1048576,
           requests ? used * 1e6 / (double)requests : 0, (unsigned long long)requests, (unsigned long long)errors);
    fflush(stdout);
    while (holds && getchar() != EOF) continue;
    return errors ? 1 : 0;
}
