#include "domain/blocklist/retention.h"

#include "base/array.h"
#include "base/clock.h"
#include "domain/blocklist/entry.h"
#include "domain/blocklist/erase.h"
#include "domain/blocklist/internal.h"
#include "domain/blocklist/own_rows.h"
#include "store/log_items.h"

#include <stdlib.h>

/* Of a step, which others wait for: some milliseconds. */
#define ROWS_AT_A_TIME     1000
#define TEXTS_AT_A_TIME    (64 << 10)
#define LOOKS_AT_A_TIME    10000 /* whether a list has a name */
#define REWRITES_AT_A_TIME 100

#define ROUND_MS (UINT64_C(6) * 60 * 60 * 1000)
#define AGAIN_MS 5000 /* another node does it, or it did not work */

/* Bits of the filter: 16 for each name, and 16 MiB at most. */
#define FILTER_BITS_MIN (UINT64_C(1) << 16)
#define FILTER_BITS_MAX (UINT64_C(1) << 27)
#define FILTER_HASHES   4

/* How far it is. */
struct place {
    struct lb_workspace *workspace; /* NULL: the round is over */
    uint64_t recent;                /* id of the next row that may name who is to be kept */
    uint64_t old;                   /* of the next one that may have to lose names */
};

/* A row as it was read; its items are in `texts`. */
struct copied {
    uint64_t id, number;
    uint32_t campaign;
    enum lb_log_kind kind;
    bool reason, source; /* it has one, that was not erased */
    size_t at, len;
};

struct lb_retention {
    struct lb_change change; /* first: its write is submitted */
    struct lb_directory *directory;
    struct lb_store *store;
    int64_t keep_ms;
    uint64_t not_before_ms;
    int64_t before;       /* of this workspace's turn: older rows may lose names */
    uint64_t end;         /* the first row that is not older */
    struct place at;      /* of what is committed */
    struct place reached; /* by the write under way */
    uint64_t *filter;
    uint64_t filter_mask; /* of a bit's number */
    bool begun;           /* `before`, `end` and the filter are this workspace's */
    bool elsewhere;       /* another node does it */
    bool looked_through;  /* all of the workspace */
    /* Of the step under way. */
    struct copied rows[ROWS_AT_A_TIME];
    size_t row_count;
    struct lb_buf texts;
    struct lb_list_owner *owners;
    size_t owner_count;
    size_t looks;
    struct lb_erased_row erased[REWRITES_AT_A_TIME];
    size_t erased_count;
};

/* --- The filter ------------------------------------------------------------------------------- */

static uint64_t bit_of(const struct lb_retention *retention, uint64_t hash, unsigned n)
{
    return (hash + n * ((hash >> 32) | 1)) & retention->filter_mask;
}

static void note(struct lb_retention *retention, struct lb_str key)
{
    uint64_t hash = lb_blocklist_name_hash(retention->change.blocklist, key);
    for (unsigned n = 0; n < FILTER_HASHES; n++) {
        uint64_t bit = bit_of(retention, hash, n);
        retention->filter[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

static bool is_noted(const struct lb_retention *retention, struct lb_str key)
{
    uint64_t hash = lb_blocklist_name_hash(retention->change.blocklist, key);
    bool noted = true;
    for (unsigned n = 0; noted && n < FILTER_HASHES; n++) {
        uint64_t bit = bit_of(retention, hash, n);
        noted = retention->filter[bit / 64] >> bit % 64 & 1;
    }
    return noted;
}

static bool make_filter(struct lb_retention *retention, uint64_t names)
{
    uint64_t bits = FILTER_BITS_MIN;
    while (bits < FILTER_BITS_MAX && bits / 16 < names)
        bits *= 2;
    free(retention->filter);
    retention->filter = calloc(bits / 64, sizeof *retention->filter);
    retention->filter_mask = bits - 1;
    return retention->filter != NULL;
}

/* --- Reading rows ----------------------------------------------------------------------------- */

static lb_err copy_row(void *context, const struct lb_log_row *row)
{
    struct lb_retention *retention = context;
    bool is_old = row->id < retention->end;
    if (is_old ? row->at >= retention->before || !lb_log_kind_blocks(row->kind)
               : row->kind == LB_LOG_ERASED || row->kind == LB_LOG_CARRIED_OVER)
        return LB_OK;
    retention->rows[retention->row_count++] =
        (struct copied){.id = row->id,
                        .number = row->number,
                        .campaign = row->list.campaign,
                        .kind = row->kind,
                        .reason = lb_chain_text(row->reason).ptr != NULL,
                        .source = lb_chain_text(row->source).ptr != NULL,
                        .at = retention->texts.len,
                        .len = row->items.len};
    lb_buf_append_str(&retention->texts, row->items);
    if (retention->texts.failed)
        return LB_ERR_STORAGE_UNAVAILABLE;
    return retention->texts.len < TEXTS_AT_A_TIME ? LB_OK : LB_ERR_NOT_FOUND;
}

static lb_err read_rows(struct lb_retention *retention, uint64_t *next, uint64_t end,
                        bool *out_done)
{
    struct lb_own_rows rows = {.store = retention->store,
                               .workspace = retention->at.workspace,
                               .next = *next,
                               .open_from = retention->change.blocklist->next_id,
                               .context = retention,
                               .each = copy_row};
    retention->row_count = 0;
    retention->texts.len = 0;
    retention->texts.failed = false;
    lb_err err = lb_own_rows_read(&rows, retention->store->ops->writer_reader(retention->store),
                                  end, ROWS_AT_A_TIME, out_done);
    *next = rows.next;
    return err;
}

static struct lb_str items_of(const struct lb_retention *retention, const struct copied *row)
{
    return (struct lb_str){retention->texts.ptr + row->at, row->len};
}

/* --- Whom the log names since ----------------------------------------------------------------- */

static lb_err note_entries(struct lb_retention *retention, const uint64_t *ids, size_t count)
{
    struct lb_store *store = retention->store;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint32_t workspace = retention->at.workspace->row.no;
    lb_err err = LB_OK;
    store->ops->prefetch_entries(reader, workspace, ids, count);
    for (size_t i = 0; !err && i < count; i++) {
        struct lb_entry entry;
        err = lb_blocklist_entry(store, reader, workspace, ids[i], &entry);
        if (!err)
            note(retention, entry.key);
        err = err == LB_ERR_NOT_FOUND ? LB_OK : err; /* no block, or erased */
    }
    return err;
}

static lb_err note_row(struct lb_retention *retention, const struct copied *row)
{
    const struct lb_row_times *row_times = retention->at.workspace->row_times;
    struct lb_str rest = items_of(retention, row);
    struct lb_str text;
    struct lb_item item;
    uint64_t ids[LB_ROW_ITEMS_MAX];
    size_t count = 0;
    bool has_names = lb_log_kind_has_names(row->kind);
    while (count < LB_ROW_ITEMS_MAX && lb_log_items_next(&rest, &text))
        if (has_names && lb_item_read(text, &item))
            note(retention, item.key);
        else if (!has_names && lb_str_to_u64(text, LB_ENTRY_ID_MAX, &ids[count]))
            ids[count] = lb_row_times_id_of(row_times, ids[count]), count++;
    return note_entries(retention, ids, count);
}

/* `*out_done`: up to the log's end, with what the open batch has written. */
static lb_err note_recent(struct lb_retention *retention, bool *out_done)
{
    lb_err err = read_rows(retention, &retention->reached.recent, LB_ENTRY_ID_MAX + 1, out_done);
    for (size_t i = 0; !err && i < retention->row_count; i++)
        err = note_row(retention, &retention->rows[i]);
    return err;
}

/* --- Who is blocked --------------------------------------------------------------------------- */

/* When in doubt, yes: a hash may be another name's. */
static bool is_listed(struct lb_retention *retention, struct lb_list list, struct lb_str name)
{
    struct lb_blocklist *blocklist = retention->change.blocklist;
    struct lb_str key = lb_blocklist_key(blocklist, list.workspace, name);
    struct lb_fingerprint fingerprint = lb_blocklist_hash(blocklist, list, key);
    uint64_t id = 0;
    retention->looks++;
    lb_overlay_find(&blocklist->batch, list, fingerprint, key, &id);
    return id || lb_index_find(blocklist->index, fingerprint) != 0;
}

static bool is_blocked(struct lb_retention *retention, struct lb_str name)
{
    struct lb_list list = {.workspace = LB_INSTALLATION_NO};
    bool blocked = is_listed(retention, list, name);
    list.workspace = retention->at.workspace->row.no;
    if (!blocked && list.workspace != LB_INSTALLATION_NO)
        blocked = is_listed(retention, list, name);
    for (size_t i = 0; !blocked && i < retention->owner_count; i++) {
        list.campaign = retention->owners[i].no;
        blocked = is_listed(retention, list, name);
    }
    return blocked;
}

/* Does the history of the person stay who has this name? By any of their names. */
static bool stays(struct lb_retention *retention, struct lb_str name)
{
    const struct lb_workspace *workspace = retention->at.workspace;
    struct lb_other_names others = {0};
    if (lb_persons_any(workspace))
        lb_persons_all_in_batch(retention->change.blocklist->people, workspace->row.no, name,
                                &others);
    bool kept = is_noted(retention, name) || is_blocked(retention, name);
    for (size_t i = 0; !kept && i < others.count; i++)
        kept = is_noted(retention, others.names[i]) || is_blocked(retention, others.names[i]);
    return kept;
}

/* --- What goes -------------------------------------------------------------------------------- */

/* A row of which all names are gone loses its reason and where it came from as well. */
static void look_at_row(struct lb_retention *retention, const struct copied *row)
{
    struct lb_str rest = items_of(retention, row);
    struct lb_str text;
    struct lb_item item;
    bool left = false;
    struct lb_chain_erasure what = {0};
    for (unsigned i = 0; i < LB_ROW_ITEMS_MAX && lb_log_items_next(&rest, &text); i++) {
        if (lb_chain_is_bare(text))
            continue;
        bool goes = lb_item_read(text, &item) && !lb_erased_is_key(item.key) &&
                    lb_erased_is_personal(lb_key_type(item.key)) && !stays(retention, item.key);
        what.items |= (uint64_t)goes << i;
        left |= !goes;
    }
    what.reason = row->reason && !left;
    what.source = row->source && !left;
    if (what.items)
        retention->erased[retention->erased_count++] =
            (struct lb_erased_row){.id = row->id, .campaign = row->campaign, .what = what};
}

static lb_err look_at_old(struct lb_retention *retention, bool *out_done)
{
    lb_err err = read_rows(retention, &retention->reached.old, retention->end, out_done);
    for (size_t i = 0; !err && i < retention->row_count; i++) {
        if (retention->looks >= LOOKS_AT_A_TIME || retention->erased_count == REWRITES_AT_A_TIME) {
            retention->reached.old = retention->rows[i].id;
            *out_done = false;
            break;
        }
        look_at_row(retention, &retention->rows[i]);
    }
    return err;
}

static lb_err erase(struct lb_retention *retention)
{
    struct lb_erase erase = {.change = &retention->change,
                             .rows = retention->erased,
                             .row_count = retention->erased_count};
    if (!retention->erased_count)
        return LB_OK;
    retention->change.write.touched = true;
    lb_err err = lb_erased_make_key(retention->change.blocklist->erased, retention->store);
    return err ? err : lb_erase_apply(&erase, retention->store);
}

static struct lb_workspace *first(const struct lb_retention *retention)
{
    struct lb_workspace *workspace = lb_directory_workspaces(retention->directory);
    return workspace ? workspace : lb_directory_installation(retention->directory);
}

static struct lb_workspace *after(const struct lb_retention *retention,
                                  const struct lb_workspace *workspace)
{
    struct lb_workspace *installation = lb_directory_installation(retention->directory);
    if (workspace == installation)
        return NULL;
    struct lb_workspace *next = lb_rcu_load(&workspace->next);
    return next ? next : installation;
}

static lb_err look(struct lb_retention *retention)
{
    bool done = false;
    retention->owners = lb_directory_list_owners(retention->directory, retention->at.workspace,
                                                 &retention->owner_count);
    lb_err err = retention->owners ? note_recent(retention, &done) : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err && done) {
        err = look_at_old(retention, &done);
        if (!err)
            err = erase(retention);
        retention->looked_through = !err && done;
    }
    free(retention->owners);
    return err;
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_retention *retention = (struct lb_retention *)write;
    retention->reached = retention->at;
    retention->looks = retention->erased_count = 0;
    retention->looked_through = false;
    lb_err err = store->ops->retention_lock(store);
    retention->elsewhere = err == LB_ERR_OVERLOADED;
    if (retention->elsewhere)
        return LB_OK;
    return err ? err : look(retention);
}

static void publish(struct lb_write *write)
{
    struct lb_retention *retention = (struct lb_retention *)write;
    if (retention->elsewhere) {
        retention->at.workspace = NULL; /* looked for anew after AGAIN_MS */
        return;
    }
    retention->at = retention->reached;
    retention->not_before_ms = 0;
    if (!retention->looked_through)
        return;
    retention->begun = false;
    retention->at.workspace = after(retention, retention->at.workspace);
    if (!retention->at.workspace)
        retention->not_before_ms = lb_clock_mono_ms() + ROUND_MS;
}

/* --- What is due ------------------------------------------------------------------------------ */

static uint64_t log_last(const struct lb_workspace *workspace)
{
    return atomic_load_explicit(&workspace->log_last, memory_order_acquire);
}

/* Sets out to look at a workspace; false: its log has nothing that is old enough. */
static bool begin_workspace(struct lb_retention *retention)
{
    const struct lb_workspace *workspace = retention->at.workspace;
    const struct lb_row_times *row_times = workspace->row_times;
    uint64_t last = atomic_load_explicit(&workspace->log_row, memory_order_acquire);
    struct lb_row_time time;
    uint64_t first;
    retention->before = lb_clock_wall_ms() - retention->keep_ms;
    if (!last || !lb_row_times_next(row_times, 0, &first) ||
        !lb_row_times_find(row_times, first, &time) || time.at >= retention->before)
        return false;
    uint64_t number = lb_row_times_number_since(row_times, retention->before);
    retention->end = number ? lb_row_times_published_id_of(row_times, number) : last + 1;
    retention->at.recent = retention->end;
    retention->at.old = first;
    return make_filter(retention, number ? log_last(workspace) - number + 1 : 0);
}

/* The next workspace that has something to look at; NULL: the round is over. */
static void find_workspace(struct lb_retention *retention, struct lb_workspace *from)
{
    retention->at.workspace = from;
    while (retention->at.workspace && !begin_workspace(retention))
        retention->at.workspace = after(retention, retention->at.workspace);
}

bool lb_retention_due(struct lb_retention *retention, struct lb_write **out)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_change *change = &retention->change;
    if (now < retention->not_before_ms)
        return false;
    if (!retention->at.workspace)
        find_workspace(retention, first(retention));
    else if (!retention->begun)
        find_workspace(retention, retention->at.workspace);
    retention->begun = true;
    const struct lb_workspace *workspace = retention->at.workspace;
    retention->not_before_ms = now + (workspace ? AGAIN_MS : ROUND_MS); /* unless it works */
    if (!workspace)
        return false;
    uint32_t no = workspace->row.no;
    change->standing = (struct lb_standing){.directory = retention->directory,
                                            .actor = {.no = LB_SERVER_NO},
                                            .workspace = retention->at.workspace,
                                            .list = {.workspace = no}};
    change->write = (struct lb_write){.apply = apply,
                                      .publish = publish,
                                      .workspace = no,
                                      .installation = no == LB_INSTALLATION_NO,
                                      .heavy = true};
    *out = &change->write;
    return true;
}

/* --- Begin and end ---------------------------------------------------------------------------- */

struct lb_retention *lb_retention_create(struct lb_blocklist *blocklist,
                                         struct lb_directory *directory, struct lb_store *store,
                                         int64_t keep_ms)
{
    struct lb_retention *retention = calloc(1, sizeof *retention);
    if (!retention)
        return NULL;
    retention->change.blocklist = blocklist;
    retention->directory = directory;
    retention->store = store;
    retention->keep_ms = keep_ms;
    return retention;
}

void lb_retention_destroy(struct lb_retention *retention)
{
    if (!retention)
        return;
    free(retention->filter);
    lb_buf_fini(&retention->texts);
    free(retention);
}
