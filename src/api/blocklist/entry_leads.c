#include "api/blocklist/entry_leads.h"

#include "base/clock.h"
#include "domain/outreach/exclusion.h"

#define TURN_MS 20 /* after so long another workspace has its turn */

static struct lb_pending_change *pending_of(struct lb_call *call)
{
    return call->state;
}

static enum lb_turn end(struct lb_call *call)
{
    pending_of(call)->counted(call);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* Without a reader no more can be counted. */
static enum lb_turn count(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_identifiers *entries = &pending_of(call)->identifiers;
    struct lb_exclusion exclusion = {.blocklist = call->app->blocklist,
                                     .workspace = call->workspace};
    uint64_t begin_ms = lb_clock_mono_ms();
    lb_err err = reader ? LB_OK : LB_ERR_OVERLOADED;
    while (!err && entries->leads_counted < entries->count) {
        size_t at = entries->leads_counted;
        err = lb_exclusion_count(&exclusion, call->app->directory, call->app->store, reader,
                                 call->list, entries->items[at].key, &entries->leads[at]);
        entries->leads_counted += !err;
        if (!err && lb_clock_mono_ms() - begin_ms >= TURN_MS)
            return LB_TURN_MORE;
    }
    return end(call);
}

enum lb_progress lb_entry_leads_count(struct lb_call *call, void (*reply)(struct lb_call *call))
{
    struct lb_identifiers *entries = &pending_of(call)->identifiers;
    pending_of(call)->counted = reply;
    if (call->list.workspace != LB_INSTALLATION_NO)
        entries->leads = lb_request_alloc(call->req, entries->count * sizeof *entries->leads + 1);
    if (entries->leads)
        return lb_call_read_anyway(call, count);
    reply(call);
    return LB_DONE;
}
