/* The rows of subscriptions to events; what rows.h says of all holds for them. */
#ifndef LB_STORE_HOOK_ROWS_H
#define LB_STORE_HOOK_ROWS_H

#include "store/rows.h"

enum lb_hook_state {
    LB_HOOK_ACTIVE,
    LB_HOOK_PAUSED,  /* by its owner */
    LB_HOOK_FAILING, /* nothing was delivered for so long that no more is tried */
    LB_HOOK_GONE     /* the receiver has said that it wants no more */
};
#define LB_HOOK_STATE_COUNT 4

#define LB_HOOK_SECRET_SIZE 32   /* bytes */
#define LB_HOOK_URL_SIZE    2001 /* with the NUL */
#define LB_HOOK_PLACE_SIZE  64   /* of a place among the events as text: LB_EVENT_CURSOR_SIZE */
#define LB_HOOK_ERROR_SIZE  128

/* A subscription: where events of one type are sent. */
struct lb_hook_row {
    uint32_t workspace;
    char id[LB_ID_SIZE];
    char url[LB_HOOK_URL_SIZE];
    uint32_t type;                /* enum lb_event_type (domain/events/events.h) */
    uint32_t campaign;            /* 0: of all */
    char campaign_id[LB_ID_SIZE]; /* "": of all */
    uint8_t secret[LB_HOOK_SECRET_SIZE];
    uint8_t old_secret[LB_HOOK_SECRET_SIZE]; /* signs as well until then */
    int64_t old_secret_until;                /* 0: there is none */
    int64_t created_at;
    uint32_t actor; /* who subscribed */
    enum lb_hook_state state;
    /* What deliveries change. */
    char place[LB_HOOK_PLACE_SIZE]; /* what is before it was delivered */
    uint32_t tries;                 /* of the next delivery, that failed */
    int64_t failing_since;          /* the first of them; 0: none */
    int64_t next_at;                /* when the next may be made */
    uint64_t missed;                /* events that were left out and are to be named */
    /* In a shared store, the node that delivers now (0: none), and a number that changes whenever
     * it has recorded something. */
    uint64_t lease;
    uint64_t beat;
};

/* What became of tries, or only that the lease is taken, kept or given back. */
struct lb_hook_progress {
    uint32_t workspace;
    char id[LB_ID_SIZE];
    bool take;                /* the lease is taken, from `held`, at `beat`; nothing else changes */
    uint64_t held;            /* who has the lease */
    uint64_t beat;            /* when it is taken: as it was read */
    uint64_t lease;           /* who has it from now on; 0: none */
    enum lb_hook_state state; /* from now on, if it was active */
    char place[LB_HOOK_PLACE_SIZE];
    uint32_t tries;
    int64_t failing_since;
    int64_t next_at;
    uint64_t missed;
    bool lost; /* result: it is not there any more, or another node has the lease */
};

enum lb_delivery_kind { LB_DELIVERY_EVENT, LB_DELIVERY_TEST, LB_DELIVERY_RETRY };
enum lb_delivery_state { LB_DELIVERY_DONE, LB_DELIVERY_FAILED, LB_DELIVERY_GIVEN_UP };

/* What was sent to a subscriber, and what it answered last. */
struct lb_delivery_row {
    uint32_t workspace;
    char hook[LB_ID_SIZE];
    uint64_t no; /* grows with the time of the first try */
    enum lb_delivery_kind kind;
    enum lb_delivery_state state;
    char event[LB_HOOK_PLACE_SIZE]; /* its id, or of a test one made up */
    char place[LB_HOOK_PLACE_SIZE]; /* from which the event can be read again; "": it cannot */
    uint32_t tries;
    int64_t first_at;
    int64_t last_at;
    uint32_t status;                /* of HTTP; 0: no answer */
    uint32_t duration_ms;           /* of the last try */
    uint64_t bytes;                 /* of the body */
    char error[LB_HOOK_ERROR_SIZE]; /* "": none */
};

#define LB_DELIVERIES_KEPT 100 /* of a subscription, the latest */

#endif
