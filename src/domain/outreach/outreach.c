#include "domain/outreach/internal.h"

#include "base/clock.h"

#include <stdlib.h>

static void batch_begin(void *context)
{
    struct lb_outreach *outreach = context;
    outreach->status_count = 0;
    outreach->news_count = 0;
    outreach->fruitless = 0;
    outreach->asked = 0;
    outreach->ending = 0;
    outreach->looks = 0;
    outreach->counted = (struct lb_list){0};
}

static lb_err batch_prepare(void *context)
{
    lb_err err = lb_outreach_write_count(context);
    return err ? err : lb_outreach_tell_news(context);
}

static void batch_publish(void *context)
{
    struct lb_outreach *outreach = context;
    for (size_t i = 0; i < outreach->status_count; i++) {
        const struct lb_new_status *changed = &outreach->statuses[i];
        struct lb_campaign *campaign =
            lb_directory_campaign_no(outreach->settings.directory, changed->campaign);
        if (campaign)
            atomic_store(&campaign->status, (int)changed->status);
    }
}

static lb_err arrives(void *context, uint32_t workspace)
{
    struct lb_outreach *outreach = context;
    return lb_old_names_load_one(&outreach->old_names, outreach->settings.store, workspace);
}

static void upkeep(void *context)
{
    struct lb_outreach *outreach = context;
    bool partly = lb_directory_is_partial(outreach->settings.directory);
    lb_purge_upkeep(outreach->remains, partly);
    if (partly) /* these ask all workspaces, and some believe what they are told */
        return;
    lb_catch_up_upkeep(outreach->catch_up);
    lb_refresh_upkeep(outreach->refresh);
    lb_everywhere_upkeep(outreach->everywhere);
    lb_contacted_upkeep(outreach->contacted);
}

struct lb_outreach *lb_outreach_create(const struct lb_outreach_settings *settings)
{
    struct lb_outreach *outreach = calloc(1, sizeof *outreach);
    if (!outreach)
        return NULL;
    outreach->settings = *settings;
    atomic_init(&outreach->steady_since_ms, lb_clock_boot_ms());
    outreach->remains = lb_purge_create(settings->store);
    outreach->catch_up = lb_catch_up_create(outreach);
    outreach->refresh = lb_refresh_create(outreach);
    outreach->everywhere = lb_everywhere_create(outreach);
    outreach->contacted = lb_contacted_create(outreach);
    if (!outreach->remains || !outreach->catch_up || !outreach->refresh || !outreach->everywhere ||
        !outreach->contacted) {
        lb_outreach_destroy(outreach);
        return NULL;
    }
    struct lb_blocklist_follower follower = {.context = outreach,
                                             .arrives = arrives,
                                             .batch_begin = batch_begin,
                                             .changed = lb_exclusion_changed,
                                             .linked = lb_exclusion_linked,
                                             .batch_prepare = batch_prepare,
                                             .batch_publish = batch_publish,
                                             .upkeep = upkeep};
    lb_blocklist_follow(settings->blocklist, &follower);
    return outreach;
}

void lb_outreach_destroy(struct lb_outreach *outreach)
{
    if (!outreach)
        return;
    lb_purge_destroy(outreach->remains);
    lb_catch_up_destroy(outreach->catch_up);
    lb_refresh_destroy(outreach->refresh);
    lb_everywhere_destroy(outreach->everywhere);
    lb_contacted_destroy(outreach->contacted);
    lb_old_names_fini(&outreach->old_names);
    free(outreach->statuses);
    free(outreach->news);
    free(outreach);
}

lb_err lb_outreach_load(struct lb_outreach *outreach, struct lb_writer *writer, bool partly)
{
    lb_err err = LB_OK;
    if (!partly) /* else they came with their workspaces */
        err = lb_old_names_load(&outreach->old_names, outreach->settings.store);
    lb_catch_up_begin(outreach->catch_up, writer);
    lb_refresh_begin(outreach->refresh, writer);
    lb_everywhere_begin(outreach->everywhere, writer);
    lb_contacted_begin(outreach->contacted, writer);
    return err ? err : lb_purge_load(outreach->remains, writer, partly);
}

bool lb_outreach_reserve_end(struct lb_outreach *outreach)
{
    return lb_purge_reserve(outreach->remains, ++outreach->ending);
}

void lb_outreach_end_campaign(struct lb_outreach *outreach, struct lb_list campaign)
{
    lb_purge_add(outreach->remains, campaign);
}
