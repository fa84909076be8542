/* For tests: the server's parts below HTTP, in this process: store, workspaces, blocklists, writer
 * and readers, with calls that wait for their result. */
#ifndef LB_TESTS_ENGINE_H
#define LB_TESTS_ENGINE_H

#include "domain/access/admin.h"
#include "domain/blocklist/change.h"
#include "domain/outreach/campaign.h"

/* What its outreach is set to. */
#define ENGINE_RETRY_BACKOFF_S    1800
#define ENGINE_MAX_ATTEMPTS       3
#define ENGINE_MAX_CAMPAIGN_LEADS 5000

struct engine {
    struct lb_store *store;
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;
    struct lb_outreach *outreach; /* what is done with it: support/outreach.h */
    struct lb_writer *writer;
    struct lb_workspace *workspace; /* the first one; made by engine_make_workspace */
    _Atomic bool failed;            /* the writer said that a commit's outcome is unknown */
    struct lb_reason refused;       /* why the store was not opened */
};

/* Opens the database at `path` through SQLite's VFS `vfs` (NULL: the default), loads everything and
 * starts the writer. The calling thread must be registered with RCU. LB_OK, or what failed; then
 * nothing is left open. */
lb_err engine_open(struct engine *engine, const char *path, const char *vfs);

/* Stops the writer and closes everything. */
void engine_close(struct engine *engine);

/* Where a test's database is, in a folder of its own. */
struct engine_place {
    char folder[64];
    char path[96];
};

/* What a test begins and ends with: its folder, the engine and a workspace; the thread is
 * registered with RCU in between. Zero, or not. */
int engine_begin(struct engine *engine, struct engine_place *place);
int engine_end(struct engine *engine, const struct engine_place *place);

/* Closes the engine and opens it again, as after a restart. */
void engine_restart(struct engine *engine, const struct engine_place *place);

/* A fixture with nothing else, as setup and teardown for cmocka. */
struct engine_fixture {
    struct engine engine; /* first, as in all fixtures that engine_of is used of */
    struct engine_place place;
};
int engine_setup(void **state);
int engine_teardown(void **state);

static inline struct engine *engine_of(void **state)
{
    return *state;
}

/* Makes a workspace (plan agency) and remembers it, or a campaign in it. */
lb_err engine_make_workspace(struct engine *engine);
lb_err engine_make_campaign(struct engine *engine, const char *id);

/* The list of a campaign; NULL: the workspace's own. A campaign that does not exist has a list that
 * nothing is ever in. */
struct lb_list engine_list(const struct engine *engine, const char *campaign);

/* On whose behalf the calls below are made: an operator's, there. */
struct lb_standing engine_standing(const struct engine *engine, const char *campaign);

/* Submits a prepared write and waits for its result. Any registered thread. */
lb_err engine_submit(struct engine *engine, struct lb_write *write);

/* Waits until the writer has done what it does after a write and when it is idle, such as a
 * checkpoint, so that it does not touch the disk by itself while a test watches. */
void engine_settle(struct engine *engine);

/* Each waits for the acknowledgement and gives the change's id and counts in `*out` (may be NULL).
 * Any registered thread. Identifiers are canonical. */
struct outcome {
    uint64_t change;
    uint64_t blocked;
    uint64_t unblocked;
};
lb_err engine_block(struct engine *engine, const char *campaign, const char *const *identifiers,
                    size_t count, const char *reason, struct outcome *out);
lb_err engine_unblock(struct engine *engine, const char *campaign, const char *const *identifiers,
                      size_t count, struct outcome *out);
/* Entries, and changes, by their numbers, or as they are named from outside. */
lb_err engine_unblock_ids(struct engine *engine, const uint64_t *numbers, size_t count,
                          struct outcome *out);
lb_err engine_undo(struct engine *engine, uint64_t change, struct outcome *out);
lb_err engine_undo_id(struct engine *engine, struct lb_public_id change, struct outcome *out);
struct lb_public_id engine_id(const struct engine *engine, uint64_t number);
/* A campaign without leads and steps; others: outreach_delete_campaign. */
lb_err engine_delete_campaign(struct engine *engine, const char *id);
/* With its blocklist, or that of one that is deleted already. */
lb_err engine_drop_campaign(struct engine *engine, const char *id);
bool engine_has_campaign(const struct engine *engine, const char *id);

/* The entry that blocks the identifier in that very list, or in the workspace; 0: allowed. */
uint64_t engine_check(const struct engine *engine, const char *campaign, const char *identifier);
/* Requests for the same person in that list that wait after that entry. Between changes. */
size_t engine_waiting(const struct engine *engine, const char *campaign, const char *identifier);

#endif
