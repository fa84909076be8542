#include "domain/copy/copy.h"

#include "store/chain.h"
#include "store/verify.h"

#include <stdlib.h>
#include <xxhash.h>

/* A batch, which is a transaction of the target, ends when it has so many rows or bytes of text. */
#define BATCH_ROWS     10000
#define BATCH_BYTES    (8u << 20)
#define PROGRESS_EVERY 1000 /* rows */

struct side {
    const struct lb_store_copy *ops;
    struct lb_copy_side *side;
};

struct chains {
    struct lb_chains chains;
    struct lb_reason wrong; /* the first row that was; empty: none */
};

struct copy {
    const struct lb_copy_settings *settings;
    struct lb_copy_report *report;
    struct lb_reason *reason;
    struct side from;
    struct side to;
    struct lb_copy_progress progress;
    struct lb_buf position; /* of the last row of the batch */
    struct lb_buf bytes;    /* of one row */
};

static lb_err open_side(struct side *side, struct lb_store *store, struct lb_reason *reason)
{
    *side = (struct side){.ops = store->copy};
    return side->ops->open(store, reason, &side->side);
}

static void close_side(struct side *side)
{
    if (side->side)
        side->ops->close(side->side);
}

static lb_err out_of_memory(struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
}

static void tell(const struct copy *copy)
{
    if (copy->settings->progress)
        copy->settings->progress(copy->settings->context, &copy->progress);
}

static void advance(struct copy *copy, uint64_t rows)
{
    uint64_t before = copy->progress.done;
    copy->progress.done += rows;
    if (before / PROGRESS_EVERY != copy->progress.done / PROGRESS_EVERY)
        tell(copy);
}

/* The next row that is to be copied. Both sides have that of the installation's list by
 * themselves. */
static lb_err next_row(const struct side *side, const struct lb_copy_table *table,
                       struct lb_copy_row *out)
{
    lb_err err;
    do
        err = side->ops->read_next(side->side, out);
    while (!err && table->id == LB_COPY_WORKSPACE && out->values[0].number == LB_INSTALLATION_NO);
    return err;
}

/* --- May it begin? ---------------------------------------------------------------------------- */

lb_err lb_copy_check_finished(struct lb_store *store, struct lb_reason *reason)
{
    struct side side;
    struct lb_buf marker = {0};
    lb_err err = open_side(&side, store, reason);
    if (!err)
        err = side.ops->marker(side.side, &marker);
    if (!err && marker.len)
        err = lb_fail(reason, LB_ERR_CONFLICT,
                      "the data are a copy that was not finished: run the same `leadblock copy`"
                      " again, which continues it; or start again with an empty database");
    lb_buf_fini(&marker);
    close_side(&side);
    return err;
}

/* What tells this installation from others: where its rows come in which order, and whose was the
 * first workspace, which is never removed. */
static lb_err identify(struct copy *copy, struct lb_buf *out)
{
    struct side *from = &copy->from;
    const struct lb_copy_table *workspaces = &lb_copy_tables[LB_COPY_WORKSPACE];
    struct lb_copy_row row;
    lb_buf_printf(out, "%s ", from->ops->kind);
    lb_err err = from->ops->read_begin(from->side, workspaces, NULL);
    if (!err)
        err = next_row(from, workspaces, &row);
    if (!err)
        lb_buf_append_str(out, row.values[1].text);
    from->ops->read_end(from->side);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    return out->failed ? out_of_memory(copy->reason) : LB_OK;
}

static lb_err check_empty(struct copy *copy)
{
    struct side *to = &copy->to;
    struct lb_copy_row row;
    lb_err err = to->ops->snapshot_begin(to->side);
    for (size_t i = 0; !err && i < LB_COPY_TABLE_COUNT; i++) {
        err = to->ops->read_begin(to->side, &lb_copy_tables[i], NULL);
        if (!err)
            err = next_row(to, &lb_copy_tables[i], &row);
        if (!err)
            err = lb_fail(copy->reason, LB_ERR_ALREADY_EXISTS,
                          "the target is not empty (table %s); nothing was changed. Name another"
                          " one, or compare the two with --verify",
                          lb_copy_tables[i].name);
        else if (err == LB_ERR_NOT_FOUND)
            err = LB_OK;
        to->ops->read_end(to->side);
    }
    to->ops->snapshot_end(to->side);
    return err;
}

/* Marks the target, unless an earlier attempt of the same copy has done so. */
static lb_err mark_target(struct copy *copy)
{
    struct side *to = &copy->to;
    struct lb_buf source = {0};
    struct lb_buf marker = {0};
    lb_err err = identify(copy, &source);
    if (!err)
        err = to->ops->marker(to->side, &marker);
    if (!err && marker.len == 0) {
        err = check_empty(copy);
        if (!err)
            err = to->ops->start(to->side, lb_buf_str(&source));
    } else if (!err && !lb_str_equal(lb_buf_str(&marker), lb_buf_str(&source))) {
        err = lb_fail(copy->reason, LB_ERR_ALREADY_EXISTS,
                      "the target is a copy of another source that was not finished; nothing was"
                      " changed. Name an empty one");
    }
    lb_buf_fini(&source);
    lb_buf_fini(&marker);
    return err;
}

/* --- Copying ---------------------------------------------------------------------------------- */

static size_t text_bytes(const struct lb_copy_table *table, const struct lb_copy_row *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < table->column_count; i++)
        bytes += row->values[i].text.len;
    return bytes;
}

/* `*row` is the first row, and then the one after the batch, if there is one. */
static lb_err copy_batch(struct copy *copy, const struct lb_copy_table *table,
                         struct lb_copy_row *row, bool *more)
{
    struct side *from = &copy->from;
    struct side *to = &copy->to;
    size_t bytes = 0;
    uint64_t rows = 0;
    lb_err err = to->ops->batch_begin(to->side, table);
    for (; !err && *more && rows < BATCH_ROWS && bytes < BATCH_BYTES; rows++) {
        copy->position.len = 0;
        lb_copy_write_key(table, row, &copy->position);
        bytes += text_bytes(table, row);
        err = to->ops->batch_add(to->side, row);
        if (!err)
            err = next_row(from, table, row);
        *more = !err;
        if (err == LB_ERR_NOT_FOUND)
            err = LB_OK;
    }
    if (!err && copy->position.failed)
        err = out_of_memory(copy->reason);
    if (!err)
        err = to->ops->batch_commit(to->side, lb_buf_str(&copy->position));
    if (err) {
        to->ops->batch_rollback(to->side);
        return err;
    }
    copy->report->copied += rows;
    advance(copy, rows);
    return LB_OK;
}

static lb_err copy_table(struct copy *copy, const struct lb_copy_table *table)
{
    struct side *from = &copy->from;
    struct lb_buf position = {0};
    struct lb_copy_value after[LB_COPY_KEY_MAX];
    struct lb_copy_row row;
    copy->progress.table = table->name;
    lb_err err = copy->to.ops->position(copy->to.side, table, &position);
    if (!err && position.len && !lb_copy_read_key(table, lb_buf_str(&position), after))
        err = lb_fail(copy->reason, LB_ERR_STORAGE_UNAVAILABLE,
                      "the progress that the target has of the table %s cannot be read; start"
                      " again with an empty database",
                      table->name);
    if (!err)
        err = from->ops->read_begin(from->side, table, position.len ? after : NULL);
    if (!err)
        err = next_row(from, table, &row);
    bool more = !err;
    while (!err && more)
        err = copy_batch(copy, table, &row, &more);
    from->ops->read_end(from->side);
    lb_buf_fini(&position);
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static lb_err count_rows(const struct side *side, uint64_t *out)
{
    lb_err err = LB_OK;
    *out = 0;
    for (size_t i = 0; !err && i < LB_COPY_TABLE_COUNT; i++) {
        uint64_t rows = 0;
        err = side->ops->count(side->side, &lb_copy_tables[i], &rows);
        *out += rows;
    }
    return err;
}

static lb_err copy_rows(struct copy *copy)
{
    struct lb_copy_progress *progress = &copy->progress;
    *progress =
        (struct lb_copy_progress){.phase = LB_COPY_WRITING, .table = lb_copy_tables[0].name};
    lb_err err = count_rows(&copy->from, &progress->all);
    if (!err)
        err = count_rows(&copy->to, &progress->before);
    progress->done = progress->before;
    tell(copy);
    for (size_t i = 0; !err && i < LB_COPY_TABLE_COUNT; i++)
        err = copy_table(copy, &lb_copy_tables[i]);
    return err;
}

/* --- Comparing -------------------------------------------------------------------------------- */

bool lb_copy_same(const struct lb_copy_digest *a, const struct lb_copy_digest *b)
{
    return a->rows == b->rows && a->high == b->high && a->low == b->low;
}

static void add_row(struct copy *copy, const struct lb_copy_table *table,
                    const struct lb_copy_row *row, struct lb_copy_digest *out)
{
    copy->bytes.len = 0;
    lb_copy_write_row(table, row, &copy->bytes);
    XXH128_hash_t hash = XXH3_128bits(copy->bytes.ptr, copy->bytes.len);
    out->low += hash.low64;
    out->high += hash.high64 + (out->low < hash.low64);
    out->rows++;
}

static lb_err begin_chain(struct copy *copy, struct chains *chains, const struct lb_copy_row *row)
{
    uint32_t no = (uint32_t)row->values[0].number;
    return lb_chains_begin(&chains->chains, no, row->values[1].text) ? LB_OK
                                                                     : out_of_memory(copy->reason);
}

/* Digests are copied as they are, so a chain that is broken in the target only is a table that
 * differs as well. */
static void check_chain(struct chains *chains, const struct lb_copy_row *row)
{
    struct lb_log_row log;
    if (chains->wrong.text[0])
        return;
    lb_copy_read_log_row(row, &log);
    const char *wrong = lb_chains_check_row(&chains->chains, &log);
    if (wrong)
        lb_fail(&chains->wrong, LB_ERR_CONFLICT,
                "the blocklist log is damaged: row %llu of workspace number %u: %s",
                (unsigned long long)log.number, log.list.workspace, wrong);
}

/* What was erased from a row is said by a later one. */
static void check_erased(struct chains *chains)
{
    uint64_t number;
    for (size_t i = 0; !chains->wrong.text[0] && i < chains->chains.capacity; i++) {
        const char *wrong = lb_chain_check_end(&chains->chains.array[i], &number);
        if (wrong)
            lb_fail(&chains->wrong, LB_ERR_CONFLICT,
                    "the blocklist log is damaged: entry %llu of workspace number %zu: %s",
                    (unsigned long long)number, i, wrong);
    }
}

static lb_err digest(struct copy *copy, const struct side *side, const struct lb_copy_table *table,
                     struct chains *chains, struct lb_copy_digest *out)
{
    struct lb_copy_row row;
    *out = (struct lb_copy_digest){0};
    copy->progress.table = table->name;
    lb_err err = side->ops->read_begin(side->side, table, NULL);
    while (!err && (err = side->ops->read_next(side->side, &row)) == LB_OK) {
        add_row(copy, table, &row, out);
        if (table->id == LB_COPY_WORKSPACE)
            err = begin_chain(copy, chains, &row);
        else if (table->id == LB_COPY_BLOCKLIST_LOG)
            check_chain(chains, &row);
        advance(copy, 1);
    }
    side->ops->read_end(side->side);
    if (table->id == LB_COPY_BLOCKLIST_LOG)
        check_erased(chains);
    if (copy->bytes.failed)
        return out_of_memory(copy->reason);
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static lb_err compare(struct copy *copy)
{
    struct lb_copy_report *report = copy->report;
    struct side *to = &copy->to;
    uint64_t rows[2] = {0};
    size_t different = 0;
    struct chains chains[2] = {0};
    lb_err err = to->ops->snapshot_begin(to->side);
    if (!err)
        err = count_rows(&copy->from, &rows[0]);
    if (!err)
        err = count_rows(to, &rows[1]);
    copy->progress = (struct lb_copy_progress){
        .phase = LB_COPY_READING, .table = lb_copy_tables[0].name, .all = rows[0] + rows[1]};
    tell(copy);
    for (size_t i = 0; !err && i < LB_COPY_TABLE_COUNT; i++) {
        err = digest(copy, &copy->from, &lb_copy_tables[i], &chains[0], &report->from[i]);
        if (!err)
            err = digest(copy, to, &lb_copy_tables[i], &chains[1], &report->to[i]);
        different += !lb_copy_same(&report->from[i], &report->to[i]);
    }
    to->ops->snapshot_end(to->side);
    lb_chains_fini(&chains[0].chains);
    lb_chains_fini(&chains[1].chains);
    report->compared = !err;
    if (!err && !different && chains[0].wrong.text[0])
        err = lb_fail(copy->reason, LB_ERR_CONFLICT, "%s", chains[0].wrong.text);
    if (err || !different)
        return err;
    return lb_fail(copy->reason, LB_ERR_CONFLICT, "%zu %s of the target %s from the source",
                   different, different == 1 ? "table" : "tables",
                   different == 1 ? "differs" : "differ");
}

static lb_err finish(struct copy *copy)
{
    uint64_t last[LB_COPY_TABLE_COUNT] = {0};
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < LB_COPY_TABLE_COUNT; i++)
        err = copy->from.ops->last_number(copy->from.side, &lb_copy_tables[i], &last[i]);
    return err ? err : copy->to.ops->finish(copy->to.side, last);
}

/* --- All of it -------------------------------------------------------------------------------- */

static lb_err claim(struct copy *copy)
{
    struct side *from = &copy->from;
    struct lb_buf marker = {0};
    lb_err err = from->ops->claim(from->side, false);
    if (!err)
        err = copy->to.ops->claim(copy->to.side, true);
    if (!err)
        err = from->ops->marker(from->side, &marker);
    if (!err && marker.len)
        err = lb_fail(copy->reason, LB_ERR_CONFLICT,
                      "the source is itself a copy that was not finished; finish that one first");
    lb_buf_fini(&marker);
    return err;
}

static lb_err run_copy(struct copy *copy)
{
    lb_err err = claim(copy);
    if (!err)
        err = lb_verify_end(copy->settings->from, copy->reason);
    if (!err)
        err = copy->from.ops->snapshot_begin(copy->from.side);
    if (!err && !copy->settings->only_compare) {
        err = mark_target(copy);
        if (!err)
            err = copy_rows(copy);
    }
    if (!err)
        err = compare(copy);
    if (!err && !copy->settings->only_compare)
        err = finish(copy);
    copy->from.ops->snapshot_end(copy->from.side);
    return err;
}

lb_err lb_copy_run(const struct lb_copy_settings *settings, struct lb_copy_report *report,
                   struct lb_reason *reason)
{
    struct copy copy = {.settings = settings, .report = report, .reason = reason};
    *report = (struct lb_copy_report){0};
    lb_err err = open_side(&copy.from, settings->from, reason);
    if (!err)
        err = open_side(&copy.to, settings->to, reason);
    if (!err)
        err = run_copy(&copy);
    close_side(&copy.from);
    close_side(&copy.to);
    lb_buf_fini(&copy.position);
    lb_buf_fini(&copy.bytes);
    return err;
}
