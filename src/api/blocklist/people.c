#include "api/blocklist/people.h"

#include "api/upload.h"

#include <stdlib.h>

/* At once. A change of so many takes the writer some hundredths of a second, and of the second
 * number some milliseconds: as long as others write, too. */
#define BATCH_PEOPLE       ((size_t)10000)
#define BATCH_PEOPLE_SMALL ((size_t)500)
#define BATCH_TEXT         ((size_t)1 << 20)
#define STORED_MORE        64 /* bytes of a kind and an end in an item, at most */

static size_t most_at_once(const struct lb_people *people)
{
    const struct lb_call *call = people->call;
    bool others = lb_writer_has_others(call->app->writer, &call->workspace->writes);
    return others && !people->dry_run ? BATCH_PEOPLE_SMALL : BATCH_PEOPLE;
}

lb_err lb_people_init(struct lb_people *people)
{
    struct lb_call *call = people->call;
    people->standing = lb_call_standing(call, people->blocks && call->list.campaign);
    people->tally.spool.all = &call->app->spools;
    people->items = malloc(BATCH_PEOPLE * sizeof *people->items);
    people->fingerprints = malloc(BATCH_PEOPLE * sizeof *people->fingerprints);
    people->text = malloc(BATCH_TEXT);
    people->most = most_at_once(people);
    lb_err err = lb_batch_writer_init(&people->writer);
    return people->items && people->fingerprints && people->text ? err : LB_ERR_OVERLOADED;
}

void lb_people_fini(struct lb_people *people)
{
    free(people->items);
    free(people->fingerprints);
    free(people->text);
    lb_batch_writer_fini(&people->writer);
    lb_tally_fini(&people->tally);
}

/* --- Gathering --- */

static struct lb_str keep(struct lb_people *people, struct lb_str text)
{
    char *copy = people->text + people->text_len;
    memcpy(copy, text.ptr, text.len);
    people->text_len += text.len;
    return (struct lb_str){copy, text.len};
}

/* Neighbours with the same reason share it: they are in one row of the log. */
static struct lb_str keep_reason(struct lb_people *people, struct lb_str reason)
{
    if (!reason.len)
        return (struct lb_str){0};
    if (!people->reason.ptr || !lb_str_equal(people->reason, reason))
        people->reason = keep(people, reason);
    return people->reason;
}

/* With its kind and end, as the log will have it. False when out of memory. */
static bool keep_stored(struct lb_people *people, const struct lb_people_item *from,
                        struct lb_change_item *item)
{
    struct lb_buf stored = {0};
    if (!people->blocks || (!from->kind && !from->end))
        return true;
    lb_item_put(&stored, item->key, from->kind, from->end);
    bool done = !stored.failed;
    if (done)
        item->stored = keep(people, lb_buf_str(&stored));
    people->has_ends |= done;
    lb_buf_fini(&stored);
    return done;
}

lb_err lb_people_add(struct lb_people *people, const struct lb_people_item *from, bool *out_flushed,
                     struct lb_reason *why)
{
    bool full = people->count >= people->most ||
                people->text_len + 2 * from->key.len + STORED_MORE + from->reason.len > BATCH_TEXT;
    lb_err err = full ? lb_people_flush(people, why) : LB_OK;
    *out_flushed |= full;
    if (err)
        return err;
    struct lb_change_item *item = &people->items[people->count++];
    *item = (struct lb_change_item){.key = keep(people, from->key),
                                    .reason = keep_reason(people, from->reason)};
    return keep_stored(people, from, item) ? LB_OK : LB_ERR_OVERLOADED;
}

/* --- Recording --- */

static struct lb_write *prepare(void *context)
{
    struct lb_people *people = context;
    struct lb_change *change = &people->step.change;
    people->step.run = &people->run;
    *change = (struct lb_change){.blocklist = people->call->app->blocklist,
                                 .standing = people->standing,
                                 .items = people->items,
                                 .fingerprints = people->fingerprints,
                                 .import = lb_str(people->run.row.id),
                                 .count = people->count,
                                 .has_ends = people->has_ends};
    change->write.size =
        people->text_len + people->count * (sizeof *people->items + sizeof *people->fingerprints);
    if (people->blocks)
        lb_change_block(change);
    else
        lb_change_unblock(change);
    lb_imports_prepare(&people->step);
    return &change->write;
}

static lb_err record(struct lb_people *people, struct lb_reason *why)
{
    const struct lb_change *change = &people->step.change;
    lb_err err = lb_batch_write(&people->writer, people->call, people, prepare);
    if (err) {
        *why = change->write.reason;
        return err;
    }
    lb_imports_recorded(&people->step);
    people->done += people->blocks ? change->blocked : change->unblocked;
    people->changes += change->id.number != 0;
    if (change->id.number)
        people->change_id = change->id;
    return LB_OK;
}

/* In a try those are marked who are blocked now. */
static lb_err tally(struct lb_people *people)
{
    const struct lb_call *call = people->call;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < people->count; i++) {
        struct lb_str name = people->items[i].key;
        bool blocked = false;
        if (people->dry_run) {
            lb_rcu_online();
            blocked = lb_blocklist_find(call->app->blocklist, call->list, name) != 0;
            lb_rcu_offline();
        }
        err = lb_tally_add(&people->tally, lb_blocklist_name_hash(call->app->blocklist, name),
                           blocked);
    }
    people->found += people->count;
    return err;
}

lb_err lb_people_flush(struct lb_people *people, struct lb_reason *why)
{
    lb_err err = people->count && !people->dry_run ? record(people, why) : LB_OK;
    if (!err)
        err = tally(people);
    people->most = most_at_once(people);
    people->count = 0;
    people->text_len = 0;
    people->has_ends = false;
    people->reason = (struct lb_str){0};
    return err;
}

lb_err lb_people_count(struct lb_people *people, struct lb_people_counts *out)
{
    uint64_t different, blocked;
    lb_err err = lb_tally_count(&people->tally, &different, &blocked);
    out->done = people->done;
    if (people->dry_run)
        out->done = people->blocks ? different - blocked : blocked;
    /* Others block and unblock meanwhile, so one person may have been done twice. */
    out->rest = different > out->done ? different - out->done : 0;
    out->duplicates = people->found - out->done - out->rest;
    return err;
}

lb_err lb_people_end(struct lb_people *people, const struct lb_people_counts *counts,
                     const struct lb_import_counts *rows, bool finished, struct lb_reason *why)
{
    people->count = 0;
    people->text_len = 0;
    people->step.last = true;
    people->step.finished = finished;
    people->step.counts = (struct lb_blocklist_import_row){.rest = counts->rest,
                                                           .duplicates = counts->duplicates,
                                                           .rows = rows->rows,
                                                           .bad = rows->bad,
                                                           .blank = rows->blank};
    lb_err err = lb_batch_write(&people->writer, people->call, people, prepare);
    if (err)
        *why = people->step.change.write.reason;
    return err;
}
