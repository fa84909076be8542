/* The load generator of the benchmark: one thread, epoll, keep-alive connections, request bodies
 * built once and changed in place. Used for every system alike, HTTP and Redis (RESP).
 *
 *   load ids FIRST COUNT SUFFIX       prints identifiers, one per line
 *   load run --seconds S [--warmup S] [--until-first 1] [--slice-us N]
 *            --job NAME OPTIONS [--job NAME OPTIONS]...
 *
 *   --until-first 1 ends the run as soon as the first job has sent all its requests.
 *   --slice-us N asks the scheduler for short slices (Linux 6.12 or newer, elsewhere ignored) and
 *     for the highest priority (root, or a limit of nice that allows it), so that scheduled
 *     requests and their replies do not wait for another generator on the same processor.
 *
 *   OPTIONS of a job:
 *     --connect PORT,...    on 127.0.0.1; the connections take them in turn
 *     --template FILE       the raw request; each run of 13 bytes 0x01 is a slot for an identifier
 *     --connections N
 *     --first N             the number of the first identifier (default 0)
 *     --range N             pick identifiers at random from FIRST .. FIRST+N-1; without it each
 *                           slot gets the next number and no identifier is sent twice
 *     --max-requests N      stop early after this many
 *     --rate N              N requests per second on a fixed schedule, latency counted from the
 *                           scheduled moment; without it each connection sends as soon as it has
 *                           its reply
 *     --replay FILE         requests, each as long as the template, that are sent one after the
 *                           other in its place, and again from the first
 *     --times FILE          write each measured request's microseconds, a line each, as they end
 *     --resp-lines N        Redis: a reply is N lines, and a line with '-' is an error
 *     --expect TEXT         must occur in the first 1,024 bytes of each reply's body
 *
 * Prints one JSON object. Requests that were under way when the time was up are waited for, but not
 * counted. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLOT_BYTES    13
#define MAX_JOBS      4
#define MAX_PORTS     8
#define EXPECT_WINDOW 1024
#define HEADER_MAX    16384
#define RX_BYTES      (512 * 1024)
#define SUB_BITS      8
#define SUB_COUNT     (1 << SUB_BITS)
#define ERROR_LIMIT   10000
#define NS            1000000000ULL

struct histogram {
    uint64_t count[65 - SUB_BITS][SUB_COUNT];
    uint64_t total, max;
};

struct job {
    const char *name, *template_path, *replay_path, *times_path, *expect;
    int ports[MAX_PORTS];
    unsigned port_count;
    unsigned connections;
    uint64_t first, range, max_requests, rate, resp_lines;

    char *template;
    size_t template_len;
    size_t *slots;
    size_t slot_count;
    char *replay;
    size_t replay_count;
    FILE *times;

    struct conn *conns;
    struct conn *idle; /* of a job with a rate */
    uint64_t next_due_ns, interval_ns;
    uint64_t next_number, pick_state;
    uint64_t sent, done, in_flight;
    uint64_t bad_status, bad_reply, bad_connection;
    unsigned first_bad_status;
    char first_bad_text[160];
    uint64_t received_bytes;
    uint64_t first_end_ns, last_end_ns;
    struct histogram latency;
};

struct conn {
    struct job *job;
    struct conn *next_idle;
    int fd, port;
    bool waiting, want_write;
    char *tx;
    size_t tx_off;
    uint64_t start_ns;
    /* The reply under way. */
    bool in_body, failed;
    size_t body_left;
    uint64_t lines_left;
    char *head; /* an incomplete header, kept until the rest arrives */
    size_t head_len;
};

static struct job jobs[MAX_JOBS];
static unsigned job_count;
static double seconds = 4, warmup = 0.5;
static int epoll_fd;
static char rx[RX_BYTES];
static uint64_t measure_from_ns, stop_ns;
static bool stopping, until_first;
static uint64_t slice_us;

static void die(const char *what)
{
    fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection, so that different numbers
 * give different identifiers, in no order that an index could profit from. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static void put_identifier(char *at, uint64_t number)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t x = mix(number);
    for (int i = 0; i < SLOT_BYTES; i++, x >>= 5)
        at[i] = digits[x & 31];
}

/* --- latency: buckets of equal relative width, under 1 % --- */

static void histogram_add(struct histogram *h, uint64_t ns)
{
    unsigned shift = 0;
    if (ns >= SUB_COUNT)
        shift = 64 - SUB_BITS - (unsigned)__builtin_clzll(ns);
    h->count[shift][(ns >> shift) & (SUB_COUNT - 1)]++;
    h->total++;
    if (ns > h->max)
        h->max = ns;
}

static double histogram_us(const struct histogram *h, double quantile)
{
    uint64_t want = (uint64_t)(quantile * (double)h->total), seen = 0;
    for (unsigned shift = 0; shift <= 64 - SUB_BITS; shift++) {
        for (unsigned i = 0; i < SUB_COUNT; i++) {
            seen += h->count[shift][i];
            if (seen > want)
                return (double)((uint64_t)i << shift) / 1000.0;
        }
    }
    return (double)h->max / 1000.0;
}

/* --- sending --- */

static void watch(struct conn *c, bool write)
{
    if (c->want_write == write)
        return;
    c->want_write = write;
    struct epoll_event ev = {.events = EPOLLIN | (write ? EPOLLOUT : 0U), .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev) != 0)
        die("epoll_ctl");
}

static void push(struct conn *c)
{
    struct job *job = c->job;
    while (c->tx_off < job->template_len) {
        ssize_t n = send(c->fd, c->tx + c->tx_off, job->template_len - c->tx_off, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            watch(c, true);
            return;
        }
        if (n < 0)
            return; /* the read side sees the end of the connection and counts it */
        c->tx_off += (size_t)n;
    }
    watch(c, false);
}

static void begin_request(struct conn *c, uint64_t start_ns)
{
    struct job *job = c->job;
    if (job->replay)
        memcpy(c->tx, job->replay + job->sent % job->replay_count * job->template_len,
               job->template_len);
    for (size_t i = 0; i < job->slot_count; i++) {
        uint64_t number = job->next_number++;
        if (job->range)
            number = job->first + mix(job->pick_state++) % job->range;
        put_identifier(c->tx + job->slots[i], number);
    }
    c->tx_off = 0;
    c->in_body = c->failed = false;
    c->head_len = 0;
    c->lines_left = job->resp_lines;
    c->start_ns = start_ns;
    c->waiting = true;
    job->sent++;
    job->in_flight++;
    push(c);
}

static bool may_send(const struct job *job)
{
    return !stopping && (!job->max_requests || job->sent < job->max_requests);
}

static void next_request(struct conn *c, uint64_t now)
{
    struct job *job = c->job;
    if (job->rate) {
        c->next_idle = job->idle;
        job->idle = c;
    } else if (may_send(job)) {
        begin_request(c, now);
    }
}

/* Sends what is due of a job with a rate; when no connection is idle, the delay counts. */
static void send_due(struct job *job, uint64_t now)
{
    while (job->idle && job->next_due_ns <= now && may_send(job)) {
        struct conn *c = job->idle;
        job->idle = c->next_idle;
        begin_request(c, job->next_due_ns);
        job->next_due_ns += job->interval_ns;
    }
}

/* --- receiving --- */

static void note_bad(struct job *job, unsigned status, const char *text, size_t len)
{
    if (job->first_bad_text[0])
        return;
    job->first_bad_status = status;
    size_t out = 0;
    for (size_t i = 0; i < len && out < sizeof job->first_bad_text - 1; i++)
        job->first_bad_text[out++] =
            text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\' ? ' ' : text[i];
    job->first_bad_text[out] = 0;
}

static void end_request(struct conn *c, uint64_t now)
{
    struct job *job = c->job;
    c->waiting = false;
    job->in_flight--;
    if (!stopping && now >= measure_from_ns && !c->failed) {
        histogram_add(&job->latency, now - c->start_ns);
        if (job->times)
            fprintf(job->times, "%.1f\n", (double)(now - c->start_ns) / 1000.0);
        job->done++;
        job->last_end_ns = now;
    }
    next_request(c, now);
}

static int connect_to(int port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void open_connection(struct conn *c)
{
    c->fd = connect_to(c->port);
    c->want_write = false;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) != 0)
        die("epoll_ctl");
}

static void lost_connection(struct conn *c, uint64_t now)
{
    struct job *job = c->job;
    if (c->waiting)
        job->in_flight--;
    bool was_waiting = c->waiting;
    c->waiting = false;
    if (++job->bad_connection > ERROR_LIMIT)
        die("too many connections were closed by the server");
    close(c->fd);
    if (stopping)
        return;
    open_connection(c);
    if (was_waiting)
        next_request(c, now);
}

/* Finds the length of the body and the status in a complete header; false when the reply is in a
 * form that the generator does not read. */
static bool parse_head(const char *head, size_t len, unsigned *status, size_t *body)
{
    static const char name[] = "content-length:";
    if (len < 12 || memcmp(head, "HTTP/1.", 7) != 0)
        return false;
    *status = (unsigned)((head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0'));
    *body = 0;
    const char *end = head + len, *line = memchr(head, '\n', len);
    while (line && ++line < end) {
        if ((*line | 32) == 'c' && (size_t)(end - line) > sizeof name &&
            strncasecmp(line, name, sizeof name - 1) == 0) {
            *body = strtoul(line + sizeof name - 1, NULL, 10);
            return true;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return *status == 204;
}

/* Takes bytes of a header; returns how many were used up, or -1 when the reply cannot be read. */
static ssize_t take_head(struct conn *c, const char *data, size_t len)
{
    const char *head = data;
    size_t head_total = len, before = c->head_len;
    if (before) {
        if (before + len > HEADER_MAX)
            len = HEADER_MAX - before;
        memcpy(c->head + before, data, len);
        head = c->head;
        head_total = before + len;
    }
    const char *end = memmem(head, head_total, "\r\n\r\n", 4);
    if (!end) {
        if (head_total >= HEADER_MAX)
            return -1;
        if (!c->head && !(c->head = malloc(HEADER_MAX)))
            die("memory");
        if (!before)
            memcpy(c->head, data, len);
        c->head_len = head_total;
        return (ssize_t)len;
    }
    unsigned status = 0;
    size_t head_len = (size_t)(end - head) + 4;
    if (!parse_head(head, head_len, &status, &c->body_left))
        return -1;
    c->in_body = true;
    if (status < 200 || status > 299) {
        c->failed = true;
        c->job->bad_status++;
        note_bad(c->job, status, end + 4, head_total - head_len);
    } else if (c->job->expect) {
        size_t window = head_total - head_len;
        if (window > EXPECT_WINDOW)
            window = EXPECT_WINDOW;
        /* A body cut off before it could be looked at passes: it is seen whole almost always. */
        bool whole = window == EXPECT_WINDOW || window >= c->body_left;
        if (whole && !memmem(end + 4, window, c->job->expect, strlen(c->job->expect))) {
            c->failed = true;
            c->job->bad_reply++;
            note_bad(c->job, status, end + 4, window);
        }
    }
    return (ssize_t)(head_len - before);
}

static void take_http(struct conn *c, const char *data, size_t len, uint64_t now)
{
    while (len) {
        if (!c->in_body) {
            ssize_t used = c->waiting ? take_head(c, data, len) : -1;
            if (used < 0) {
                c->job->bad_reply++;
                note_bad(c->job, 0, data, len);
                lost_connection(c, now);
                return;
            }
            data += used;
            len -= (size_t)used;
        }
        if (c->in_body) {
            size_t n = len < c->body_left ? len : c->body_left;
            data += n;
            len -= n;
            c->body_left -= n;
            if (c->body_left == 0) {
                c->in_body = false;
                end_request(c, now);
            }
        }
    }
}

static void take_resp(struct conn *c, const char *data, size_t len, uint64_t now)
{
    if (memchr(data, '-', len) && !c->failed) {
        c->failed = true;
        c->job->bad_status++;
        note_bad(c->job, 0, data, len);
    }
    uint64_t lines = 0;
    const char *end = data + len;
    for (const char *p = data; p < end; p++)
        lines += *p == '\n';
    if (lines > c->lines_left)
        die("more reply lines than expected");
    c->lines_left -= lines;
    if (c->lines_left == 0)
        end_request(c, now);
}

static void readable(struct conn *c)
{
    ssize_t n = recv(c->fd, rx, sizeof rx, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    uint64_t now = now_ns();
    if (n <= 0) {
        lost_connection(c, now);
        return;
    }
    c->job->received_bytes += (uint64_t)n;
    if (c->job->resp_lines)
        take_resp(c, rx, (size_t)n, now);
    else
        take_http(c, rx, (size_t)n, now);
}

/* --- set-up and loop --- */

static char *read_file(const char *path, size_t *out_len)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        die(path);
    *out_len = (size_t)ftell(f);
    rewind(f);
    char *text = malloc(*out_len + 1);
    if (!text)
        die("memory");
    if (fread(text, 1, *out_len, f) != *out_len)
        die(path);
    fclose(f);
    return text;
}

static void read_template(struct job *job)
{
    job->template = read_file(job->template_path, &job->template_len);
    job->slots = calloc(job->template_len / SLOT_BYTES + 1, sizeof *job->slots);
    if (!job->slots)
        die("memory");
    for (size_t i = 0, run = 0; i < job->template_len; i++) {
        run = job->template[i] == 1 ? run + 1 : 0;
        if (run == SLOT_BYTES) {
            job->slots[job->slot_count++] = i + 1 - SLOT_BYTES;
            run = 0;
        }
    }
}

static void read_replay(struct job *job)
{
    size_t len;
    job->replay = read_file(job->replay_path, &len);
    job->replay_count = len / job->template_len;
    if (!job->replay_count || len % job->template_len)
        die("--replay: its requests must be as long as the template");
}

static void start_job(struct job *job)
{
    read_template(job);
    if (job->replay_path)
        read_replay(job);
    if (job->times_path && !(job->times = fopen(job->times_path, "w")))
        die(job->times_path);
    job->next_number = job->first;
    job->pick_state = mix(now_ns());
    job->conns = calloc(job->connections, sizeof *job->conns);
    if (!job->conns)
        die("memory");
    for (unsigned i = 0; i < job->connections; i++) {
        struct conn *c = &job->conns[i];
        c->job = job;
        c->port = job->ports[i % job->port_count];
        c->tx = malloc(job->template_len);
        if (!c->tx)
            die("memory");
        memcpy(c->tx, job->template, job->template_len);
        open_connection(c);
    }
    if (job->rate)
        job->interval_ns = NS / job->rate;
}

static bool all_finished(void)
{
    for (unsigned i = 0; i < (until_first && !stopping ? 1 : job_count); i++)
        if (jobs[i].in_flight || may_send(&jobs[i]))
            return false;
    return true;
}

/* How long the loop may sleep: until the next scheduled request or the end. */
static struct timespec patience(uint64_t now)
{
    uint64_t until = stopping ? now + NS / 100 : stop_ns;
    for (unsigned i = 0; i < job_count; i++)
        if (jobs[i].rate && jobs[i].idle && jobs[i].next_due_ns < until)
            until = jobs[i].next_due_ns;
    uint64_t ns = until > now ? until - now : 0;
    return (struct timespec){.tv_sec = (time_t)(ns / NS), .tv_nsec = (long)(ns % NS)};
}

static void turn(void)
{
    struct epoll_event events[512];
    uint64_t now = now_ns();
    for (unsigned i = 0; i < job_count; i++)
        if (jobs[i].rate)
            send_due(&jobs[i], now);
    struct timespec wait = patience(now);
    int n = epoll_pwait2(epoll_fd, events, 512, &wait, NULL);
    for (int i = 0; i < n; i++) {
        struct conn *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT)
            push(c);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            readable(c);
        /* A scheduled request must not wait for the rest of a long list of replies. */
        for (unsigned j = 0; j < job_count; j++)
            if (jobs[j].rate && i % 16 == 15)
                send_due(&jobs[j], now_ns());
    }
}

static void run(void)
{
    for (unsigned i = 0; i < job_count; i++)
        start_job(&jobs[i]);
    uint64_t start = now_ns();
    measure_from_ns = start + (uint64_t)(warmup * 1e9);
    stop_ns = measure_from_ns + (uint64_t)(seconds * 1e9);
    for (unsigned i = 0; i < job_count; i++) {
        jobs[i].next_due_ns = start;
        for (unsigned k = 0; k < jobs[i].connections; k++)
            next_request(&jobs[i].conns[k], now_ns());
    }
    while (now_ns() < stop_ns && !all_finished())
        turn();
    stop_ns = now_ns();
    stopping = true;
    uint64_t give_up = stop_ns + 20 * NS;
    while (!all_finished() && now_ns() < give_up)
        turn();
    for (unsigned i = 0; i < job_count; i++)
        if (jobs[i].times && fclose(jobs[i].times) != 0)
            die(jobs[i].times_path);
}

/* --- report --- */

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void report_job(const struct job *job, double elapsed)
{
    /* A job that ran out of requests ended before the time was up. */
    if (job->max_requests && job->sent >= job->max_requests && job->last_end_ns > measure_from_ns)
        elapsed = (double)(job->last_end_ns - measure_from_ns) / 1e9;
    const struct histogram *h = &job->latency;
    printf("{\"name\":\"%s\",\"requests\":%llu,\"seconds\":%.4f,\"per_second\":%.1f,"
           "\"identifiers_per_request\":%zu,\"sent\":%llu,\"lost\":%llu,"
           "\"bad_status\":%llu,\"bad_reply\":%llu,\"bad_connection\":%llu,"
           "\"first_bad\":\"%u %s\",\"received_bytes\":%llu,\"next_number\":%llu,"
           "\"us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,\"max\":%.1f}}",
           job->name, (unsigned long long)job->done, elapsed,
           elapsed > 0 ? (double)job->done / elapsed : 0.0, job->slot_count,
           (unsigned long long)job->sent, (unsigned long long)job->in_flight,
           (unsigned long long)job->bad_status, (unsigned long long)job->bad_reply,
           (unsigned long long)job->bad_connection, job->first_bad_status, job->first_bad_text,
           (unsigned long long)job->received_bytes, (unsigned long long)job->next_number,
           histogram_us(h, 0.5), histogram_us(h, 0.9), histogram_us(h, 0.99),
           histogram_us(h, 0.999), (double)h->max / 1000.0);
}

static void report(double cpu, double whole)
{
    double elapsed = (double)(stop_ns - measure_from_ns) / 1e9;
    printf("{\"cpu_share\":%.3f,\"jobs\":[", cpu / whole);
    for (unsigned i = 0; i < job_count; i++) {
        if (i)
            putchar(',');
        report_job(&jobs[i], elapsed);
    }
    printf("]}\n");
}

static void read_ports(struct job *job, const char *value)
{
    for (const char *at = value; at && job->port_count < MAX_PORTS; at = strchr(at, ',')) {
        at += *at == ',';
        job->ports[job->port_count++] = atoi(at);
    }
}

static void job_option(struct job *job, const char *name, const char *value)
{
    uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "--connect") == 0)
        read_ports(job, value);
    else if (strcmp(name, "--template") == 0)
        job->template_path = value;
    else if (strcmp(name, "--connections") == 0)
        job->connections = (unsigned)number;
    else if (strcmp(name, "--first") == 0)
        job->first = number;
    else if (strcmp(name, "--range") == 0)
        job->range = number;
    else if (strcmp(name, "--max-requests") == 0)
        job->max_requests = number;
    else if (strcmp(name, "--rate") == 0)
        job->rate = number;
    else if (strcmp(name, "--resp-lines") == 0)
        job->resp_lines = number;
    else if (strcmp(name, "--replay") == 0)
        job->replay_path = value;
    else if (strcmp(name, "--times") == 0)
        job->times_path = value;
    else if (strcmp(name, "--expect") == 0)
        job->expect = value;
    else
        die(name);
}

static void ask_for_the_processor(void)
{
    /* struct sched_attr of the kernel, which not every C library declares. */
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline, period;
    } attributes = {.size = sizeof attributes, .nice = -20, .runtime_ns = slice_us * 1000};
    if (!slice_us || syscall(SYS_sched_setattr, 0, &attributes, 0) == 0)
        return;
    attributes.nice = 0;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static void parse(int argc, char **argv)
{
    errno = 0;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seconds") == 0)
            seconds = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--warmup") == 0)
            warmup = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--until-first") == 0)
            until_first = atoi(argv[i + 1]) != 0;
        else if (strcmp(argv[i], "--slice-us") == 0)
            slice_us = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--job") == 0 && job_count < MAX_JOBS)
            jobs[job_count++].name = argv[i + 1];
        else if (job_count)
            job_option(&jobs[job_count - 1], argv[i], argv[i + 1]);
        else
            die(argv[i]);
    }
    for (unsigned i = 0; i < job_count; i++)
        if (!jobs[i].port_count || !jobs[i].template_path || !jobs[i].connections)
            die("a job needs --connect, --template and --connections");
    if (!job_count)
        die("no job");
}

static int print_identifiers(char **argv)
{
    char slot[SLOT_BYTES];
    uint64_t first = strtoull(argv[2], NULL, 10), count = strtoull(argv[3], NULL, 10);
    for (uint64_t i = first; i < first + count; i++) {
        put_identifier(slot, i);
        printf("%.*s%s\n", SLOT_BYTES, slot, argv[4]);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "ids") == 0)
        return print_identifiers(argv);
    if (argc < 3 || strcmp(argv[1], "run") != 0) {
        fprintf(stderr, "usage: load ids FIRST COUNT SUFFIX | load run OPTIONS --job NAME ...\n");
        return 2;
    }
    parse(argc, argv);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll_create1");
    uint64_t start = now_ns();
    double cpu = cpu_seconds();
    ask_for_the_processor();
    run();
    report(cpu_seconds() - cpu, (double)(now_ns() - start) / 1e9);
    return 0;
}
