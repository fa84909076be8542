/* The files that are built into the program: the dashboard. embed.py writes the table when the
 * program is built; it is empty when the dashboard was left out (-Ddashboard=disabled).
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

/* The file of a raw request path, or NULL. */
const struct lb_asset *lb_asset_find(struct lb_str path);

/* Replies to a GET or HEAD with the file, in the coding that the client takes, or with 304 when the
 * client has it already. */
void lb_asset_reply(const struct lb_asset *asset, struct lb_request *req);

#endif
