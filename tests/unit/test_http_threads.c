/* Replies never cross connections: clients with ids of their own send pipelines in pieces and leave
 * at any moment, while other threads complete their requests. Run under ThreadSanitizer too.
 * LB_TEST_SECONDS sets how long the test runs (1). */
#include "base/clock.h"
#include "support/http_service.h"
#include "support/random.h"
#include "support/tsan.h"

#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define CLIENTS         3
#define COMPLETERS      2
#define LOOPS           2
#define PIPELINE        8
#define CONNECTIONS_MAX 2000
#define FILLER_MAX      9000 /* some replies are sent from where they are, some are copied */

static atomic_uint begun, ended, whole_pipelines, cut_pipelines;
static atomic_bool over;

/* --- the application: it answers with the id in the path, at once or later ----------------------
 */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct lb_request *waiting[CONNECTIONS_MAX]; /* each has one pending request at most */
    unsigned count;
    bool ending;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static unsigned filler_of(unsigned long id)
{
    return (unsigned)(id * 2654435761u % FILLER_MAX) >> (id % 3 * 4);
}

/* "(id)" and so many of a letter. */
static void put_reply(struct lb_buf *out, unsigned long id)
{
    lb_buf_append_lit(out, "(");
    lb_buf_append_u64(out, id);
    lb_buf_append_lit(out, ")");
    char letter = (char)('a' + id % 26);
    for (unsigned left = filler_of(id); left > 0; left--)
        lb_buf_append(out, &letter, 1);
}

static void answer(struct lb_request *req)
{
    char path[32];
    lb_str_copy(req->path, path, sizeof path);
    put_reply(lb_reply_json(&req->reply, 200), strtoul(path + 3, NULL, 10));
}

static enum lb_admission begin(void *context, struct lb_request *req)
{
    (void)context;
    (void)req;
    begun++;
    return LB_ADMITTED;
}

static enum lb_progress handle(void *context, struct lb_request *req)
{
    (void)context;
    if (req->path.ptr[1] == 'n') {
        answer(req);
        return LB_DONE;
    }
    pthread_mutex_lock(&queue.lock);
    queue.waiting[queue.count++] = req;
    pthread_cond_signal(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    return LB_PENDING;
}

static void end(void *context, struct lb_request *req)
{
    (void)context;
    (void)req;
    ended++;
}

/* Takes the newest one, so that they are completed in another order than they came in. */
static void *complete(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&queue.lock);
    while (queue.count > 0 || !queue.ending) {
        if (queue.count == 0) {
            pthread_cond_wait(&queue.changed, &queue.lock);
            continue;
        }
        struct lb_request *req = queue.waiting[--queue.count];
        pthread_mutex_unlock(&queue.lock);
        answer(req);
        lb_request_complete(req);
        pthread_mutex_lock(&queue.lock);
    }
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

/* --- clients ---------------------------------------------------------------------------------- */

struct client {
    pthread_t thread;
    unsigned number;
    uint64_t seed;
    unsigned long last_id;
    char wrong[200];
    char heard[PIPELINE * (FILLER_MAX + 512)];
};

static unsigned below(struct client *c, unsigned bound)
{
    return (unsigned)(random_next(&c->seed) % bound);
}

static size_t write_request(struct client *c, char *out, unsigned long id)
{
    static const char *const bodies[] = {"", "Content-Length: 5\r\n",
                                         "Transfer-Encoding: chunked\r\n"};
    static const char *const ends[] = {"", "12345", "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"};
    unsigned kind = below(c, 3);
    return (size_t)sprintf(out, "%s /%c/%lu HTTP/1.1\r\nHost: x\r\n%s\r\n%s", kind ? "POST" : "GET",
                           below(c, 2) ? 'n' : 'l', id, bodies[kind], ends[kind]);
}

static void send_in_pieces(struct client *c, int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t size = below(c, 3) ? len : 1 + below(c, (unsigned)len);
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* The bytes that the body of a reply to this id has to have. */
static bool is_reply(const char *body, size_t len, unsigned long id)
{
    struct lb_buf should = {0};
    put_reply(&should, id);
    bool same = should.len == len && memcmp(should.ptr, body, len) == 0;
    lb_buf_fini(&should);
    return same;
}

/* Looks at the replies that are there: how many are whole and right. Anything else in them is
 * noted. */
static unsigned count_replies(struct client *c, size_t len, unsigned long first_id)
{
    const char *at = c->heard;
    const char *end = c->heard + len;
    for (unsigned count = 0;; count++) {
        const char *body = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
        const char *length = body ? memmem(at, (size_t)(body - at), "Content-Length: ", 16) : NULL;
        if (!body)
            return count;
        size_t size = length ? strtoul(length + 16, NULL, 10) : 0;
        body += 4;
        if (memcmp(at, "HTTP/1.1 200 ", 13) != 0 || !length)
            snprintf(c->wrong, sizeof c->wrong, "no reply: %.100s", at);
        if (c->wrong[0] || (size_t)(end - body) < size)
            return count;
        if (!is_reply(body, size, first_id + count)) {
            snprintf(c->wrong, sizeof c->wrong, "client %u: %.40s instead of (%lu)", c->number,
                     body, first_id + count);
            return count;
        }
        at = body + size;
    }
}

/* Reads until so many replies are there or the connection ends. */
static unsigned hear_replies(struct client *c, int fd, unsigned wanted, unsigned long first_id)
{
    size_t len = 0;
    unsigned count = 0;
    while (count < wanted && !c->wrong[0]) {
        ssize_t got = recv(fd, c->heard + len, sizeof c->heard - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        count = count_replies(c, len, first_id);
    }
    return count;
}

/* One pipeline; what happens in its middle is up to chance. */
static void try_pipeline(struct client *c)
{
    char bytes[PIPELINE * 256];
    size_t len = 0;
    unsigned count = 1 + below(c, PIPELINE);
    unsigned long first_id = c->last_id + 1;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!dial_with(fd)) {
        close(fd);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        len += write_request(c, bytes + len, ++c->last_id);
    unsigned replies;
    unsigned fate = below(c, 4);
    if (fate == 0) /* leaves without the end, and without reading all */
        len -= below(c, (unsigned)len);
    send_in_pieces(c, fd, bytes, len);
    if (fate == 1)
        shutdown(fd, SHUT_WR);
    if (fate == 0) {
        usleep(below(c, 2) * below(c, 2000));
        ssize_t got = recv(fd, c->heard, sizeof c->heard, MSG_DONTWAIT);
        count_replies(c, got > 0 ? (size_t)got : 0, first_id);
    } else if ((replies = hear_replies(c, fd, count, first_id)) != count && !c->wrong[0]) {
        snprintf(c->wrong, sizeof c->wrong, "%u of %u replies, fate %u", replies, count, fate);
    }
    *(fate == 0 ? &cut_pipelines : &whole_pipelines) += 1;
    if (fate == 0 && below(c, 2))
        hang_up(fd);
    else
        close(fd);
}

static void *run_client(void *arg)
{
    struct client *c = arg;
    while (!over && !c->wrong[0])
        try_pipeline(c);
    return NULL;
}

/* --- test ------------------------------------------------------------------------------------- */

static void start(void)
{
    struct lb_server_settings settings = serve_settings(20000);
    settings.threads = LOOPS;
    settings.max_connections = CONNECTIONS_MAX;
    serve(&settings, &(struct lb_http_app){NULL, begin, NULL, handle, end});
}

static bool is_enough(void)
{
    return whole_pipelines > 20 && cut_pipelines > 5;
}

static void replies_never_cross_connections(void **state)
{
    (void)state;
    static struct client clients[CLIENTS];
    pthread_t completers[COMPLETERS];
    const char *seconds = getenv("LB_TEST_SECONDS");
    start();
    for (unsigned i = 0; i < COMPLETERS; i++)
        pthread_create(&completers[i], NULL, complete, NULL);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].number = i;
        clients[i].seed = lb_clock_mono_ns() * 2 + i * 7919 + 1;
        clients[i].last_id = (i + 1) * 100000000ul;
        pthread_create(&clients[i].thread, NULL, run_client, &clients[i]);
    }
    usleep((useconds_t)((seconds ? atof(seconds) : 1) * 1000000));
    for (int i = 0; i < 6000 && !is_enough(); i++) /* a minute on a busy machine */
        usleep(10000);
    over = true;
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    bool drained = lb_server_drain(server, 20000);
    pthread_mutex_lock(&queue.lock);
    queue.ending = true;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    for (unsigned i = 0; i < COMPLETERS; i++)
        pthread_join(completers[i], NULL);
    lb_server_stop(server);
    lb_server_destroy(server);
    for (unsigned i = 0; i < CLIENTS; i++)
        assert_string_equal(clients[i].wrong, "");
    assert_true(drained);
    print_message("%u pipelines whole, %u cut\n", whole_pipelines, cut_pipelines);
    assert_true(is_enough());
    assert_true(ended >= begun); /* broken ones end without having begun */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replies_never_cross_connections)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
