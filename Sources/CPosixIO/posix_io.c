#define _GNU_SOURCE
#include "posix_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t posix_io_read_resident(int descriptor, void *buffer, size_t count, int64_t offset) {
    struct iovec vector = {.iov_base = buffer, .iov_len = count};
    return preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT);
}

int posix_io_punch(int descriptor, int64_t offset, int64_t count) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

void posix_io_name_thread(const char *name) {
    char text[16];
    strncpy(text, name, sizeof text - 1);
    text[sizeof text - 1] = 0;
    pthread_setname_np(pthread_self(), text);
}

int posix_io_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

const char *posix_io_error_text(int code, char *buffer, size_t count) {
    return strerror_r(code, buffer, count);
}

int posix_io_socket(int is_ipv6) {
    return socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int posix_io_bind(int socket, const void *address, uint32_t length) { return bind(socket, address, length); }

int posix_io_connect(int socket, const void *address, uint32_t length) { return connect(socket, address, length); }

int posix_io_local_address(int socket, void *address, uint32_t *length) {
    return getsockname(socket, address, length);
}

int posix_io_accept(int socket, void *address, uint32_t *length) {
    return accept4(socket, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

ssize_t posix_io_receive(int socket, void *buffer, size_t count) { return recv(socket, buffer, count, 0); }

ssize_t posix_io_send(int socket, const void *vectors, size_t count, int more) {
    struct msghdr message = {.msg_iov = (void *)vectors, .msg_iovlen = count};
    return sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

ssize_t posix_io_send_file(int socket, int file, int64_t *offset, size_t count) {
    off_t position = *offset;
    ssize_t sent = sendfile(socket, file, &position, count);
    *offset = position;
    return sent;
}

int posix_io_shutdown_write(int socket) { return shutdown(socket, SHUT_WR); }

int posix_io_shutdown(int socket) { return shutdown(socket, SHUT_RDWR); }

int posix_io_has_input(int socket) {
    char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* The C library's struct tcp_info ends before this field, which every kernel since 4.9 fills in (linux/tcp.h). */
uint32_t posix_io_smallest_round_trip(int socket) {
    enum { MIN_RTT_OFFSET = 148 };
    uint8_t info[MIN_RTT_OFFSET + sizeof(uint32_t)];
    socklen_t length = sizeof info;
    uint32_t microseconds;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, info, &length) != 0 || length < sizeof info) return 0;
    memcpy(&microseconds, info + MIN_RTT_OFFSET, sizeof microseconds);
    return microseconds == UINT32_MAX ? 0 : microseconds;
}

void posix_io_reset(int socket) {
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(socket);
}

static int set(int socket, int level, int name, int value) {
    return setsockopt(socket, level, name, &value, sizeof value);
}

int posix_io_no_delay(int socket) { return set(socket, IPPROTO_TCP, TCP_NODELAY, 1); }

int posix_io_reuse_address(int socket) { return set(socket, SOL_SOCKET, SO_REUSEADDR, 1); }

int posix_io_ipv6_only(int socket) { return set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1); }

int posix_io_not_sent_low_water(int socket, int count) {
    return set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, count);
}

int posix_io_tcp_state(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
    return info.tcpi_state;
}

int posix_io_unsent(int socket) {
    int count = 0;
    return ioctl(socket, TIOCOUTQ, &count) == 0 ? count : -1;
}

int posix_io_event(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int posix_io_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    return CPU_COUNT(&set);
}

int posix_io_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }
