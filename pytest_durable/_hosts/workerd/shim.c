/* The clock of a process under test, and a say in when its event loop sleeps. Loaded with LD_PRELOAD; Linux only.
 *
 * Time stands still in the process. The test moves it, over a socket, and only while the main thread is about to sleep
 * in epoll_wait: so no turn of the event loop ever sees two times, and wall time and elapsed time never disagree.
 *
 * The test sends an order, the process answers with a report once it has nothing left to do. Whatever the test wrote to
 * other sockets before the order is seen first, because local sockets deliver at once and we look at them before we
 * report. So a report means: everything asked so far is done, and what is left waits for time or for the test.
 *
 * An order may allow the process to travel: to move time to its own next timer, again and again, until it has written
 * something, or the distance is used up. The timers of the runtime are a wheel that also wakes up in between, some 150
 * times an hour; a step costs two to four microseconds here, and one round trip if the test had to ask for each.
 *
 * clock.py speaks the other side; the two structs and the constants below are all they share.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE "PYTEST_DURABLE_CLOCK" /* "socket:wall_ns:pid of the test:1 if fsync shall wait for the disk" */
#define COMMAND "serve" /* what the runtime is told first */
#define EXIT_TEST_IS_GONE 86
#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

struct order {
    int64_t number;
    int64_t wall_ns;   /* what the wall clock shows once move_ns is over */
    int64_t move_ns;   /* to move at once: timers passed over fire late */
    int64_t travel_ns; /* how far to go from timer to timer; negative: without limit */
    int64_t steps_max; /* how many timers at most */
};

struct report {
    int64_t number; /* of the order; negative: it is not done, and the process has begun to speak; 0: at the start */
    int64_t travelled_ns;
    int64_t steps;
    int64_t has_spoken; /* something was written since the last report */
};

static int test_socket = -1;
static atomic_int is_frozen; /* the wall clock is frozen from the start */
static atomic_llong wall_now, elapsed_now;
static atomic_llong words; /* how often the process has written */
static struct order order;
static struct report report;
static int is_asked;
static int is_synchronous = 1;
static long long words_before;

static int64_t real_monotonic(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void tell(int64_t number) {
    report.number = number;
    syscall(SYS_sendto, test_socket, &report, sizeof report, MSG_NOSIGNAL, NULL, 0);
}

__attribute__((constructor)) static void begin(int count, char **arguments) {
    const char *text = getenv(VARIABLE);
    long long wall;
    int fd, parent, synchronous;
    /* A script in front of the runtime: the clock is for the one that it becomes. */
    if (text != NULL && (count < 2 || strcmp(arguments[1], COMMAND) != 0)) return;
    /* Children of the process, if any, run on real time. */
    unsetenv("LD_PRELOAD");
    if (text == NULL || sscanf(text, "%d:%lld:%d:%d", &fd, &wall, &parent, &synchronous) != 4) return;
    unsetenv(VARIABLE);
    /* Die with the thread that started us; if it is gone already, now. The socket tells too, but only while idle. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EXIT_TEST_IS_GONE);
    wall_now = wall;
    is_synchronous = synchronous;
    test_socket = fd;
    tell(0); /* the clock is there, which is not so if the system has ignored LD_PRELOAD */
}

/* The allocator measures the processor's speed when it starts, against the monotonic clock, with longer and longer
 * sleeps until two measurements agree. On a clock that stands still they never do, which costs a quarter of a second.
 * So elapsed time stands still from the moment the event loop is made, before the first timer is. */
int epoll_create1(int flags) {
    if (test_socket >= 0 && !is_frozen) {
        elapsed_now = real_monotonic();
        is_frozen = 1;
    }
    return (int)syscall(SYS_epoll_create1, flags);
}

/* A thread that waits until an instant (pthread_cond_timedwait, or a futex with an absolute time) gets that instant from
 * here, and the kernel compares it with its own clock, which is ahead of one that stands still, or behind one that was
 * moved by a year. So such a wait ends at once, or not at all. The event loop does not wait like that, nor do the threads
 * that were seen in the process; look here first should one of them ever spin or sleep for ever. */
int clock_gettime(clockid_t clock, struct timespec *t) {
    int64_t now;
    if (test_socket < 0) return (int)syscall(SYS_clock_gettime, clock, t);
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_TAI:
            now = wall_now;
            break;
        case CLOCK_MONOTONIC:
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_MONOTONIC_COARSE:
        case CLOCK_BOOTTIME:
            if (!is_frozen) return (int)syscall(SYS_clock_gettime, clock, t);
            now = elapsed_now;
            break;
        default: /* processor time */
            return (int)syscall(SYS_clock_gettime, clock, t);
    }
    t->tv_sec = now / NS_PER_S;
    t->tv_nsec = now % NS_PER_S;
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t != NULL) *t = now.tv_sec;
    return now.tv_sec;
}

/* A process that dies leaves its order without a report. It hardly ever dies without a word, and once it has spoken time
 * goes no further: so the test hears where on its way it was. */
static void speak(void) {
    if (words++ == words_before && is_asked && report.travelled_ns > 0 && syscall(SYS_gettid) == getpid())
        tell(-order.number);
}

/* What the process says to anybody. Eight bytes or fewer are its own wake-up calls. Databases use pwrite. */

ssize_t write(int fd, const void *data, size_t size) {
    if (size > 8) speak();
    return syscall(SYS_write, fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    speak();
    return syscall(SYS_writev, fd, parts, count);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    speak();
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    speak();
    return syscall(SYS_sendmsg, fd, message, flags);
}

/* Lines of the console go through stdio, whose own calls of write do not come by here; but each line is flushed. */
int fflush(FILE *stream) {
    int failed;
    speak();
    if (stream == NULL) return fflush_unlocked(NULL);
    flockfile(stream);
    failed = fflush_unlocked(stream);
    funlockfile(stream);
    return failed;
}

/* A process that dies loses nothing that it has written; only a machine that loses its power does. */
int fsync(int fd) { return is_synchronous ? (int)syscall(SYS_fsync, fd) : 0; }
int fdatasync(int fd) { return is_synchronous ? (int)syscall(SYS_fdatasync, fd) : 0; }

static void move(int64_t distance_ns) {
    elapsed_now += distance_ns;
    wall_now += distance_ns;
}

/* Move to the timer that is due at elapsed time `due`, if the order allows it. */
static int may_step(int64_t due) {
    int64_t distance = due - elapsed_now;
    if (!is_asked || due < 0 || words != words_before || report.steps >= order.steps_max) return 0;
    if (order.travel_ns >= 0 && distance > order.travel_ns - report.travelled_ns) return 0;
    move(distance);
    report.travelled_ns += distance;
    report.steps++;
    return 1;
}

static void answer(void) {
    int64_t rest = order.travel_ns - report.travelled_ns;
    report.has_spoken = words != words_before;
    if (rest > 0 && !report.has_spoken && report.steps < order.steps_max) {
        move(rest); /* nothing happens on the rest of the way */
        report.travelled_ns += rest;
    }
    is_asked = 0;
    words_before = words;
    tell(order.number);
}

static void obey(void) {
    ssize_t size = recv(test_socket, &order, sizeof order, MSG_DONTWAIT);
    if (size == 0) _exit(EXIT_TEST_IS_GONE);
    if (size != sizeof order) return;
    elapsed_now += order.move_ns;
    wall_now = order.wall_ns;
    report = (struct report){0};
    is_asked = 1;
}

static int real_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms) {
    return (int)syscall(SYS_epoll_pwait, epoll, events, max, timeout_ms, NULL, 8);
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms) {
    int64_t due;
    if (test_socket < 0 || syscall(SYS_gettid) != getpid()) return real_epoll_wait(epoll, events, max, timeout_ms);
    due = timeout_ms < 0 ? -1 : elapsed_now + timeout_ms * NS_PER_MS;
    for (;;) {
        int count = real_epoll_wait(epoll, events, max, 0);
        if (count != 0 || (due >= 0 && elapsed_now >= due)) return count;
        if (may_step(due)) return 0;
        if (is_asked) answer();
        struct pollfd both[2] = {{epoll, POLLIN, 0}, {test_socket, POLLIN, 0}};
        if (poll(both, 2, -1) < 0) return -1; /* EINTR: a signal, as the caller expects */
        if (both[1].revents) obey();
    }
}
