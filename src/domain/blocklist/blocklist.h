/* The blocklists: who must not be contacted, in a campaign or in a whole workspace. What changes
 * them is in change.h; what reads their entries from the store, in entry.h and page.h.
 *
 * Memory answers who is blocked (src/index); the store's log keeps what happened, by whom, when and
 * why. Every change goes through the writer and is visible here before it is acknowledged.
 *
 * Threads: checks from any thread that is registered with RCU and online.
 * Order: create, load, hand the hooks to the writer, ..., destroy when all threads have ended. */
#ifndef LB_DOMAIN_BLOCKLIST_BLOCKLIST_H
#define LB_DOMAIN_BLOCKLIST_BLOCKLIST_H

#include "base/id_set.h"
#include "domain/access/directory.h"
#include "domain/blocklist/item.h"
#include "index/membership.h"
#include "writer/writer.h"

struct lb_blocklist;

struct lb_blocklist_settings {
    struct lb_directory *directory;
    struct lb_store *store;
    uint64_t max_workspace_entries;
    /* Bytes that a workspace may record within 24 hours beside its log (access/daily_bytes.h). */
    uint64_t max_daily_bytes;
    uint64_t max_daily_rows; /* blocks and unblocks that a workspace may record within 24 hours */
};

/* NULL when out of memory. */
struct lb_blocklist *lb_blocklist_create(const struct lb_blocklist_settings *settings);
void lb_blocklist_destroy(struct lb_blocklist *blocklist);

/* Replays the log into memory. `progress` is called about once a second with entry ids read so far
 * and in all, and ends the load with LB_ERR_STORAGE_UNAVAILABLE when it returns false. `reason`
 * says what is wrong when rows are absent, and is empty otherwise. */
lb_err lb_blocklist_load(struct lb_blocklist *blocklist, void *context,
                         bool (*progress)(void *context, uint64_t done, uint64_t all),
                         struct lb_reason *reason);

/* What a start could not read. */
struct lb_unread {
    struct lb_id_set numbers; /* of workspaces, also of some that never were */
    uint32_t asked;           /* those above were not asked for */
};

/* The same of a shared store of which a part is away: workspace by workspace, which `progress` then
 * counts. Fails when the installation's list cannot be read, which holds in all workspaces. */
lb_err lb_blocklist_load_each(struct lb_blocklist *blocklist, void *context,
                              bool (*progress)(void *context, uint64_t done, uint64_t all),
                              struct lb_unread *unread);

/* Brings memory up to the version of a workspace in a shared store, by reading what other nodes
 * have changed; nothing when memory holds that already. Writer thread, or before the threads start.
 * The process ends when the store has lost what it once said: see docs/scale-out.md. */
lb_err lb_blocklist_refresh(struct lb_blocklist *blocklist,
                            const struct lb_workspace_version *latest);

/* The same piece by piece, until that time; the next call goes on where this one ends. `*out_all`:
 * that was all. */
lb_err lb_blocklist_refresh_some(struct lb_blocklist *blocklist,
                                 const struct lb_workspace_version *latest, uint64_t until_ms,
                                 bool *out_all);

/* Blocks that have an end will be ended by writes to this writer. False when out of memory. Before
 * the writer starts; the writer is gone when the blocklist is destroyed. */
bool lb_blocklist_begin_ending(struct lb_blocklist *blocklist, struct lb_writer *writer);

/* What the writer calls around a batch. */
struct lb_writer_hooks lb_blocklist_hooks(struct lb_blocklist *blocklist);

/* A part of the program that keeps data in step with the blocklists, in the same transactions that
 * change them. All functions run on the writer thread. */
struct lb_blocklist_follower {
    void *context;
    /* Before the log of a workspace is read that a start with a part of the store away had not. Its
     * failure fails the reading. */
    lb_err (*arrives)(void *context, uint32_t workspace);
    void (*batch_begin)(void *context); /* also before a batch is applied again */
    /* The name of this key is blocked now, or no longer, in the open transaction. A failure fails
     * the change. */
    lb_err (*changed)(void *context, struct lb_list list, struct lb_str key);
    /* The name may be blocked now, or no longer, by others of its person (persons.h). */
    lb_err (*linked)(void *context, uint32_t workspace, struct lb_str name);
    lb_err (*batch_prepare)(void *context); /* before the commit; its failure fails the batch */
    void (*batch_publish)(void *context); /* after the commit and the blocklists' own publishing */
    void (*upkeep)(void *context);        /* between batches */
};

/* Before the writer starts; one follower at most. */
void lb_blocklist_follow(struct lb_blocklist *blocklist,
                         const struct lb_blocklist_follower *follower);

/* Told of each workspace in which something was recorded, when that can be read: after a commit,
 * and when memory has learnt of another node's. On the writer thread; one at most, before it
 * starts. */
struct lb_blocklist_listener {
    void *context;
    void (*recorded)(void *context, struct lb_workspace *workspace);
};
void lb_blocklist_listen(struct lb_blocklist *blocklist,
                         const struct lb_blocklist_listener *listener);

struct lb_blocklist_stats {
    struct lb_index_stats index;
    uint64_t order_bytes;
    uint64_t stamp_bytes;
};
void lb_blocklist_stats(const struct lb_blocklist *blocklist, struct lb_blocklist_stats *out);

/* --- Checks --- */

/* Where a name is blocked. When several block it, the greatest wins. */
enum lb_scope { LB_SCOPE_NONE, LB_SCOPE_CAMPAIGN, LB_SCOPE_WORKSPACE, LB_SCOPE_INSTALLATION };

/* "workspace", ...; NULL for LB_SCOPE_NONE. */
const char *lb_scope_name(enum lb_scope scope);

/* In which scope a list holds. */
static inline enum lb_scope lb_scope_of_list(struct lb_list list)
{
    return list.campaign                          ? LB_SCOPE_CAMPAIGN
           : list.workspace == LB_INSTALLATION_NO ? LB_SCOPE_INSTALLATION
                                                  : LB_SCOPE_WORKSPACE;
}

struct lb_verdict {
    enum lb_scope scope; /* LB_SCOPE_NONE: not blocked */
    uint64_t entry;      /* the entry that blocks, of the workspace; of the installation's list, a
                            workspace is not told more than lb_blocklist_installation_at */
};

/* Campaign 0 asks the workspace's list and the installation's. `identifier`, here and below, is a
 * key (item.h): a canonical LinkedIn name, or lb_key_make. */
struct lb_verdict lb_blocklist_check(const struct lb_blocklist *blocklist, struct lb_list list,
                                     struct lb_str identifier);

/* The entry that blocks the identifier in this one list; 0 when none does. */
uint64_t lb_blocklist_find(const struct lb_blocklist *blocklist, struct lb_list list,
                           struct lb_str identifier);

/* The key under which the workspace has the name of this key: another one when the name was erased
 * (erased.h), which lives for ever. Any thread. */
struct lb_str lb_blocklist_known_as(const struct lb_blocklist *blocklist, uint32_t workspace,
                                    struct lb_str key);

/* When the entry of a verdict was made. False when it has a reason, which only the store knows: see
 * entry.h. */
bool lb_blocklist_recorded_at(const struct lb_workspace *workspace, uint64_t entry,
                              int64_t *out_at);

/* When an entry of the installation's list was made: all that workspaces are told of it. 0: it is
 * not known. */
int64_t lb_blocklist_installation_at(const struct lb_blocklist *blocklist, uint64_t entry);

/* Must names that are no LinkedIn names be asked for in this workspace? Not when neither its lists
 * nor the installation's have had any. */
bool lb_blocklist_asks_all(const struct lb_blocklist *blocklist,
                           const struct lb_workspace *workspace);

/* How often blocks have been taken back, or links between names ended. Whoever asks for several
 * names one after the other and finds none blocked, asks again when this has changed since before
 * the first: a block may have moved from a name that was not asked for yet to one that was. */
uint64_t lb_blocklist_removals(const struct lb_blocklist *blocklist);

/* The same for many. `out_hashes`: NULL, or room for the lb_blocklist_name_hash of each. */
void lb_blocklist_check_many(const struct lb_blocklist *blocklist, struct lb_list list,
                             const struct lb_str *identifiers, size_t count, struct lb_verdict *out,
                             uint64_t *out_hashes);

/* The same as the writer sees it, with what the open batch has changed, and certain: candidates are
 * confirmed against the stored rows. For `apply` on the writer thread. */
lb_err lb_blocklist_check_in_batch(struct lb_blocklist *blocklist, struct lb_list list,
                                   struct lb_str identifier, enum lb_scope *out);
/* Is the name itself in this very list, whatever other lists say? */
lb_err lb_blocklist_is_listed_in_batch(struct lb_blocklist *blocklist, struct lb_list list,
                                       struct lb_str identifier, bool *out);

/* Equal for equal identifiers, and not to be guessed from outside: for folding duplicates. */
uint64_t lb_blocklist_name_hash(const struct lb_blocklist *blocklist, struct lb_str identifier);

/* --- People of several names --- */

struct lb_persons;
struct lb_persons *lb_blocklist_persons(const struct lb_blocklist *blocklist);

/* What blocks a name in a list that counts for it, or another name of its person: a block in the
 * workspace before one in the campaign, and its own before one of another name. `*out_by`: the name
 * that is blocked; `name`, or good until the thread's next quiescent state. */
struct lb_verdict lb_blocklist_check_person(const struct lb_blocklist *blocklist,
                                            const struct lb_workspace *workspace,
                                            struct lb_list list, struct lb_str name,
                                            struct lb_str *out_by);

/* --- Sizes --- */

/* How many LinkedIn names and member ids a list has, or how many of another type. */
uint64_t lb_blocklist_count(struct lb_blocklist *blocklist, struct lb_list list,
                            enum lb_name_type type);

/* May a workspace that has `entries` hold `extra` more? LB_OK, or LB_ERR_WORKSPACE_OVERLOADED with
 * the reason. Any thread. */
lb_err lb_blocklist_check_room(const struct lb_blocklist *blocklist, uint64_t entries,
                               uint64_t extra, struct lb_reason *reason);

/* --- Names that are stored under an old form --- */

/* The next of the names that hold under another form than they were blocked in, and its list;
 * `*cursor` is 0 at the start. False after the last. Some may not be blocked any more. Writer
 * thread, or before it starts. */
bool lb_blocklist_next_renamed(const struct lb_blocklist *blocklist, size_t *cursor,
                               struct lb_list *out_list, struct lb_str *out_name);

/* --- Deleted campaigns --- */

/* Takes the memory that lb_blocklist_end_list needs, before the open transaction is committed.
 * False when out of memory. Writer thread. */
bool lb_blocklist_reserve_end(struct lb_blocklist *blocklist);

/* The campaign is gone: its entries leave memory bit by bit, in the writer's upkeep. Writer
 * thread, with a reservation. */
void lb_blocklist_end_list(struct lb_blocklist *blocklist, struct lb_list list);

#endif
