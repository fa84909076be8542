/* Many connections at once: cut pipelines, replies that wait, greedy clients, too few files, idle
 * ones, and draining in each phase. */
#include "base/clock.h"
#include "http/connection.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

static struct lb_server *server;
static atomic_uint begun, handled;
static struct lb_request *_Atomic waiting, *_Atomic doubted;

/* --- the application -------------------------------------------------------------------------- */

static enum lb_admission begin(void *context, struct lb_request *req)
{
    (void)context;
    begun++;
    if (lb_str_equal(req->path, LB_STR("/no"))) {
        lb_reply_error(&req->reply, LB_ERR_FORBIDDEN, "no");
        return LB_REFUSED;
    }
    req->caller_known = true;
    if (!lb_str_equal(req->path, LB_STR("/doubt")))
        return LB_ADMITTED;
    doubted = req;
    return LB_UNDECIDED;
}

static enum lb_admission decide(void *context, struct lb_request *req)
{
    (void)context;
    (void)req;
    return LB_ADMITTED;
}

/* "/slow" takes a millisecond, "/later" is pending until the test completes it, "/N" gets N bytes,
 * others get their path and body. */
static enum lb_progress handle(void *context, struct lb_request *req)
{
    (void)context;
    struct lb_buf *out = lb_reply_json(&req->reply, 200);
    unsigned long size = strtoul(req->path.ptr + 1, NULL, 10);
    handled++;
    if (lb_str_equal(req->path, LB_STR("/slow")))
        usleep(1000);
    lb_buf_append_str(out, req->path);
    lb_buf_append_str(out, req->body);
    for (unsigned long i = 0; i < size; i++)
        lb_buf_append(out, &"0123456789"[i % 10], 1);
    if (!lb_str_equal(req->path, LB_STR("/later")))
        return LB_DONE;
    waiting = req;
    return LB_PENDING;
}

static int start(void **state)
{
    (void)state;
    struct lb_server_settings settings = {
        .listen = "127.0.0.1:0",
        .control_fd = -1,
        .threads = 1,
        .max_connections = 900,
        .max_header_bytes = 16384,
        .max_body_bytes = 100000,
        .max_buffered_bytes = 1 << 20,
        .idle_timeout_ms = 20000,
        .header_timeout_ms = 5000,
        .body_timeout_ms = 5000,
        .send_timeout_ms = 5000,
    };
    struct lb_http_app callbacks = {NULL, begin, decide, handle, NULL};
    struct lb_reason reason;
    begun = handled = 0;
    waiting = doubted = NULL;
    assert_int_equal(lb_server_create(&settings, &callbacks, &server, &reason), LB_OK);
    assert_int_equal(lb_server_start(server, &reason), LB_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    bool drained = lb_server_drain(server, 8000);
    lb_server_stop(server);
    lb_server_destroy(server);
    return drained ? 0 : -1;
}

/* --- clients ---------------------------------------------------------------------------------- */

static int dial_with(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)lb_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 8};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int dial(void)
{
    return dial_with(socket(AF_INET, SOCK_STREAM, 0));
}

static void say(int fd, const char *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

#define SAY(fd, literal) say((fd), (literal), sizeof(literal) - 1)

/* All bytes until the end of the stream or until `last` has come. */
static char *hear(int fd, const char *last, size_t *out_len)
{
    size_t len = 0, size = 1 << 16, last_len = last ? strlen(last) : 0;
    char *text = malloc(size);
    for (;;) {
        if (len + 1 == size)
            text = realloc(text, size *= 2);
        ssize_t got = recv(fd, text + len, size - len - 1, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        text[len] = '\0';
        if (last && len >= last_len && memcmp(text + len - last_len, last, last_len) == 0)
            break;
    }
    text[len] = '\0';
    if (out_len)
        *out_len = len;
    return text;
}

static void expect(int fd, const char *last)
{
    char *text = hear(fd, last, NULL);
    if (!strstr(text, last))
        fail_msg("'%.300s' instead of '%s'", text, last);
    free(text);
}

static struct lb_request *await(struct lb_request *_Atomic *what)
{
    for (int i = 0; i < 3000 && !*what; i++)
        usleep(1000);
    assert_non_null(*what);
    return atomic_exchange(what, NULL);
}

#define GET(path)           "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(path, headers) "POST " path " HTTP/1.1\r\nHost: x\r\n" headers "\r\n"

/* --- tests ------------------------------------------------------------------------------------ */

static void *complete_again_and_again(void *over)
{
    while (!*(atomic_bool *)over) {
        struct lb_request *req = atomic_exchange(&waiting, NULL);
        if (req)
            lb_request_complete(req);
        else
            usleep(200);
    }
    return NULL;
}

static void a_pipeline_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const char pipeline[] = GET("/a") POST("/b", "Content-Length: 3\r\n") "one" GET("/later")
        POST("/later", "Transfer-Encoding: chunked\r\n") "2\r\ntw\r\n1\r\no\r\n0\r\n\r\n" GET("/z");
    atomic_bool over = false;
    pthread_t completer;
    pthread_create(&completer, NULL, complete_again_and_again, &over);
    for (size_t cut = 1; cut < sizeof pipeline - 1; cut++) {
        int fd = dial();
        say(fd, pipeline, cut);
        usleep(300);
        say(fd, pipeline + cut, sizeof pipeline - 1 - cut);
        shutdown(fd, SHUT_WR);
        char *text = hear(fd, NULL, NULL);
        static const char *const bodies[] = {"/a", "/bone", "/later", "/latertwo", "/z"};
        const char *at = text;
        for (unsigned i = 0; i < 5; i++) {
            at = strstr(at, "\r\n\r\n");
            if (!at || memcmp(at + 4, bodies[i], strlen(bodies[i])) != 0)
                fail_msg("cut at %zu: no '%s' in '%s'", cut, bodies[i], text);
            at += 4;
        }
        free(text);
        close(fd);
    }
    over = true;
    pthread_join(completer, NULL);
}

static void replies_wait_for_their_reader_and_others_go_on(void **state)
{
    (void)state;
    int slow = dial();
    SAY(slow, GET("/10485760-") GET("/65536-") GET("/65536-") GET("/10485760-") GET("/end"));
    usleep(100000);
    assert_true(handled < 5); /* no more is made than is read */
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        SAY(fd, GET("/a"));
        expect(fd, "/a");
        close(fd);
    }
    size_t len;
    char *text = hear(slow, "/end", &len);
    assert_in_range(len, 2 * (10485760 + 65536), 2 * (10485760 + 65536) + 3000);
    unsigned whole = 0;
    for (char *at = text; (at = strstr(at, "\r\n\r\n/")); whole++) {
        unsigned long size = strtoul(at + 5, &at, 10);
        for (unsigned long i = 0; i < size; i++)
            if (at[1 + i] != (char)('0' + i % 10))
                fail_msg("byte %lu of %lu", i, size);
    }
    assert_int_equal(whole, 5);
    free(text);
    close(slow);
}

/* Sends requests without an end and reads what comes, in two threads of one connection. */
struct greedy {
    int fd;
    pthread_t sender, reader;
    atomic_bool *over;
};

static void *send_more(void *arg)
{
    struct greedy *g = arg;
    static const char more[] =
        GET("/slow") GET("/slow") GET("/slow") GET("/slow") GET("/slow") GET("/slow") GET("/slow");
    static char block[100 * sizeof more];
    for (size_t i = 0; i < 100; i++)
        memcpy(block + i * (sizeof more - 1), more, sizeof more - 1);
    while (!*g->over && send(g->fd, block, 100 * (sizeof more - 1), MSG_NOSIGNAL) > 0)
        ;
    return NULL;
}

static void *read_on(void *arg)
{
    struct greedy *g = arg;
    static _Thread_local char scratch[1 << 16];
    while (recv(g->fd, scratch, sizeof scratch, 0) > 0)
        ;
    return NULL;
}

static void clients_that_always_have_more_starve_nobody(void **state)
{
    (void)state;
    struct greedy greedy[2];
    atomic_bool over = false;
    for (int i = 0; i < 2; i++) {
        greedy[i] = (struct greedy){.fd = dial(), .over = &over};
        pthread_create(&greedy[i].sender, NULL, send_more, &greedy[i]);
        pthread_create(&greedy[i].reader, NULL, read_on, &greedy[i]);
    }
    usleep(50000);
    int fd = dial();
    for (int i = 0; i < 10; i++) {
        uint64_t since_ms = lb_clock_mono_ms();
        SAY(fd, GET("/me"));
        expect(fd, "/me");
        assert_true(lb_clock_mono_ms() - since_ms < 1000);
    }
    close(fd);
    over = true;
    for (int i = 0; i < 2; i++) {
        shutdown(greedy[i].fd, SHUT_RDWR);
        pthread_join(greedy[i].sender, NULL);
        pthread_join(greedy[i].reader, NULL);
        close(greedy[i].fd);
    }
}

static uint64_t processor_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* More clients come than there are files for: those that are in are served, the loop does not spin,
 * and the others have their turn when there are files again. */
static void too_few_files_are_survived(void **state)
{
    (void)state;
    enum { STORM = 60, FREE = 5 };
    struct rlimit before, few;
    int fds[STORM];
    int inside = dial();
    SAY(inside, GET("/a"));
    expect(inside, "/a");
    for (int i = 0; i < STORM; i++)
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)fds[STORM - 1] + 1 + FREE;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < STORM; i++) {
        dial_with(fds[i]);
        SAY(fds[i], GET("/b"));
    }
    usleep(50000);
    uint64_t spent_ms = processor_ms();
    uint64_t since_ms = lb_clock_mono_ms();
    usleep(300000);
    assert_true(processor_ms() - spent_ms < (lb_clock_mono_ms() - since_ms) / 3);
    SAY(inside, GET("/c"));
    expect(inside, "/c");
    unsigned served = handled;
    assert_in_range(served, 2, STORM / 2);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 0; i < STORM; i++) {
        expect(fds[i], "/b");
        close(fds[i]);
    }
    close(inside);
}

static void an_idle_connection_costs_little(void **state)
{
    (void)state;
    enum { MANY = 400 };
    int fds[MANY];
    /* In the first round, since what it leaves in the pools would be free of charge in a second. */
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial();
        SAY(fds[i], GET("/a"));
        expect(fds[i], "/a");
    }
    usleep(20000);
    size_t each = (mallinfo2().uordblks - before) / MANY;
    print_message("%zu bytes each\n", each);
    assert_true(each <= 512); /* the address sanitizer says 0 */
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

static void *drain(void *out)
{
    *(bool *)out = lb_server_drain(server, 6000);
    return NULL;
}

static void draining_ends_each_phase_in_its_way(void **state)
{
    (void)state;
    int waiting_one = dial(), used = dial(), head = dial(), doubt = dial(), body = dial(),
        refused = dial();
    int chunks = dial(), pending = dial(), sending = dial();
    SAY(used, GET("/a"));
    expect(used, "/a");
    SAY(head, "GET /head HTTP/1.1\r\nHo");
    SAY(doubt, POST("/doubt", "Content-Length: 2\r\n"));
    struct lb_request *in_doubt = await(&doubted);
    SAY(body, POST("/body", "Content-Length: 2\r\n") "x");
    SAY(chunks, POST("/chunks", "Transfer-Encoding: chunked\r\n") "3\r\na");
    SAY(refused, POST("/no", "Content-Length: 2\r\n") "x");
    SAY(pending, GET("/later"));
    struct lb_request *late = await(&waiting);
    SAY(sending, GET("/10485760"));
    usleep(50000);

    bool drained = false;
    pthread_t drainer;
    pthread_create(&drainer, NULL, drain, &drained);
    char byte;
    assert_int_equal(recv(waiting_one, &byte, 1, 0), 0);
    assert_int_equal(recv(used, &byte, 1, 0), 0);
    SAY(head, "st: x\r\n\r\n");
    expect(head, "Connection: close\r\n\r\n/head");
    SAY(doubt, "ab");
    lb_request_complete(in_doubt);
    expect(doubt, "Connection: close\r\n\r\n/doubtab");
    SAY(body, "y");
    expect(body, "Connection: close\r\n\r\n/bodyxy");
    SAY(chunks, "bc\r\n0\r\n\r\n");
    expect(chunks, "Connection: close\r\n\r\n/chunksabc");
    SAY(refused, "y");
    char *text = hear(refused, NULL, NULL);
    assert_non_null(strstr(text, "HTTP/1.1 403"));
    assert_non_null(strstr(text, "Connection: close"));
    free(text);
    lb_request_complete(late);
    expect(pending, "Connection: close\r\n\r\n/later");
    size_t len;
    free(hear(sending, NULL, &len));
    assert_true(len > 10485760);
    int all[] = {waiting_one, used, head, doubt, body, refused, chunks, pending, sending};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        close(all[i]);
    pthread_join(drainer, NULL);
    assert_true(drained);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_pipeline_may_be_cut_anywhere),
        SERVED(replies_wait_for_their_reader_and_others_go_on),
        SERVED(clients_that_always_have_more_starve_nobody),
        SERVED(too_few_files_are_survived),
        SERVED(an_idle_connection_costs_little),
        SERVED(draining_ends_each_phase_in_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
