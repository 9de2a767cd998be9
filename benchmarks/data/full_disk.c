/* A disk that gets full at a counted write: loaded before libc's own calls (LD_PRELOAD), for files below one folder only.

   full_disk(folder, n): from the n-th write below the folder on, nothing more is taken: of the n-th, half of its bytes arrive, as on a real
   disk. Writes are write, pwrite, ftruncate, fallocate, link, rename, mkdir and open with O_CREAT. n = 0: there is room again.
   full_disk_seen(): how many writes were counted since. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];
static volatile long at, seen;

void full_disk(const char *below, long n) {
    strncpy(folder, below, sizeof folder - 1);
    seen = 0;
    at = n;
}

long full_disk_seen(void) { return seen; }

static int below(const char *path) { return folder[0] && path && strncmp(path, folder, strlen(folder)) == 0; }

static int ours(int fd) {
    char name[64], path[PATH_MAX];
    if (!folder[0]) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

/* 0: take it; 1: take half of it; 2: refuse it. */
static int verdict(void) {
    long number = __sync_add_and_fetch(&seen, 1);
    if (!at || number < at) return 0;
    return number == at ? 1 : 2;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define WHOLE(is_ours, call) do { if ((is_ours) && verdict()) { errno = ENOSPC; return -1; } return call; } while (0)
#define PART(fd, count, call) do { \
    if (ours(fd)) { int said = verdict(); \
        if (said == 2 || (said == 1 && (count) < 2)) { errno = ENOSPC; return -1; } \
        if (said == 1) { size_t half = (count) / 2; return call(half); } } \
    return call(count); } while (0)

ssize_t write(int fd, const void *data, size_t count) {
    REAL(write);
#define CALL(n) real(fd, data, n)
    PART(fd, count, CALL);
#undef CALL
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    REAL(pwrite);
#define CALL(n) real(fd, data, n, offset)
    PART(fd, count, CALL);
#undef CALL
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    REAL(pwrite64);
#define CALL(n) real(fd, data, n, offset)
    PART(fd, count, CALL);
#undef CALL
}

int ftruncate(int fd, off_t length) { REAL(ftruncate); WHOLE(ours(fd), real(fd, length)); }
int ftruncate64(int fd, off64_t length) { REAL(ftruncate64); WHOLE(ours(fd), real(fd, length)); }
int posix_fallocate(int fd, off_t from, off_t length) { REAL(posix_fallocate); if (ours(fd) && verdict()) return ENOSPC; return real(fd, from, length); }
int link(const char *old, const char *new) { REAL(link); WHOLE(below(new), real(old, new)); }
int rename(const char *old, const char *new) { REAL(rename); WHOLE(below(new), real(old, new)); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); WHOLE(below(path), real(path, mode)); }

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0; }

#define OPEN(name) int name(const char *path, int flags, ...) { \
    REAL(name); va_list rest; va_start(rest, flags); mode_t mode = mode_of(flags, rest); va_end(rest); \
    struct stat known; \
    if ((flags & O_CREAT) && below(path) && stat(path, &known) != 0 && verdict()) { errno = ENOSPC; return -1; } \
    return real(path, flags, mode); }
OPEN(open)
OPEN(open64)
