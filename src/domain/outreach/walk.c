#include "domain/outreach/walk.h"

#include "domain/outreach/internal.h"

#define REFS_AT_A_TIME LB_COLLEAGUES_MAX

static void start_at(struct lb_walk *walk, enum lb_lead_form form)
{
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

lb_err lb_walk_on(struct lb_outreach *outreach, struct lb_walk *walk, size_t *left, bool *out_done)
{
    struct lb_list list = walk->row.list;
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    lb_err err = LB_OK;
    *out_done = !walk->range.first.ptr;
    while (!err && !*out_done && *left) {
        size_t count, max = *left < REFS_AT_A_TIME ? *left : REFS_AT_A_TIME;
        err = find(outreach, walk, max, refs, &count);
        if (!err)
            err = look_at(outreach, list, refs, count);
        *left -= count ? count : 1;
        if (err || count == max)
            continue;
        *out_done = walk->form != LB_LEAD_FORM_MAIL_HOST;
        if (!*out_done)
            start_at(walk, LB_LEAD_FORM_SITE_HOST);
    }
    return err;
}
