/* What the files of the events share; see events.h. */
#ifndef LB_DOMAIN_EVENTS_INTERNAL_H
#define LB_DOMAIN_EVENTS_INTERNAL_H

#include "domain/events/events.h"

#include <pthread.h>

#define LB_EVENTS_BUCKETS 256

struct lb_events {
    struct lb_events_settings settings;
    pthread_mutex_t lock; /* of the watches, and held while they are called */
    /* By the workspace's number; the last has those of all workspaces. */
    struct lb_events_watch *watches[LB_EVENTS_BUCKETS + 1];
    _Atomic size_t watch_count;
    /* The sweep's, on the writer thread or while none is under way. */
    struct lb_workspace *sweep_at; /* the next of this round; NULL: it is over */
    uint64_t sweep_again_ms;       /* monotonic: the next round begins */
};

/* A piece of the page's texts. */
struct lb_event_text {
    size_t at, len;
    bool none;
};

/* A person of an event, while the page is being made. */
struct lb_event_draft_lead {
    uint64_t target; /* the number of the entry that has the name; 0: it is known */
    uint64_t lead;
    enum lb_lead_status status;
    struct lb_event_text key, reason, fields[LB_EVENT_LEAD_FIELDS];
};

struct lb_event_draft {
    struct lb_feed_event event;
    size_t first_lead;
    struct lb_event_text import;
};

struct lb_event_space {
    struct lb_event_draft *drafts;
    size_t draft_count, draft_capacity;
    struct lb_event_draft_lead *people;
    size_t person_count, person_capacity;
    struct lb_buf texts;
    struct lb_event_row *own;
    size_t own_count, own_capacity;
    /* Made of the drafts at the end. */
    struct lb_feed_event *events;
    size_t event_capacity;
    struct lb_event_lead *leads;
    size_t lead_capacity;
    uint64_t *ids; /* scratch */
    size_t id_capacity;
    struct lb_str *names; /* the same */
    size_t name_capacity;
};

/* Copies a string into the page. */
struct lb_event_text lb_event_keep(struct lb_event_space *space, struct lb_str text);

/* people.c: looks up who the people of the page's events are, and makes its results of the drafts.
 */
lb_err lb_event_people(struct lb_events *events, struct lb_store_reader *reader,
                       struct lb_events_page *page);

#endif
