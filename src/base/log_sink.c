#include "base/log_sink.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES  ((size_t)1 << 20)  /* some 6,000 lines of requests */
#define COLLECT_BYTES ((size_t)64 << 10) /* so much is written without waiting for more */
#define COLLECT_MS    20                 /* how long the thread waits for more lines */
#define LOCAL_BYTES   ((size_t)16 << 10)
#define WRITE_BYTES   ((size_t)16 << 10) /* at once, so that it shows whether they are read */
#define STOP_S        2                  /* how long a stop waits for some of them to be read */

/* Lines of one thread that it has not handed over yet. They are appended without a lock: only their
 * thread moves `len` forward, and only a holder of the sink's lock takes what is before it. */
struct local {
    struct local *next; /* under the sink's lock */
    size_t taken;       /* under the sink's lock: so many bytes of `text` are written already */
    _Atomic size_t len;
    char text[LOCAL_BYTES];
};

/* Two buffers: callers fill one under the lock while the thread writes the other without it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t thread;
    _Atomic bool running; /* changed under the lock; decides between buffer and at once */
    bool stopping;        /* the rest is under the lock */
    bool idle;            /* the thread sleeps until there is a line */
    bool urgent;          /* there is a line that must not wait */
    char *filling;
    size_t len;    /* bytes in `filling` */
    uint64_t lost; /* lines that did not fit since the last count was logged */
    struct local *locals;
    char *writing; /* the thread's own */
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

static _Thread_local struct local *own;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* for its destructor: what a thread leaves is handed over at its end */
static bool key_made;

static _Atomic uint64_t bytes_written;

/* A standard error that is gone or broken loses the text: there is nowhere left to say so. */
static void write_out(const char *text, size_t len)
{
    while (len) {
        ssize_t written = write(STDERR_FILENO, text, len < WRITE_BYTES ? len : WRITE_BYTES);
        if (written > 0) {
            atomic_fetch_add_explicit(&bytes_written, (uint64_t)written, memory_order_relaxed);
            text += written;
            len -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void write_lost(uint64_t lost)
{
    if (!lost)
        return;
    char text[LB_TIME_TEXT_SIZE + 64];
    char time[LB_TIME_TEXT_SIZE];
    lb_time_format(lb_clock_wall_ms(), time);
    int len = snprintf(text, sizeof text, "%s warn log lost_lines=%llu\n", time,
                       (unsigned long long)lost);
    write_out(text, (size_t)len);
}

/* --- the thread ------------------------------------------------------------------------------- */

static bool has_lines(void)
{
    return sink.len || sink.lost;
}

/* The first line after a pause is written at once; those that follow it are collected for a while,
 * since each write costs a switch of threads and a system call. */
static void rest(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += COLLECT_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!sink.stopping && !sink.urgent && sink.len < COLLECT_BYTES)
        if (pthread_cond_clockwait(&sink.filled, &sink.lock, CLOCK_MONOTONIC, &until) != 0)
            break;
}

static void wait_for_lines(void)
{
    while (!has_lines() && !sink.stopping) {
        sink.idle = true;
        pthread_cond_wait(&sink.filled, &sink.lock);
        sink.idle = false;
    }
}

/* With the lock held, which is given up meanwhile. */
static void write_lines(void)
{
    char *full = sink.filling;
    size_t len = sink.len;
    uint64_t lost = sink.lost;
    sink.filling = sink.writing;
    sink.writing = full;
    sink.len = 0;
    sink.lost = 0;
    sink.urgent = false;
    pthread_mutex_unlock(&sink.lock);
    write_out(full, len);
    write_lost(lost);
    pthread_mutex_lock(&sink.lock);
}

/* What threads have not handed over: they may still run, and go on appending after it. */
static void write_locals(void)
{
    for (struct local *local = sink.locals; local; local = local->next) {
        size_t len = atomic_load_explicit(&local->len, memory_order_acquire);
        write_out(local->text + local->taken, len - local->taken);
        local->taken = len;
    }
}

static void *write_loop(void *unused)
{
    pthread_mutex_lock(&sink.lock);
    for (;;) {
        wait_for_lines();
        if (!has_lines())
            break;
        write_lines();
        rest();
    }
    write_locals();
    write_lost(sink.lost);
    sink.lost = 0;
    sink.running = false; /* what comes from now on is written at once */
    pthread_mutex_unlock(&sink.lock);
    return unused;
}

void lb_log_start(void)
{
    pthread_mutex_lock(&sink.lock);
    if (!sink.running) {
        sink.filling = malloc(BUFFER_BYTES);
        sink.writing = malloc(BUFFER_BYTES);
        sink.len = 0;
        sink.stopping = false;
        sink.urgent = false;
        /* Without memory or a thread, lines go on being written at once. */
        sink.running = sink.filling && sink.writing &&
                       pthread_create(&sink.thread, NULL, write_loop, NULL) == 0;
        if (!sink.running) {
            free(sink.filling);
            free(sink.writing);
        }
    }
    pthread_mutex_unlock(&sink.lock);
}

/* False: standard error takes nothing. The thread is left to it, and the buffers to the thread. */
static bool join_thread(void)
{
    uint64_t before;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    do {
        before = atomic_load(&bytes_written);
        until.tv_sec += STOP_S;
        if (pthread_clockjoin_np(sink.thread, NULL, CLOCK_MONOTONIC, &until) == 0)
            return true;
    } while (atomic_load(&bytes_written) != before);
    return false;
}

void lb_log_stop(void)
{
    pthread_mutex_lock(&sink.lock);
    bool was_running = sink.running && !sink.stopping;
    sink.stopping = true;
    pthread_cond_signal(&sink.filled);
    pthread_mutex_unlock(&sink.lock);
    if (!was_running || !join_thread())
        return;
    pthread_mutex_lock(&sink.lock);
    free(sink.filling);
    free(sink.writing);
    sink.filling = NULL;
    sink.writing = NULL;
    sink.len = 0;
    pthread_mutex_unlock(&sink.lock);
}

/* --- callers ---------------------------------------------------------------------------------- */

/* How many of the bytes are whole lines and fit; the lines of the rest are lost. */
static size_t lose_rest(const char *text, size_t len, size_t room)
{
    const char *end = room ? memrchr(text, '\n', room) : NULL;
    size_t kept = end ? (size_t)(end - text) + 1 : 0;
    for (size_t i = kept; i < len; i++)
        sink.lost += text[i] == '\n';
    return kept;
}

/* With the lock held. Wakes the thread only if it would sleep on otherwise. */
static void add(const char *text, size_t len, bool urgent)
{
    size_t before = sink.len;
    size_t room = BUFFER_BYTES - before;
    if (len > room)
        len = lose_rest(text, len, room);
    memcpy(sink.filling + before, text, len);
    sink.len += len;
    if (sink.idle || (urgent && !sink.urgent) ||
        (before < COLLECT_BYTES && sink.len >= COLLECT_BYTES))
        pthread_cond_signal(&sink.filled);
    sink.idle = false;
    sink.urgent |= urgent;
}

static void put_shared(const char *text, size_t len, bool urgent)
{
    pthread_mutex_lock(&sink.lock);
    bool running = sink.running;
    if (running)
        add(text, len, urgent);
    pthread_mutex_unlock(&sink.lock);
    if (!running)
        write_out(text, len);
}

static void hand_over(struct local *local, bool urgent)
{
    size_t len = atomic_load_explicit(&local->len, memory_order_relaxed);
    if (!len)
        return;
    pthread_mutex_lock(&sink.lock);
    const char *text = local->text + local->taken;
    if (sink.running)
        add(text, len - local->taken, urgent);
    else
        write_out(text, len - local->taken);
    local->taken = 0;
    atomic_store_explicit(&local->len, 0, memory_order_relaxed);
    pthread_mutex_unlock(&sink.lock);
}

void lb_log_sink_put(const char *text, size_t len, bool urgent)
{
    struct local *local = own;
    if (!local) {
        put_shared(text, len, urgent);
        return;
    }
    size_t before = atomic_load_explicit(&local->len, memory_order_relaxed);
    if (LOCAL_BYTES - before < len) {
        hand_over(local, false);
        before = 0;
    }
    memcpy(local->text + before, text, len);
    atomic_store_explicit(&local->len, before + len, memory_order_release);
    if (urgent || !atomic_load_explicit(&sink.running, memory_order_relaxed))
        hand_over(local, urgent);
}

void lb_log_flush(void)
{
    if (own)
        hand_over(own, false);
}

static void end_thread(void *ended)
{
    struct local *local = ended;
    hand_over(local, false);
    own = NULL;
    pthread_mutex_lock(&sink.lock);
    struct local **at = &sink.locals;
    while (*at != local)
        at = &(*at)->next;
    *at = local->next;
    pthread_mutex_unlock(&sink.lock);
    free(local);
}

static void make_key(void)
{
    key_made = pthread_key_create(&key, end_thread) == 0;
}

void lb_log_thread_buffer(void)
{
    pthread_once(&key_once, make_key);
    struct local *local = own || !key_made ? NULL : malloc(sizeof *local);
    if (!local)
        return;
    if (pthread_setspecific(key, local) != 0) {
        free(local);
        return;
    }
    local->taken = 0;
    atomic_init(&local->len, 0);
    pthread_mutex_lock(&sink.lock);
    local->next = sink.locals;
    sink.locals = local;
    pthread_mutex_unlock(&sink.lock);
    own = local;
}
