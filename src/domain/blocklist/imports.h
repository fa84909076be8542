/* Imports of files into blocklists, or out of them: what the store says of each, so that it is one
 * thing, which can be taken back as a whole, although it is recorded in many changes.
 *
 * An import has an id. Sending a file again under it goes on with the same import. Its changes are
 * in the log, whose rows have the id; the import's own row says how far it came. It is written with
 * each change, in the same transaction. A sending draws a random number, its run: the row has it
 * until the sending ends, so that one that was broken off is told from one that goes on, and one
 * that lost its import (it was undone, or sent to another node) breaks off.
 *
 * Threads: prepared on an importer's, applied on the writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_IMPORTS_H
#define LB_DOMAIN_BLOCKLIST_IMPORTS_H

#include "domain/blocklist/change.h"

#define LB_UNKNOWN_IMPORT "No import with this id in this workspace. GET /v1/imports lists them."

/* One sending of a file. Fill id, list, unblocks, actor, bytes and column of `row`. */
struct lb_imports_run {
    struct lb_blocklist_import_row row; /* as the store has it, once something was recorded */
    bool begun;                         /* something was */
};

/* Draws its number and notes that the workspace is importing; to be ended. */
void lb_imports_begin(struct lb_imports_run *run, struct lb_workspace *workspace);
void lb_imports_end(struct lb_workspace *workspace);

/* A change of an import, or without items only what becomes of its row. */
struct lb_imports_step {
    struct lb_change change; /* first */
    struct lb_imports_run *run;
    bool last;     /* the sending ends: `counts` are known */
    bool finished; /* last: to the end of the file */
    /* rest, duplicates, rows, bad and blank; last. */
    struct lb_blocklist_import_row counts;
    /* Its own. */
    struct lb_blocklist_import_row next;
    lb_err (*apply)(struct lb_write *write, struct lb_store *store);
};

/* The change is prepared as by change.h, unless it has no items. LB_ERR_ALREADY_EXISTS with a
 * reason: the id is that of an import into another list or with another action, or another sending
 * has taken it over. */
void lb_imports_prepare(struct lb_imports_step *step);
/* It was recorded. */
void lb_imports_recorded(struct lb_imports_step *step);

enum lb_imports_state { LB_IMPORT_RUNNING, LB_IMPORT_DONE, LB_IMPORT_BROKEN_OFF, LB_IMPORT_UNDONE };

/* `now_ms` is the wall clock. Of a store that several nodes share: another node's import is running
 * when it recorded something in the last LB_IMPORTS_SILENT_MS. Any thread. */
#define LB_IMPORTS_SILENT_MS 10000
enum lb_imports_state lb_imports_state(const struct lb_blocklist_import_row *row,
                                       const struct lb_workspace *workspace,
                                       const struct lb_store *store, int64_t now_ms);

/* One step of taking an import back: undoes its last change before `below`, or looks for what is to
 * be taken back of it (`goes_on` of the change). */
struct lb_imports_undo {
    struct lb_change change; /* first; fill blocklist and standing */
    struct lb_str id;
    uint64_t below; /* at first above all numbers */
    /* Results: where the next step goes on; or there is none, and the import is undone. */
    uint64_t number;
    bool done;
    lb_err (*apply)(struct lb_write *write, struct lb_store *store); /* its own */
};

/* Prepares a step. LB_ERR_NOT_FOUND with a reason when the workspace has no such import. */
void lb_imports_undo(struct lb_imports_undo *undo);

#endif
