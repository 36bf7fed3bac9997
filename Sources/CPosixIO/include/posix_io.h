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
