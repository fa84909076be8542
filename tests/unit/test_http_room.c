/* Which connection gives place to one more when all are taken. The loop is held in a handler where
 * things have to come in the same turn; no time is measured. */
#include "http/loop.h"
#include "support/http_service.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define LARGE "/40000"

static sem_t held, go_on, in_doubt;
static struct lb_request *_Atomic doubted;
static struct lb_request *all_doubted[128];
static atomic_uint doubted_count;
static atomic_uint handled;

/* Callers of paths that begin with "/known" are known. */
static enum lb_admission begin(void *context, struct lb_request *req)
{
    req->caller_known = req->path.len >= 6 && memcmp(req->path.ptr, "/known", 6) == 0;
    if (!lb_str_equal(req->path, LB_STR("/doubt")))
        return LB_ADMITTED;
    doubted = req;
    all_doubted[doubted_count++] = req;
    sem_post(&in_doubt);
    return LB_UNDECIDED;
}

static enum lb_admission decide(void *context, struct lb_request *req)
{
    return LB_ADMITTED;
}

/* "/known-hold" takes as long as the test wants, "/N" gets N bytes more than others. */
static enum lb_progress handle(void *context, struct lb_request *req)
{
    static char bytes[400000];
    struct lb_buf *out = lb_reply_json(&req->reply, 200);
    memset(bytes, '.', sizeof bytes);
    lb_buf_append(out, bytes, strtoul(req->path.ptr + 1, NULL, 10));
    lb_buf_append_str(out, LB_STR("done"));
    if (lb_str_equal(req->path, LB_STR("/known-hold"))) {
        sem_post(&held);
        sem_wait(&go_on);
    }
    handled++;
    return LB_DONE;
}

static int start_with(unsigned max_connections)
{
    struct lb_http_app callbacks = {NULL, begin, decide, handle, NULL};
    struct lb_server_settings settings = serve_settings(20000);
    settings.max_connections = max_connections;
    handled = doubted_count = 0;
    sem_init(&held, 0, 0);
    sem_init(&go_on, 0, 0);
    sem_init(&in_doubt, 0, 0);
    serve(&settings, &callbacks);
    return 0;
}

static int start(void **state)
{
    return start_with(4);
}

/* One known caller, and more in doubt than are looked at for one place. */
#define IN_DOUBT 70

static int start_with_many(void **state)
{
    return start_with(IN_DOUBT + 2);
}

static int stop(void **state)
{
    serve_end();
    return 0;
}

/* --- clients ---------------------------------------------------------------------------------- */

/* Returns when the server's kernel has all of it. */
static void say_surely(int fd, const char *text)
{
    int under_way = 1;
    say(fd, text);
    for (int i = 0; i < 8000 && under_way; i++) {
        assert_int_equal(ioctl(fd, TIOCOUTQ, &under_way), 0);
        if (under_way)
            pause_ms(1);
    }
    assert_int_equal(under_way, 0);
}

/* What is asked for on it is answered. */
static void lives(int fd, const char *request)
{
    say(fd, request);
    expect(fd, "done");
}

static int dial_answered(const char *request)
{
    int fd = dial();
    lives(fd, request);
    return fd;
}

static int hold(void)
{
    int fd = dial();
    say(fd, GET("/known-hold"));
    sem_wait(&held);
    return fd;
}

static void let_go(int fd)
{
    sem_post(&go_on);
    expect(fd, "done");
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void of_strangers_the_oldest_gives_place(void **state)
{
    int strangers[4], newer[2];
    for (size_t i = 0; i < 4; i++)
        strangers[i] = dial_answered(GET("/a"));
    for (size_t i = 0; i < 2; i++) {
        newer[i] = dial_answered(GET("/known"));
        expect_end(strangers[i], NULL);
    }
    lives(strangers[2], GET("/a"));
    lives(strangers[3], GET("/a"));
    close_all(newer, 2);
    close_all(strangers + 2, 2);
}

static void a_stranger_in_doubt_leaves_the_place_of_the_longest_idle(void **state)
{
    int known[3], doubtful = dial();
    say(doubtful, GET("/doubt"));
    sem_wait(&in_doubt);
    for (size_t i = 0; i < 3; i++)
        known[i] = dial_answered(GET("/known"));
    int newer = dial_answered(GET("/known"));
    expect_end(known[0], NULL);
    lives(known[1], GET("/known"));
    lb_request_complete(doubted);
    expect(doubtful, "done");
    close_all(known + 1, 2);
    close(newer);
    close(doubtful);
}

/* Of many strangers one may end further on, so none of the known callers does. */
static void many_strangers_in_doubt_cost_no_known_caller_a_place(void **state)
{
    int doubtful[IN_DOUBT], known = dial_answered(GET("/known"));
    for (size_t i = 0; i < IN_DOUBT; i++) {
        doubtful[i] = dial();
        say(doubtful[i], GET("/doubt"));
        sem_wait(&in_doubt);
    }
    int idle = dial_answered(GET("/a"));
    expect_end(dial(), NULL); /* none of the first ones may end */
    int newer = dial_answered(GET("/a"));
    expect_end(idle, NULL);
    lives(known, GET("/known"));
    for (size_t i = 0; i < IN_DOUBT; i++) {
        lb_request_complete(all_doubted[i]);
        expect(doubtful[i], "done");
    }
    close_all(doubtful, IN_DOUBT);
    close(newer);
    close(known);
}

/* As after the page of the dashboard: what comes next on its connection is a request like others.
 */
static void a_stranger_who_has_read_a_large_answer_asks_like_others(void **state)
{
    int stranger = dial_answered(GET(LARGE));
    int known[2] = {dial_answered(GET("/known")), dial_answered(GET("/known"))};
    int holder = hold();
    say_surely(stranger, GET("/a"));
    int newer = dial();
    say_surely(newer, GET("/a"));
    let_go(holder);
    expect(stranger, "done");
    expect(newer, "done");
    expect_end(known[0], NULL);
    lives(known[1], GET("/known"));
    close(stranger);
    close(newer);
    close(known[1]);
    close(holder);
}

/* The request is answered to a client that reads little or nothing, and its connection gives place.
 */
static int give_place_unread(const char *request)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), least = 1, known[4];
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    assert_true(dial_with(fd));
    say(fd, request);
    assert_true(wait_until(&handled, 1));
    for (size_t i = 0; i < 4; i++)
        known[i] = dial_answered(GET("/known"));
    close_all(known, 4);
    return fd;
}

static void a_short_answer_that_was_not_read_yet_arrives(void **state)
{
    expect_end(give_place_unread(GET("/a")), "done");
}

static void unread_answers_go_with_their_connection(void **state)
{
    int fd = give_place_unread(GET("/300000"));
    hear(fd, NULL, 0);
    assert_true(heard_reset);
    close(fd);
}

static void unread_answers_that_the_kernel_has_go_too(void **state)
{
    int fd = give_place_unread(GET("/12000"));
    hear(fd, NULL, 0);
    assert_true(heard_reset);
    close(fd);
}

/* Places that loops take and give back at once. No connection has them, so that there is none to
 * end for another one. */
#define LOOPS  4
#define PLACES 1
#define VISITS 100000

static atomic_uint inside, most_inside;

static void *take_and_give(void *arg)
{
    struct lb_loop *loop = arg;
    for (unsigned i = 0; i < VISITS; i++) {
        if (!lb_room_take(loop, false))
            continue;
        unsigned now = ++inside;
        unsigned most = most_inside;
        while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now))
            ;
        if (i % 64 == 0) /* with one processor, too */
            sched_yield();
        inside--;
        lb_room_give(loop, false);
    }
    return NULL;
}

static void the_last_place_goes_to_one_of_all_loops(void **state)
{
    (void)state;
    struct lb_server *all = calloc(1, sizeof *all + LOOPS * sizeof(struct lb_loop));
    pthread_t threads[LOOPS];
    assert_non_null(all);
    all->settings.max_connections = PLACES;
    for (size_t i = 0; i < LOOPS; i++) {
        all->loops[i].server = all;
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &all->loops[i]), 0);
    }
    for (size_t i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(most_inside, 1, PLACES);
    assert_in_range(lb_server_most_connections(all), 1, PLACES);
    assert_int_equal(lb_server_connections(all), 0);
    free(all);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(of_strangers_the_oldest_gives_place),
        SERVED(a_stranger_in_doubt_leaves_the_place_of_the_longest_idle),
        cmocka_unit_test_setup_teardown(many_strangers_in_doubt_cost_no_known_caller_a_place,
                                        start_with_many, stop),
        SERVED(a_stranger_who_has_read_a_large_answer_asks_like_others),
        SERVED(a_short_answer_that_was_not_read_yet_arrives),
        SERVED(unread_answers_go_with_their_connection),
        SERVED(unread_answers_that_the_kernel_has_go_too),
        cmocka_unit_test(the_last_place_goes_to_one_of_all_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
