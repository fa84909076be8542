/* Reading the feed: rows of the log, a change's rows together as one event, merged with the rows of
 * events. */
#include "domain/events/internal.h"

#include "base/array.h"
#include "base/clock.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/item.h"
#include "store/log_items.h"
#include "store/chain.h"

#include <stdlib.h>

/* What one turn reads at most, about. A change's event is never cut, so all are some more: it has
 * up to LB_EVENT_LEADS_MAX rows. */
#define TURN_ROWS   2000
#define TURN_PEOPLE 2000
#define TURN_OWN    512
/* After so many rows of other workspaces the rest of theirs is skipped, by what memory knows. */
#define STRANGE_ROWS_MAX 64
#define CHUNK_ITEMS      5000

/* Rows of the log that are one event, under way. */
struct group {
    bool open;
    bool wanted;
    bool told; /* it names a person */
    enum lb_log_kind kind;
    uint64_t items;
    struct lb_event_cursor end;
    size_t own;    /* of the space, the next before it */
    size_t people; /* in the space, before it */
    size_t texts;  /* the same */
    struct lb_event_draft draft;
};

struct turn {
    struct lb_events *events;
    struct lb_store_reader *reader;
    struct lb_events_page *page;
    struct lb_event_space *space;
    const struct lb_workspace *workspace;
    int64_t since;  /* events from before it are not shown */
    uint64_t bound; /* what memory has of the log */
    uint64_t end;   /* how far the log is read: the same, or less */
    struct lb_event_cursor place;
    struct lb_public_id change; /* that the last row belongs to */
    size_t own;                 /* of the space, the next */
    struct group group;
    uint64_t next_id;
    size_t rows;
    size_t strange;
    bool full;  /* the turn is over */
    bool lags;  /* memory lags behind the cursor */
    bool swept; /* the cursor's row of events was, with others after it */
    lb_err err;
};

struct lb_event_text lb_event_keep(struct lb_event_space *space, struct lb_str text)
{
    struct lb_event_text kept = {space->texts.len, text.len, text.ptr == NULL};
    if (text.ptr)
        lb_buf_append_str(&space->texts, text);
    return kept;
}

/* --- Where to begin --------------------------------------------------------------------------- */

static int64_t recorded_at(const struct turn *turn, uint64_t number)
{
    const struct lb_row_times *times = turn->workspace->row_times;
    uint64_t id = lb_nodes_ids_are_numbers(turn->events->settings.store)
                      ? number
                      : lb_row_times_published_id_of(times, number);
    struct lb_row_time time = {0};
    lb_row_times_find(times, id, &time);
    return time.at;
}

/* The number of the last entry that is too old to be shown; 0: none is. */
static uint64_t find_oldest(const struct turn *turn)
{
    uint64_t low = 0, high = turn->bound; /* the entries up to `low` are too old */
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (recorded_at(turn, middle) < turn->since)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Has the store this row of events, where the cursor says that it has read it? One that was swept
 * away counts, as what follows it is then looked at. */
static lb_err check_own(struct turn *turn, const struct lb_event_cursor *after)
{
    const struct lb_store_ops *ops = turn->events->settings.store->ops;
    uint32_t workspace = turn->workspace->row.no;
    struct lb_event_row row;
    if (!after->own)
        return LB_OK;
    lb_err err = ops->event(turn->reader, workspace, after->own, &row);
    turn->swept = err == LB_ERR_NOT_FOUND;
    if (turn->swept) /* all that there are come after it; or there is none, which is another store
                      */
        err = ops->event(turn->reader, workspace, LB_ENTRY_ID_MAX, &row);
    bool other = !turn->swept && (row.number != after->own || row.epoch != after->own_epoch);
    return err == LB_ERR_NOT_FOUND || (!err && other) ? LB_ERR_CURSOR_GONE : err;
}

/* Is the log, up to the cursor, the one that the cursor is about? */
static lb_err check_log(const struct turn *turn, const struct lb_event_cursor *after)
{
    bool same =
        after->log <= turn->bound &&
        (!after->log || lb_epochs_of(&turn->workspace->epochs, after->log) == after->log_epoch);
    return same ? LB_OK : LB_ERR_CURSOR_GONE;
}

/* Rows of events after the cursor that are too old, or not kept any more. */
static uint64_t count_gone(const struct turn *turn, const struct lb_event_cursor *after)
{
    const struct lb_event_space *space = turn->space;
    uint64_t gone = 0;
    if (space->own_count && space->own[0].number > after->own + 1)
        gone = space->own[0].number - after->own - 1;
    for (size_t i = 0; i < space->own_count && space->own[i].at < turn->since; i++)
        gone++;
    return turn->swept && !gone ? 1 : gone;
}

static lb_err take_own(void *context, const struct lb_event_row *row)
{
    struct lb_event_space *space = context;
    if (!lb_array_reserve(space->own, space->own_capacity, space->own_count + 1))
        return LB_ERR_OVERLOADED;
    space->own[space->own_count++] = *row;
    return LB_OK;
}

static lb_err read_own(struct turn *turn, uint64_t above)
{
    struct lb_event_space *space = turn->space;
    space->own_count = 0;
    lb_err err = turn->events->settings.store->ops->events_page(
        turn->reader, turn->workspace->row.no, above, turn->bound, TURN_OWN, space, take_own);
    turn->end = turn->bound;
    if (space->own_count == TURN_OWN) /* more may follow after this one */
        turn->end = space->own[TURN_OWN - 1].log;
    return err;
}

static struct lb_event_cursor place_in_log(const struct turn *turn, uint64_t log,
                                           const struct lb_event_cursor *own)
{
    return (struct lb_event_cursor){log, log ? lb_epochs_of(&turn->workspace->epochs, log) : 0,
                                    own->own, own->own_epoch};
}

static void pass_own(struct turn *turn, struct lb_event_cursor *place)
{
    const struct lb_event_row *row = &turn->space->own[turn->own++];
    place->own = row->number;
    place->own_epoch = row->epoch;
}

/* Finds the place where the page begins, and reads the rows of events from there. */
static lb_err find_place(struct turn *turn)
{
    struct lb_events_page *page = turn->page;
    uint64_t oldest = find_oldest(turn);
    bool from_oldest = page->from_oldest;
    page->from_oldest = false;
    if (!from_oldest)
        turn->place = page->after;
    turn->lags = turn->place.log > turn->bound && !page->fresh;
    if (turn->lags)
        return LB_OK;
    lb_err err = from_oldest ? LB_OK : check_log(turn, &turn->place);
    if (!err)
        err = check_own(turn, &turn->place);
    if (err == LB_ERR_CURSOR_GONE && page->skip_gone) {
        from_oldest = true;
        turn->place = (struct lb_event_cursor){0};
        err = LB_OK;
    }
    if (!err)
        err = read_own(turn, turn->place.own);
    if (err)
        return err;
    uint64_t gone = count_gone(turn, &turn->place);
    uint64_t gone_log = oldest > turn->place.log ? oldest - turn->place.log : 0;
    if (!from_oldest && (gone || gone_log) && !page->skip_gone)
        return LB_ERR_CURSOR_GONE;
    if (!from_oldest)
        page->missed = gone + gone_log;
    if (gone_log)
        turn->place = place_in_log(turn, oldest, &turn->place);
    while (turn->own < turn->space->own_count && turn->space->own[turn->own].at < turn->since)
        pass_own(turn, &turn->place);
    return LB_OK;
}

/* --- Events ----------------------------------------------------------------------------------- */

static bool is_wanted(const struct turn *turn, enum lb_event_type type, uint32_t campaign)
{
    const struct lb_events_page *page = turn->page;
    return (page->types & 1u << type) && (!page->campaign || page->campaign == campaign);
}

static struct lb_event_draft_lead *add_person(struct turn *turn)
{
    struct lb_event_space *space = turn->space;
    if (!lb_array_reserve(space->people, space->person_capacity, space->person_count + 1)) {
        turn->err = LB_ERR_OVERLOADED;
        return NULL;
    }
    struct lb_event_draft_lead *person = &space->people[space->person_count++];
    const struct lb_event_text none = {.none = true};
    *person = (struct lb_event_draft_lead){.key = none, .reason = none};
    for (size_t i = 0; i < LB_EVENT_LEAD_FIELDS; i++)
        person->fields[i] = none;
    return person;
}

static void add_event(struct turn *turn, const struct lb_event_draft *draft)
{
    struct lb_event_space *space = turn->space;
    if (!lb_array_reserve(space->drafts, space->draft_capacity, space->draft_count + 1)) {
        turn->err = LB_ERR_OVERLOADED;
        return;
    }
    space->drafts[space->draft_count++] = *draft;
}

/* Before another event is begun. */
static bool has_room(struct turn *turn)
{
    const struct lb_event_space *space = turn->space;
    turn->full |= space->draft_count >= turn->page->max || space->person_count >= TURN_PEOPLE ||
                  turn->rows >= TURN_ROWS;
    return !turn->full && !turn->err;
}

static bool wants_log(const struct turn *turn)
{
    return turn->page->types & (1u << LB_EVENT_LEAD_BLOCKED | 1u << LB_EVENT_LEAD_UNBLOCKED);
}

static void tell_own(struct turn *turn)
{
    const struct lb_event_row *row = &turn->space->own[turn->own];
    enum lb_event_type type = (enum lb_event_type)row->type;
    bool quiet = row->type == LB_EVENT_QUIET;
    pass_own(turn, &turn->place);
    /* An event has one place, whatever else its reader wants and wherever it began. Who does not
     * read the log passes what a quiet row is about with it: no other reader goes on in between. */
    if ((!quiet || !wants_log(turn)) && row->log > turn->place.log)
        turn->place = place_in_log(turn, row->log, &turn->place);
    if (quiet || row->type >= LB_EVENT_TYPE_COUNT || !is_wanted(turn, type, row->campaign))
        return;
    struct lb_event_draft draft = {.event = {.type = type,
                                             .cursor = turn->place,
                                             .at = row->at,
                                             .campaign = row->campaign,
                                             .actor = row->actor,
                                             .progress = (uint32_t)row->detail},
                                   .first_lead = turn->space->person_count,
                                   .import = {.none = true}};
    struct lb_event_draft_lead *person = row->lead ? add_person(turn) : NULL;
    if (person)
        person->lead = row->lead;
    draft.event.lead_count = person != NULL;
    if (!turn->err)
        add_event(turn, &draft);
}

/* Tells the rows of events that come before entry `number` of the log. */
static void tell_own_before(struct turn *turn, uint64_t number)
{
    while (turn->own < turn->space->own_count && turn->space->own[turn->own].log < number &&
           has_room(turn))
        tell_own(turn);
}

static void end_group(struct turn *turn)
{
    struct group *group = &turn->group;
    if (!group->open)
        return;
    group->open = false;
    turn->place = group->end;
    if (!group->told)
        return;
    group->draft.event.cursor = group->end;
    group->draft.event.lead_count = turn->space->person_count - group->people;
    add_event(turn, &group->draft);
}

/* What was read of it is left to the next page. */
static void drop_group(struct turn *turn)
{
    struct group *group = &turn->group;
    if (!group->open)
        return;
    group->open = false;
    turn->own = group->own;
    turn->space->person_count = group->people;
    turn->space->texts.len = group->texts;
}

static bool type_of(enum lb_log_kind kind, enum lb_event_type *out)
{
    *out = lb_log_kind_adds(kind) ? LB_EVENT_LEAD_BLOCKED : LB_EVENT_LEAD_UNBLOCKED;
    return lb_log_kind_adds(kind) || kind == LB_LOG_UNBLOCK || kind == LB_LOG_EXPIRED;
}

static void begin_group(struct turn *turn, const struct lb_log_row *row)
{
    struct lb_event_space *space = turn->space;
    enum lb_event_type type;
    bool tells = type_of(row->kind, &type);
    turn->group = (struct group){.open = true,
                                 .wanted = tells && is_wanted(turn, type, row->list.campaign),
                                 .kind = row->kind,
                                 .end = turn->place,
                                 .own = turn->own,
                                 .people = space->person_count,
                                 .texts = space->texts.len};
    struct lb_event_draft *draft = &turn->group.draft;
    draft->first_lead = space->person_count;
    draft->event = (struct lb_feed_event){.type = type,
                                          .at = row->at,
                                          .campaign = row->list.campaign,
                                          .actor = row->actor,
                                          .change = turn->change};
    if (!turn->group.wanted)
        return;
    draft->import = lb_event_keep(space, lb_chain_text(row->import));
    if (row->undoes)
        draft->event.undoes =
            (struct lb_public_id){row->undoes, lb_epochs_of(&turn->workspace->epochs, row->undoes)};
}

/* The row's items that changed nothing. */
static uint64_t take_quiet(struct turn *turn, uint64_t number)
{
    const struct lb_event_space *space = turn->space;
    uint64_t quiet = 0;
    for (; turn->own < space->own_count && space->own[turn->own].type == LB_EVENT_QUIET &&
           space->own[turn->own].log <= number;
         pass_own(turn, &turn->group.end))
        if (space->own[turn->own].log == number)
            quiet = space->own[turn->own].detail;
    return quiet;
}

static lb_err keep_name(struct lb_event_space *space, struct lb_str item, struct lb_item *named,
                        struct lb_event_draft_lead *out)
{
    if (lb_chain_is_bare(item)) /* the event goes out without the name */
        return LB_OK;
    if (!lb_item_read(item, named))
        return LB_ERR_STORAGE_UNAVAILABLE;
    out->key = lb_event_keep(space, named->key);
    return LB_OK;
}

static void add_people(struct turn *turn, const struct lb_log_row *row, uint64_t quiet)
{
    struct lb_event_space *space = turn->space;
    struct lb_event_text reason = {.none = true};
    struct lb_str rest = row->items;
    struct lb_str item;
    if (row->kind == LB_LOG_EXPIRED)
        reason = lb_event_keep(space, LB_STR("expired"));
    else if (row->reason.ptr)
        reason = lb_event_keep(space, lb_chain_text(row->reason));
    for (unsigned i = 0; !turn->err && lb_log_items_next(&rest, &item); i++) {
        if (i < 64 && quiet >> i & 1)
            continue;
        struct lb_event_draft_lead *person = add_person(turn);
        struct lb_item named;
        if (!person)
            return;
        person->reason = reason;
        turn->group.told = true;
        if (lb_log_kind_blocks(row->kind))
            turn->err = keep_name(space, item, &named, person);
        else if (!lb_str_to_u64(item, LB_ENTRY_ID_MAX, &person->target))
            turn->err = LB_ERR_STORAGE_UNAVAILABLE;
    }
}

/* --- The log ---------------------------------------------------------------------------------- */

/* The change that a row belongs to, of which it is not the first. */
static struct lb_public_id change_of(const struct turn *turn, uint64_t number)
{
    struct lb_row_times_change change = {0};
    lb_row_times_change_below(turn->workspace->row_times, number, &change);
    return (struct lb_public_id){change.number,
                                 lb_epochs_of(&turn->workspace->epochs, change.number)};
}

/* Is the row another event than the rows before it? */
static bool begins_event(const struct group *group, const struct lb_log_row *row, uint64_t items)
{
    return !group->open || !row->continues || group->kind != row->kind ||
           group->items + items > LB_EVENT_LEADS_MAX;
}

/* Takes the next row of the workspace; false: it is for another page. */
static bool take_row(struct turn *turn, const struct lb_log_row *row)
{
    struct group *group = &turn->group;
    uint64_t items = lb_log_items_count(row->items);
    if (!row->continues)
        turn->change =
            (struct lb_public_id){row->number, lb_epochs_of(&turn->workspace->epochs, row->number)};
    else if (!turn->change.number)
        turn->change = change_of(turn, row->number);
    if (begins_event(group, row, items)) {
        end_group(turn);
        tell_own_before(turn, row->number);
        if (!has_room(turn))
            return false;
        begin_group(turn, row);
    }
    group->items += items;
    group->end = place_in_log(turn, row->number + items - 1, &group->end);
    uint64_t quiet = take_quiet(turn, row->number);
    if (group->wanted)
        add_people(turn, row, quiet);
    return !turn->err;
}

/* LB_ERR_NOT_FOUND only ends the scan. */
static lb_err take_any_row(void *context, const struct lb_log_row *row)
{
    struct turn *turn = context;
    turn->rows++;
    if (row->list.workspace != turn->workspace->row.no) {
        turn->next_id = row->id + 1;
        end_group(turn); /* whose rows follow each other */
        has_room(turn);
        return turn->full || turn->err || ++turn->strange >= STRANGE_ROWS_MAX ? LB_ERR_NOT_FOUND
                                                                              : LB_OK;
    }
    if (row->number <= turn->place.log) /* where the cursor is not at the end of a row */
        return LB_OK;
    if (row->number > turn->end) {
        turn->next_id = UINT64_MAX;
        return LB_ERR_NOT_FOUND;
    }
    turn->next_id = row->id + 1;
    turn->strange = 0;
    return take_row(turn, row) ? LB_OK : LB_ERR_NOT_FOUND;
}

/* Where the workspace's next row is; false: there is none before `end_id`. */
static bool seek(struct turn *turn, uint64_t end_id)
{
    turn->strange = 0;
    return turn->next_id < end_id &&
           (lb_nodes_ids_are_numbers(turn->events->settings.store) ||
            lb_row_times_next(turn->workspace->row_times, turn->next_id, &turn->next_id)) &&
           turn->next_id < end_id;
}

/* A shared store answers with all rows at once, so that is asked for a few at a time. */
static uint64_t chunk_end(const struct turn *turn, uint64_t end_id)
{
    bool numbers = lb_nodes_ids_are_numbers(turn->events->settings.store);
    return numbers && end_id - turn->next_id > CHUNK_ITEMS ? turn->next_id + CHUNK_ITEMS : end_id;
}

static void read_log(struct turn *turn)
{
    struct lb_store *store = turn->events->settings.store;
    const struct lb_workspace *workspace = turn->workspace;
    bool numbers = lb_nodes_ids_are_numbers(store);
    uint64_t first = turn->place.log + 1;
    uint64_t end_id =
        (numbers ? turn->end : atomic_load_explicit(&workspace->log_row, memory_order_acquire)) + 1;
    turn->next_id = numbers ? first : lb_row_times_published_id_of(workspace->row_times, first);
    while (!turn->err && !turn->full && seek(turn, end_id)) {
        uint64_t end = chunk_end(turn, end_id); /* before rows move on what it is made of */
        lb_err err = store->ops->log_read(turn->reader, workspace->row.no, turn->next_id, end, turn,
                                          take_any_row);
        if (err && err != LB_ERR_NOT_FOUND)
            turn->err = err;
        if (!err)
            turn->next_id = end;
    }
}

/* No event of a change is under way where a row of events stands that is one. */
static bool group_ended(const struct turn *turn)
{
    return turn->end == turn->bound || turn->own < turn->space->own_count;
}

/* The log is read up to `end`. */
static void read_rest(struct turn *turn)
{
    if (turn->full || turn->err) {
        drop_group(turn);
        return;
    }
    if (!group_ended(turn)) {
        turn->full = true;
        drop_group(turn);
        return;
    }
    end_group(turn);
    tell_own_before(turn, turn->end + 1);
    if (turn->own < turn->space->own_count || turn->end < turn->bound)
        turn->full = true;
    else
        turn->place = place_in_log(turn, turn->bound, &turn->place);
}

static lb_err read_page(struct turn *turn)
{
    turn->err = find_place(turn);
    if (!turn->err && !turn->lags && wants_log(turn))
        read_log(turn);
    if (!turn->err && !turn->lags)
        read_rest(turn);
    if (!turn->err && turn->space->texts.failed)
        turn->err = LB_ERR_OVERLOADED;
    return turn->err;
}

lb_err lb_events_read(struct lb_events *events, struct lb_store_reader *reader,
                      struct lb_events_page *page)
{
    if (!page->space)
        page->space = calloc(1, sizeof *page->space);
    struct lb_event_space *space = page->space;
    page->events = NULL;
    page->count = 0;
    page->missed = 0;
    page->more = false;
    page->cursor = page->after;
    if (!space)
        return LB_ERR_OVERLOADED;
    space->draft_count = space->person_count = space->texts.len = 0;
    space->texts.failed = false;
    struct turn turn = {.events = events,
                        .reader = reader,
                        .page = page,
                        .space = space,
                        .workspace = page->workspace,
                        .since = lb_clock_wall_ms() - events->settings.retention_ms,
                        .bound =
                            atomic_load_explicit(&page->workspace->log_last, memory_order_acquire)};
    lb_err err = read_page(&turn);
    if (!err)
        err = lb_event_people(events, reader, page);
    events->settings.store->ops->reader_rest(reader);
    if (err)
        return err;
    page->cursor = turn.place;
    page->more = turn.full;
    return LB_OK;
}

void lb_events_page_fini(struct lb_events_page *page)
{
    struct lb_event_space *space = page->space;
    page->space = NULL;
    if (!space)
        return;
    free(space->drafts);
    free(space->people);
    lb_buf_fini(&space->texts);
    free(space->own);
    free(space->events);
    free(space->leads);
    free(space->ids);
    free(space->names);
    free(space);
}
