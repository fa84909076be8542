#include "domain/outreach/variant.h"

#include "domain/outreach/internal.h"

#include <stdlib.h>

/* --- The choice --- */

/* The finalizer of MurmurHash3: every bit of the input changes half of the output's. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 33) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ value >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ value >> 33;
}

/* The variant of the highest weight wins (rendezvous hashing), so that one that comes or goes
 * changes nothing for leads whose winner is another. */
static uint64_t weight_of(const struct lb_variant_row *variant, uint64_t lead)
{
    return mix(lead ^ mix(variant->no));
}

const struct lb_variant_row *lb_variant_of(const struct lb_sequence *sequence,
                                           const struct lb_step_row *step, uint64_t lead,
                                           uint64_t before)
{
    const struct lb_variant_row *chosen = NULL;
    uint64_t highest = 0;
    for (size_t i = 0; step->type != LB_STEP_VISIT_PROFILE && i < sequence->variant_count; i++) {
        const struct lb_variant_row *variant = &sequence->variants[i];
        if (variant->step != step->no || variant->disabled)
            continue;
        if (variant->no == before)
            return variant;
        uint64_t weight = weight_of(variant, lead);
        if (!chosen || weight > highest) {
            chosen = variant;
            highest = weight;
        }
    }
    return chosen;
}

size_t lb_variants_enabled(const struct lb_sequence *sequence, uint64_t step)
{
    size_t count = 0;
    for (size_t i = 0; i < sequence->variant_count; i++)
        count += sequence->variants[i].step == step && !sequence->variants[i].disabled;
    return count;
}

/* --- Changes --- */

/* A change under way. */
struct changing {
    struct lb_variant_change *change;
    struct lb_store *store;
    struct lb_reason *reason;
    struct lb_sequence sequence;
    const struct lb_step_row *step;
    struct lb_variant_row *variant; /* replace, remove */
};

static lb_err load(struct changing *changing)
{
    struct lb_variant_change *change = changing->change;
    lb_err err =
        lb_sequence_load_texts_of(changing->store, lb_outreach_reader(change->outreach),
                                  change->standing.list, change->step, &changing->sequence);
    size_t index = lb_sequence_find(&changing->sequence, change->step);
    if (err)
        return err;
    if (index == LB_SEQUENCE_NONE || changing->sequence.steps[index].deleted_at)
        return lb_fail(changing->reason, LB_ERR_STEP_NOT_FOUND, "No such step in this campaign.");
    changing->step = &changing->sequence.steps[index];
    return LB_OK;
}

static lb_err find(struct changing *changing)
{
    for (size_t i = 0; i < changing->sequence.variant_count; i++) {
        struct lb_variant_row *variant = &changing->sequence.variants[i];
        if (variant->no == changing->change->variant && variant->step == changing->step->no) {
            changing->variant = variant;
            return LB_OK;
        }
    }
    return lb_fail(changing->reason, LB_ERR_VARIANT_NOT_FOUND, "No such variant of this step.");
}

static lb_err check_room(const struct changing *changing)
{
    size_t of_step = 0;
    for (size_t i = 0; i < changing->sequence.variant_count; i++)
        of_step += changing->sequence.variants[i].step == changing->step->no;
    if (of_step >= LB_VARIANTS_PER_STEP_MAX)
        return lb_fail(changing->reason, LB_ERR_LIMIT_REACHED,
                       "A step has at most %d variants. Delete one, or change one.",
                       LB_VARIANTS_PER_STEP_MAX);
    if (changing->sequence.variant_count >= LB_VARIANTS_PER_CAMPAIGN_MAX)
        return lb_fail(changing->reason, LB_ERR_LIMIT_REACHED,
                       "The steps of a campaign have at most %d variants. Delete one, or change "
                       "one.",
                       LB_VARIANTS_PER_CAMPAIGN_MAX);
    return LB_OK;
}

static lb_err insert(struct changing *changing)
{
    struct lb_variant_row row = changing->change->row;
    if (changing->step->type == LB_STEP_VISIT_PROFILE)
        return lb_fail(changing->reason, LB_ERR_INVALID_BODY,
                       "A visit of a profile sends nothing: it has no variants.");
    lb_err err = check_room(changing);
    if (err)
        return err;
    row.workspace = changing->step->workspace;
    row.campaign = changing->step->campaign;
    row.step = changing->step->no;
    changing->change->write.touched = true;
    return changing->store->ops->variant_insert(changing->store, &row);
}

/* Is this the only enabled variant of a message? */
static bool is_last(const struct changing *changing)
{
    return changing->step->type == LB_STEP_MESSAGE && !changing->variant->disabled &&
           lb_variants_enabled(&changing->sequence, changing->step->no) == 1;
}

static lb_err replace(struct changing *changing)
{
    const struct lb_variant_change *change = changing->change;
    lb_err err = find(changing);
    if (err)
        return err;
    struct lb_variant_row row = *changing->variant;
    if (change->given & LB_VARIANT_BODY)
        row.body = change->row.body;
    if (change->given & LB_VARIANT_ICP)
        row.icp = change->row.icp;
    if (change->given & LB_VARIANT_DISABLED)
        row.disabled = change->row.disabled;
    if (row.disabled && is_last(changing))
        return lb_fail(changing->reason, LB_ERR_LAST_VARIANT,
                       "This is the last enabled variant of the message. Enable another one "
                       "first.");
    changing->change->write.touched = true;
    return changing->store->ops->variant_update(changing->store, &row);
}

static lb_err remove_variant(struct changing *changing)
{
    lb_err err = find(changing);
    if (err)
        return err;
    if (is_last(changing) && changing->step->body.len == 0)
        return lb_fail(changing->reason, LB_ERR_LAST_VARIANT,
                       "This is the last enabled variant of a message without a \"genericBody\". "
                       "Give the step one, or enable another variant first.");
    changing->change->write.touched = true;
    return changing->store->ops->variant_delete(changing->store, changing->variant->workspace,
                                                changing->variant->no);
}

/* What the reply shows: all of the step as it is now. */
static lb_err read_back(struct changing *changing)
{
    struct lb_variant_change *change = changing->change;
    lb_variant_change_fini(change); /* of an earlier attempt */
    return lb_sequence_load_texts_of(changing->store, lb_outreach_reader(change->outreach),
                                     change->standing.list, change->step, &change->sequence);
}

static lb_err apply(struct lb_write *write, struct lb_store *store,
                    lb_err (*run)(struct changing *changing))
{
    struct lb_variant_change *change = (struct lb_variant_change *)write;
    struct changing changing = {.change = change, .store = store, .reason = &write->reason};
    struct lb_campaign_state state;
    lb_err err = lb_outreach_campaign(change->outreach, &change->standing, &write->reason, &state);
    if (!err)
        err = load(&changing);
    if (!err)
        err = run(&changing);
    if (!err)
        err = read_back(&changing);
    lb_sequence_fini(&changing.sequence);
    return err;
}

static lb_err apply_add(struct lb_write *write, struct lb_store *store)
{
    return apply(write, store, insert);
}

static lb_err apply_replace(struct lb_write *write, struct lb_store *store)
{
    return apply(write, store, replace);
}

static lb_err apply_remove(struct lb_write *write, struct lb_store *store)
{
    return apply(write, store, remove_variant);
}

static size_t bytes_of(const struct lb_variant_change *change)
{
    return LB_RECORD_BYTES + change->row.body.len + change->row.icp.len;
}

void lb_variant_add(struct lb_variant_change *change)
{
    change->write.records = bytes_of(change);
    change->write.apply = apply_add;
}

void lb_variant_replace(struct lb_variant_change *change)
{
    change->write.records = bytes_of(change);
    change->write.apply = apply_replace;
}

void lb_variant_remove(struct lb_variant_change *change)
{
    change->write.apply = apply_remove;
}

void lb_variant_change_fini(struct lb_variant_change *change)
{
    lb_sequence_fini(&change->sequence);
}
