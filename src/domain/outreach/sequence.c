#include "domain/outreach/sequence.h"

#include "base/clock.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/template.h"
#include "domain/outreach/variant.h"

#include <stdlib.h>

lb_err lb_step_check(const struct lb_step_row *step, bool varied, struct lb_reason *reason)
{
    if (step->type == LB_STEP_MESSAGE && step->body.len == 0 && !varied)
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "A message needs a \"genericBody\": the text that is sent.");
    if (step->type == LB_STEP_VISIT_PROFILE && step->body.ptr)
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "A visit of a profile sends nothing: leave \"genericBody\" out.");
    return step->body.ptr ? lb_template_check(step->body, reason) : LB_OK;
}

/* --- A loaded sequence --- */

static lb_err load_step(void *context, const struct lb_step_row *row)
{
    struct lb_sequence *sequence = context;
    struct lb_step_row *steps =
        realloc(sequence->steps, (sequence->count + 1) * sizeof *sequence->steps);
    if (!steps)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sequence->steps = steps;
    steps[sequence->count++] = *row;
    lb_buf_append_str(&sequence->bodies, row->body);
    return sequence->bodies.failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

/* Whenever a step was loaded the bodies may have moved. */
static void find_bodies(struct lb_sequence *sequence)
{
    size_t at = 0;
    for (size_t i = 0; i < sequence->count; i++) {
        struct lb_str *body = &sequence->steps[i].body;
        if (body->ptr)
            body->ptr = body->len ? sequence->bodies.ptr + at : "";
        at += body->len;
    }
}

static lb_err load_variant(void *context, const struct lb_variant_row *row)
{
    struct lb_sequence *sequence = context;
    struct lb_variant_row *variants =
        realloc(sequence->variants, (sequence->variant_count + 1) * sizeof *sequence->variants);
    if (!variants)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sequence->variants = variants;
    variants[sequence->variant_count++] = *row;
    lb_buf_append_str(&sequence->variant_texts, row->body);
    lb_buf_append_str(&sequence->variant_texts, row->icp);
    return sequence->variant_texts.failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

/* As find_bodies. */
static void find_variant_texts(struct lb_sequence *sequence)
{
    const char *at = sequence->variant_texts.ptr;
    for (size_t i = 0; i < sequence->variant_count; i++) {
        struct lb_str *texts[] = {&sequence->variants[i].body, &sequence->variants[i].icp};
        for (size_t j = 0; j < 2; j++) {
            if (texts[j]->ptr)
                texts[j]->ptr = texts[j]->len ? at : "";
            at += texts[j]->len;
        }
    }
}

static lb_err load(struct lb_store *store, struct lb_store_reader *reader, struct lb_list campaign,
                   int64_t texts, bool variants, struct lb_sequence *out)
{
    *out = (struct lb_sequence){.campaign = campaign};
    lb_err err =
        store->ops->steps(reader, campaign.workspace, campaign.campaign, texts, out, load_step);
    find_bodies(out);
    if (!err && variants)
        err = store->ops->variants(reader, campaign.workspace, campaign.campaign, texts, out,
                                   load_variant);
    if (out->variant_count)
        find_variant_texts(out);
    return err;
}

lb_err lb_sequence_load(struct lb_store *store, struct lb_store_reader *reader,
                        struct lb_list campaign, bool bodies, struct lb_sequence *out)
{
    return load(store, reader, campaign, bodies ? LB_TEXTS_ALL : LB_TEXTS_NONE, bodies, out);
}

lb_err lb_sequence_load_texts_of(struct lb_store *store, struct lb_store_reader *reader,
                                 struct lb_list campaign, int64_t texts, struct lb_sequence *out)
{
    return load(store, reader, campaign, texts, true, out);
}

void lb_sequence_fini(struct lb_sequence *sequence)
{
    free(sequence->steps);
    lb_buf_fini(&sequence->bodies);
    free(sequence->variants);
    lb_buf_fini(&sequence->variant_texts);
    *sequence = (struct lb_sequence){0};
}

size_t lb_sequence_find(const struct lb_sequence *sequence, uint64_t no)
{
    for (size_t i = 0; i < sequence->count; i++)
        if (sequence->steps[i].no == no)
            return i;
    return LB_SEQUENCE_NONE;
}

size_t lb_sequence_next(const struct lb_sequence *sequence, size_t from)
{
    for (size_t i = from; i < sequence->count; i++)
        if (!sequence->steps[i].deleted_at)
            return i;
    return LB_SEQUENCE_NONE;
}

/* Has the lead been through the step? One that failed can be tried again. */
static lb_err was_done(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                       uint64_t lead, uint64_t step, bool *out)
{
    struct lb_activity_row activity;
    lb_err err = store->ops->activity(reader, workspace, lead, step, &activity);
    *out = !err && (activity.state == LB_ACTIVITY_DONE || activity.state == LB_ACTIVITY_REPLIED);
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

/* Users move steps: what is after a step now may have been before it. */
static lb_err first_not_done(const struct lb_sequence *sequence, struct lb_store *store,
                             struct lb_store_reader *reader, uint64_t lead, size_t from,
                             size_t *out)
{
    lb_err err = LB_OK;
    bool done = true;
    size_t index = from;
    while (!err && done && (index = lb_sequence_next(sequence, index)) != LB_SEQUENCE_NONE) {
        err = was_done(store, reader, sequence->campaign.workspace, lead, sequence->steps[index].no,
                       &done);
        if (done)
            index++;
    }
    *out = index;
    return err;
}

lb_err lb_sequence_step_after(const struct lb_sequence *sequence, struct lb_store *store,
                              struct lb_store_reader *reader, uint64_t lead, size_t index,
                              size_t *out)
{
    return first_not_done(sequence, store, reader, lead, index + 1, out);
}

lb_err lb_sequence_step_of(const struct lb_sequence *sequence, struct lb_store *store,
                           struct lb_store_reader *reader, uint64_t lead, uint64_t no, size_t *out)
{
    size_t index = no ? lb_sequence_find(sequence, no) : 0;
    if (index == LB_SEQUENCE_NONE)
        index = sequence->count;
    return first_not_done(sequence, store, reader, lead, index, out);
}

uint32_t lb_sequence_order(const struct lb_sequence *sequence, size_t index)
{
    uint32_t order = 0;
    for (size_t i = 0; i <= index && i < sequence->count; i++)
        order += !sequence->steps[i].deleted_at;
    return order;
}

uint32_t lb_sequence_length(const struct lb_sequence *sequence)
{
    return sequence->count ? lb_sequence_order(sequence, sequence->count - 1) : 0;
}

/* --- Changes --- */

/* The index in the array where a step has to be to become number `order`. */
static size_t place_of(const struct lb_sequence *sequence, uint32_t order)
{
    size_t index = 0;
    uint32_t seen = 0;
    while (index < sequence->count) {
        seen += !sequence->steps[index].deleted_at;
        if (seen == order)
            return index;
        index++;
    }
    return sequence->count;
}

/* Writes the positions of all steps whose stored position is another one. */
static lb_err write_positions(struct lb_store *store, struct lb_sequence *sequence)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < sequence->count; i++) {
        struct lb_step_row *step = &sequence->steps[i];
        if (step->position == i + 1)
            continue;
        step->position = (uint32_t)i + 1;
        err = store->ops->step_place(store, step->workspace, step->no, step->position);
    }
    return err;
}

/* Takes the step at `from` out and puts it in at `to`. */
static void move_step(struct lb_sequence *sequence, size_t from, size_t to)
{
    struct lb_step_row step = sequence->steps[from];
    memmove(&sequence->steps[from], &sequence->steps[from + 1],
            (sequence->count - from - 1) * sizeof step);
    memmove(&sequence->steps[to + 1], &sequence->steps[to],
            (sequence->count - to - 1) * sizeof step);
    sequence->steps[to] = step;
}

/* Checks that the sequence may be changed, and loads it. While the campaign is active, too: what a
 * sender has been handed out stays as it is. `texts`: as of the store. */
static lb_err begin(struct lb_step_change *change, int64_t texts, struct lb_sequence *sequence)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_reason *reason = &change->write.reason;
    struct lb_campaign_state state;
    lb_err err = lb_outreach_campaign(change->outreach, &change->standing, reason, &state);
    *sequence = (struct lb_sequence){0};
    if (!err)
        err = lb_sequence_load_texts_of(store, lb_outreach_reader(change->outreach),
                                        change->standing.list, texts, sequence);
    return err;
}

static lb_err check_order(const struct lb_step_change *change, uint32_t most,
                          struct lb_reason *reason)
{
    if (change->order <= most)
        return LB_OK;
    return lb_fail(reason, LB_ERR_INVALID_BODY, "The \"order\" must be from 1 to %u here.", most);
}

static lb_err check_room(const struct lb_sequence *sequence, struct lb_reason *reason)
{
    if (lb_sequence_length(sequence) >= LB_STEPS_MAX)
        return lb_fail(reason, LB_ERR_INVALID_BODY, "A campaign has at most %d steps.",
                       LB_STEPS_MAX);
    if (sequence->count >= LB_STEP_ROWS_MAX)
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "This campaign had %d steps over time, which is as many as are kept. Change "
                       "steps in place of deleting and adding them, or make a new campaign.",
                       LB_STEP_ROWS_MAX);
    return LB_OK;
}

static lb_err insert(struct lb_step_change *change, struct lb_sequence *sequence)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_reason *reason = &change->write.reason;
    lb_err err = check_room(sequence, reason);
    if (!err)
        err = check_order(change, lb_sequence_length(sequence) + 1, reason);
    if (err)
        return err;
    change->row.workspace = change->standing.list.workspace;
    change->row.campaign = change->standing.list.campaign;
    change->row.position = (uint32_t)sequence->count + 1;
    change->write.touched = true;
    err = store->ops->step_insert(store, &change->row);
    if (!err)
        err = load_step(sequence, &change->row);
    if (err)
        return err;
    size_t last = sequence->count - 1;
    find_bodies(sequence);
    size_t place = change->order ? place_of(sequence, change->order) : last;
    move_step(sequence, last, place);
    change->order_now = lb_sequence_order(sequence, place);
    return write_positions(store, sequence);
}

/* The index of the step that the change names. */
static lb_err find_step(struct lb_step_change *change, const struct lb_sequence *sequence,
                        size_t *out)
{
    *out = lb_sequence_find(sequence, change->step);
    if (*out < sequence->count && !sequence->steps[*out].deleted_at)
        return LB_OK;
    lb_fail(&change->write.reason, LB_ERR_STEP_NOT_FOUND, "No such step in this campaign.");
    return LB_ERR_STEP_NOT_FOUND;
}

static struct lb_step_row merged(const struct lb_step_change *change, struct lb_step_row old)
{
    const struct lb_step_row *row = &change->row;
    struct lb_step_row step = old;
    if (change->given & LB_STEP_TYPE)
        step.type = row->type;
    if (change->given & LB_STEP_DELAY)
        step.delay_hours = row->delay_hours;
    if (change->given & LB_STEP_STOP)
        step.stop_on_reply = row->stop_on_reply;
    if (change->given & LB_STEP_BODY)
        step.body = row->body;
    else if (step.type == LB_STEP_VISIT_PROFILE)
        step.body = (struct lb_str){0}; /* what was a message before */
    return step;
}

static lb_err replace(struct lb_step_change *change, struct lb_sequence *sequence)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_reason *reason = &change->write.reason;
    size_t index;
    lb_err err = find_step(change, sequence, &index);
    if (!err)
        err = check_order(change, lb_sequence_length(sequence), reason);
    if (err)
        return err;
    struct lb_step_row step = merged(change, sequence->steps[index]);
    err = lb_step_check(&step, lb_variants_enabled(sequence, step.no) > 0, reason);
    if (err)
        return err;
    change->write.touched = true;
    sequence->steps[index] = step;
    err = store->ops->step_update(store, &step);
    if (err)
        return err;
    if (change->order)
        move_step(sequence, index, place_of(sequence, change->order));
    return write_positions(store, sequence);
}

static lb_err remove_step(struct lb_step_change *change, struct lb_sequence *sequence)
{
    size_t index;
    lb_err err = find_step(change, sequence, &index);
    if (err)
        return err;
    struct lb_step_row *step = &sequence->steps[index];
    change->write.touched = true;
    step->deleted_at = lb_clock_wall_ms();
    step->body = (struct lb_str){0};
    struct lb_store *store = change->outreach->settings.store;
    err = store->ops->step_update(store, step);
    if (!err)
        err = store->ops->variants_drop(store, step->workspace, step->campaign, step->no);
    if (err)
        return err;
    lb_step_change_fini(change); /* of an earlier attempt */
    change->left = *sequence;
    *sequence = (struct lb_sequence){0};
    return LB_OK;
}

static lb_err apply(struct lb_write *write, int64_t texts,
                    lb_err (*run)(struct lb_step_change *change, struct lb_sequence *sequence))
{
    struct lb_step_change *change = (struct lb_step_change *)write;
    struct lb_sequence sequence;
    lb_err err = begin(change, texts, &sequence);
    if (!err)
        err = run(change, &sequence);
    lb_sequence_fini(&sequence);
    return err;
}

static lb_err apply_add(struct lb_write *write, struct lb_store *store)
{
    return apply(write, LB_TEXTS_NONE, insert);
}

static lb_err apply_replace(struct lb_write *write, struct lb_store *store)
{
    const struct lb_step_change *change = (const struct lb_step_change *)write;
    return apply(write, change->step, replace);
}

static lb_err apply_remove(struct lb_write *write, struct lb_store *store)
{
    return apply(write, LB_TEXTS_ALL, remove_step);
}

void lb_step_change_fini(struct lb_step_change *change)
{
    lb_sequence_fini(&change->left);
}

void lb_step_add(struct lb_step_change *change)
{
    change->write.records = LB_RECORD_BYTES + change->row.body.len;
    change->write.apply = apply_add;
}

void lb_step_replace(struct lb_step_change *change)
{
    change->write.records = LB_RECORD_BYTES + change->row.body.len;
    change->write.apply = apply_replace;
}

void lb_step_remove(struct lb_step_change *change)
{
    change->write.heavy = true; /* it reads all texts, for the reply */
    change->write.apply = apply_remove;
}
