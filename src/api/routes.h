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
    LB_ROUTE_HEAVY = 32     /* a large body is worked on by a reader, not on the I/O thread */
};

extern const struct lb_route lb_routes[];
extern const size_t lb_route_count;
extern const size_t lb_route_count_without_dashboard; /* which come last */

#endif
