/* The index of the whole API: one table of routes. */
#ifndef LB_API_ROUTES_H
#define LB_API_ROUTES_H

#include "api/call.h"

enum lb_route_flag {
    LB_ROUTE_OPEN = 1,      /* needs no key */
    LB_ROUTE_LOCAL = 2,     /* for the command line, through the control socket only */
    LB_ROUTE_CHANGES = 4,   /* refused for keys that may only read */
    LB_ROUTE_LICENSED = 8,  /* needs a valid Pro or Agency license */
    LB_ROUTE_CAMPAIGN = 16, /* the first placeholder is a campaign of the workspace */
    LB_ROUTE_HEAVY = 32,    /* a large body is worked on by a reader, not on the I/O thread */
    LB_ROUTE_TRIES = 64,    /* knows dryRun */
    LB_ROUTE_SMALL = 2048,  /* for strangers: the body is small, or refused unread */
    /* Those below are for people who are signed in; keys are refused. */
    LB_ROUTE_SIGNED_IN = 128,
    LB_ROUTE_OPERATOR = 256, /* about the installation: operators only */
    LB_ROUTE_OWN = 512,      /* about who is signed in: viewers, too */
    LB_ROUTE_ANYWHERE = 1024 /* operators need not name a workspace */
};

extern const struct lb_route lb_routes[];
extern const size_t lb_route_count;
extern const size_t lb_route_count_without_dashboard; /* which come last */

#endif
