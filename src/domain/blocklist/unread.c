/* After a start that could not read all, because a part of the store was away: the careful lane
 * asks for each of these workspaces until memory has it. Requests about them ask as all others do,
 * so that none is answered before.
 *
 * Which of them a silent part has cannot be told, and those of healthy parts are not to wait for
 * it: they are asked for by a connection that waits for no answer longer than a healthy part needs,
 * first those that were not asked for yet. Now and then one that was silent is waited for, as it
 * may be slow only. */
#include "base/log.h"
#include "base/rcu.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/freshness_internal.h"

#include <stdlib.h>
#include <string.h>

/* How often the log is told that more of what the start could not read is there. */
#define TELL_EVERY_MS 1000

bool lb_freshness_expect(struct lb_freshness *freshness, const struct lb_unread *unread)
{
    struct lb_workspace *workspace = lb_directory_workspaces(freshness->settings.directory);
    size_t count = unread->numbers.count;
    freshness->unread = calloc(count + 1, sizeof *freshness->unread);
    if (!freshness->unread || lb_nodes_open_hurried(freshness->settings.store, &freshness->hurried,
                                                    &freshness->hurry_ms) != LB_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t no = unread->numbers.ids[i];
        bool asked = no <= unread->asked;
        freshness->unread[i] = (struct unread){.no = no, .asked = asked, .refused = asked};
        freshness->unread_refused += asked;
        freshness->unread_unasked += !asked;
    }
    freshness->unread_count = count;
    atomic_store(&freshness->last_trouble, 1);
    atomic_store(&freshness->trouble, 1);
    for (; workspace; workspace = lb_rcu_load(&workspace->next))
        atomic_store(&workspace->confirmed, !lb_id_set_holds(&unread->numbers, workspace->row.no));
    lb_directory_set_partial(freshness->settings.directory, count > 0);
    return true;
}

/* --- One of them ------------------------------------------------------------------------------ */

struct look {
    struct lane *lane;
    struct unread *one;
    bool lacks; /* memory lacks some of it; false as well when there is no such workspace */
    bool exists;
};

static bool has_all_that_was_away(const struct lb_workspace *workspace, const struct unread *one)
{
    return one->seen && atomic_load(&workspace->access_version) >= one->access_version &&
           atomic_load(&workspace->log_row) >= one->log_row;
}

static lb_err see_version(void *context, const struct lb_workspace_version *latest)
{
    struct look *look = context;
    struct unread *one = look->one;
    const struct lb_workspace *workspace = lb_lane_workspace(look->lane, latest->workspace);
    look->exists = true;
    look->lacks = !workspace ||
                  (!lb_nodes_up_to(workspace, latest) && !has_all_that_was_away(workspace, one));
    if (!one->seen) {
        one->seen = true;
        one->log_row = latest->log.row;
        one->access_version = latest->access_version;
    }
    return look->lacks ? lb_lane_compare(look->lane, latest) : LB_OK;
}

/* What it was before is not counted any more, and what it is now is. */
static void note_answer(struct lb_freshness *freshness, struct unread *one, bool refused)
{
    freshness->unread_unasked -= !one->asked;
    freshness->unread_refused -= one->refused;
    freshness->unread_refused += refused;
    one->asked = true;
    one->refused = refused;
}

/* What memory lacks of it is gathered, and read like what other nodes have written. Returns how
 * long was waited in vain. */
static uint64_t ask_for_one(struct lane *lane, struct unread *one, struct lb_store_reader *reader)
{
    struct lb_freshness *freshness = lane->freshness;
    struct lb_store *store = freshness->settings.store;
    struct look look = {.lane = lane, .one = one};
    uint64_t began_ms = lb_clock_mono_ms();
    reader = one->slow ? lane->reader : reader;
    lb_err err = lb_nodes_each_version(store, reader, &one->no, 1, &look, see_version);
    uint64_t took_ms = ms_since(began_ms);
    store->ops->reader_rest(reader);
    note_answer(freshness, one, err != LB_OK);
    one->silent = err && took_ms >= freshness->hurry_ms;
    one->slow = !err && reader == lane->reader;
    one->quiet_ms = quiet_after(!err ? 0 : !one->silent ? took_ms : freshness->hurry_ms);
    one->done = !err && !look.lacks;
    freshness->read_since += one->done && look.exists;
    return err ? took_ms : 0;
}

static int compare_workspace(const void *no, const void *one)
{
    uint32_t wanted = *(const uint32_t *)no, found = ((const struct unread *)one)->no;
    return (wanted > found) - (wanted < found);
}

static struct unread *find_unread(const struct lb_freshness *freshness, uint32_t no)
{
    if (!freshness->unread_count)
        return NULL;
    return bsearch(&no, freshness->unread, freshness->unread_count, sizeof *freshness->unread,
                   compare_workspace);
}

bool lb_unread_are_away(const struct lb_freshness *freshness)
{
    return freshness->unread_unasked || freshness->unread_refused;
}

bool lb_unread_is_away(struct lb_freshness *freshness, struct lane *lane, uint32_t no)
{
    struct unread *one = find_unread(freshness, no);
    if (!one || (one->asked && !one->refused))
        return false;
    if (lane && !is_quiet(one->quiet_ms))
        ask_for_one(lane, one, freshness->hurried);
    return !one->asked || one->refused;
}

/* --- All of them ------------------------------------------------------------------------------ */

static void forget_those_done(struct lb_freshness *freshness)
{
    size_t kept = 0, at = freshness->unread_at;
    for (size_t i = 0; i < freshness->unread_count; i++) {
        if (i == at)
            freshness->unread_at = kept;
        if (!freshness->unread[i].done)
            freshness->unread[kept++] = freshness->unread[i];
    }
    freshness->unread_count = kept;
    lb_directory_set_partial(freshness->settings.directory, kept > 0);
    if (kept)
        return;
    freshness->settings.store->ops->reader_close(freshness->hurried);
    freshness->hurried = NULL;
}

static void tell_unread(struct lb_freshness *freshness)
{
    uint64_t now = lb_clock_mono_ms();
    if (freshness->unread_count && now < freshness->unread_told_ms + TELL_EVERY_MS)
        return;
    if (freshness->read_since || !freshness->unread_count)
        lb_log(LB_LOG_INFO, "start",
               "%zu workspaces that the start could not read have been read and are served; %zu"
               " are left",
               freshness->read_since, freshness->unread_count);
    freshness->read_since = 0;
    freshness->unread_told_ms = now;
}

static bool is_due(const struct lb_freshness *freshness, const struct unread *one)
{
    if (one->done)
        return false;
    return freshness->unread_unasked ? !one->asked : !is_quiet(one->quiet_ms);
}

/* The next of them, round and round. */
static struct unread *next(const struct lb_freshness *freshness, size_t *at)
{
    if (*at >= freshness->unread_count)
        *at = 0;
    return &freshness->unread[(*at)++];
}

/* Waits for one that was silent as long as for any answer: it takes a tenth of the time. */
static void look_patiently(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    struct unread *one = NULL;
    if (freshness->unread_unasked || is_quiet(freshness->unread_patient_ms))
        return;
    for (size_t left = freshness->unread_count; left && !(one && one->silent); left--)
        one = next(freshness, &freshness->unread_patient_at);
    if (!one || !one->silent || one->done || is_stopping(freshness))
        return;
    uint64_t refused_ms = ask_for_one(lane, one, lane->reader);
    freshness->unread_patient_ms = lb_clock_mono_ms() + refused_ms * REFUSED_TIMES;
}

/* Are they back? */
void lb_unread_look(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    uint64_t until_ms = lb_clock_mono_ms() + SURVEY_MS, refused_ms = 0;
    for (size_t left = freshness->unread_count;
         left && lb_clock_mono_ms() < until_ms && !is_stopping(freshness); left--) {
        struct unread *one = next(freshness, &freshness->unread_at);
        if (is_due(freshness, one))
            refused_ms += ask_for_one(lane, one, freshness->hurried);
    }
    look_patiently(lane);
    forget_those_done(freshness);
    /* Requests get as much of the lane's time as those that are away. */
    freshness->unread_quiet_ms =
        lb_clock_mono_ms() + (refused_ms > REFUSED_MS ? refused_ms : REFUSED_MS);
    tell_unread(freshness);
}
