/* Bodies that are taken in pieces and responses that are given in pieces, over real sockets: they
 * come over whole, wait for those who are slow, and never fill the memory. */
#include "base/clock.h"
#include "support/http_service.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define TIMEOUT_MS 1000
#define BIG        ((size_t)10 << 20)

/* Byte `n` of every body and response. */
static char byte_at(uint64_t n)
{
    return (char)('a' + (n * 7 + n / 1000) % 26);
}

static struct app {
    uint64_t taken, given, wrong; /* bytes */
    uint64_t give;                /* bytes that the response has */
    size_t largest;               /* piece */
    unsigned later;               /* each so-many-th piece has to wait; 0: none */
    unsigned soon;                /* for so many calls it is busy */
    unsigned calls;
    uint64_t refuse_at; /* 0: never */
    size_t body_max;    /* 0: the server's */
    bool fail;
    bool end_apart; /* that it was all is said with an empty piece */
    atomic_uint ended, delivered;
    _Atomic(struct lb_request *) waiting;
} app;

/* Completes what waits, from another thread. */
static void *completer(void *context)
{
    atomic_bool *stop = context;
    while (!*stop) {
        struct lb_request *req = atomic_exchange(&app.waiting, NULL);
        if (req)
            lb_request_complete(req);
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return NULL;
}

static bool has_to_wait(struct lb_request *req)
{
    if (!app.later || ++app.calls % app.later)
        return false;
    app.waiting = req;
    return true;
}

static enum lb_taken take(struct lb_request *req, struct lb_str piece)
{
    if (has_to_wait(req))
        return LB_TAKE_LATER;
    if (app.refuse_at && app.taken >= app.refuse_at) {
        lb_reply_error(&req->reply, LB_ERR_FORBIDDEN, "no more");
        return LB_TAKE_REFUSED;
    }
    for (size_t i = 0; i < piece.len; i++)
        app.wrong += piece.ptr[i] != byte_at(app.taken + i);
    app.taken += piece.len;
    app.largest = piece.len > app.largest ? piece.len : app.largest;
    return LB_TAKEN;
}

static enum lb_given give(struct lb_request *req, struct lb_buf *out)
{
    char bytes[1024];
    size_t begun = out->len;
    if (has_to_wait(req))
        return LB_GIVE_LATER;
    if (app.given && app.soon) {
        app.soon--;
        return LB_GIVE_SOON;
    }
    if (app.fail && app.given > app.give / 2)
        return LB_GIVE_FAILED;
    for (size_t all = 0; all < LB_GIVE_BYTES && app.given < app.give; all += sizeof bytes) {
        size_t len = sizeof bytes < app.give - app.given ? sizeof bytes : app.give - app.given;
        for (size_t i = 0; i < len; i++)
            bytes[i] = byte_at(app.given + i);
        lb_buf_append(out, bytes, len);
        app.given += len;
    }
    app.largest = out->len > app.largest ? out->len : app.largest;
    bool more = app.given < app.give || (app.end_apart && out->len > begun);
    return more ? LB_GIVEN : LB_GIVEN_ALL;
}

static enum lb_admission begin(void *context, struct lb_request *req)
{
    (void)context;
    if (req->has_body)
        req->take = take;
    req->body_max = app.body_max;
    req->caller_known = true;
    return LB_ADMITTED;
}

static enum lb_progress handle(void *context, struct lb_request *req)
{
    (void)context;
    struct lb_buf *body = lb_reply_json(&req->reply, 200);
    if (req->method == LB_GET || req->method == LB_HEAD)
        req->reply.give = give;
    else
        lb_buf_printf(body, "took %llu", (unsigned long long)app.taken);
    return LB_DONE;
}

static void end(void *context, struct lb_request *req)
{
    (void)context;
    app.ended++;
    app.delivered += req->delivered;
}

/* What comes or goes in pieces is never held, and needs none. */
static bool no_memory(void *context, struct lb_request *req, size_t bytes, enum lb_memory what)
{
    lb_reply_error(&req->reply, LB_ERR_OVERLOADED, "no memory");
    return false;
}

static int start(void **state)
{
    (void)state;
    struct lb_server_settings settings = serve_settings(TIMEOUT_MS);
    settings.max_body_bytes = BIG;
    memset(&app, 0, sizeof app);
    serve(&settings, &(struct lb_http_app){
                         .begin = begin, .handle = handle, .end = end, .reserve = no_memory});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    serve_end();
    return 0;
}

/* Sends bytes of a body from `from` on, in chunks when `chunk` says how long they are. */
static void say_body(int fd, uint64_t from, uint64_t len, size_t chunk)
{
    static char bytes[1 << 16];
    size_t each = chunk ? chunk : sizeof bytes;
    for (uint64_t done = 0; done < len;) {
        size_t now = len - done < each ? (size_t)(len - done) : each;
        char size[24];
        for (size_t i = 0; i < now; i++)
            bytes[i] = byte_at(from + done + i);
        if (chunk)
            say_bytes(fd, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", now));
        say_bytes(fd, bytes, now);
        if (chunk)
            say(fd, "\r\n");
        done += now;
    }
    if (chunk)
        say(fd, "0\r\n\r\n");
}

/* Takes the chunks apart; the number of bytes in them, or UINT64_MAX when they are broken or wrong.
 */
static uint64_t count_chunks(void)
{
    uint64_t all = 0;
    char *at = strstr(heard, "\r\n\r\n");
    if (!at || !strstr(heard, "Transfer-Encoding: chunked"))
        return UINT64_MAX;
    at += 4;
    for (;;) {
        char *after;
        size_t size = strtoull(at, &after, 16);
        if (after == at || memcmp(after, "\r\n", 2) != 0)
            return UINT64_MAX;
        at = after + 2;
        for (size_t i = 0; i < size; i++)
            if (at[i] != byte_at(all + i))
                return UINT64_MAX;
        all += size;
        at += size;
        if (memcmp(at, "\r\n", 2) != 0)
            return UINT64_MAX;
        at += 2;
        if (size == 0)
            return *at ? UINT64_MAX : all;
    }
}

static void with_a_completer(void (*test)(unsigned later), unsigned later)
{
    atomic_bool over = false;
    pthread_t thread;
    app.later = later;
    assert_int_equal(pthread_create(&thread, NULL, completer, &over), 0);
    test(later);
    over = true;
    pthread_join(thread, NULL);
}

static void take_big(unsigned later)
{
    for (size_t chunk = 0; chunk <= 50000; chunk += 25000) {
        char head[128];
        char wanted[32];
        int fd = dial();
        uint64_t size = later ? BIG / 10 : BIG;
        app.taken = app.wrong = 0;
        snprintf(head, sizeof head, POST("/", "Content-Length: %llu\r\n"),
                 (unsigned long long)size);
        say(fd, chunk ? POST("/", "Transfer-Encoding: chunked\r\n") : head);
        say_body(fd, 0, size, chunk);
        snprintf(wanted, sizeof wanted, "took %llu", (unsigned long long)size);
        expect(fd, wanted);
        assert_int_equal(app.wrong, 0);
        assert_true(app.largest <= 32768);
        close(fd);
    }
}

static void a_big_body_is_taken_in_small_pieces(void **state)
{
    (void)state;
    take_big(0);
}

static void pieces_that_have_to_wait_come_again(void **state)
{
    (void)state;
    with_a_completer(take_big, 3);
}

static void a_body_over_the_limit_is_refused_in_the_middle(void **state)
{
    (void)state;
    int fd = dial();
    say(fd, POST("/", "Transfer-Encoding: chunked\r\n"));
    say_body(fd, 0, BIG + 100000, 60000);
    expect(fd, "payload_too_large");
    assert_non_null(strstr(heard, "HTTP/1.1 413"));
    close(fd);
}

static void the_application_may_take_more_than_the_limit_of_other_bodies(void **state)
{
    (void)state;
    uint64_t size = BIG + 100000;
    app.body_max = (size_t)size;
    for (uint64_t over = 0; over < 2; over++) {
        char head[128];
        int fd = dial();
        app.taken = 0;
        snprintf(head, sizeof head, POST("/", "Content-Length: %llu\r\n"),
                 (unsigned long long)(size + over));
        say(fd, head);
        if (!over)
            say_body(fd, 0, size, 0);
        expect(fd, over ? "payload_too_large" : "took 10585760");
        close(fd);
    }
}

static void the_application_may_refuse_the_rest(void **state)
{
    (void)state;
    int fd = dial();
    app.refuse_at = 100000;
    say(fd, POST("/", "Content-Length: 5000000\r\n"));
    say_body(fd, 0, 5000000, 0);
    expect(fd, "no more");
    assert_non_null(strstr(heard, "HTTP/1.1 403"));
    assert_true(app.taken < 200000);
    close(fd);
}

/* A client that sends without a pause is not cut, however long it takes; one that stops is. */
static void the_time_limit_is_that_of_a_piece(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        int fd = dial();
        app.taken = 0;
        say(fd, POST("/", "Content-Length: 600000\r\n"));
        for (unsigned i = 0; i < (stops ? 3 : 6); i++) {
            say_body(fd, i * 100000, 100000, 0);
            pause_ms(300);
        }
        assert_int_equal(hear(fd, "took 600000", 1), !stops);
        close(fd);
    }
}

static void ask(int fd, const char *method, const char *version)
{
    char head[128];
    snprintf(head, sizeof head, "%s / HTTP/1.%s\r\nHost: x\r\n\r\n", method, version);
    say(fd, head);
}

static void give_big(unsigned later)
{
    int fd = dial();
    for (int times = 0; times < 2; times++) {
        app.give = later ? BIG / 10 : BIG;
        app.given = 0;
        ask(fd, "GET", "1");
        hear(fd, "\r\n0\r\n\r\n", 1);
        assert_int_equal(count_chunks(), app.give);
        assert_true(app.largest <= 2 * LB_GIVE_BYTES);
    }
    close(fd);
}

static void a_big_response_is_given_in_small_pieces(void **state)
{
    (void)state;
    give_big(0);
}

static void a_response_waits_for_its_next_piece(void **state)
{
    (void)state;
    with_a_completer(give_big, 3);
}

static void a_busy_application_is_asked_again_after_a_moment(void **state)
{
    (void)state;
    int fd = dial();
    app.give = BIG / 10;
    app.soon = 2;
    uint64_t begun_ms = lb_clock_mono_ms();
    ask(fd, "GET", "1");
    hear(fd, "\r\n0\r\n\r\n", 1);
    assert_int_equal(count_chunks(), app.give);
    assert_int_equal(app.soon, 0);
    assert_true(lb_clock_mono_ms() - begun_ms >= 200);
    close(fd);
}

/* More bytes of the client, or the end of them, do not ask for the piece once more. */
static void a_client_that_speaks_meanwhile_changes_nothing(void **state)
{
    (void)state;
    int fd = dial();
    app.later = 2;
    app.give = 4 * LB_GIVE_BYTES;
    ask(fd, "GET", "1");
    for (int i = 0; i < 100 && !app.waiting; i++)
        pause_ms(30);
    assert_non_null(app.waiting);
    unsigned calls = app.calls;
    say(fd, "GET /next");
    pause_ms(30);
    shutdown(fd, SHUT_WR);
    pause_ms(30);
    assert_int_equal(app.calls, calls);
    atomic_bool over = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, completer, &over), 0);
    hear(fd, "\r\n0\r\n\r\n", 1);
    over = true;
    pthread_join(thread, NULL);
    assert_int_equal(count_chunks(), app.give);
    close(fd);
}

/* What a client does not read is not made either. */
static void a_slow_reader_holds_the_response_up(void **state)
{
    (void)state;
    int fd = dial();
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    app.give = (uint64_t)1 << 40;
    ask(fd, "GET", "1");
    pause_ms(300);
    assert_true(app.given < BIG);
    close(fd);
    assert_true(wait_until(&app.ended, 1));
    assert_int_equal(app.delivered, 0);
}

static void half_a_response_is_not_taken_for_the_whole(void **state)
{
    (void)state;
    for (int version = 0; version < 2; version++) {
        int fd = dial();
        app.give = 1000000;
        app.given = 0;
        app.fail = true;
        ask(fd, "GET", version ? "1" : "0");
        hear(fd, NULL, 0);
        assert_null(strstr(heard, "\r\n0\r\n\r\n"));
        assert_true(heard_reset);
        close(fd);
    }
}

static void a_head_request_and_an_empty_response(void **state)
{
    (void)state;
    int fd = dial();
    app.give = 1000;
    ask(fd, "HEAD", "1");
    hear(fd, "\r\n\r\n", 1);
    assert_int_equal(app.given, 0);
    app.give = 0;
    ask(fd, "GET", "1");
    hear(fd, "0\r\n\r\n", 1);
    assert_int_equal(count_chunks(), 0);
    close(fd);
}

static void http_1_0_gets_it_until_the_end(void **state)
{
    (void)state;
    int fd = dial();
    app.give = 100000;
    ask(fd, "GET", "0");
    hear(fd, NULL, 0);
    const char *body = strstr(heard, "\r\n\r\n") + 4;
    assert_null(strstr(heard, "chunked"));
    assert_int_equal(heard + heard_len - body, 100000);
    close(fd);
}

static void give_apart(unsigned later)
{
    static const uint64_t sizes[] = {0, 1000, LB_GIVE_BYTES, 100000};
    app.end_apart = true;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        app.give = sizes[i];
        app.given = 0;
        int fd = dial();
        ask(fd, "GET", "0");
        hear(fd, NULL, 0);
        assert_true(heard_end);
        assert_int_equal(heard + heard_len - strstr(heard, "\r\n\r\n") - 4, app.give);
        close(fd);
        app.given = 0;
        fd = dial();
        ask(fd, "GET", "1");
        hear(fd, "\r\n0\r\n\r\n", 1);
        assert_int_equal(count_chunks(), app.give);
        close(fd);
    }
}

/* The application may learn that it was all when there is nothing left to give. */
static void a_response_may_end_with_an_empty_piece(void **state)
{
    (void)state;
    give_apart(0);
    for (unsigned later = 2; later <= 4; later++)
        with_a_completer(give_apart, later);
}

/* A server that ends without waiting any longer does not close in order what is not whole. */
static void an_end_cuts_half_a_response(void **state)
{
    (void)state;
    int fd = dial();
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    app.give = (uint64_t)1 << 40;
    ask(fd, "GET", "0");
    pause_ms(50);
    assert_false(lb_server_drain(server, 50));
    lb_server_stop(server);
    lb_server_destroy(server);
    hear(fd, NULL, 0);
    assert_true(heard_reset);
    close(fd);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        SERVED(a_big_body_is_taken_in_small_pieces),
        SERVED(pieces_that_have_to_wait_come_again),
        SERVED(a_body_over_the_limit_is_refused_in_the_middle),
        SERVED(the_application_may_take_more_than_the_limit_of_other_bodies),
        SERVED(the_application_may_refuse_the_rest),
        SERVED(the_time_limit_is_that_of_a_piece),
        SERVED(a_big_response_is_given_in_small_pieces),
        SERVED(a_response_waits_for_its_next_piece),
        SERVED(a_busy_application_is_asked_again_after_a_moment),
        SERVED(a_client_that_speaks_meanwhile_changes_nothing),
        SERVED(a_slow_reader_holds_the_response_up),
        SERVED(half_a_response_is_not_taken_for_the_whole),
        SERVED(a_head_request_and_an_empty_response),
        SERVED(http_1_0_gets_it_until_the_end),
        SERVED(a_response_may_end_with_an_empty_piece),
        cmocka_unit_test_setup(an_end_cuts_half_a_response, start),
    };
    return cmocka_run_group_tests_name("http_pieces", tests, NULL, NULL);
}
