#include "http/respond.h"

#include <time.h>

#define COPY_MAX ((size_t)4 << 10) /* a larger body is sent from where it is */

static const struct {
    unsigned status;
    struct lb_str line;
} statuses[] = {
    {200, LB_STR("HTTP/1.1 200 OK\r\n")},
    {304, LB_STR("HTTP/1.1 304 Not Modified\r\n")},
    {308, LB_STR("HTTP/1.1 308 Permanent Redirect\r\n")},
    {400, LB_STR("HTTP/1.1 400 Bad Request\r\n")},
    {401, LB_STR("HTTP/1.1 401 Unauthorized\r\n")},
    {403, LB_STR("HTTP/1.1 403 Forbidden\r\n")},
    {404, LB_STR("HTTP/1.1 404 Not Found\r\n")},
    {405, LB_STR("HTTP/1.1 405 Method Not Allowed\r\n")},
    {409, LB_STR("HTTP/1.1 409 Conflict\r\n")},
    {410, LB_STR("HTTP/1.1 410 Gone\r\n")},
    {413, LB_STR("HTTP/1.1 413 Content Too Large\r\n")},
    {415, LB_STR("HTTP/1.1 415 Unsupported Media Type\r\n")},
    {429, LB_STR("HTTP/1.1 429 Too Many Requests\r\n")},
    {431, LB_STR("HTTP/1.1 431 Request Header Fields Too Large\r\n")},
    {500, LB_STR("HTTP/1.1 500 Internal Server Error\r\n")},
    {503, LB_STR("HTTP/1.1 503 Service Unavailable\r\n")},
    {505, LB_STR("HTTP/1.1 505 HTTP Version Not Supported\r\n")},
    {507, LB_STR("HTTP/1.1 507 Insufficient Storage\r\n")},
};

void lb_date_update(struct lb_date *date)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == date->second)
        return;
    date->second = now.tv_sec;
    gmtime_r(&now.tv_sec, &tm);
    date->len = strftime(date->line, sizeof date->line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

/* A reply that was not set is our failure; one for which there was no memory may be had later. */
static void settle(struct lb_reply *reply)
{
    static const struct lb_str failed = LB_STR(
        "{\"success\":false,\"code\":\"internal\",\"message\":\"Something went wrong here.\"}");
    static const struct lb_str no_memory = LB_STR(
        "{\"success\":false,\"code\":\"overloaded\",\"message\":\"The server had no memory for "
        "this answer. A change may have been recorded; repeating it is safe.\"}");
    bool short_of_memory = reply->body.failed || reply->headers.failed;
    if (reply->status && !short_of_memory)
        return;
    lb_err err = short_of_memory ? LB_ERR_OVERLOADED : LB_ERR_INTERNAL;
    bool close = reply->close;
    lb_reply_fini(reply);
    reply->close = close;
    lb_reply_fixed(reply, lb_err_status(err), NULL, short_of_memory ? no_memory : failed);
    if (short_of_memory)
        lb_reply_header(reply, "Retry-After", "1");
    reply->code = lb_err_code(err);
}

static void put_status(struct lb_buf *out, unsigned status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status == status) {
            lb_buf_append_str(out, statuses[i].line);
            return;
        }
    }
    lb_buf_append_lit(out, "HTTP/1.1 ");
    lb_buf_append_u64(out, status);
    lb_buf_append_lit(out, " \r\n"); /* the reason may be empty, the space before it not missing */
}

static void put_connection(struct lb_buf *out, const struct lb_head *head, bool persists)
{
    if (!persists)
        lb_buf_append_lit(out, "Connection: close\r\n");
    else if (head->http10)
        lb_buf_append_lit(out, "Connection: keep-alive\r\n");
}

static void put_type(struct lb_buf *out, const char *type)
{
    if (!type) {
        lb_buf_append_lit(out, "Content-Type: application/json\r\n");
        return;
    }
    lb_buf_append_lit(out, "Content-Type: ");
    lb_buf_append_str(out, lb_str(type));
    lb_buf_append_lit(out, "\r\n");
}

/* Of every answer: a browser takes it for what it says it is, and no cache keeps it. */
static void put_safety(struct lb_buf *out, const struct lb_reply *reply, bool https)
{
    if (reply->has_cache_control)
        lb_buf_append_lit(out, "X-Content-Type-Options: nosniff\r\n");
    else
        lb_buf_append_lit(out, "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n");
    if (https)
        lb_buf_append_lit(out, "Strict-Transport-Security: max-age=31536000\r\n");
}

static void put_head(struct lb_exchange *x, const struct lb_date *date, bool persists, bool https)
{
    struct lb_buf *out = &x->out;
    const struct lb_reply *reply = &x->req.reply;
    put_status(out, reply->status);
    lb_buf_append(out, date->line, date->len);
    put_type(out, reply->content_type);
    lb_buf_append_lit(out, "X-Request-Id: ");
    lb_buf_append(out, x->req.id, x->req.id_len);
    lb_buf_append_lit(out, "\r\n");
    put_safety(out, reply, https);
    if (!reply->give) {
        lb_buf_append_lit(out, "Content-Length: ");
        lb_buf_append_u64(out, lb_reply_body(reply).len);
        lb_buf_append_lit(out, "\r\n");
    } else if (!x->head.http10) { /* to HTTP/1.0 it ends with the connection */
        lb_buf_append_lit(out, "Transfer-Encoding: chunked\r\n");
    }
    put_connection(out, &x->head, persists);
    lb_buf_append_str(out, lb_buf_str(&reply->headers));
    lb_buf_append_lit(out, "\r\n");
}

bool lb_respond(struct lb_exchange *x, const struct lb_date *date, bool persists, bool https)
{
    const struct lb_reply *reply = &x->req.reply;
    settle(&x->req.reply);
    lb_buf_reserve(&x->out, 512);
    put_head(x, date, persists, https);
    struct lb_str body = lb_reply_body(reply);
    if (x->req.method == LB_HEAD || reply->status == 304)
        body.len = 0;
    else
        x->giving = reply->give;
    if (body.len <= COPY_MAX)
        lb_buf_append_str(&x->out, body);
    else
        x->tail = body;
    return !x->out.failed;
}

/* A chunk of HTTP/1.1 begins with its size, which is known afterwards. */
enum lb_given lb_respond_more(struct lb_exchange *x)
{
    static const char digits[] = "0123456789abcdef";
    struct lb_buf *out = &x->out;
    bool chunked = !x->head.http10;
    size_t start = chunked ? 10 : 0; /* eight digits and the line's end */
    out->len = 0;
    if (chunked)
        lb_buf_append_lit(out, "00000000\r\n");
    enum lb_given given = x->req.reply.give(&x->req, out);
    if (out->failed || given == LB_GIVE_FAILED)
        return LB_GIVE_FAILED;
    if (given == LB_GIVE_LATER || given == LB_GIVE_SOON) {
        out->len = 0;
        return given;
    }
    size_t len = out->len - start;
    if (chunked && len > 0) {
        for (size_t i = 0; i < 8; i++)
            out->ptr[i] = digits[len >> (28 - 4 * i) & 15];
        lb_buf_append_lit(out, "\r\n");
    } else {
        out->len = 0;
    }
    if (!chunked)
        out->len = len;
    x->giving = given != LB_GIVEN_ALL;
    if (chunked && given == LB_GIVEN_ALL)
        lb_buf_append_lit(out, "0\r\n\r\n");
    return out->failed ? LB_GIVE_FAILED : given;
}

void lb_reply_to_head(struct lb_reply *reply, enum lb_head_result result, const char *wrong)
{
    if (result == LB_HEAD_OTHER_VERSION)
        wrong = "Speak HTTP/1.1 or HTTP/1.0.";
    else if (result != LB_HEAD_BROKEN)
        wrong = "The headers have too many lines, or too many bytes.";
    lb_reply_error(reply, LB_ERR_BAD_REQUEST, "%s", wrong);
    if (result == LB_HEAD_OTHER_VERSION)
        reply->status = 505;
    else if (result != LB_HEAD_BROKEN)
        reply->status = 431;
    reply->close = true;
}
