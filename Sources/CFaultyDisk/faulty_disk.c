#define _GNU_SOURCE
#include "faulty_disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Sets errno and answers 1 when this call on this file is to fail. */
static int fails(const char *call, int descriptor) {
    const char *control = getenv("FAULTY_DISK");
    FILE *file = control ? fopen(control, "re") : NULL;
    if (!file) return 0;
    char wanted[16] = "", part[256] = "";
    int code = 0;
    int count = fscanf(file, "%15s %d %255s", wanted, &code, part);
    fclose(file);
    if (count != 3 || strcmp(wanted, call) != 0) return 0;

    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, part)) return 0;
    errno = code;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pread(int descriptor, void *buffer, size_t count, off_t offset) {
    return fails("pread", descriptor) ? -1 : NEXT(pread)(descriptor, buffer, count, offset);
}

ssize_t pread64(int descriptor, void *buffer, size_t count, off64_t offset) {
    return fails("pread", descriptor) ? -1 : NEXT(pread64)(descriptor, buffer, count, offset);
}

ssize_t pwrite(int descriptor, const void *buffer, size_t count, off_t offset) {
    return fails("pwrite", descriptor) ? -1 : NEXT(pwrite)(descriptor, buffer, count, offset);
}

ssize_t pwrite64(int descriptor, const void *buffer, size_t count, off64_t offset) {
    return fails("pwrite", descriptor) ? -1 : NEXT(pwrite64)(descriptor, buffer, count, offset);
}
