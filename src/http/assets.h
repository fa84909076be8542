/* The files that are built into the program: the dashboard, and the documentation. embed.py writes
 * both tables when the program is built. Without npm (-Ddashboard=disabled) that of the dashboard
 * is empty, and that of the documentation has one page, which says where the documents are.
 *
 * Threads: all constant. */
#ifndef LB_HTTP_ASSETS_H
#define LB_HTTP_ASSETS_H

#include "http/request.h"

struct lb_asset {
    const char *path; /* of the request, "/" for the page */
    const char *content_type;
    const char *tag;     /* of its content: hex digits */
    struct lb_str plain; /* the bytes */
    struct lb_str gzip;  /* the same compressed; {NULL, 0} when that is not smaller */
    bool page;           /* HTML */
    bool immutable;      /* the path names the content, so that it never changes */
};

extern const struct lb_asset lb_assets[];
extern const size_t lb_asset_count;

extern const struct lb_asset lb_documents[];
extern const size_t lb_document_count;

/* The file of the dashboard of a raw request path, or NULL. */
const struct lb_asset *lb_asset_find(struct lb_str path);

/* The file of the documentation, or NULL. LB_DOCUMENT_MISSING is there always. */
const struct lb_asset *lb_document_find(struct lb_str path);

#define LB_DOCUMENT_MISSING LB_STR("/docs/404")

/* Is it a path of the documentation, whether there is a document or not? */
bool lb_document_path(struct lb_str path);

/* Replies to a GET or HEAD with the file, in the coding that the client takes, or with 304 when the
 * client has it already. */
void lb_asset_reply(const struct lb_asset *asset, struct lb_request *req);

/* Replies 404 with the file as the body, to a request for another one. */
void lb_asset_reply_missing(const struct lb_asset *asset, struct lb_request *req);

#endif
