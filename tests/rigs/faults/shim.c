/* Faults at system calls: loaded before libc (LD_PRELOAD) into a feedd under test.
 *
 * Every call that changes a file below the folder in `control.under` is counted; at the one numbered
 * `control.at` what `control.how` says happens. The control block is a shared file, so that worker
 * processes count together and the test reads the total. CLOCK_REALTIME stands still at
 * `control.clock` if that is set: two runs then give the same dates.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, KILL, TEAR, FAIL_ONCE, FAIL_ON };

struct control {
    long count; /* calls so far */
    long at;    /* the call, from 1, at which it happens; 0 for never */
    long how;
    long error; /* errno of a failing call */
    long clock; /* seconds since 1970, or 0 */
    char last[64];
    char under[512];
};

static struct control *control;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL");
    int file = path ? open(path, O_RDWR) : -1;
    if (file < 0) return;
    void *block = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (block != MAP_FAILED) control = block;
}

/* What happens at this call: NOTHING, TEAR (only half is written), or errno is set and it fails. */
static int happens(const char *name) {
    long number = __sync_add_and_fetch(&control->count, 1);
    if (!control->at || number < control->at || (number > control->at && control->how != FAIL_ON)) return NOTHING;
    if (number == control->at) strncpy(control->last, name, sizeof control->last - 1);
    if (control->how == KILL) kill(getpid(), SIGKILL), pause();
    if (control->how == TEAR) return TEAR;
    errno = (int)control->error;
    return FAIL_ONCE;
}

static int below(const char *path) {
    return control && path && (path[0] != '/' || !strncmp(path, control->under, strlen(control->under)));
}

static int ours(int file) {
    struct stat found;
    char link[64], path[4096];
    if (!control || fstat(file, &found) || !(S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return path[0] == '/' && below(path);
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define DIE() (kill(getpid(), SIGKILL), pause())

ssize_t write(int file, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!ours(file)) return real(file, data, size);
    int what = happens("write");
    if (what == TEAR) { real(file, data, size / 2); DIE(); }
    return what ? -1 : real(file, data, size);
}

static ssize_t positioned(const char *name, int file, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (!ours(file)) return real(file, data, size, at);
    int what = happens(name);
    if (what == TEAR) { real(file, data, size / 2, at); DIE(); }
    return what ? -1 : real(file, data, size, at);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return positioned("pwrite", file, data, size, at); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) { return positioned("pwrite", file, data, size, at); }

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (!ours(file)) return real(file, parts, count);
    int what = happens("writev");
    if (what == TEAR) { real(file, parts, count / 2); DIE(); }
    return what ? -1 : real(file, parts, count);
}

/* A call that cannot be half done: torn means that the process ends right after it. */
#define WHOLE(counted, name, call) \
    if (!(counted)) return call; \
    int what = happens(name); \
    if (what == TEAR) { (void)!call; DIE(); } \
    return what ? -1 : call

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    WHOLE(below(to), "rename", real(from, to));
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    WHOLE(below(to), "rename", real(a, from, b, to));
}
int fsync(int file) {
    REAL(int, "fsync", int);
    WHOLE(ours(file), "fsync", real(file));
}
int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    WHOLE(ours(file), "fdatasync", real(file));
}
void sync(void) {
    REAL(void, "sync", void);
    if (control && happens("sync") == TEAR) { real(); DIE(); }
    real();
}
int syncfs(int file) {
    REAL(int, "syncfs", int);
    WHOLE(ours(file), "syncfs", real(file));
}
static int truncated(int file, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t);
    WHOLE(ours(file), "ftruncate", real(file, size));
}
int ftruncate(int file, off_t size) { return truncated(file, size); }
int ftruncate64(int file, off64_t size) { return truncated(file, size); }
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    WHOLE(below(path), "unlink", real(path));
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    WHOLE(below(path), "unlink", real(folder, path, flags));
}
int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    WHOLE(below(path), "rmdir", real(path));
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    WHOLE(below(path), "mkdir", real(path, mode));
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t);
    WHOLE(below(path), "mkdir", real(folder, path, mode));
}
int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    WHOLE(below(to), "link", real(from, to));
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    REAL(int, "openat64", int, const char *, int, ...);
    WHOLE((flags & (O_CREAT | O_TRUNC)) && below(path), "open", real(folder, path, flags, mode));
}
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }

int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int done = real(which, now);
    if (!done && which == CLOCK_REALTIME && control && control->clock) {
        now->tv_sec = control->clock;
        now->tv_nsec = 0;
    }
    return done;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
