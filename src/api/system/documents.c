/* The documentation as pages. Without npm it is one page, which says where the documents are. */
#include "api/call.h"
#include "api/handlers.h"
#include "http/assets.h"

/* docs/api.md is called so in messages and files; the page is /docs/api. */
static bool is_markdown(struct lb_str path, struct lb_str *page)
{
    *page = path;
    if (path.len < 3 || memcmp(path.ptr + path.len - 3, ".md", 3) != 0)
        return false;
    page->len -= 3;
    return lb_document_find(*page) != NULL;
}

static void send_to(struct lb_request *req, struct lb_str path)
{
    char location[64];
    if (!lb_str_copy(path, location, sizeof location))
        return; /* no name of a page is so long */
    lb_reply_fixed(&req->reply, 308, "text/plain; charset=utf-8", LB_STR(""));
    lb_reply_header(&req->reply, "Location", location);
    lb_reply_header(&req->reply, "Cache-Control", "no-cache");
}

enum lb_progress lb_documents_file(struct lb_call *call)
{
    struct lb_request *req = call->req;
    const struct lb_asset *asset = lb_document_find(req->path);
    struct lb_str page;
    if (lb_str_equal(req->path, LB_STR("/docs")))
        send_to(req, LB_STR("/docs/"));
    else if (asset && !lb_str_equal(req->path, LB_DOCUMENT_MISSING))
        lb_asset_reply(asset, req);
    else if (is_markdown(req->path, &page))
        send_to(req, page);
    else
        lb_asset_reply_missing(lb_document_find(LB_DOCUMENT_MISSING), req);
    return LB_DONE;
}
