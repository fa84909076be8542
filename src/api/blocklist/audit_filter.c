#include "api/blocklist/audit_filter.h"

#include "api/query.h"

#include "base/clock.h"

#include <stddef.h>

#define DAY_MS INT64_C(86400000)

static const char *const ACTIONS[] = {
    "leads.block",         "leads.unblock",      "leads.undo",           "leads.carry_over",
    "leads.expire",        "leads.erase",        "people.link",          "campaign.create",
    "campaign.change",     "campaign.delete",    "campaign.drop_blocks", "campaign.activate",
    "campaign.pause",      "key.create",         "key.revoke",           "hook.subscribe",
    "hook.unsubscribe",    "hook.pause",         "hook.resume",          "hook.rotate",
    "workspace.create",    "workspace.set_plan", "workspace.change",     "user.create",
    "user.link",           "user.set_password",  "user.sign_in",         "user.sign_out",
    "user.delete",         "user.link_revoke",   "user.session_end",     "user.factor_on",
    "user.factor_off",     "user.factor_reset",  "user.wrong_code",      "user.recovery_code",
    "user.recovery_codes",
};

static const struct {
    const char *name;
    size_t at; /* in struct lb_audit_filter */
} PARTS[] = {
    {"by", offsetof(struct lb_audit_filter, by)},
    {"action", offsetof(struct lb_audit_filter, action)},
    {"target", offsetof(struct lb_audit_filter, target)},
    {"publicIdentifier", offsetof(struct lb_audit_filter, person)},
    {"type", offsetof(struct lb_audit_filter, type)},
    {"value", offsetof(struct lb_audit_filter, value)},
    {"defaultCountry", offsetof(struct lb_audit_filter, country)},
    {"importId", offsetof(struct lb_audit_filter, import)},
    {"since", offsetof(struct lb_audit_filter, since_text)},
    {"until", offsetof(struct lb_audit_filter, until_text)},
};

#define PART_COUNT (sizeof PARTS / sizeof *PARTS)

static struct lb_str *part_of(struct lb_audit_filter *filter, size_t index)
{
    return (struct lb_str *)((char *)filter + PARTS[index].at);
}

/* Is it the action, or the kind of the action, "leads" of "leads.block"? */
static bool names_action(struct lb_str wanted, struct lb_str action)
{
    return action.len >= wanted.len && memcmp(action.ptr, wanted.ptr, wanted.len) == 0 &&
           (action.len == wanted.len || action.ptr[wanted.len] == '.');
}

/* Which log can have the action. False: no action has that name. */
static bool read_action(struct lb_audit_filter *filter)
{
    bool known = false;
    filter->of_changes = filter->of_others = !filter->action.ptr;
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS && filter->action.ptr; i++) {
        struct lb_str action = lb_str(ACTIONS[i]);
        if (!filter->action.len || !names_action(filter->action, action))
            continue;
        bool change =
            names_action(LB_STR("leads"), action) || names_action(LB_STR("people"), action);
        known = true;
        filter->of_changes |= change;
        /* An erasure that found nothing in the blocklist log is in the other one. */
        filter->of_others |= !change || lb_str_equal(action, LB_STR("leads.erase"));
    }
    return known || !filter->action.ptr;
}

static bool read_time(struct lb_call *call, const char *name, struct lb_str text, int64_t *out)
{
    if (!text.ptr || lb_time_parse(text, out))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter '%s' must be a date (2026-11-29) or a time in UTC "
                   "(2026-11-29T07:31:56Z).",
                   name);
    return false;
}

bool lb_audit_filter_read(struct lb_audit_filter *filter, struct lb_call *call)
{
    filter->since = INT64_MIN;
    filter->until = INT64_MAX;
    for (size_t i = 0; i < PART_COUNT; i++)
        if (!lb_query_text(call, PARTS[i].name, part_of(filter, i)))
            return false;
    if (!read_time(call, "since", filter->since_text, &filter->since) ||
        !read_time(call, "until", filter->until_text, &filter->until))
        return false;
    if (!read_action(filter)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'action' must be an action such as leads.block, or a kind of "
                       "them such as leads.");
        return false;
    }
    filter->named = filter->person.ptr || filter->type.ptr || filter->value.ptr;
    if (filter->named || filter->import.ptr)
        filter->of_others = false; /* which say nothing of either */
    if (!call->workspace)
        filter->of_changes = false;
    if (!filter->named || !call->workspace)
        return true;
    lb_asked_history_init(&filter->asked, call);
    return lb_asked_history_begin_query(&filter->asked, call, &filter->named);
}

void lb_audit_filter_fini(struct lb_audit_filter *filter, struct lb_call *call)
{
    lb_asked_history_fini(&filter->asked, call);
}

bool lb_audit_filter_any(const struct lb_audit_filter *filter)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        if (part_of((struct lb_audit_filter *)filter, i)->ptr)
            return true;
    return false;
}

/* --- Who and whom --- */

static lb_err find_actor(struct lb_audit_filter *filter, struct lb_call *call,
                         struct lb_store_reader *reader)
{
    lb_err err = lb_by_find(call, reader, filter->by, &filter->actor);
    filter->nobody = err == LB_ERR_NOT_FOUND;
    return filter->nobody ? LB_OK : err;
}

static void find_campaign(struct lb_audit_filter *filter, struct lb_call *call)
{
    const struct lb_campaign *campaign =
        call->workspace
            ? lb_directory_campaign(call->app->directory, call->workspace->row.no, filter->target)
            : NULL;
    filter->campaign = campaign ? campaign->row.no : 0;
    filter->of_changes &= campaign != NULL;
}

lb_err lb_audit_filter_prepare(struct lb_audit_filter *filter, struct lb_call *call,
                               struct lb_store_reader *reader, bool *out_ready)
{
    lb_err err = LB_OK;
    bool whole = true;
    *out_ready = filter->ready;
    if (filter->ready)
        return LB_OK;
    if (filter->asked.counted && !filter->asked_whole)
        err = lb_history_read(&filter->asked.reading, reader, &whole);
    if (err || !whole)
        return err;
    filter->asked_whole = true;
    if (filter->by.ptr)
        err = find_actor(filter, call, reader);
    if (filter->target.ptr)
        find_campaign(filter, call);
    filter->ready = *out_ready = !err;
    return err;
}

bool lb_audit_filter_refuses(const struct lb_audit_filter *filter, struct lb_call *call)
{
    const struct lb_asked_history *asked = &filter->asked;
    bool refuses =
        filter->asked_whole && asked->counted && asked->asked.wrong && !asked->history.event_count;
    if (refuses)
        lb_identifiers_refuse(call, &asked->asked);
    return refuses;
}

/* --- Changes that may be meant --- */

/* The number of the person's last change below that one; 0: none. Events are in their order. */
static uint64_t person_change_below(const struct lb_history *history, uint64_t below)
{
    size_t low = 0;
    size_t high = history->event_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (history->events[middle].change.number < below)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? history->events[low - 1].change.number : 0;
}

static lb_err import_change_below(struct lb_audit_filter *filter, struct lb_call *call,
                                  struct lb_store_reader *reader, uint64_t below, uint64_t *out)
{
    lb_err err = LB_OK;
    *out = 0;
    while (filter->number_next < filter->number_count &&
           filter->numbers[filter->number_next] >= below)
        filter->number_next++;
    if (filter->number_next == filter->number_count && !filter->numbers_end) {
        err = call->app->store->ops->import_changes(reader, call->workspace->row.no, filter->import,
                                                    below, LB_AUDIT_NUMBERS_MAX, filter->numbers,
                                                    &filter->number_count);
        filter->number_next = 0;
        filter->numbers_end = filter->number_count < LB_AUDIT_NUMBERS_MAX;
    }
    if (!err && filter->number_next < filter->number_count)
        *out = filter->numbers[filter->number_next];
    return err;
}

lb_err lb_audit_filter_change_below(struct lb_audit_filter *filter, struct lb_call *call,
                                    struct lb_store_reader *reader, uint64_t below,
                                    struct lb_row_times_change *out, bool *out_found)
{
    const struct lb_row_times *row_times = call->workspace->row_times;
    uint64_t number = 0;
    lb_err err = LB_OK;
    *out_found = false;
    if (!filter->named && !filter->import.ptr) {
        *out_found = lb_row_times_change_below(row_times, below, out);
        return LB_OK;
    }
    if (filter->named)
        number = person_change_below(&filter->asked.history, below);
    else
        err = import_change_below(filter, call, reader, below, &number);
    /* What memory does not have yet comes with the next request. */
    while (!err && number && !(*out_found = lb_row_times_change(row_times, number, out))) {
        if (filter->named)
            number = person_change_below(&filter->asked.history, number);
        else
            err = import_change_below(filter, call, reader, number, &number);
    }
    return err;
}

/* --- Actions that are meant --- */

bool lb_audit_filter_too_early(const struct lb_audit_filter *filter, int64_t at)
{
    return filter->since_text.ptr && at < filter->since - DAY_MS;
}

bool lb_audit_filter_has_time(const struct lb_audit_filter *filter, int64_t at)
{
    return at >= filter->since && at < filter->until;
}

static bool has_target(const struct lb_audit_filter *filter, const struct lb_audit_traits *action)
{
    return action->target.len ? lb_str_equal(action->target, filter->target)
                              : filter->campaign && action->campaign == filter->campaign;
}

bool lb_audit_filter_has(const struct lb_audit_filter *filter, const struct lb_audit_traits *action)
{
    return (!filter->by.ptr || (!filter->nobody && action->actor == filter->actor)) &&
           (!filter->action.ptr || names_action(filter->action, action->name)) &&
           (!filter->target.ptr || has_target(filter, action)) &&
           (!filter->import.ptr || lb_str_equal(action->import, filter->import)) &&
           lb_audit_filter_has_time(filter, action->at);
}

void lb_audit_filter_put(const struct lb_audit_filter *filter, struct lb_buf *link)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        const struct lb_str *text = part_of((struct lb_audit_filter *)filter, i);
        if (!text->ptr)
            continue;
        lb_buf_printf(link, "&%s=", PARTS[i].name);
        lb_query_put_escaped(link, *text);
    }
}
