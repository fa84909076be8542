#include "support/actor.h"

#include "support/random.h"

#include "base/fatal.h"
#include "domain/blocklist/page.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REASONS   4
#define LEAD_SIZE 160
#define PAGE      37 /* entries: pages and rows must not end at the same places */

static const char *const reasons[REASONS] = {NULL, "asked to be left alone", "left the company",
                                             "said \"no\", twice"};

/* A change as the actor expects it. */
struct plan {
    enum lb_log_kind kind;
    unsigned list;
    struct actor_change *undone; /* what it takes back */
    size_t people;               /* who are blocked or free by it and were not before */
    size_t count;
    struct actor_item items[ACTOR_ITEMS];
};

void actor_init(struct actor *actor, struct engine *engine, unsigned number, uint64_t seed)
{
    memset(actor, 0, sizeof *actor);
    actor->engine = engine;
    actor->number = number;
    actor->random = (seed * 16 + number + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    actor->now.exists[ACTOR_OWN] = true;
}

static unsigned below(struct actor *actor, unsigned bound)
{
    return (unsigned)((random_next(&actor->random) >> 20) % bound);
}

static bool fail(struct actor *actor, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!actor->failure[0])
        vsnprintf(actor->failure, sizeof actor->failure, format, args);
    va_end(args);
    return false;
}

static const char *campaign_name(const struct actor *actor, unsigned list, char out[32])
{
    if (list == ACTOR_OWN)
        return NULL;
    snprintf(out, 32, "campaign-%u-%u", actor->number, list);
    return out;
}

/* Some are long: rows of many need more than a page. */
static void lead_name(const struct actor *actor, unsigned name, char out[LEAD_SIZE])
{
    int len = snprintf(out, LEAD_SIZE, "lead-%u-%u", actor->number, name);
    if (name % 5 == 0)
        snprintf(out + len, LEAD_SIZE - (size_t)len, "-%0100u", name);
}

static void add_item(struct plan *plan, unsigned name, struct actor_entry entry)
{
    lb_must(plan->count < ACTOR_ITEMS);
    plan->items[plan->count++] = (struct actor_item){name, entry};
}

static struct actor_requests *expected(struct actor *actor, unsigned list, unsigned name)
{
    return &actor->if_done.requests[list][name];
}

/* --- Requests of one person ------------------------------------------------------------------- */

static bool has_reason(const struct actor_requests *requests, unsigned reason)
{
    for (unsigned i = 0; i < requests->count; i++)
        if (requests->at[i].reason == reason)
            return true;
    return false;
}

/* The place of a request, or `count`. */
static unsigned place_of(const struct actor_requests *requests, uint64_t order)
{
    unsigned i = 0;
    while (i < requests->count && requests->at[i].order != order)
        i++;
    return i;
}

static void remove_at(struct actor_requests *requests, unsigned place)
{
    requests->count--;
    memmove(&requests->at[place], &requests->at[place + 1],
            (requests->count - place) * sizeof *requests->at);
}

/* In its place by age; of too many the second is forgotten. */
static void insert(struct actor_requests *requests, struct actor_entry entry)
{
    struct actor_entry all[LB_TWINS_MAX + 1];
    unsigned place = 0;
    while (place < requests->count && requests->at[place].order < entry.order)
        place++;
    memcpy(all, requests->at, place * sizeof *all);
    all[place] = entry;
    memcpy(all + place + 1, requests->at + place, (requests->count - place) * sizeof *all);
    requests->count++;
    bool full = requests->count > LB_TWINS_MAX;
    requests->at[0] = all[0];
    requests->count -= full;
    memcpy(requests->at + 1, all + 1 + full, (requests->count - 1) * sizeof *all);
}

static uint64_t shown(const struct actor_requests *requests)
{
    return requests->count ? requests->at[0].id : 0;
}

static void plan_request(struct actor *actor, struct plan *plan, unsigned name, unsigned reason)
{
    struct actor_entry entry = {ACTOR_ANY_ID, ++actor->requests_made, reason};
    insert(expected(actor, plan->list, name), entry);
    add_item(plan, name, entry);
}

/* An unblock ends all requests. */
static void plan_take_back(struct actor *actor, struct plan *plan, unsigned name)
{
    struct actor_requests *requests = expected(actor, plan->list, name);
    plan->people += requests->count != 0;
    while (requests->count) {
        add_item(plan, name, requests->at[0]);
        remove_at(requests, 0);
    }
}

/* A few names, sometimes hundreds: more than a row of the log holds. */
static size_t some_names(struct actor *actor, unsigned *out)
{
    size_t count = below(actor, 5) ? 1 + below(actor, 5) : 80 + below(actor, ACTOR_NAMES - 80);
    for (size_t i = 0; i < count; i++)
        out[i] = below(actor, ACTOR_NAMES);
    return count;
}

static lb_err send_names(struct actor *actor, const struct plan *plan, const unsigned *names,
                         size_t count, unsigned reason, struct outcome *out)
{
    char campaign[32];
    char(*texts)[LEAD_SIZE] = calloc(count, sizeof *texts);
    const char **identifiers = calloc(count, sizeof *identifiers);
    for (size_t i = 0; i < count; i++) {
        lead_name(actor, names[i], texts[i]);
        identifiers[i] = texts[i];
    }
    const char *where = campaign_name(actor, plan->list, campaign);
    lb_err err = plan->kind == LB_LOG_BLOCK
                     ? engine_block(actor->engine, where, identifiers, count, reasons[reason], out)
                     : engine_unblock(actor->engine, where, identifiers, count, out);
    free(identifiers);
    free(texts);
    return err;
}

static lb_err block(struct actor *actor, struct plan *plan, struct outcome *out)
{
    unsigned names[ACTOR_NAMES];
    size_t count = some_names(actor, names);
    unsigned reason = below(actor, REASONS);
    plan->kind = LB_LOG_BLOCK;
    for (size_t i = 0; i < count; i++) {
        if (expected(actor, plan->list, names[i])->count)
            continue;
        plan_request(actor, plan, names[i], reason);
        plan->people++;
    }
    for (size_t i = 0; i < count; i++) /* a request for the same reason is there: a repetition */
        if (!has_reason(expected(actor, plan->list, names[i]), reason))
            plan_request(actor, plan, names[i], reason);
    return send_names(actor, plan, names, count, reason, out);
}

static lb_err unblock(struct actor *actor, struct plan *plan, struct outcome *out)
{
    unsigned names[ACTOR_NAMES];
    size_t count = some_names(actor, names);
    plan->kind = LB_LOG_UNBLOCK;
    for (size_t i = 0; i < count; i++)
        plan_take_back(actor, plan, names[i]);
    return send_names(actor, plan, names, count, 0, out);
}

/* By entry ids of the workspace's list; those of other lists among them must be left alone. */
static lb_err unblock_ids(struct actor *actor, struct plan *plan, struct outcome *out)
{
    uint64_t ids[ACTOR_NAMES];
    unsigned names[ACTOR_NAMES];
    size_t tried = some_names(actor, names);
    size_t count = 0;
    plan->kind = LB_LOG_UNBLOCK;
    plan->list = ACTOR_OWN;
    for (size_t i = 0; i < tried; i++) {
        unsigned list = below(actor, 4) ? ACTOR_OWN : ACTOR_FIRST;
        const struct actor_requests *requests = expected(actor, list, names[i]);
        uint64_t id = requests->count ? requests->at[below(actor, requests->count)].id : 0;
        if (!id || id == ACTOR_ANY_ID)
            continue;
        ids[count++] = id;
        if (list == ACTOR_OWN)
            plan_take_back(actor, plan, names[i]);
    }
    return engine_unblock_ids(actor->engine, ids, count, out);
}

static bool is_alive(const struct actor *actor, const struct actor_change *change)
{
    return actor->now.lives[change->list] == change->life;
}

/* The place of a request among those that are taken back more than once, or their count. */
static unsigned held_at(const struct actor_held *held, uint64_t order)
{
    unsigned i = 0;
    while (i < held->count && held->orders[i] != order)
        i++;
    return i;
}

/* Undoes what a change did with one request. One that nothing has taken back stands; a change that
 * takes it back, and one that brings it back, count also when another keeps it from standing. */
static void plan_undone(struct actor *actor, struct plan *plan, const struct actor_item *item)
{
    struct actor_requests *requests = expected(actor, plan->list, item->name);
    struct actor_held *held = &actor->if_done.held[plan->list][item->name];
    unsigned place = place_of(requests, item->entry.order);
    unsigned held_place = held_at(held, item->entry.order);
    bool stands = place < requests->count;
    if (plan->kind == LB_LOG_UNBLOCK && stands) {
        plan->people += requests->count == 1;
        remove_at(requests, place);
    } else if (plan->kind == LB_LOG_UNBLOCK) {
        lb_must(held->count < ACTOR_HELD);
        held->orders[held->count++] = (uint32_t)item->entry.order;
    } else if (held_place < held->count) {
        held->orders[held_place] = held->orders[--held->count];
    } else if (stands) {
        return;
    } else {
        plan->people += requests->count == 0;
        insert(requests, item->entry);
    }
    add_item(plan, item->name, item->entry);
}

static size_t known_changes(const struct actor *actor)
{
    return actor->change_count < ACTOR_CHANGES ? actor->change_count : ACTOR_CHANGES;
}

/* The last of a change's chain, which is what holds. */
static struct actor_change *last_of(struct actor *actor, struct actor_change *change)
{
    struct actor_change *last = change;
    for (size_t i = 0; i < known_changes(actor); i++) {
        struct actor_change *other = &actor->changes[i];
        if (other->first == change->first && other->id > last->id)
            last = other;
    }
    return last;
}

/* A change that takes back can be undone by what brings back alone, so it is undone already unless
 * the last of its chain is of its kind. */
static lb_err undo(struct actor *actor, struct plan *plan, struct outcome *out)
{
    struct actor_change *change = &actor->changes[below(actor, (unsigned)known_changes(actor))];
    struct actor_change *last = last_of(actor, change);
    bool alive = is_alive(actor, change);
    bool holds = (last->kind == LB_LOG_UNBLOCK) == (change->kind == LB_LOG_UNBLOCK);
    if (change->lost)
        return LB_OK;
    plan->undone = last;
    plan->list = change->list;
    plan->kind = change->kind == LB_LOG_UNBLOCK ? LB_LOG_RESTORE : LB_LOG_UNBLOCK;
    for (size_t i = 0; alive && holds && i < last->count; i++)
        plan_undone(actor, plan, &last->items[i]);
    lb_err err = engine_undo(actor->engine, change->id, out);
    if (!alive && err == LB_ERR_NOT_FOUND)
        return LB_OK;
    if (!alive && err == LB_OK)
        fail(actor, "undid change %llu of a list that has ended", (unsigned long long)change->id);
    return err;
}

static lb_err drop(struct actor *actor, const struct plan *plan, const char *campaign)
{
    bool anybody = false;
    for (unsigned name = 0; name < ACTOR_NAMES; name++)
        anybody |= expected(actor, plan->list, name)->count != 0;
    memset(actor->if_done.requests[plan->list], 0, sizeof actor->if_done.requests[plan->list]);
    memset(actor->if_done.held[plan->list], 0, sizeof actor->if_done.held[plan->list]);
    actor->if_done.lives[plan->list]++;
    actor->if_done.exists[plan->list] = false;
    lb_err err = engine_drop_campaign(actor->engine, campaign);
    /* Of a list that never had anybody nothing is kept. */
    bool nothing = !actor->now.exists[plan->list] && !anybody;
    return err == LB_ERR_CAMPAIGN_NOT_FOUND && nothing ? LB_OK : err;
}

/* Creates the campaign, with the list that it had, or ends it, or its list as well. */
static lb_err turn_campaign(struct actor *actor, struct plan *plan)
{
    char campaign[32];
    campaign_name(actor, plan->list, campaign);
    if (below(actor, 4) == 0)
        return drop(actor, plan, campaign);
    actor->if_done.exists[plan->list] = !actor->now.exists[plan->list];
    return actor->now.exists[plan->list] ? engine_delete_campaign(actor->engine, campaign)
                                         : engine_make_campaign(actor->engine, campaign);
}

static lb_err make_change(struct actor *actor, struct plan *plan, struct outcome *out)
{
    plan->list = below(actor, ACTOR_LISTS);
    if (!actor->now.exists[plan->list] && below(actor, 2) && actor->change_count)
        return undo(actor, plan, out); /* perhaps in a list that is kept */
    if (!actor->now.exists[plan->list] || (plan->list != ACTOR_OWN && below(actor, 16) == 0))
        return turn_campaign(actor, plan);
    unsigned choice = below(actor, 16);
    if (choice < 4)
        return unblock(actor, plan, out);
    if (choice < 6)
        return unblock_ids(actor, plan, out);
    if (choice < 9 && actor->change_count)
        return undo(actor, plan, out);
    return block(actor, plan, out);
}

/* The entries of a list that checks show must be those that are known. */
static bool verify_checks(struct actor *actor, unsigned list, unsigned name)
{
    char campaign[32], lead[LEAD_SIZE];
    lead_name(actor, name, lead);
    uint64_t entry = engine_check(actor->engine, campaign_name(actor, list, campaign), lead);
    uint64_t in_workspace = shown(&actor->now.requests[ACTOR_OWN][name]);
    uint64_t want = in_workspace ? in_workspace : shown(&actor->now.requests[list][name]);
    return entry == want || (entry && want == ACTOR_ANY_ID) ||
           fail(actor, "checking %s in list %u says entry %llu instead of %llu", lead, list,
                (unsigned long long)entry, (unsigned long long)want);
}

/* Learns the ids that an acknowledged change gave, and remembers it. */
static void learn(struct actor *actor, const struct plan *plan, const struct outcome *outcome)
{
    struct actor_change *change = &actor->changes[actor->change_count % ACTOR_CHANGES];
    uint64_t counted = plan->kind == LB_LOG_UNBLOCK ? outcome->unblocked : outcome->blocked;
    uint64_t other = plan->kind == LB_LOG_UNBLOCK ? outcome->blocked : outcome->unblocked;
    if (counted != plan->people || other || !outcome->change != !plan->count)
        fail(actor,
             "a change of kind %d of %zu leads says change %llu, blocked %llu, unblocked %llu",
             plan->kind, plan->people, (unsigned long long)outcome->change,
             (unsigned long long)outcome->blocked, (unsigned long long)outcome->unblocked);
    if (plan->count == 0 || actor->failure[0])
        return;
    uint64_t first = plan->undone ? plan->undone->first : outcome->change;
    *change = (struct actor_change){.id = outcome->change,
                                    .first = first,
                                    .list = plan->list,
                                    .life = actor->now.lives[plan->list],
                                    .kind = plan->kind,
                                    .count = plan->count};
    memcpy(change->items, plan->items, plan->count * sizeof *plan->items);
    for (size_t i = 0; plan->kind == LB_LOG_BLOCK && i < plan->count; i++) {
        struct actor_requests *requests = expected(actor, plan->list, plan->items[i].name);
        unsigned place = place_of(requests, plan->items[i].entry.order);
        change->items[i].entry.id = outcome->change + i;
        if (place < requests->count)
            requests->at[place].id = outcome->change + i;
    }
    actor->change_count++;
}

/* After a change in doubt nothing else may be accepted. */
static lb_err step_in_doubt(struct actor *actor)
{
    struct lb_change change = {.blocklist = actor->engine->blocklist,
                               .standing = engine_standing(actor->engine, NULL)};
    lb_change_block(&change);
    lb_err err = engine_submit(actor->engine, &change.write);
    if (err != LB_ERR_STORAGE_UNAVAILABLE)
        fail(actor, "after an unknown outcome a change ended with %s", lb_err_code(err));
    return err;
}

lb_err actor_step(struct actor *actor)
{
    struct plan plan = {0};
    struct outcome outcome = {0};
    if (actor->in_doubt)
        return step_in_doubt(actor);
    actor->if_done = actor->now;
    lb_err err = make_change(actor, &plan, &outcome);
    actor->undo_in_doubt = plan.count ? plan.undone : NULL;
    if (err == LB_ERR_OUTCOME_UNKNOWN)
        actor->in_doubt = true;
    else if (err && err != LB_ERR_STORAGE_UNAVAILABLE && err != LB_ERR_STORAGE_FULL)
        fail(actor, "a change ended with %s", lb_err_code(err));
    if (err)
        return err;
    learn(actor, &plan, &outcome);
    actor->acknowledged++;
    actor->now = actor->if_done;
    for (size_t i = 0; i < plan.count && !actor->failure[0]; i++)
        verify_checks(actor, plan.list, plan.items[i].name);
    lb_rcu_quiescent();
    return LB_OK;
}

/* --- What is there --- */

struct walk {
    struct actor *actor;
    struct actor_state *seen;
    unsigned list;
    uint64_t last;
    uint64_t all; /* entries of the list, other actors' too */
};

static unsigned reason_number(struct lb_str text)
{
    for (unsigned i = 1; text.ptr && i < REASONS; i++)
        if (lb_str_equal(text, lb_str(reasons[i])))
            return i;
    return text.ptr ? REASONS : 0;
}

static lb_err see_entry(void *context, const struct lb_entry *entry)
{
    struct walk *walk = context;
    struct actor *actor = walk->actor;
    char text[LEAD_SIZE];
    unsigned number, name;
    walk->all++;
    if (entry->id <= walk->last)
        fail(actor, "the list is not in order at entry %llu", (unsigned long long)entry->id);
    walk->last = entry->id;
    if (!lb_str_copy(entry->key, text, sizeof text) ||
        sscanf(text, "lead-%u-%u", &number, &name) != 2 || name >= ACTOR_NAMES)
        fail(actor, "entry %llu is of nobody's", (unsigned long long)entry->id);
    else if (number == actor->number && walk->seen->requests[walk->list][name].count)
        fail(actor, "%s is listed twice", text);
    else if (number == actor->number)
        insert(&walk->seen->requests[walk->list][name],
               (struct actor_entry){entry->id, 0, reason_number(entry->reason)});
    return LB_OK;
}

/* Those that lists do not show. */
static void count_waiting(struct actor *actor, unsigned list, struct actor_state *seen)
{
    char campaign[32], lead[LEAD_SIZE];
    for (unsigned name = 0; name < ACTOR_NAMES; name++) {
        lead_name(actor, name, lead);
        seen->requests[list][name].count +=
            (unsigned)engine_waiting(actor->engine, campaign_name(actor, list, campaign), lead);
    }
}

static bool walk_list(struct actor *actor, struct lb_store_reader *reader, unsigned list,
                      struct actor_state *seen)
{
    char campaign[32];
    const char *named = campaign_name(actor, list, campaign);
    struct lb_page_query query = {.list = engine_list(actor->engine, named), .take = PAGE};
    struct lb_page_result result;
    struct walk walk = {.actor = actor, .seen = seen, .list = list};
    seen->exists[list] = !named || engine_has_campaign(actor->engine, named);
    do {
        lb_err err =
            lb_blocklist_page(actor->engine->blocklist, reader, &query, &walk, see_entry, &result);
        if (err)
            return fail(actor, "cannot read list %u: %s", list, lb_err_code(err));
        query.cursor = result.next;
    } while (result.next);
    count_waiting(actor, list, seen);
    if (walk.all != result.total)
        return fail(actor, "list %u has %llu entries but says %llu", list,
                    (unsigned long long)walk.all, (unsigned long long)result.total);
    return !actor->failure[0];
}

/* But for what requests that wait say. */
static bool same_state(const struct actor_state *want, const struct actor_state *seen,
                       char out[128])
{
    for (unsigned list = 0; list < ACTOR_LISTS; list++) {
        snprintf(out, 128, "list %u: exists %d instead of %d", list, seen->exists[list],
                 want->exists[list]);
        if (want->exists[list] != seen->exists[list])
            return false;
        for (unsigned name = 0; name < ACTOR_NAMES; name++) {
            const struct actor_entry *a = &want->requests[list][name].at[0];
            const struct actor_entry *b = &seen->requests[list][name].at[0];
            unsigned requests = want->requests[list][name].count;
            if (requests != seen->requests[list][name].count) {
                snprintf(out, 128, "list %u name %u: %u requests instead of %u", list, name,
                         seen->requests[list][name].count, requests);
                return false;
            }
            if (requests == 0)
                continue;
            snprintf(out, 128, "list %u name %u: entry %lld, reason %u instead of %lld, %u", list,
                     name, (long long)b->id, b->reason, (long long)a->id, a->reason);
            if (a->reason != b->reason || (a->id == ACTOR_ANY_ID ? b->id == 0 : a->id != b->id))
                return false;
        }
    }
    return true;
}

/* Takes over the entries of a change whose answer did not come. */
static void learn_shown(struct actor_state *state, const struct actor_state *seen)
{
    for (unsigned list = 0; list < ACTOR_LISTS; list++)
        for (unsigned name = 0; name < ACTOR_NAMES; name++)
            if (state->requests[list][name].count)
                state->requests[list][name].at[0].id = seen->requests[list][name].at[0].id;
}

/* Was the change in doubt done? An undo and the end of a list may be so without a trace in what
 * checks and lists say. */
static bool look_up_doubt(struct actor *actor, struct lb_store_reader *reader, bool *out_known,
                          bool *out_done)
{
    char campaign[32];
    for (unsigned list = ACTOR_FIRST; list < ACTOR_LISTS; list++) {
        if (actor->now.lives[list] == actor->if_done.lives[list])
            continue;
        *out_known = true;
        *out_done =
            engine_list(actor->engine, campaign_name(actor, list, campaign)).campaign == UINT32_MAX;
    }
    if (!actor->undo_in_doubt)
        return true;
    uint64_t undone = 0;
    const struct engine *engine = actor->engine;
    lb_err err = engine->store->ops->log_undone(reader, engine->workspace->row.no,
                                                actor->undo_in_doubt->id, &undone);
    *out_known = true;
    *out_done = undone != 0;
    return !err || fail(actor, "cannot look up an undo: %s", lb_err_code(err));
}

bool actor_verify(struct actor *actor, struct lb_store_reader *reader)
{
    struct actor_state seen = {0};
    char why[128] = "it was recorded", why_done[128] = "not in doubt, or not recorded";
    for (unsigned list = 0; list < ACTOR_LISTS; list++)
        if (!walk_list(actor, reader, list, &seen))
            return false;
    bool known = false, done = false;
    if (actor->in_doubt && !look_up_doubt(actor, reader, &known, &done))
        return false;
    bool as_now = !(known && done) && same_state(&actor->now, &seen, why);
    bool may_be_done = actor->in_doubt && !(known && !done);
    if (!as_now && !(may_be_done && same_state(&actor->if_done, &seen, why_done)))
        return fail(actor, "actor %u: not as acknowledged: %s; nor with what was in doubt: %s",
                    actor->number, why, why_done);
    for (size_t i = 0; !as_now && actor->undo_in_doubt && i < known_changes(actor); i++)
        actor->changes[i].lost |= actor->changes[i].first == actor->undo_in_doubt->first;
    actor->in_doubt = false;
    if (!as_now)
        actor->now = actor->if_done;
    learn_shown(&actor->now, &seen);
    for (unsigned list = 0; list < ACTOR_LISTS; list++)
        for (unsigned name = 0; name < ACTOR_NAMES; name++)
            if (!verify_checks(actor, list, name))
                return false;
    lb_rcu_quiescent();
    return true;
}

/* --- The file --- */

static bool verify_integrity(struct actor *actor, sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL);
    const char *said = sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0)
                                                        : sqlite3_errmsg(db);
    bool good = said && strcmp(said, "ok") == 0;
    if (!good)
        fail(actor, "integrity_check: %s", said ? said : "no answer");
    sqlite3_finalize(stmt);
    return good;
}

/* A row of blocklist_live: is it known? */
static bool verify_row(struct actor *actors, size_t count, sqlite3_stmt *stmt)
{
    const char *campaign = (const char *)sqlite3_column_text(stmt, 1);
    const char *lead = (const char *)sqlite3_column_text(stmt, 2);
    const char *reason = (const char *)sqlite3_column_text(stmt, 3);
    unsigned number, name, list = ACTOR_OWN, ignored;
    if (!lead || sscanf(lead, "lead-%u-%u", &number, &name) != 2 || number >= count ||
        (campaign && sscanf(campaign, "campaign-%u-%u", &ignored, &list) != 2))
        return fail(actors, "blocklist_live has a strange row: %s", lead ? lead : "");
    const struct actor_entry *entry = &actors[number].now.requests[list][name].at[0];
    return ((uint64_t)sqlite3_column_int64(stmt, 0) == entry->id &&
            reason_number(lb_str(reason)) == entry->reason) ||
           fail(&actors[number], "blocklist_live and the engine differ about %s", lead);
}

static bool verify_view(struct actor *actors, size_t count, sqlite3 *db)
{
    size_t want = 0, rows = 0;
    for (size_t i = 0; i < count; i++)
        for (unsigned list = 0; list < ACTOR_LISTS; list++)
            for (unsigned name = 0; name < ACTOR_NAMES; name++)
                want += actors[i].now.requests[list][name].count != 0;
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT entry, campaign_id, identifier, reason FROM blocklist_live", -1,
                       &stmt, NULL);
    int code;
    bool good = true;
    for (; good && (code = sqlite3_step(stmt)) == SQLITE_ROW; rows++)
        good = verify_row(actors, count, stmt);
    sqlite3_finalize(stmt);
    if (good && (code != SQLITE_DONE || rows != want))
        return fail(actors, "blocklist_live has %zu rows instead of %zu (%s)", rows, want,
                    sqlite3_errmsg(db));
    return good;
}

/* Campaigns and what the audit says of them come and go together. */
static bool verify_audit(struct actor *actor, sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db,
                       "SELECT (SELECT count(*) FROM campaign WHERE deleted_at IS NULL)"
                       " = (SELECT count(*) FROM audit_log WHERE action = 'campaign.create')"
                       " - (SELECT count(*) FROM audit_log WHERE action = 'campaign.delete')",
                       -1, &stmt, NULL);
    bool good = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return good || fail(actor, "campaigns and their audit differ");
}

bool actors_verify(struct actor *actors, size_t count, const char *path, const char *vfs)
{
    struct lb_store *store = actors->engine->store;
    struct lb_store_reader *reader;
    if (store->ops->reader_open(store, &reader))
        return fail(actors, "cannot open a reader");
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = actor_verify(&actors[i], reader);
    store->ops->reader_close(reader);
    if (!good)
        return false;
    sqlite3 *db = NULL;
    good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, vfs) == SQLITE_OK ||
           fail(actors, "cannot open the file");
    good = good && verify_integrity(actors, db) && verify_view(actors, count, db) &&
           verify_audit(actors, db);
    sqlite3_close(db);
    return good;
}
