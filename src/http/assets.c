#include "http/assets.h"

#include "http/negotiate.h"

#include <stdio.h>

/* The page runs and shows nothing but what comes from this server, and is shown in no frame. */
static const struct {
    const char *name;
    const char *value;
} page_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
     "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), "
                           "payment=(), publickey-credentials-get=(), serial=(), usb=()"},
};

static const struct lb_asset *find_asset(const struct lb_asset *assets, size_t count,
                                         struct lb_str path)
{
    for (size_t i = 0; i < count; i++)
        if (lb_str_equal(path, lb_str(assets[i].path)))
            return &assets[i];
    return NULL;
}

const struct lb_asset *lb_asset_find(struct lb_str path)
{
    return find_asset(lb_assets, lb_asset_count, path);
}

const struct lb_asset *lb_document_find(struct lb_str path)
{
    return find_asset(lb_documents, lb_document_count, path);
}

bool lb_document_path(struct lb_str path)
{
    static const struct lb_str root = {"/docs", 5};
    return path.len >= root.len && memcmp(path.ptr, root.ptr, root.len) == 0 &&
           (path.len == root.len || path.ptr[root.len] == '/');
}

static bool takes_gzip(const struct lb_asset *asset, const struct lb_request *req)
{
    return asset->gzip.len && lb_negotiate_gzip(lb_request_header(req, "Accept-Encoding"));
}

static void add_headers(struct lb_reply *reply, const struct lb_asset *asset)
{
    lb_reply_header(reply, "Cache-Control",
                    asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    lb_reply_header(reply, "Vary", "Accept-Encoding");
    if (!asset->page)
        return;
    for (size_t i = 0; i < sizeof page_headers / sizeof *page_headers; i++)
        lb_reply_header(reply, page_headers[i].name, page_headers[i].value);
}

void lb_asset_reply(const struct lb_asset *asset, struct lb_request *req)
{
    struct lb_reply *reply = &req->reply;
    bool gzip = takes_gzip(asset, req);
    char etag[64]; /* the two forms are different bytes, so they have different tags */
    snprintf(etag, sizeof etag, "\"%s%s\"", asset->tag, gzip ? "-gzip" : "");

    bool fresh = lb_negotiate_match(lb_request_header(req, "If-None-Match"), lb_str(etag));
    lb_reply_fixed(reply, fresh ? 304 : 200, asset->content_type,
                   gzip ? asset->gzip : asset->plain);
    lb_reply_header(reply, "ETag", etag);
    add_headers(reply, asset);
    if (gzip && !fresh)
        lb_reply_header(reply, "Content-Encoding", "gzip");
}

void lb_asset_reply_missing(const struct lb_asset *asset, struct lb_request *req)
{
    struct lb_reply *reply = &req->reply;
    bool gzip = takes_gzip(asset, req);
    lb_reply_fixed(reply, 404, asset->content_type, gzip ? asset->gzip : asset->plain);
    reply->code = lb_err_code(LB_ERR_NOT_FOUND); /* for the log */
    add_headers(reply, asset);
    if (gzip)
        lb_reply_header(reply, "Content-Encoding", "gzip");
}
