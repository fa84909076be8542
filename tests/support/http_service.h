/* For tests of src/http: a server with an application of the test's own, and clients of it over
 * real sockets. What cannot be done fails the test. Threads: the test's; dial_with and say_bytes
 * any. */
#ifndef LB_TESTS_HTTP_SERVICE_H
#define LB_TESTS_HTTP_SERVICE_H

#include "http/server.h"

#include <stdatomic.h>

#define GET(path)           "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(path, headers) "POST " path " HTTP/1.1\r\nHost: x\r\n" headers "\r\n"

extern struct lb_server *server; /* the one that runs */

/* One loop, 1,000 connections, bodies of 100,000 bytes; each time limit is `limit_ms`. */
struct lb_server_settings serve_settings(unsigned limit_ms);
void serve(const struct lb_server_settings *settings, const struct lb_http_app *app);

/* Drains and destroys it; fails when connections are left. */
void serve_end(void);

/* A connection; with a socket of the caller's, false when it cannot be made. */
int dial(void);
bool dial_with(int fd);

void say(int fd, const char *text);
void say_bytes(int fd, const char *bytes, size_t len);

/* Receives until `word` has come so often or the stream ends; returns how often it came. NULL:
 * until the end. */
unsigned hear(int fd, const char *word, unsigned wanted);

/* What was received last, with a NUL after it; and how the stream ended, if it did. */
extern char *heard;
extern size_t heard_len;
extern bool heard_end; /* in order */
extern bool heard_reset;

/* Receives until `word` has come, and fails when it does not. */
void expect(int fd, const char *word);

/* The stream ends in order, after `word` if that is not NULL. Closes the socket. */
void expect_end(int fd, const char *word);

/* Nothing has come, and the connection is open. */
void expect_silence(int fd);

/* Closes with a reset. */
void hang_up(int fd);

void pause_ms(unsigned ms);

/* Up to 5 seconds. True when the counter has that value then, not more. */
bool wait_until(atomic_uint *counter, unsigned value);

#endif
