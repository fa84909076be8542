/* Whether the dashboard is served, and which paths are its files. Threads: any. */
#ifndef LB_API_SYSTEM_DASHBOARD_H
#define LB_API_SYSTEM_DASHBOARD_H

#include "api/app.h"

/* Is there a dashboard for this request: built in, switched on, and asked for over the network? */
bool lb_dashboard_served(const struct lb_app *app, const struct lb_request *req);

/* Does the request ask for one of its files? They need nothing of what is read at the start. */
bool lb_dashboard_has(const struct lb_app *app, const struct lb_request *req);

#endif
