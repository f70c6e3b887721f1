/* A fixed clock for a program: loaded before libc (LD_PRELOAD), it answers every question for the time of day
   with the seconds since 1970 of FEEDD_SAME_CLOCK. Monotonic clocks go on, so waiting works as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static time_t fixed;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("FEEDD_SAME_CLOCK");
    fixed = text ? (time_t)atoll(text) : 0;
    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (!real_clock_gettime)
        begin();
    if (!fixed || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return real_clock_gettime(clock, out);
    out->tv_sec = fixed;
    out->tv_nsec = 0;
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
