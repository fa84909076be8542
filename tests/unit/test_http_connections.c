/* Many connections at once: cut pipelines, replies that wait, greedy clients, storms, too few
 * files, idle ones, and draining in each phase. LEADBLOCK_TEST_CONNECTIONS sets how many are idle
 * (5,000), up to the limit of open files. */
#include "base/clock.h"
#include "http/loop.h"
#include "support/http_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

static atomic_uint begun, handled;
static char digits[10 << 20];  /* "0123456789" again and again */
static unsigned files;         /* that this process may have */
static atomic_bool holding;    /* the loop */
static atomic_bool completing; /* what waits is completed at once */
static struct lb_request *_Atomic waiting, *_Atomic doubted;

/* --- the application -------------------------------------------------------------------------- */

static enum lb_admission begin(void *context, struct lb_request *req)
{
    (void)context;
    begun++;
    req->caller_known = true;
    if (lb_str_equal(req->path, LB_STR("/no"))) {
        lb_reply_error(&req->reply, LB_ERR_FORBIDDEN, "no");
        return LB_REFUSED;
    }
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

/* "/slow" takes a millisecond, "/hold" as long as the test wants, "/later" is pending until the
 * test completes it, "/N" gets N bytes, others get their path and body. */
static enum lb_progress handle(void *context, struct lb_request *req)
{
    (void)context;
    struct lb_buf *out = lb_reply_json(&req->reply, 200);
    unsigned long size = strtoul(req->path.ptr + 1, NULL, 10);
    handled++;
    if (lb_str_equal(req->path, LB_STR("/slow")))
        usleep(1000);
    while (holding && lb_str_equal(req->path, LB_STR("/hold")))
        usleep(1000);
    lb_buf_append_str(out, req->path);
    lb_buf_append_str(out, req->body);
    lb_buf_append(out, digits, size);
    if (!lb_str_equal(req->path, LB_STR("/later")))
        return LB_DONE;
    waiting = req;
    return LB_PENDING;
}

static void start_for(unsigned connections)
{
    struct lb_server_settings settings = serve_settings(20000);
    settings.max_connections = connections;
    begun = handled = 0;
    completing = false;
    waiting = doubted = NULL;
    serve(&settings, &(struct lb_http_app){NULL, begin, decide, handle, NULL});
}

static int start(void **state)
{
    (void)state;
    start_for(1000);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    serve_end();
    return 0;
}

/* --- clients ---------------------------------------------------------------------------------- */

static struct lb_request *await(struct lb_request *_Atomic *what)
{
    for (int i = 0; i < 3000 && !*what; i++)
        usleep(1000);
    assert_non_null(*what);
    return atomic_exchange(what, NULL);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void *complete_again_and_again(void *over)
{
    while (!*(atomic_bool *)over) {
        struct lb_request *req = completing ? atomic_exchange(&waiting, NULL) : NULL;
        if (req)
            lb_request_complete(req);
        else
            usleep(200);
    }
    return NULL;
}

/* Requests of each form, and how what follows the heads of their answers begins. */
static const struct {
    const char *request;
    const char *answer;
} forms[] = {
    {GET("/a"), "/a"},
    {POST("/b", "Content-Length: 3\r\n") "one", "/bone"},
    {GET("/later"), "/later"},
    {POST("/later", "Transfer-Encoding: chunked\r\n") "2\r\ntw\r\n1\r\no\r\n0\r\n\r\n",
     "/latertwo"},
    {POST("/c", "transfer-encoding:CHUNKED\r\n") "1;x=\"y\"\r\n1\r\n2\r\n23\r\n00\r\nX: y\r\n\r\n",
     "/c123"},
    {"\r\nHEAD /d HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1"},
    {"GET http://y/e?f HTTP/1.1\r\nHost: x\r\n\r\n", "/e"},
    {"GET /old HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "/old"},
    {POST("/g", "Expect: 100-continue\r\nContent-Length: 5\r\n") "12345", "/g12345"},
    {GET("/z"), "/z"},
};
#define INTERIM "HTTP/1.1 100 Continue\r\n\r\n"

/* What is pending at the cut is completed between the pieces, or after both. The client is told to
 * go on when the cut is where its body begins. */
static void try_cut(struct lb_str pipeline, size_t cut, bool complete_late)
{
    int fd = dial();
    completing = !complete_late;
    say_bytes(fd, pipeline.ptr, cut);
    usleep(300);
    say_bytes(fd, pipeline.ptr + cut, pipeline.len - cut);
    shutdown(fd, SHUT_WR);
    if (complete_late)
        usleep(300);
    completing = true;
    hear(fd, NULL, 0);
    assert_true(heard_end);
    char *interim = strstr(heard, INTERIM);
    if (interim)
        memmove(interim, interim + strlen(INTERIM), strlen(interim + strlen(INTERIM)) + 1);
    const char *at = heard;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        at = strstr(at, "\r\n\r\n");
        if (!at || strncmp(at + 4, forms[i].answer, strlen(forms[i].answer)) != 0)
            fail_msg("cut at %zu: no '%s' in '%s'", cut, forms[i].answer, heard);
        at += 4;
    }
    assert_null(strstr(at, "\r\n\r\n"));
    close(fd);
}

static void a_pipeline_may_be_cut_anywhere(void **state)
{
    (void)state;
    static atomic_bool over; /* which outlives a failure */
    struct lb_buf all = {0};
    pthread_t completer;
    over = false;
    pthread_create(&completer, NULL, complete_again_and_again, &over);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        lb_buf_append_str(&all, lb_str(forms[i].request));
    for (size_t cut = 1; cut < all.len; cut++) {
        try_cut(lb_buf_str(&all), cut, false);
        try_cut(lb_buf_str(&all), cut, true);
    }
    over = true;
    pthread_join(completer, NULL);
    lb_buf_fini(&all);
}

/* Nor for the body of a request that is refused, and read away. */
static void an_answer_does_not_wait_for_the_next_body(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, GET("/a") POST("/b", "Content-Length: 3\r\n") "on");
    expect(fd, "/a");
    say(fd, "e" GET("/c") POST("/no", "Content-Length: 3\r\n") "on");
    expect(fd, "/c");
    say(fd, "e");
    expect(fd, "\"no\"");
    close(fd);
}

static void replies_wait_for_their_reader_and_others_go_on(void **state)
{
    (void)state;
    int slow = dial();
    say(slow, GET("/10485760-") GET("/65536-") GET("/65536-") GET("/10485760-") GET("/end"));
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        say(fd, GET("/a"));
        expect(fd, "/a");
        close(fd);
    }
    assert_in_range(handled, 21, 22); /* no more is made than is read */
    expect(slow, "/end");
    assert_in_range(heard_len, 2 * (10485760 + 65536), 2 * (10485760 + 65536) + 3000);
    unsigned whole = 0;
    for (char *at = heard; (at = strstr(at, "\r\n\r\n/")); whole++) {
        unsigned long size = strtoul(at + 5, &at, 10);
        assert_memory_equal(at + 1, digits, size);
    }
    assert_int_equal(whole, 5);
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
    char block[100 * sizeof more];
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
        say(fd, GET("/me"));
        expect(fd, "/me");
        assert_true(lb_clock_mono_ms() - since_ms < 5000);
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

/* The loops and the test sleep nearly all of the time, also where others leave them little of it.
 */
static void assert_at_rest(void)
{
    uint64_t spent_ms = processor_ms();
    uint64_t since_ms = lb_clock_mono_ms();
    usleep(300000);
    assert_true(processor_ms() - spent_ms < 5 + (lb_clock_mono_ms() - since_ms) / 50);
}

/* As many sockets, and a limit that leaves few files for their other ends. */
#define STORM 60
#define FREE  5

/* So many of them connect. */
static struct rlimit leave_few_files(int *fds, int clients)
{
    struct rlimit before, few;
    for (int i = 0; i < STORM; i++)
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)fds[STORM - 1] + 1 + FREE;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < clients; i++) {
        assert_true(dial_with(fds[i]));
        say(fds[i], GET("/b"));
    }
    usleep(50000);
    return before;
}

/* More clients come than there are files for: those that are in are served, the loop does not spin,
 * and the others have their turn when there are files again. */
static void too_few_files_are_survived(void **state)
{
    (void)state;
    int fds[STORM];
    int inside = dial();
    say(inside, GET("/a"));
    expect(inside, "/a");
    struct rlimit before = leave_few_files(fds, STORM);
    assert_at_rest();
    say(inside, GET("/c"));
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

/* Accepting fails for want of a file also when no client is left. */
static void clients_that_leave_while_files_are_short_leave_no_work(void **state)
{
    (void)state;
    int fds[STORM];
    struct rlimit before = leave_few_files(fds, FREE);
    for (int i = 0; i < FREE; i++)
        expect(fds[i], "/b");
    for (int i = 0; i < STORM; i++)
        close(fds[i]);
    usleep(200000); /* until it is tried again */
    assert_at_rest();
    setrlimit(RLIMIT_NOFILE, &before);
}

/* Who could not be accepted is not accepted any more, and the loop waits for what it has. */
static void draining_while_files_are_short_is_no_work(void **state)
{
    (void)state;
    int fds[STORM];
    int inside = dial();
    waiting = NULL;
    say(inside, GET("/later"));
    struct lb_request *late = await(&waiting);
    struct rlimit before = leave_few_files(fds, STORM);
    assert_false(lb_server_drain(server, 100));
    assert_at_rest();
    setrlimit(RLIMIT_NOFILE, &before);
    lb_request_complete(late);
    expect(inside, "Connection: close\r\n\r\n/later");
    close(inside);
    for (int i = 0; i < STORM; i++)
        close(fds[i]);
}

/* They are all there at once, while the loop is held up; none is forgotten. */
static void a_storm_of_connections_is_accepted(void **state)
{
    (void)state;
    static int fds[3000];
    const unsigned storm = files / 2 - 100 < 3000 ? files / 2 - 100 : 3000;
    start_for(storm + 1);
    int inside = dial();
    holding = true;
    say(inside, GET("/hold"));
    assert_true(wait_until(&handled, 1));
    for (unsigned i = 0; i < storm; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(dial_with(fds[i]) || errno == EINPROGRESS);
    }
    assert_int_equal(lb_server_connections(server), 1);
    holding = false;
    expect(inside, "/hold");
    for (unsigned i = 0; i < storm; i++) {
        fcntl(fds[i], F_SETFL, 0);
        say(fds[i], GET("/b"));
    }
    for (unsigned i = 0; i < storm; i++) {
        expect(fds[i], "/b");
        hang_up(fds[i]);
    }
    close(inside);
    serve_end();
}

/* From several addresses: with most ports of one in use, the kernel looks for a free one for long.
 */
static int dial_from(in_addr_t address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) == 0 && dial_with(fd))
        return fd;
    close(fd);
    return -1;
}

/* Asks and hears on so many connections, says so, and stays until it is told to leave. */
static bool be_idle(unsigned count, int *fds, int told, int tells)
{
    static const char request[] = GET("/a");
    char bytes[512];
    for (unsigned i = 0; i < count; i++) {
        fds[i] = dial_from(INADDR_LOOPBACK + i / 4000);
        if (send(fds[i], request, sizeof request - 1, MSG_NOSIGNAL) < 0)
            return false;
    }
    for (unsigned i = 0; i < count; i++)
        if (recv(fds[i], bytes, sizeof bytes, 0) <= 0)
            return false;
    bool good = write(tells, "", 1) == 1 && read(told, bytes, 1) == 0;
    for (unsigned i = 0; i < count; i++)
        hang_up(fds[i]);
    return good;
}

/* The clients are another process, so that there can be as many as a process may have files. */
static void an_idle_connection_costs_little(void **state)
{
    (void)state;
    int to_clients[2], from_clients[2], status;
    char byte;
    const char *wanted = getenv("LEADBLOCK_TEST_CONNECTIONS");
    unsigned count = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 5000;
    while (count > 100 &&
           lb_server_files(count + 1, 1) > files) /* the server accepts no more then */
        count -= 100;
    start_for(count + 1);
    int *fds = malloc(count * sizeof *fds);
    int first = dial(); /* what the pools and the test itself keep is not an idle connection's */
    say(first, GET("/a"));
    expect(first, "/a");
    size_t before = mallinfo2().uordblks;
    assert_int_equal(pipe(to_clients) | pipe(from_clients), 0);
    pid_t clients = fork();
    if (clients == 0) {
        close(to_clients[1]);
        _exit(be_idle(count, fds, to_clients[0], from_clients[1]) ? 0 : 1);
    }
    close(from_clients[1]);
    assert_int_equal(read(from_clients[0], &byte, 1), 1);
    assert_int_equal(lb_server_connections(server), count + 1);
    pause_ms(20);
    size_t each = (mallinfo2().uordblks - before) / count;
    print_message("%u connections, %zu bytes each\n", count, each);
    assert_true(each <= 512); /* the address sanitizer says 0 */
    say(first, GET("/b"));
    expect(first, "/b");
    close(to_clients[1]);
    assert_int_equal(waitpid(clients, &status, 0), clients);
    assert_int_equal(status, 0);
    close(from_clients[0]);
    close(to_clients[0]);
    close(first);
    free(fds);
    serve_end();
}

static bool drained;

static void *drain(void *context)
{
    (void)context;
    drained = lb_server_drain(server, 6000);
    return NULL;
}

static void draining_ends_each_phase_in_its_way(void **state)
{
    (void)state;
    int waiting_one = dial(), used = dial(), empty = dial(), half = dial(), head = dial(),
        doubt = dial(), body = dial(), refused = dial();
    int chunks = dial(), pending = dial(), sending = dial();
    say(used, GET("/a"));
    expect(used, "/a");
    say(empty, GET("/a") "\r\n");
    expect(empty, "/a");
    say(half, "\r\n\r");
    say(head, "GET /head HTTP/1.1\r\nHo");
    say(doubt, POST("/doubt", "Content-Length: 2\r\n"));
    struct lb_request *in_doubt = await(&doubted);
    say(body, POST("/body", "Content-Length: 2\r\n") "x");
    say(chunks, POST("/chunks", "Transfer-Encoding: chunked\r\n") "3\r\na");
    say(refused, POST("/no", "Content-Length: 2\r\n") "x");
    say(pending, GET("/later"));
    struct lb_request *late = await(&waiting);
    say(sending, GET("/10485760"));
    assert_true(wait_until(&begun, 8)); /* all but `head` and who says nothing */
    assert_true(wait_until(&handled, 4));
    usleep(50000);

    drained = false;
    pthread_t drainer;
    char byte;
    pthread_create(&drainer, NULL, drain, NULL);
    assert_int_equal(recv(waiting_one, &byte, 1, 0), 0);
    assert_int_equal(recv(used, &byte, 1, 0), 0);
    assert_int_equal(recv(empty, &byte, 1, 0), 0);
    assert_int_equal(recv(half, &byte, 1, 0), 0);
    say(head, "st: x\r\n\r\n");
    expect(head, "Connection: close\r\n\r\n/head");
    say(doubt, "ab");
    lb_request_complete(in_doubt);
    expect(doubt, "Connection: close\r\n\r\n/doubtab");
    say(body, "y");
    expect(body, "Connection: close\r\n\r\n/bodyxy");
    say(chunks, "bc\r\n0\r\n\r\n");
    expect(chunks, "Connection: close\r\n\r\n/chunksabc");
    say(refused, "y");
    hear(refused, NULL, 0);
    assert_non_null(strstr(heard, "HTTP/1.1 403"));
    assert_non_null(strstr(heard, "Connection: close"));
    lb_request_complete(late);
    expect(pending, "Connection: close\r\n\r\n/later");
    hear(sending, NULL, 0);
    assert_true(heard_len > 10485760);
    int all[] = {waiting_one, used,    empty,  half,    head,   doubt,
                 body,        refused, chunks, pending, sending};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        close(all[i]);
    pthread_join(drainer, NULL);
    assert_true(drained);
}

/* More of them than are accepted in one turn, and their requests have come. */
static void draining_answers_those_who_wait_to_be_accepted(void **state)
{
    (void)state;
    enum { CLIENTS = 200 };
    int holder = dial(), fds[CLIENTS];
    holding = true;
    say(holder, GET("/hold"));
    assert_true(wait_until(&handled, 1));
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial();
        say(fds[i], GET("/a"));
    }
    drained = false;
    pthread_t drainer;
    pthread_create(&drainer, NULL, drain, NULL);
    pause_ms(50);
    holding = false;
    for (int i = 0; i < CLIENTS; i++) {
        expect(fds[i], "Connection: close\r\n\r\n/a");
        close(fds[i]);
    }
    expect(holder, "/hold");
    close(holder);
    pthread_join(drainer, NULL);
    assert_true(drained);
}

/* A refused client that is still sending gets its reply; one that does not close its side is not
 * waited for. */
static void draining_reads_away_and_lingers_as_ever(void **state)
{
    (void)state;
    static char part[1 << 20];
    int sending = dial(), lingering = dial();
    say(lingering, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(lingering, "/a");
    say(sending, POST("/no", "Content-Length: 8388608\r\n"));
    say_bytes(sending, part, sizeof part);
    assert_true(wait_until(&begun, 2));
    pause_ms(20);
    uint64_t since_ms = lb_clock_mono_ms();
    drained = false;
    pthread_t drainer;
    pthread_create(&drainer, NULL, drain, NULL);
    pause_ms(50);
    for (int i = 1; i < 8; i++)
        say_bytes(sending, part, sizeof part);
    expect(sending, "HTTP/1.1 403");
    close(sending);
    pthread_join(drainer, NULL);
    assert_true(drained);
    assert_true(lb_clock_mono_ms() - since_ms < LB_LINGER_MS + 1000);
    expect_end(lingering, NULL);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    files = limit.rlim_max < 1000000 ? (unsigned)limit.rlim_max : 1000000;
    limit.rlim_cur = files;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = (char)('0' + i % 10);
    const struct CMUnitTest tests[] = {
        SERVED(a_pipeline_may_be_cut_anywhere),
        SERVED(an_answer_does_not_wait_for_the_next_body),
        SERVED(replies_wait_for_their_reader_and_others_go_on),
        SERVED(clients_that_always_have_more_starve_nobody),
        SERVED(too_few_files_are_survived),
        SERVED(clients_that_leave_while_files_are_short_leave_no_work),
        SERVED(draining_while_files_are_short_is_no_work),
        cmocka_unit_test(a_storm_of_connections_is_accepted),
        cmocka_unit_test(an_idle_connection_costs_little),
        SERVED(draining_ends_each_phase_in_its_way),
        SERVED(draining_answers_those_who_wait_to_be_accepted),
        SERVED(draining_reads_away_and_lingers_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
