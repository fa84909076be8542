/* Subscriptions in requests and replies. Threads: those of the requests. */
#ifndef LB_API_HOOKS_HOOKS_H
#define LB_API_HOOKS_HOOKS_H

#include "http/request.h"
#include "api/call.h"
#include "hooks/hooks.h"

#define LB_DELIVERY_PREFIX "dl_"

/* Takes a request from the workspace's rate; false when the reply is set. */
bool lb_hooks_pass_rate(struct lb_call *call);

/* The subscription of the path, on a reader's thread. False when the reply is set. */
bool lb_hooks_find(struct lb_call *call, struct lb_store_reader *reader, struct lb_hook_row *out);

/* Appends an event as it is delivered; `context`: the app. See struct lb_hooks_settings. */
void lb_hooks_put_event(void *context, struct lb_store_reader *reader,
                        const struct lb_workspace *workspace, const struct lb_feed_event *event,
                        struct lb_buf *out);

#endif
