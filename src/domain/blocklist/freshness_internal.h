/* What the files of the freshness share: freshness.c, and unread.c, which looks for what a start
 * could not read. Threads: see freshness.h; a lane is its thread's. */
#ifndef LB_DOMAIN_BLOCKLIST_FRESHNESS_INTERNAL_H
#define LB_DOMAIN_BLOCKLIST_FRESHNESS_INTERNAL_H

#include "base/clock.h"
#include "domain/blocklist/freshness.h"
#include "domain/blocklist/lack.h"

#include <pthread.h>

/* While a part of the store does not answer: how long what was refused is not asked for again, at
 * least and at most, and how many times what the refusal took: a part that is silent takes a tenth
 * of the careful lane's time, and no more. */
#define REFUSED_MS     100
#define REFUSED_MAX_MS 10000
#define REFUSED_TIMES  10
/* How long the careful lane looks for workspaces that can be asked before it turns to requests. */
#define SURVEY_MS 100

/* A thread that asks, with its own connection. */
struct lane {
    struct lb_freshness *freshness;
    struct lb_store_reader *reader;
    struct lb_mailbox *mailbox;
    pthread_t thread;
    bool started;
    void (*turn)(struct lane *lane);
    /* The thread's. */
    struct lb_fresh *first; /* to be asked for, oldest first */
    struct lb_fresh **last;
    uint64_t poll_at_ms;
    struct lb_workspace **by_no;
    size_t by_no_capacity;
    struct lb_workspace *newest; /* the last one in `by_no` */
    struct lb_lack lacks[2]; /* one is gathered while the other is read on the writer's thread */
    struct lb_lack *gathered, *read; /* `read` is the writer's while it is not NULL */
    uint32_t apart_from;             /* the writer's: of those read one by one, where it goes on */
    struct lb_task there, back;
};

/* A workspace that the start could not read. */
struct unread {
    uint32_t no;
    bool asked;
    bool refused; /* when it was asked for last */
    bool silent;  /* that took as long as the reader waits */
    bool slow;    /* it answered the lane's reader, which waits, and is asked by that one */
    bool seen;
    bool done;         /* memory has it, or it never was */
    uint64_t quiet_ms; /* until then it is not asked for */
    /* What was seen first: memory that has this has all that was away, however much is added. */
    uint64_t log_row, access_version;
};

/* A question about many workspaces fails when one of them cannot be asked. Then there is trouble:
 * the careful lane asks for each workspace alone, and the main lane only for those that this one
 * has found to answer since. */
struct lb_freshness {
    struct lb_freshness_settings settings;
    struct lane main, careful;
    _Atomic bool stopping;
    _Atomic bool ready;
    _Atomic uint64_t trouble; /* its number; 0: none */
    _Atomic uint64_t last_trouble;
    _Atomic size_t under_way; /* requests that were taken and not completed */
    _Atomic uint64_t questions, requests, failures, refreshes;
    /* The careful lane's. */
    uint64_t keys_quiet_ms;      /* until then no key is looked for: it was refused */
    uint64_t all_quiet_ms;       /* the same of all workspaces at once */
    uint64_t requests_quiet_ms;  /* the same for requests about all */
    struct lb_workspace *survey; /* the last one that it asked for by itself */
    struct unread *unread;       /* what the start could not read, ascending, until memory has it */
    size_t unread_count;
    size_t unread_unasked, unread_refused; /* of them */
    size_t unread_at;                      /* the place of the next one to be asked for */
    size_t unread_patient_at;              /* the same of the silent ones */
    uint64_t unread_quiet_ms;
    uint64_t unread_patient_ms; /* until then none is waited for */
    struct lb_store_reader *hurried;
    unsigned hurry_ms;       /* how long that waits */
    uint64_t unread_told_ms; /* when the log was told last */
    size_t read_since;       /* how many memory has got since then */
};

static inline bool is_stopping(const struct lb_freshness *freshness)
{
    return atomic_load(&freshness->stopping);
}

static inline bool is_quiet(uint64_t quiet_ms)
{
    return lb_clock_mono_ms() < quiet_ms;
}

/* Until when what was refused now is not asked for again. */
static inline uint64_t quiet_after(uint64_t took_ms)
{
    uint64_t pause_ms = took_ms * REFUSED_TIMES;
    pause_ms = pause_ms < REFUSED_MS ? REFUSED_MS : pause_ms;
    return lb_clock_mono_ms() + (pause_ms < REFUSED_MAX_MS ? pause_ms : REFUSED_MAX_MS);
}

static inline uint64_t ms_since(uint64_t asked_ms)
{
    return lb_clock_mono_ms() - asked_ms;
}

/* The workspace of that number as memory has it, or NULL. */
struct lb_workspace *lb_lane_workspace(struct lane *lane, uint32_t no);

/* Gathers the workspace when memory lacks some of it; `context` is the lane. */
lb_err lb_lane_compare(void *context, const struct lb_workspace_version *latest);

/* The careful lane's: are those back that the start could not read? */
void lb_unread_look(struct lane *lane);
/* Is one of them away, or may it be? Then a question about all need not be asked. */
bool lb_unread_are_away(const struct lb_freshness *freshness);
/* Is this one of them, and away as far as is known? With `lane` it is asked for before that is
 * said, unless it was a short time ago. */
bool lb_unread_is_away(struct lb_freshness *freshness, struct lane *lane, uint32_t no);

#endif
