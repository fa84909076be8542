#include "support/http_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

struct lb_server *server;
char *heard;
size_t heard_len;
bool heard_end;
bool heard_reset;

/* --- the server ------------------------------------------------------------------------------- */

struct lb_server_settings serve_settings(unsigned limit_ms)
{
    return (struct lb_server_settings){
        .listen = "127.0.0.1:0",
        .control_fd = -1,
        .threads = 1,
        .max_connections = 1000,
        .max_header_bytes = 16384,
        .max_body_bytes = 100000,
        .idle_timeout_ms = limit_ms,
        .header_timeout_ms = limit_ms,
        .body_timeout_ms = limit_ms,
        .send_timeout_ms = limit_ms,
    };
}

void serve(const struct lb_server_settings *settings, const struct lb_http_app *app)
{
    struct lb_reason reason;
    assert_int_equal(lb_server_create(settings, app, &server, &reason), LB_OK);
    assert_int_equal(lb_server_start(server, &reason), LB_OK);
}

void serve_end(void)
{
    bool drained = lb_server_drain(server, 8000);
    lb_server_stop(server);
    lb_server_destroy(server);
    assert_true(drained);
}

/* --- clients ---------------------------------------------------------------------------------- */

bool dial_with(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)lb_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 8};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(dial_with(fd));
    return fd;
}

void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

void say_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* How often a word stands from `*at` on, which is moved to where a next one may begin. */
static unsigned count_words(struct lb_str text, const char *word, size_t *at)
{
    size_t len = strlen(word);
    unsigned seen = 0;
    for (const char *found; (found = memmem(text.ptr + *at, text.len - *at, word, len)); seen++)
        *at = (size_t)(found - text.ptr) + 1;
    if (text.len >= len && *at < text.len - len + 1)
        *at = text.len - len + 1;
    return seen;
}

unsigned hear(int fd, const char *word, unsigned wanted)
{
    static struct lb_buf all;
    size_t at = 0;
    unsigned seen = 0;
    ssize_t got = 1;
    all.len = 0;
    while (got > 0 && (!word || seen < wanted)) {
        assert_true(lb_buf_reserve(&all, 65536));
        got = recv(fd, all.ptr + all.len, 65535, 0);
        all.len += got > 0 ? (size_t)got : 0;
        all.ptr[all.len] = '\0';
        seen += word ? count_words(lb_buf_str(&all), word, &at) : 0;
    }
    heard = all.ptr;
    heard_len = all.len;
    heard_end = got == 0;
    heard_reset = got < 0 && errno == ECONNRESET;
    return seen;
}

void expect(int fd, const char *word)
{
    if (hear(fd, word, 1) == 0)
        fail_msg("'%.300s' instead of '%s'", heard, word);
}

void expect_end(int fd, const char *word)
{
    hear(fd, NULL, 0);
    if (word && !strstr(heard, word))
        fail_msg("'%.300s' instead of '%s'", heard, word);
    assert_true(heard_end);
    close(fd);
}

void expect_silence(int fd)
{
    pause_ms(60);
    assert_int_equal(recv(fd, &(char){0}, 1, MSG_DONTWAIT), -1);
}

void hang_up(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* --- waiting ---------------------------------------------------------------------------------- */

void pause_ms(unsigned ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

bool wait_until(atomic_uint *counter, unsigned value)
{
    for (int i = 0; i < 500 && *counter < value; i++)
        pause_ms(10);
    return *counter == value;
}
