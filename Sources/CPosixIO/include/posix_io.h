#pragma once
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Calls and flags that the C library shows only under _GNU_SOURCE, which Swift's importer does not set. */

/* pread that returns only what needs no waiting (preadv2 with RWF_NOWAIT): -1 with EAGAIN when nothing is resident,
   EOPNOTSUPP when the file system cannot tell. */
ssize_t posix_io_read_resident(int descriptor, void *buffer, size_t count, int64_t offset);

/* Gives the blocks of a region back to the file system; the length of the file stays (fallocate PUNCH_HOLE). */
int posix_io_punch(int descriptor, int64_t offset, int64_t count);

/* Names the calling thread for ps and debuggers; at most 15 characters are kept. */
void posix_io_name_thread(const char *name);

/* Has the program that is started by these actions get no descriptor from `first` on. */
int posix_io_close_from(posix_spawn_file_actions_t *actions, int first);

/* What an errno means. The text is written into `buffer` or static. */
const char *posix_io_error_text(int code, char *buffer, size_t count);

/* Sockets. The address is a sockaddr as raw bytes: which C module owns that type differs between Swift's build modes. */
int posix_io_socket(int is_ipv6);
int posix_io_bind(int socket, const void *address, uint32_t length);
int posix_io_connect(int socket, const void *address, uint32_t length);
int posix_io_local_address(int socket, void *address, uint32_t *length);
/* accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC. */
int posix_io_accept(int socket, void *address, uint32_t *length);
ssize_t posix_io_receive(int socket, void *buffer, size_t count);
/* Gathered write of `count` iovecs; with `more` the kernel waits for what follows (MSG_MORE). No SIGPIPE. */
ssize_t posix_io_send(int socket, const void *vectors, size_t count, int more);
ssize_t posix_io_send_file(int socket, int file, int64_t *offset, size_t count);
int posix_io_shutdown_write(int socket);
/* Both directions. */
int posix_io_shutdown(int socket);
/* Whether a read would return at once, with bytes, the end or an error; nothing is read. */
int posix_io_has_input(int socket);
/* In microseconds (tcpi_min_rtt); 0 when the kernel has measured none. */
uint32_t posix_io_smallest_round_trip(int socket);
/* Closes with a reset instead of an orderly end (SO_LINGER of no time). */
void posix_io_reset(int socket);
int posix_io_no_delay(int socket);
int posix_io_reuse_address(int socket);
int posix_io_ipv6_only(int socket);
/* Bytes that may wait unsent before the socket stops being writable. */
int posix_io_not_sent_low_water(int socket, int count);
/* The state of TCP as in netinet/tcp.h, such as TCP_ESTABLISHED; -1 with errno. */
int posix_io_tcp_state(int socket);
/* The queue of bytes that the peer has not acknowledged. */
int posix_io_unsent(int socket);

/* A pipe, closed at exec: the reading end, the writing end. */
int posix_io_pipe(int *ends);

/* An eventfd, non-blocking, closed at exec. */
int posix_io_event(void);

/* The processors that the process may run on. */
int posix_io_processors(void);
