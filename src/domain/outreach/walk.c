#include "domain/outreach/walk.h"

#include "domain/outreach/internal.h"

#define REFS_AT_A_TIME LB_COLLEAGUES_MAX

static void start_at(struct lb_walk *walk, enum lb_lead_form form)
{
    walk->longer = false;
    walk->form = form;
    walk->place.no = 0;
    walk->place.len = walk->range.first.len;
    memcpy(walk->place.form, walk->range.first.ptr, walk->range.first.len);
}

static struct lb_str key_of(const struct lb_walk *walk)
{
    return (struct lb_str){walk->row.key, walk->row.len};
}

void lb_walk_begin(struct lb_walk *walk, const struct lb_pending_row *row)
{
    walk->row = *row;
    walk->named = lb_key_is_linkedin(key_of(walk));
    walk->after = 0;
    lb_lead_range_of(key_of(walk), &walk->range);
    start_at(walk, walk->range.form);
}

static lb_err look_at(struct lb_outreach *outreach, struct lb_list list,
                      const struct lb_lead_ref *refs, size_t count)
{
    const struct lb_outreach_settings *settings = &outreach->settings;
    uint64_t leads[REFS_AT_A_TIME];
    size_t meant = 0;
    lb_err err = LB_OK;
    for (size_t i = 0; i < count; i++)
        if ((!list.campaign || refs[i].campaign == list.campaign) &&
            lb_directory_campaign_no(settings->directory, refs[i].campaign))
            leads[meant++] = refs[i].lead;
    if (meant)
        settings->store->ops->prefetch_leads(lb_outreach_reader(outreach), list.workspace, leads,
                                             meant, 0);
    for (size_t i = 0; !err && i < meant; i++)
        err = lb_exclusion_refresh_lead(outreach, list.workspace, leads[i]);
    return err || !list.campaign ? err : lb_colleagues_end(outreach, list, leads, meant);
}

static lb_err find(struct lb_outreach *outreach, struct lb_walk *walk, size_t max,
                   struct lb_lead_ref *out, size_t *out_count)
{
    const struct lb_store_ops *ops = outreach->settings.store->ops;
    struct lb_store_reader *reader = lb_outreach_reader(outreach);
    uint32_t workspace = walk->row.list.workspace;
    if (!walk->named)
        return ops->leads_by_form(reader, workspace, walk->form, walk->range.last, &walk->place,
                                  max, out, out_count);
    lb_err err =
        ops->leads_named(reader, workspace, key_of(walk), walk->after, max, out, out_count);
    if (!err && *out_count)
        walk->after = out[*out_count - 1].campaign;
    return err;
}

lb_err lb_walk_give_forms(struct lb_outreach *outreach, uint32_t workspace, uint64_t no,
                          uint32_t *out_campaign)
{
    struct lb_store *store = outreach->settings.store;
    struct lb_lead_row row;
    struct lb_lead_keys keys;
    char hosts[2][LB_LEAD_HOST_SIZE];
    lb_err err = store->ops->lead(lb_outreach_reader(outreach), workspace, no, &row);
    if (err)
        return err;
    *out_campaign = row.campaign;
    if (!lb_lead_fill_forms(&row, &keys, hosts))
        return LB_ERR_STORAGE_UNAVAILABLE;
    return store->ops->lead_set_forms(store, &row);
}

/* --- Companies that were stored under a longer name ------------------------------------------- */

/* Versions before 0.17 knew fewer legal forms: a lead of theirs may be stored under this name and a
 * form behind it. It gets the name alone. Of each longer name that begins so one lead is looked at,
 * and all when it comes to the same company. */

/* After the leads of the name itself. False when the key is no company's. */
static bool start_at_longer(struct lb_walk *walk)
{
    struct lb_lead_place *place = &walk->place;
    struct lb_str name = walk->range.first;
    if (walk->longer || walk->form != LB_LEAD_FORM_COMPANY || name.len + 1 > sizeof place->form)
        return false;
    walk->longer = true;
    place->no = 0;
    memcpy(place->form, name.ptr, name.len);
    place->form[name.len] = ' ';
    place->len = name.len + 1;
    return true;
}

/* The next one, in the order of the names. */
static lb_err find_longer(struct lb_outreach *outreach, struct lb_walk *walk,
                          struct lb_lead_ref *out, size_t *out_count)
{
    char end[LB_LEAD_FORM_SIZE];
    struct lb_str name = walk->range.first;
    memcpy(end, name.ptr, name.len);
    end[name.len] = ' ' + 1; /* above all that go on with a blank; no name has it */
    return outreach->settings.store->ops->leads_by_form(
        lb_outreach_reader(outreach), walk->row.list.workspace, walk->form,
        (struct lb_str){end, name.len + 1}, &walk->place, 1, out, out_count);
}

static lb_err look_at_longer(struct lb_outreach *outreach, struct lb_walk *walk, bool *out_done)
{
    struct lb_lead_ref ref;
    uint32_t campaign;
    size_t count;
    lb_err err = find_longer(outreach, walk, &ref, &count);
    *out_done = !err && !count;
    if (err || !count)
        return err;
    struct lb_str stored = {walk->place.form, walk->place.len};
    if (!lb_str_equal(lb_name_held(LB_NAME_COMPANY, stored), walk->range.first)) {
        walk->place.no = INT64_MAX; /* others of that name are other companies', too */
        return LB_OK;
    }
    err = lb_walk_give_forms(outreach, walk->row.list.workspace, ref.lead, &campaign);
    return err ? err : look_at(outreach, walk->row.list, &ref, 1);
}

/* --- All of them ------------------------------------------------------------------------------ */

lb_err lb_walk_on(struct lb_outreach *outreach, struct lb_walk *walk, size_t *left, bool *out_done)
{
    struct lb_list list = walk->row.list;
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    lb_err err = LB_OK;
    *out_done = !walk->range.first.ptr;
    while (!err && !*out_done && *left) {
        size_t count, max = *left < REFS_AT_A_TIME ? *left : REFS_AT_A_TIME;
        if (walk->longer) {
            err = look_at_longer(outreach, walk, out_done);
            --*left;
            continue;
        }
        err = find(outreach, walk, max, refs, &count);
        if (!err)
            err = look_at(outreach, list, refs, count);
        *left -= count ? count : 1;
        if (err || count == max)
            continue;
        *out_done = walk->form != LB_LEAD_FORM_MAIL_HOST && !start_at_longer(walk);
        if (!*out_done && !walk->longer)
            start_at(walk, LB_LEAD_FORM_SITE_HOST);
    }
    return err;
}
