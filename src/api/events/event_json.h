/* An event as JSON: what the feed answers and what is delivered to subscribers. Threads: readers.
 */
#ifndef LB_API_EVENTS_EVENT_JSON_H
#define LB_API_EVENTS_EVENT_JSON_H

#include "api/app.h"
#include "domain/events/events.h"

/* What writing events of one workspace looks up, each once. Set the first three; the rest is zero
 * at first. */
struct lb_event_json {
    const struct lb_app *app;
    struct lb_store_reader *reader;
    const struct lb_workspace *workspace;
    /* Its own. */
    struct lb_event_json_known *known;
};

void lb_event_json_fini(struct lb_event_json *json);

/* Appends {"id","type","createdAt","campaignId","data":{...}}. Not while strings of the reader's
 * last read are needed. The event's own strings stay good. */
void lb_event_json_put(struct lb_event_json *json, struct lb_buf *out,
                       const struct lb_feed_event *event);

#endif
