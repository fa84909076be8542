/* For tests: a client of the engine that makes random changes and knows what must come of them.
 *
 * Several actors share a workspace; each has names and campaigns that no other touches, so that it
 * knows exactly what is blocked there. Of a change whose outcome it was not told it knows what may
 * be: all of it or nothing.
 * Threads: one per actor, registered with RCU. */
#ifndef LB_TESTS_ACTOR_H
#define LB_TESTS_ACTOR_H

#include "support/engine.h"

#include "domain/blocklist/twins.h"

#define ACTOR_NAMES 300
#define ACTOR_ITEMS                                                                                \
    (8 * ACTOR_NAMES)    /* of a change: requests, of which a person may have several */
#define ACTOR_CHANGES 64 /* that it remembers, for undoing them */
#define ACTOR_ANY_ID  UINT64_MAX

/* Its part of the workspace's list, and its two campaigns. */
enum { ACTOR_OWN, ACTOR_FIRST, ACTOR_SECOND, ACTOR_LISTS };

/* A request to block a person. */
struct actor_entry {
    uint64_t id;     /* 0: none; ACTOR_ANY_ID: one whose entry is not known yet */
    uint64_t order;  /* grows from request to request */
    unsigned reason; /* number of it; 0: none */
};

/* Those that stand, oldest first: the first is the one that lists and checks show. */
struct actor_requests {
    unsigned count;
    struct actor_entry at[LB_TWINS_MAX];
};

/* Requests that were taken back more than once, by unblocks and by undos; those that were thrice
 * are there twice, and so on. */
#define ACTOR_HELD 128
struct actor_held {
    unsigned count;
    uint32_t orders[ACTOR_HELD];
};

struct actor_state {
    bool exists[ACTOR_LISTS];
    unsigned lives[ACTOR_LISTS]; /* of the list, which ends when it is dropped */
    struct actor_requests requests[ACTOR_LISTS][ACTOR_NAMES];
    struct actor_held held[ACTOR_LISTS][ACTOR_NAMES];
};

struct actor_item {
    unsigned name;
    struct actor_entry entry;
};

struct actor_change {
    uint64_t id;
    unsigned list;
    unsigned life; /* of the list */
    enum lb_log_kind kind;
    uint64_t first; /* change of the chain that the undos of this one, and undos of them, make */
    bool lost;      /* an undo of the chain was recorded, and is not known */
    size_t count;
    struct actor_item items[ACTOR_ITEMS];
};

struct actor {
    struct engine *engine;
    unsigned number;
    uint64_t random;
    uint64_t requests_made;
    struct actor_state now;     /* acknowledged */
    struct actor_state if_done; /* with the change that is under way or in doubt */
    bool in_doubt;
    struct actor_change *undo_in_doubt;         /* what the change in doubt takes back */
    uint64_t acknowledged;                      /* changes */
    struct actor_change changes[ACTOR_CHANGES]; /* a ring */
    size_t change_count;
    char failure[512]; /* what went against a promise, in words; empty: nothing did */
};

void actor_init(struct actor *actor, struct engine *engine, unsigned number, uint64_t seed);

/* Makes one random change and waits for the answer, which it returns. Anything but LB_OK,
 * LB_ERR_STORAGE_UNAVAILABLE, LB_ERR_STORAGE_FULL and LB_ERR_OUTCOME_UNKNOWN is a failure; so is an
 * acknowledged change that checks do not show. */
lb_err actor_step(struct actor *actor);

/* Compares lists and checks with what is known. A change in doubt is then known to be done or not.
 * False: see `failure`. */
bool actor_verify(struct actor *actor, struct lb_store_reader *reader);

/* The same for all actors of a workspace, and for the file: its integrity, and that its views show
 * what the actors know. False: see the `failure` of one of them. */
bool actors_verify(struct actor *actors, size_t count, const char *path, const char *vfs);

#endif
