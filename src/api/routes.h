/* The index of the whole API: one table of routes. Threads: stateless. */
#ifndef LB_API_ROUTES_H
#define LB_API_ROUTES_H

#include "api/call.h"

enum lb_route_flag {
    LB_ROUTE_OPEN = 1 << 0,     /* needs no key */
    LB_ROUTE_PROBE = 1 << 20,   /* asked by machines again and again: 200 is not worth a line */
    LB_ROUTE_LOCAL = 1 << 1,    /* for the command line, through the control socket only */
    LB_ROUTE_LICENSED = 1 << 2, /* needs a valid Pro or Agency license */
    LB_ROUTE_CAMPAIGN = 1 << 3, /* the first placeholder is a campaign of the workspace */
    LB_ROUTE_DELETED = 1 << 16, /* or one that was deleted, or was not there */
    /* What a body may hold (lb_route_body): without one of these it is small. */
    LB_ROUTE_LARGE = 1 << 4,   /* a list of people, up to max-body-bytes */
    LB_ROUTE_TEXTS = 1 << 5,   /* messages and variables: as long, with few values */
    LB_ROUTE_CSRF = 1 << 6,    /* a session has to send its csrfToken */
    LB_ROUTE_MEMBER = 1 << 7,  /* refused for viewers, and for keys that may only read */
    LB_ROUTE_DRY_RUN = 1 << 8, /* can be tried with dryRun=true */
    LB_ROUTE_NO_DRY_RUN =
        1 << 9, /* changes something and cannot be tried: dryRun=true is refused */
    LB_ROUTE_FILE =
        1 << 14, /* the body is a file (upload.h); what it may only look at is for all */
    LB_ROUTE_LEADS = 1 << 15, /* the people of the file become leads */
    LB_ROUTE_TYPED = 1 << 18, /* or names of every type */
    /* Those below are for signed-in users; keys are refused. */
    LB_ROUTE_SIGNED_IN = 1 << 10,
    LB_ROUTE_OPERATOR = 1 << 11, /* about the installation: operators only */
    LB_ROUTE_OWN = 1 << 12,      /* about the signed-in user: no workspace is named */
    LB_ROUTE_ANYWHERE = 1 << 13, /* operators who name no workspace mean the installation */
    /* Also for sessions that may only set up a second factor. */
    LB_ROUTE_ENROLS = 1 << 19,
    /* About the installation's own list, with which the handlers do as with a workspace's. */
    LB_ROUTE_INSTALLATION = 1 << 17,

    /* What changes something. */
    LB_ROUTE_WRITES = LB_ROUTE_CSRF | LB_ROUTE_MEMBER | LB_ROUTE_NO_DRY_RUN,
    LB_ROUTE_WRITES_OR_TRIES = LB_ROUTE_CSRF | LB_ROUTE_MEMBER | LB_ROUTE_DRY_RUN,
    LB_ROUTE_OWN_WRITES = LB_ROUTE_OWN | LB_ROUTE_CSRF | LB_ROUTE_NO_DRY_RUN
};

struct lb_body_bounds {
    size_t bytes;    /* 0: max-body-bytes, or what a file may have */
    unsigned values; /* of JSON, in all */
};

/* Strangers: 8 KiB and 16 values. Small bodies: 64 KiB and 4,096 values. */
struct lb_body_bounds lb_route_body(const struct lb_route *route);

extern const struct lb_route lb_routes[];
extern const size_t lb_route_count;
extern const size_t lb_route_count_without_dashboard; /* which come last */

#endif
