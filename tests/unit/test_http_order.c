/* In which order a loop takes what has come in: light connections before heavy ones, and neither
 * keeps the other from its turn. The loop is held in a handler while the requests come, and the
 * order in which they are handled is counted; no time is measured. */
#include "support/http_service.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define LARGE_BODY 20000 /* makes its connection a heavy one */
#define FEW        16    /* heavy ones between two looks for light ones, at most */

static sem_t held, go_on;
static char order[5000]; /* the last byte of each path, as they were handled */
static atomic_uint handled;

static enum lb_admission begin(void *context, struct lb_request *req)
{
    return LB_ADMITTED;
}

static enum lb_admission decide(void *context, struct lb_request *req)
{
    return LB_ADMITTED;
}

static enum lb_progress handle(void *context, struct lb_request *req)
{
    lb_buf_append_str(lb_reply_json(&req->reply, 200), LB_STR("done"));
    if (lb_str_equal(req->path, LB_STR("/hold"))) {
        sem_post(&held);
        sem_wait(&go_on);
    } else if (req->body.len == 0 && handled < sizeof order - 1) {
        order[handled++] = req->path.ptr[req->path.len - 1];
    }
    return LB_DONE;
}

static int start(void **state)
{
    struct lb_http_app callbacks = {NULL, begin, decide, handle, NULL};
    struct lb_server_settings settings = serve_settings(20000);
    handled = 0;
    memset(order, 0, sizeof order);
    sem_init(&held, 0, 0);
    sem_init(&go_on, 0, 0);
    serve(&settings, &callbacks);
    return 0;
}

static int stop(void **state)
{
    serve_end();
    return 0;
}

/* --- clients ---------------------------------------------------------------------------------- */

static void ask(int fd, const char *path)
{
    char request[64];
    say_bytes(
        fd, request,
        (size_t)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path));
}

static int dial_light(void)
{
    int fd = dial();
    ask(fd, "/0"); /* the connection is the loop's from then on */
    assert_int_equal(hear(fd, "done", 1), 1);
    return fd;
}

static int dial_heavy(void)
{
    static char body[LARGE_BODY];
    static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n";
    int fd = dial();
    memset(body, 'x', sizeof body);
    say_bytes(fd, head, sizeof head - 1);
    say_bytes(fd, body, sizeof body);
    assert_int_equal(hear(fd, "done", 1), 1);
    return fd;
}

static void dial_many(int *fds, unsigned count, int (*dial_one)(void))
{
    for (unsigned i = 0; i < count; i++)
        fds[i] = dial_one();
}

static void ask_all(const int *fds, unsigned count, const char *path)
{
    for (unsigned i = 0; i < count; i++)
        ask(fds[i], path);
}

static void hear_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(hear(fds[i], "done", 1), 1);
        close(fds[i]);
    }
}

static int hold(void)
{
    int fd = dial_light();
    handled = 0;
    ask(fd, "/hold");
    sem_wait(&held);
    return fd;
}

static void release(int fd)
{
    sem_post(&go_on);
    hear_all(&fd, 1);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void light_connections_go_before_heavy_ones_that_came_first(void **state)
{
    int heavy[50], light[50];
    dial_many(heavy, 50, dial_heavy);
    dial_many(light, 50, dial_light);
    int holder = hold();
    ask_all(heavy, 50, "/h");
    ask_all(light, 50, "/l");
    release(holder);
    hear_all(heavy, 50);
    hear_all(light, 50);
    assert_int_equal(handled, 100);
    assert_int_equal(strspn(order, "l"), 50);
    assert_int_equal(strspn(order + 50, "h"), 50);
}

/* It comes while the first of many heavy ones is being handled. */
static void a_light_connection_waits_for_few_heavy_ones(void **state)
{
    int heavy[200];
    dial_many(heavy, 200, dial_heavy);
    int light = dial_light();
    int holder = hold();
    ask(heavy[0], "/hold");
    ask_all(heavy + 1, 199, "/h");
    release(holder);
    sem_wait(&held);
    ask(light, "/l");
    sem_post(&go_on);
    hear_all(&light, 1);
    hear_all(heavy, 200);
    assert_int_equal(handled, 200);
    assert_in_range(strcspn(order, "l"), 0, FEW);
}

/* Of 100 connections that ask for 40 each at once, each has its turn after some ten. */
static void pipelines_take_their_turns_from_each_other(void **state)
{
    enum { CONNECTIONS = 100, EACH = 40 };
    static const char request[] = "GET /p HTTP/1.1\r\nHost: x\r\n\r\n";
    char pipeline[EACH * (sizeof request - 1)];
    for (unsigned i = 0; i < EACH; i++)
        memcpy(pipeline + i * (sizeof request - 1), request, sizeof request - 1);
    int fds[CONNECTIONS];
    dial_many(fds, CONNECTIONS, dial_light);
    int light = dial_light();
    int holder = hold();
    for (unsigned i = 0; i < CONNECTIONS; i++)
        say_bytes(fds[i], pipeline, sizeof pipeline);
    ask(light, "/l");
    release(holder);
    hear_all(&light, 1);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(hear(fds[i], "done", EACH), EACH);
        close(fds[i]);
    }
    assert_int_equal(handled, CONNECTIONS * EACH + 1);
    assert_in_range(strcspn(order, "l"), 0, 1100);
}

static void heavy_connections_have_their_turn_beside_a_light_one_that_always_asks(void **state)
{
    int heavy[20];
    dial_many(heavy, 20, dial_heavy);
    int light = dial_light();
    int holder = hold();
    ask_all(heavy, 20, "/h");
    static const char request[] = "GET /l HTTP/1.1\r\nHost: x\r\n\r\n";
    char pipeline[300 * (sizeof request - 1)];
    for (unsigned i = 0; i < 300; i++)
        memcpy(pipeline + i * (sizeof request - 1), request, sizeof request - 1);
    say_bytes(light, pipeline, sizeof pipeline);
    release(holder);
    assert_int_equal(hear(light, "done", 300), 300);
    hear_all(heavy, 20);
    close(light);
    assert_int_equal(handled, 320);
    assert_in_range(strcspn(order, "h"), 0, 40);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(light_connections_go_before_heavy_ones_that_came_first),
        TEST(a_light_connection_waits_for_few_heavy_ones),
        TEST(pipelines_take_their_turns_from_each_other),
        TEST(heavy_connections_have_their_turn_beside_a_light_one_that_always_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
