#include "http/respond.h"

#include <microhttpd.h>
#include <strings.h>
#include <time.h>

/* A reply that was not set, or for which there was no memory, is our failure. */
static void settle(struct lb_reply *reply)
{
    static const char failed[] =
        "{\"success\":false,\"code\":\"internal\",\"message\":\"Something went wrong here.\"}";
    if (reply->status && !reply->body.failed)
        return;
    bool close = reply->close;
    lb_reply_fini(reply);
    reply->close = close;
    lb_buf_append_lit(lb_reply_json(reply, 500), failed);
    reply->code = lb_err_code(LB_ERR_INTERNAL);
    if (reply->body.failed)
        lb_buf_fini(&reply->body); /* an empty 500 */
}

static bool has_header(const struct lb_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    return false;
}

static const char *content_type(const struct lb_reply *reply)
{
    return reply->content_type ? reply->content_type : "application/json";
}

static bool add_headers(struct MHD_Response *response, const struct lb_request *req, bool close)
{
    const struct lb_reply *reply = &req->reply;
    for (size_t i = 0; i < reply->header_count; i++)
        if (MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value) !=
            MHD_YES)
            return false;
    return MHD_add_response_header(response, "Content-Type", content_type(reply)) == MHD_YES &&
           MHD_add_response_header(response, "X-Request-Id", req->id) == MHD_YES &&
           (req->method != LB_GET || has_header(reply, "Cache-Control") || /* others are not kept */
            MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES) &&
           (!close || MHD_add_response_header(response, "Connection", "close") == MHD_YES);
}

bool lb_respond(struct MHD_Connection *mhd, struct lb_request *req, bool close)
{
    struct lb_reply *reply = &req->reply;
    settle(reply);
    /* Not copied and not given away: the buffer is used again for the next request. */
    struct lb_str body = lb_reply_body(reply);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.len, (char *)body.ptr, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return false;
    bool queued = add_headers(response, req, close || reply->close) &&
                  MHD_queue_response(mhd, reply->status, response) == MHD_YES;
    MHD_destroy_response(response);
    return queued;
}

void lb_respond_raw(struct lb_request *req, struct lb_buf *out)
{
    struct lb_reply *reply = &req->reply;
    char date[64];
    time_t now = time(NULL);
    struct tm tm;
    settle(reply);
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    lb_buf_printf(out,
                  "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\nX-Request-Id: %s\r\n"
                  "Connection: close\r\nContent-Length: %zu\r\n",
                  reply->status, MHD_get_reason_phrase_for(reply->status), date,
                  content_type(reply), req->id, lb_reply_body(reply).len);
    if (req->method == LB_GET && !has_header(reply, "Cache-Control"))
        lb_buf_append_lit(out, "Cache-Control: no-store\r\n");
    for (size_t i = 0; i < reply->header_count; i++)
        lb_buf_printf(out, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
    lb_buf_append_lit(out, "\r\n");
    if (req->method != LB_HEAD && reply->status != MHD_HTTP_NOT_MODIFIED)
        lb_buf_append_str(out, lb_reply_body(reply));
}

void lb_reply_headers_too_large(struct lb_reply *reply)
{
    lb_reply_error(reply, LB_ERR_BAD_REQUEST, "The header section is too large.");
    reply->status = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
}
