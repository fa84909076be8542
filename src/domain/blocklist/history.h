/* What the log of a workspace says of one person: each block of one of their names, and each event
 * that takes such a block back or makes it valid again, in all lists, also in those of campaigns
 * that were deleted. It is found by reading the workspace's log from its first row: memory has only
 * what is blocked now, and no store has an index of names.
 *
 * Threads: one at a time; reading on readers, in turns. */
#ifndef LB_DOMAIN_BLOCKLIST_HISTORY_H
#define LB_DOMAIN_BLOCKLIST_HISTORY_H

#include "base/buf.h"
#include "domain/access/directory.h"

#define LB_HISTORY_EVENTS_MAX 10000
#define LB_HISTORY_TURN_ROWS  2000 /* of the log, in one turn: some ten milliseconds */

/* A piece of the history's texts. */
struct lb_history_text {
    size_t at, len;
    bool none;
};

struct lb_history_event {
    uint64_t row; /* the number of the row that says it, and that row's digest */
    uint8_t digest[LB_DIGEST_SIZE];
    enum lb_log_kind kind;
    uint64_t entry;    /* the number of the entry that it is about */
    uint64_t item;     /* the number of the row's item that says it: events are in its order */
    uint32_t campaign; /* whose list it is; 0: the workspace's own */
    uint32_t actor;
    int64_t at;
    struct lb_public_id change;  /* that the row belongs to */
    struct lb_public_id undoes;  /* number 0: none */
    struct lb_history_text name; /* as it is stored */
    struct lb_history_text reason;
    struct lb_history_text import; /* that the row belongs to */
};

/* An entry of the person, by number. */
struct lb_history_entry {
    uint64_t number;
    uint32_t campaign;
    bool blocks;
    uint64_t held; /* how often it was taken back more than once: see twins.h */
    int64_t end;   /* 0: none */
    struct lb_history_text name;
};

/* A list that the person is or was on. */
struct lb_history_list {
    uint32_t campaign;
    uint64_t blocking; /* entries that are in force */
};

struct lb_history {
    /* The caller's. Names in canonical form: those that hold under one of them are meant, or with
     * `exact` those that are stored so. */
    const struct lb_str *names;
    size_t name_count;
    bool exact;
    /* Results. All zero at first. */
    struct lb_history_event *events;
    size_t event_count, event_capacity;
    struct lb_history_entry *entries;
    size_t entry_count, entry_capacity;
    struct lb_history_list *lists;
    size_t list_count, list_capacity;
    struct lb_buf texts;
    /* The history's own. */
    uint64_t change; /* of the row before */
    bool erases;     /* that change erases a person */
    struct lb_public_id *epochs;
    size_t epoch_count, epoch_capacity;
};

void lb_history_fini(struct lb_history *history);

/* Takes the next row of the workspace's log, of which none is left out. LB_ERR_OVERLOADED: out of
 * memory. LB_ERR_PAYLOAD_TOO_LARGE: there are more events than LB_HISTORY_EVENTS_MAX. */
lb_err lb_history_take(struct lb_history *history, const struct lb_log_row *row);

/* Is this entry of the person in force? So it may be in the list of a campaign that was deleted. */
bool lb_history_blocks(const struct lb_history *history, uint64_t entry);

static inline struct lb_str lb_history_str(const struct lb_history *history,
                                           const struct lb_history_text *text)
{
    struct lb_str str = {history->texts.ptr + text->at, text->len};
    if (text->none)
        str = (struct lb_str){0};
    return str;
}

/* --- Reading the log -------------------------------------------------------------------------- */

struct lb_history_reading {
    /* The caller's. */
    struct lb_store *store;
    const struct lb_workspace *workspace;
    bool in_memory;             /* the blocklists are: that tells where the workspace's rows are */
    struct lb_history *history; /* NULL: only where the log ends */
    /* Result: where the log ended when reading began. */
    struct lb_log_mark head;
    uint64_t head_number; /* of the row that it ends with, which `head` has the id of; 0: none */
    /* The reading's own; all zero at first. */
    bool begun;
    bool head_known;
    bool ends_there; /* the row of `head` was read */
    uint64_t next;   /* id of a row */
    size_t rows;     /* in this turn */
    size_t strange;  /* rows of other workspaces, one after the other */
    lb_err stopped;
};

/* One turn. `*out_done`: it was the last one. LB_ERR_STORAGE_UNAVAILABLE: the log cannot be read,
 * or is not what memory has of it; else as lb_history_take. */
lb_err lb_history_read(struct lb_history_reading *reading, struct lb_store_reader *reader,
                       bool *out_done);

#endif
