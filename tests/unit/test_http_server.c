/* What the server promises its application, over real sockets: what no client can see from outside
 * (how often `end` is called), or only with other settings than the program's. */
#include "base/clock.h"
#include "support/http_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define TIMEOUT_MS 1000

static struct app {
    atomic_uint begun, handled, ended, delivered, errors_ended;
    atomic_uint pending;
    struct lb_request *waiting[512];
    atomic_uint doubts, decided, resumed;
    struct lb_request *doubted[512];
    atomic_bool admit; /* what `decide` says */
    atomic_uint again; /* after it has said so often that it does not know yet */
    char last_client[INET6_ADDRSTRLEN];
    atomic_bool last_local;
} app;

/* On a busy machine a sleep ends late: this one takes so long, whatever was asked for. */
static _Atomic long sleep_ns;

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    struct timespec late = {.tv_nsec = sleep_ns};
    int err = clock_nanosleep(CLOCK_MONOTONIC, 0, sleep_ns ? &late : wanted, left);
    errno = err;
    return err ? -1 : 0;
}

static enum lb_admission begin(void *context, struct lb_request *req)
{
    struct app *a = context;
    a->begun++;
    inet_ntop(AF_INET6, &req->client, a->last_client, sizeof a->last_client);
    a->last_local = req->local;
    if (lb_str_equal(req->path, LB_STR("/doubt"))) {
        a->doubted[a->doubts] = req;
        a->doubts++;
        return LB_UNDECIDED;
    }
    if (!lb_str_equal(req->path, LB_STR("/no")))
        return LB_ADMITTED;
    lb_reply_error(&req->reply, LB_ERR_FORBIDDEN, "no");
    return LB_REFUSED;
}

static enum lb_admission decide(void *context, struct lb_request *req)
{
    struct app *a = context;
    a->decided++;
    if (a->again > 0) {
        a->again--;
        a->doubted[a->doubts] = req;
        a->doubts++;
        return LB_UNDECIDED;
    }
    if (!a->admit)
        lb_reply_error(&req->reply, LB_ERR_FORBIDDEN, "no");
    return a->admit ? LB_ADMITTED : LB_REFUSED;
}

static void wait_for_completion(struct lb_request *req)
{
    app.waiting[app.pending] = req;
    app.pending++;
}

static enum lb_progress resume(struct lb_request *req)
{
    app.resumed++;
    if (lb_str_equal(req->path, LB_STR("/once"))) {
        lb_buf_append_lit(lb_reply_json(&req->reply, 200), "resumed");
        return LB_DONE;
    }
    wait_for_completion(req);
    return LB_PENDING;
}

static void fill_late(struct lb_request *req)
{
    lb_buf_append_lit(lb_reply_json(&req->reply, 200), "late");
}

static enum lb_progress handle(void *context, struct lb_request *req)
{
    struct app *a = context;
    a->handled++;
    bool resumes =
        lb_str_equal(req->path, LB_STR("/once")) || lb_str_equal(req->path, LB_STR("/twice"));
    if (resumes) {
        req->resume = resume;
        req->before_reply = fill_late;
    }
    if (resumes || lb_str_equal(req->path, LB_STR("/wait"))) {
        wait_for_completion(req);
        return LB_PENDING;
    }
    if (lb_str_equal(req->path, LB_STR("/slow")))
        pause_ms(60);
    lb_buf_append_str(lb_reply_json(&req->reply, 200), req->body);
    if (lb_str_equal(req->path, LB_STR("/big")))
        for (int i = 0; i < 1 << 20; i++)
            lb_buf_append_lit(&req->reply.body, "0123456789abcdef");
    return LB_DONE;
}

static void end(void *context, struct lb_request *req)
{
    struct app *a = context;
    a->ended++;
    a->delivered += req->delivered;
    a->errors_ended += req->reply.status >= 400;
}

/* Decides about all that is in doubt. */
static void decide_all(bool admit)
{
    unsigned count = app.doubts;
    app.admit = admit;
    app.doubts = 0;
    for (unsigned i = 0; i < count; i++)
        lb_request_complete(app.doubted[i]);
}

/* Completes the one that waits, and leaves the reply to it. */
static void complete_one(void)
{
    assert_true(wait_until(&app.pending, 1));
    app.pending = 0;
    lb_request_complete(app.waiting[0]);
}

/* Completes everything that waits, as one chain. */
static void complete_all(void)
{
    struct lb_mailbox *home = NULL;
    struct lb_task *first = NULL;
    struct lb_task *last = NULL;
    for (unsigned i = 0; i < app.pending; i++) {
        lb_buf_append_lit(lb_reply_json(&app.waiting[i]->reply, 200), "done");
        struct lb_task *task = lb_request_completion(app.waiting[i], &home);
        *(last ? &last->next : &first) = task;
        last = task;
    }
    app.pending = 0;
    if (first)
        lb_mailbox_push_chain(home, first, last);
}

static struct lb_server_settings settings(void)
{
    struct lb_server_settings settings = serve_settings(TIMEOUT_MS);
    settings.max_connections = 600;
    settings.idle_timeout_ms = 5 * TIMEOUT_MS;
    return settings;
}

static const struct lb_http_app callbacks = {&app, begin, decide, handle, end};

static void start(const struct lb_server_settings *wanted)
{
    memset(&app, 0, sizeof app);
    serve(wanted, &callbacks);
}

static int start_default(void **state)
{
    (void)state;
    struct lb_server_settings wanted = settings();
    start(&wanted);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    decide_all(false);
    complete_all();
    serve_end();
    return 0;
}

static void every_begun_request_ends_once_when_clients_leave(void **state)
{
    (void)state;
    int fds[100];
    for (unsigned i = 0; i < 100; i++)
        say(fds[i] = dial(), GET("/wait"));
    assert_true(wait_until(&app.pending, 100));
    for (unsigned i = 0; i < 100; i++)
        i % 2 ? hang_up(fds[i]) : close(fds[i]);
    pause_ms(50);
    assert_int_equal(app.ended, 0);
    complete_all();
    assert_true(wait_until(&app.ended, 100));
    pause_ms(50);
    assert_int_equal(app.ended, 100);
    assert_int_equal(app.begun, 100);
}

static void a_burst_of_completions_is_answered(void **state)
{
    (void)state;
    static int fds[400];
    for (unsigned i = 0; i < 400; i++)
        say(fds[i] = dial(), GET("/wait"));
    assert_true(wait_until(&app.pending, 400));
    complete_all();
    for (unsigned i = 0; i < 400; i++) {
        expect(fds[i], "done");
        close(fds[i]);
    }
    assert_true(wait_until(&app.delivered, 400));
}

static void a_half_closed_client_gets_its_pending_response(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, GET("/wait"));
    shutdown(fd, SHUT_WR);
    assert_true(wait_until(&app.pending, 1));
    complete_all();
    expect_end(fd, "done");
    assert_true(wait_until(&app.delivered, 1));
}

/* The end of the body and of the stream come at once, as the loop is held up meanwhile. */
static void a_client_that_half_closes_after_a_chunked_body_gets_its_pending_response(void **state)
{
    (void)state;
    int slow = dial();
    int fd = dial();
    say(fd, POST("/wait", "Transfer-Encoding: chunked\r\n") "3\r\n");
    assert_true(wait_until(&app.begun, 1));
    say(slow, GET("/slow"));
    assert_true(wait_until(&app.handled, 1));
    say(fd, "abc\r\n0\r\n\r\n");
    shutdown(fd, SHUT_WR);
    assert_true(wait_until(&app.pending, 1));
    pause_ms(30);
    assert_int_equal(app.ended, 1);
    complete_all();
    expect_end(fd, "done");
    assert_true(wait_until(&app.delivered, 2));
    close(slow);
}

/* While the loop is held up, the client sends two requests and resets: the second one is pending
 * when sending the reply to the first one fails. */
static void a_reset_while_a_request_is_pending_ends_it_once(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/a") GET("/wait"), GET("/a") GET("/doubt")};
    for (unsigned i = 0; i < 2; i++) {
        int slow = dial();
        int fd = dial();
        unsigned handled = app.handled;
        say(slow, GET("/slow"));
        assert_true(wait_until(&app.handled, handled + 1));
        say(fd, requests[i]);
        hang_up(fd);
        assert_true(wait_until(i ? &app.doubts : &app.pending, 1));
        expect(slow, "HTTP/1.1 200");
        pause_ms(30);
        assert_int_equal(app.ended, 1 + 3 * i); /* the slow one, and those of the first round */
        decide_all(false);
        complete_all();
        assert_true(wait_until(&app.ended, 3 + 3 * i));
        close(slow);
    }
}

static void a_pipelined_request_waits_for_the_pending_one(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, GET("/wait") POST("/a", "Content-Length: 5\r\n") "first" GET("/wait")
                POST("/a", "Content-Length: 6\r\n") "second");
    assert_true(wait_until(&app.pending, 1));
    pause_ms(50);
    assert_int_equal(app.handled, 1);
    complete_all();
    expect(fd, "first");
    assert_true(wait_until(&app.pending, 1));
    complete_all();
    expect(fd, "second");
    close(fd);
}

/* Buffers for input have a size, too. */
static void a_head_may_have_any_size(void **state)
{
    (void)state;
    static const size_t edges[] = {4096, 8192, 16384};
    int fd = dial();
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = edges[i] - 3; size <= edges[i] + 3 && size <= 16384; size++) {
            static char request[16400];
            int start = snprintf(request, sizeof request, "GET /a HTTP/1.1\r\nHost: x\r\nX: ");
            memset(request + start, 'x', size - (size_t)start - 4);
            strcpy(request + size - 4, "\r\n\r\n");
            say(fd, request);
            expect(fd, "\r\n\r\n");
            assert_non_null(strstr(heard, "HTTP/1.1 200"));
        }
    }
    close(fd);
}

static void broken_framing_ends_but_never_begins(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, POST("/a", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n" GET(
                "/smuggled"));
    expect_end(fd, "\"bad_request\"");
    fd = dial();
    say(fd, POST("/a", "Content-Length: 5x\r\n") "12345" GET("/smuggled"));
    expect_end(fd, "\"bad_request\"");
    assert_true(wait_until(&app.errors_ended, 2));
    assert_int_equal(app.begun, 0);
}

static void a_refused_body_is_read_away(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, POST("/no", "Content-Length: 5\r\n"));
    pause_ms(50);
    assert_int_equal(app.ended, 0);
    say(fd, "12345" GET("/a"));
    assert_int_equal(hear(fd, "HTTP/1.1 ", 2), 2);
    assert_null(strstr(heard, "close"));
    close(fd);
    assert_int_equal(app.handled, 1);
}

static void a_refused_body_that_never_comes_is_waited_for_a_second(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, POST("/no", "Content-Length: 5\r\n") "123");
    expect_end(fd, "HTTP/1.1 403");
    assert_true(wait_until(&app.delivered, 1));
}

static void too_long_a_body_is_refused_readably(void **state)
{
    (void)state;
    static char piece[50000];
    memset(piece, 'x', sizeof piece);
    int fd = dial();
    say(fd, POST("/a", "Content-Length: 200000\r\n"));
    send(fd, piece, sizeof piece, MSG_NOSIGNAL);
    expect_end(fd, "\"payload_too_large\"");
    fd = dial();
    say(fd, POST("/a", "Transfer-Encoding: chunked\r\n") "20000\r\n"); /* 131072 */
    for (int i = 0; i < 3; i++)
        send(fd, piece, sizeof piece, MSG_NOSIGNAL);
    expect_end(fd, "\"payload_too_large\"");
    assert_true(wait_until(&app.errors_ended, 2));
    assert_int_equal(app.handled, 0);
}

/* Sends a byte every 200 ms; returns after how many milliseconds the server closed. */
static uint64_t drip(const char *before, const char *byte)
{
    struct timeval patience = {.tv_usec = 200000};
    char bytes[4096];
    uint64_t begun_ms = lb_clock_mono_ms();
    int fd = dial();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    say(fd, before);
    while (lb_clock_mono_ms() - begun_ms < 6000) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && send(fd, byte, 1, MSG_NOSIGNAL) < 0))
            break;
    }
    close(fd);
    return lb_clock_mono_ms() - begun_ms;
}

static void dripping_clients_are_cut(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "G",
        "GET / HTTP/1.1\r\nHost: ",
        POST("/a", "Content-Length: 1000\r\n") "x",
        POST("/a", "Transfer-Encoding: chunked\r\n") "0",
        GET("/a") "G",
        POST("/a", "Transfer-Encoding: chunked\r\n") "0\r\n\r\n" GET("/a") "GET /",
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        print_message("after %s\n", starts[i]);
        assert_in_range(drip(starts[i], "0"), TIMEOUT_MS - 250, 3500);
    }
}

static void an_idle_connection_is_kept_longer_than_a_dripping_one(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 2; i++) {
        say(fd, POST("/a", "Content-Length: 4\r\n") "body");
        expect(fd, "body");
        pause_ms(i == 0 ? TIMEOUT_MS * 5 / 2 : 0);
    }
    close(fd);
}

static void a_response_that_nobody_reads_is_dropped(void **state)
{
    (void)state;
    int small = 4096;
    int fd = dial();
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(fd, GET("/big"));
    assert_true(wait_until(&app.ended, 1));
    assert_int_equal(app.delivered, 0);
    close(fd);
}

static void draining_answers_what_has_begun(void **state)
{
    (void)state;
    int idle = dial();
    say(idle, GET("/a"));
    hear(idle, "\r\n\r\n", 1);
    int busy = dial();
    say(busy, GET("/wait"));
    assert_true(wait_until(&app.pending, 1));
    assert_false(lb_server_drain(server, 400));
    assert_int_equal(lb_server_connections(server), 1);
    expect_end(idle, NULL);
    complete_all();
    expect_end(busy, "Connection: close");
    assert_true(lb_server_drain(server, 2000));
}

static void draining_takes_no_longer_on_a_busy_machine(void **state)
{
    (void)state;
    int busy = dial();
    say(busy, GET("/wait"));
    assert_true(wait_until(&app.pending, 1));
    sleep_ns = 50000000;
    uint64_t begun_ms = lb_clock_mono_ms();
    bool drained = lb_server_drain(server, 400);
    uint64_t took_ms = lb_clock_mono_ms() - begun_ms;
    sleep_ns = 0;
    assert_false(drained);
    assert_in_range(took_ms, 400, 5000);
    complete_all();
    expect_end(busy, "Connection: close");
    assert_true(lb_server_drain(server, 2000));
}

/* --- Admission that takes its time --- */

/* Sends a request that is in doubt; nothing happens to it. */
static int doubt(const char *request)
{
    unsigned before = app.doubts;
    unsigned handled = app.handled;
    int fd = dial();
    say(fd, request);
    assert_true(wait_until(&app.doubts, before + 1));
    expect_silence(fd);
    assert_int_equal(app.handled, handled);
    return fd;
}

/* The next response, of a body with a few bytes. */
static void assert_answer(int fd, const char *status, const char *body)
{
    expect(fd, body);
    assert_non_null(strstr(heard, status));
    assert_null(strstr(heard, "100 Continue"));
}

static void a_request_may_stay_in_doubt(void **state)
{
    (void)state;
    int fd = doubt(POST("/doubt", "Content-Length: 4\r\n") "body");
    app.again = 2;
    for (unsigned times = 1; times <= 2; times++) {
        decide_all(true);
        assert_true(wait_until(&app.decided, times));
        assert_int_equal(app.handled, 0);
        assert_true(wait_until(&app.doubts, 1));
    }
    decide_all(true);
    assert_answer(fd, "HTTP/1.1 200", "body");
    close(fd);
    assert_int_equal(app.decided, 3);
    assert_int_equal(app.handled, 1);
}

static void a_request_in_doubt_is_handled_when_it_is_admitted(void **state)
{
    (void)state;
    int fd = doubt(GET("/doubt"));
    decide_all(true);
    expect(fd, "\r\n\r\n");
    assert_non_null(strstr(heard, "HTTP/1.1 200"));
    say(fd, POST("/a", "Content-Length: 4\r\n") "next");
    assert_answer(fd, "HTTP/1.1 200", "next");
    close(fd);
    assert_int_equal(app.decided, 1);
    assert_int_equal(app.begun, 2);
    assert_int_equal(app.handled, 2);
    assert_true(wait_until(&app.ended, 2));
}

static void a_request_in_doubt_is_not_handled_when_it_is_refused(void **state)
{
    (void)state;
    int fd = doubt(GET("/doubt"));
    decide_all(false);
    assert_answer(fd, "HTTP/1.1 403", "\"forbidden\"");
    say(fd, POST("/a", "Content-Length: 4\r\n") "next");
    assert_answer(fd, "HTTP/1.1 200", "next");
    close(fd);
    assert_int_equal(app.handled, 1);
    assert_true(wait_until(&app.ended, 2));
}

/* Also for longer than a client may take to send it. */
static void the_body_waits_for_the_decision(void **state)
{
    (void)state;
    int fd = doubt(POST("/doubt", "Content-Length: 10\r\n") "first");
    pause_ms(TIMEOUT_MS + 300);
    expect_silence(fd);
    say(fd, "-");
    decide_all(true);
    say(fd, "last");
    assert_answer(fd, "HTTP/1.1 200", "first-last");
    close(fd);
    fd = doubt(POST("/doubt", "Transfer-Encoding: chunked\r\n") "5\r\nchunk\r\n");
    say(fd, "2\r\ned\r\n0\r\n\r\n");
    decide_all(true);
    assert_answer(fd, "HTTP/1.1 200", "chunked");
    close(fd);
    assert_int_equal(app.handled, 2);
    assert_true(wait_until(&app.ended, 2));
}

static void a_long_body_waits_in_the_socket(void **state)
{
    (void)state;
    static char body[100000];
    memset(body, 'x', sizeof body);
    memcpy(body + sizeof body - 4, "tail", 4);
    int fd = doubt(POST("/doubt", "Content-Length: 100000\r\n"));
    assert_int_equal(send(fd, body, sizeof body, MSG_NOSIGNAL), sizeof body);
    expect_silence(fd);
    decide_all(true);
    assert_answer(fd, "HTTP/1.1 200", "xtail");
    assert_true(heard_len > sizeof body);
    close(fd);
}

static void too_long_a_body_is_refused_after_the_decision(void **state)
{
    (void)state;
    int fd = doubt(POST("/doubt", "Content-Length: 100001\r\nExpect: 100-continue\r\n"));
    decide_all(true);
    assert_answer(fd, "HTTP/1.1 413", "\"payload_too_large\"");
    close(fd);
    assert_int_equal(app.handled, 0);
}

static void a_refused_body_is_read_away_after_the_decision(void **state)
{
    (void)state;
    int fd = doubt(POST("/doubt", "Content-Length: 10\r\n") "first");
    decide_all(false);
    expect_silence(fd);
    say(fd, "-last" POST("/a", "Content-Length: 4\r\n") "next");
    assert_answer(fd, "HTTP/1.1 403", "next");
    assert_null(strstr(heard, "close"));
    close(fd);
    assert_int_equal(app.handled, 1);
}

static void nobody_is_told_to_continue_before_the_decision(void **state)
{
    (void)state;
    for (int admit = 0; admit < 2; admit++) {
        int fd = doubt(POST("/doubt", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
        decide_all(admit);
        if (admit) {
            expect(fd, "\r\n\r\n");
            assert_string_equal(heard, "HTTP/1.1 100 Continue\r\n\r\n");
            say(fd, "body");
            assert_answer(fd, "HTTP/1.1 200", "body");
        } else {
            assert_answer(fd, "HTTP/1.1 403", "\"forbidden\"");
        }
        close(fd);
    }
    assert_int_equal(app.handled, 1);
}

static void pipelined_requests_wait_for_the_one_in_doubt(void **state)
{
    (void)state;
    for (int admit = 0; admit < 2; admit++) {
        unsigned begun = app.begun;
        int fd = doubt(POST("/doubt", "Content-Length: 5\r\n") "first" GET("/doubt")
                           POST("/a", "Content-Length: 6\r\n") "second");
        assert_int_equal(app.begun, begun + 1);
        decide_all(admit);
        assert_true(wait_until(&app.doubts, 1));
        expect(fd, admit ? "first" : "\"forbidden\"");
        expect_silence(fd);
        decide_all(!admit);
        expect(fd, "second");
        assert_non_null(strstr(heard, admit ? "HTTP/1.1 403" : "HTTP/1.1 200"));
        close(fd);
        assert_true(wait_until(&app.ended, 3 * (unsigned)(admit + 1)));
    }
}

static void clients_that_leave_in_doubt_end_once(void **state)
{
    (void)state;
    static const char *const requests[] = {
        GET("/doubt"), POST("/doubt", "Content-Length: 5\r\n"),
        POST("/doubt", "Content-Length: 5\r\n") "12345",
        POST("/doubt", "Content-Length: 5\r\nExpect: 100-continue\r\n")};
    for (unsigned round = 1; round <= 2; round++) {
        int fds[48];
        for (unsigned i = 0; i < 48; i++)
            say(fds[i] = dial(), requests[i % 4]);
        assert_true(wait_until(&app.doubts, 48));
        for (unsigned i = 0; i < 48; i++)
            i / 4 % 2 ? hang_up(fds[i]) : close(fds[i]);
        pause_ms(50);
        assert_int_equal(app.ended, 48 * (round - 1));
        decide_all(round == 1);
        assert_true(wait_until(&app.ended, 48 * round));
        pause_ms(50);
        assert_int_equal(app.ended, 48 * round);
        assert_int_equal(app.decided, 48 * round);
    }
}

static void a_half_closed_client_gets_its_response_after_the_decision(void **state)
{
    (void)state;
    static const char *const requests[][2] = {{GET("/doubt"), ""},
                                              {POST("/doubt", "Content-Length: 5\r\n") "12345", ""},
                                              {POST("/doubt", "Content-Length: 5\r\n"), "12345"}};
    for (unsigned i = 0; i < 6; i++) {
        int fd = doubt(requests[i % 3][0]);
        say(fd, requests[i % 3][1]);
        shutdown(fd, SHUT_WR);
        pause_ms(20);
        decide_all(i >= 3);
        expect_end(fd, i < 3 ? "HTTP/1.1 403" : "HTTP/1.1 200");
    }
    int fd = doubt(POST("/doubt", "Content-Length: 5\r\n") "12"); /* and no more */
    shutdown(fd, SHUT_WR);
    pause_ms(20);
    decide_all(false);
    expect_end(fd, "HTTP/1.1 403");
    assert_true(wait_until(&app.ended, 7));
    assert_int_equal(app.delivered, 7);
}

static void draining_waits_for_the_decision(void **state)
{
    (void)state;
    int admitted = doubt(POST("/doubt", "Content-Length: 5\r\n") "12345");
    assert_false(lb_server_drain(server, 400));
    assert_int_equal(lb_server_connections(server), 1);
    decide_all(true);
    expect_end(admitted, "Connection: close");
    assert_non_null(strstr(heard, "12345"));
    assert_true(lb_server_drain(server, 2000));
    assert_int_equal(app.ended, 1);
}

static void draining_ends_with_the_refusals(void **state)
{
    (void)state;
    int fd = doubt(GET("/doubt"));
    assert_false(lb_server_drain(server, 400));
    decide_all(false);
    expect_end(fd, "HTTP/1.1 403");
    assert_true(lb_server_drain(server, 2000));
    assert_int_equal(app.ended, 1);
}

static void a_resumed_request_is_answered_or_goes_on_waiting(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, GET("/once"));
    complete_one();
    assert_answer(fd, "HTTP/1.1 200", "resumed");
    assert_null(strstr(heard, "late"));
    say(fd, GET("/twice") GET("/once"));
    complete_one();
    assert_true(wait_until(&app.pending, 1)); /* resume took it again */
    expect_silence(fd);
    assert_int_equal(app.resumed, 2);
    assert_int_equal(app.ended, 1);
    complete_one();
    assert_answer(fd, "HTTP/1.1 200", "late");
    complete_one();
    assert_answer(fd, "HTTP/1.1 200", "resumed");
    assert_int_equal(app.resumed, 3);
    close(fd);
    assert_true(wait_until(&app.ended, 3));
}

static void clients_that_leave_a_resumed_request_end_once(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, GET("/twice"));
    assert_true(wait_until(&app.pending, 1));
    hang_up(fd);
    complete_one();
    assert_true(wait_until(&app.resumed, 1));
    pause_ms(50);
    assert_int_equal(app.ended, 0);
    complete_one();
    assert_true(wait_until(&app.ended, 1));
    assert_int_equal(app.delivered, 0);
}

static void a_second_server_is_refused_the_address(void **state)
{
    (void)state;
    char listen[32];
    struct lb_server *second;
    struct lb_reason reason;
    struct lb_server_settings wanted = settings();
    snprintf(listen, sizeof listen, "127.0.0.1:%u", lb_server_port(server));
    wanted.listen = listen;
    assert_int_equal(lb_server_create(&wanted, &callbacks, &second, &reason), LB_ERR_INTERNAL);
    assert_non_null(strstr(reason.text, "already in use"));
    assert_non_null(strstr(reason.text, listen));
}

static void what_was_not_started_need_not_end(void **state)
{
    (void)state;
    struct lb_server *other;
    struct lb_reason reason;
    struct lb_server_settings wanted = settings();
    assert_int_equal(lb_server_create(&wanted, &callbacks, &other, &reason), LB_OK);
    alarm(20); /* which ends the test where it waits for ever */
    assert_true(lb_server_drain(other, 0));
    alarm(0);
    lb_server_destroy(other);
}

static void all_loops_share_the_port_and_the_limit(void **state)
{
    struct lb_server_settings wanted = settings();
    wanted.threads = 4;
    wanted.max_connections = 40;
    start(&wanted);
    int fds[50];
    unsigned answered = 0;
    for (int round = 0; round < 2; round++) { /* later ones take the places of earlier ones */
        answered = 0;
        for (int i = 0; i < 50; i++) {
            if (round == 0)
                fds[i] = dial();
            send(fds[i], GET("/a"), strlen(GET("/a")), MSG_NOSIGNAL);
            answered += hear(fds[i], "\r\n\r\n", 1);
        }
    }
    /* Each one over 40 takes the place of another one of its loop, or is closed. */
    assert_in_range(answered, 40, 50);
    assert_int_equal(lb_server_connections(server), 40);
    for (int i = 0; i < 50; i++)
        close(fds[i]);
    stop(state);
}

static void proxies_are_believed_when_trusted(void **state)
{
    struct lb_server_settings wanted = settings();
    struct lb_cidr trusted[2];
    assert_true(lb_cidr_parse("127.0.0.1", &trusted[0]));
    assert_true(lb_cidr_parse("10.0.0.0/8", &trusted[1]));
    static const char *const cases[][2] = {
        {"X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.1\r\n", "::ffff:2.2.2.2"},
        {"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 10.0.0.1\r\n", "::ffff:1.1.1.1"},
        {"X-Forwarded-For: 1.1.1.1, junk\r\n", "::ffff:127.0.0.1"},
        {"X-Forwarded-For: [2001:db8::1]:80\r\n", "2001:db8::1"},
        {"X-Forwarded-For: 1.2.3.4:80\r\n", "::ffff:1.2.3.4"},
    };
    for (unsigned trust = 0; trust < 2; trust++) {
        wanted.trusted_proxies = trusted;
        wanted.trusted_proxy_count = 2 * trust;
        start(&wanted);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            char request[256];
            int fd = dial();
            snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", cases[i][0]);
            say(fd, request);
            hear(fd, "\r\n\r\n", 1);
            assert_string_equal(app.last_client, trust ? cases[i][1] : "::ffff:127.0.0.1");
            close(fd);
        }
        stop(state);
    }
}

static void the_control_socket_is_local(void **state)
{
    struct lb_server_settings wanted = settings();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof(sa_family_t);
    wanted.control_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    wanted.max_connections = 1;
    assert_int_equal(bind(wanted.control_fd, (struct sockaddr *)&address, len), 0); /* autobind */
    assert_int_equal(listen(wanted.control_fd, 4), 0);
    len = sizeof address;
    getsockname(wanted.control_fd, (struct sockaddr *)&address, &len);
    start(&wanted);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
    say(fd, GET("/wait"));
    assert_true(wait_until(&app.pending, 1));
    complete_all();
    expect(fd, "done");
    assert_true(app.last_local);
    assert_string_equal(app.last_client, "::1");
    int other = dial(); /* the control socket's connections take no place of others */
    say(other, GET("/a"));
    expect(other, "HTTP/1.1 200 OK");
    close(other);
    close(fd);
    stop(state);
    close(wanted.control_fd);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start_default, stop)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        SERVED(every_begun_request_ends_once_when_clients_leave),
        SERVED(a_burst_of_completions_is_answered),
        SERVED(a_half_closed_client_gets_its_pending_response),
        SERVED(a_client_that_half_closes_after_a_chunked_body_gets_its_pending_response),
        SERVED(a_reset_while_a_request_is_pending_ends_it_once),
        SERVED(a_pipelined_request_waits_for_the_pending_one),
        SERVED(a_head_may_have_any_size),
        SERVED(broken_framing_ends_but_never_begins),
        SERVED(a_refused_body_is_read_away),
        SERVED(a_refused_body_that_never_comes_is_waited_for_a_second),
        SERVED(too_long_a_body_is_refused_readably),
        SERVED(dripping_clients_are_cut),
        SERVED(an_idle_connection_is_kept_longer_than_a_dripping_one),
        SERVED(a_response_that_nobody_reads_is_dropped),
        SERVED(draining_answers_what_has_begun),
        SERVED(draining_takes_no_longer_on_a_busy_machine),
        SERVED(a_request_may_stay_in_doubt),
        SERVED(a_request_in_doubt_is_handled_when_it_is_admitted),
        SERVED(a_request_in_doubt_is_not_handled_when_it_is_refused),
        SERVED(the_body_waits_for_the_decision),
        SERVED(a_long_body_waits_in_the_socket),
        SERVED(too_long_a_body_is_refused_after_the_decision),
        SERVED(a_refused_body_is_read_away_after_the_decision),
        SERVED(nobody_is_told_to_continue_before_the_decision),
        SERVED(pipelined_requests_wait_for_the_one_in_doubt),
        SERVED(clients_that_leave_in_doubt_end_once),
        SERVED(a_half_closed_client_gets_its_response_after_the_decision),
        SERVED(draining_waits_for_the_decision),
        SERVED(draining_ends_with_the_refusals),
        SERVED(a_resumed_request_is_answered_or_goes_on_waiting),
        SERVED(clients_that_leave_a_resumed_request_end_once),
        SERVED(a_second_server_is_refused_the_address),
        SERVED(what_was_not_started_need_not_end),
        cmocka_unit_test(all_loops_share_the_port_and_the_limit),
        cmocka_unit_test(proxies_are_believed_when_trusted),
        cmocka_unit_test(the_control_socket_is_local),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
