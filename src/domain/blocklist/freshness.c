#include "domain/blocklist/freshness_internal.h"

#include "base/rcu.h"
#include "domain/access/nodes.h"

#include <stddef.h>
#include <stdlib.h>

/* Without requests memory is brought up to date all the same, so that the next request has little
 * to wait for. */
#define POLL_MS 500
/* Workspaces of one question. */
#define QUESTION_MAX 512 /* and the installation's list, which holds in all of them */
/* How long a request waits while much is read into memory that it needs. */
#define READ_WAIT_MS 2000

static void turn_main(struct lane *lane);
static void turn_careful(struct lane *lane);

static lb_err open_lane(struct lb_freshness *freshness, struct lane *lane,
                        void (*turn)(struct lane *))
{
    struct lb_store *store = freshness->settings.store;
    lane->freshness = freshness;
    lane->turn = turn;
    lane->last = &lane->first;
    for (size_t i = 0; i < 2; i++)
        lane->lacks[i].last = &lane->lacks[i].first;
    lane->gathered = &lane->lacks[0];
    lane->mailbox = lb_mailbox_create();
    return lane->mailbox ? store->ops->reader_open(store, &lane->reader) : LB_ERR_INTERNAL;
}

static void close_lane(struct lb_freshness *freshness, struct lane *lane)
{
    if (lane->reader)
        freshness->settings.store->ops->reader_close(lane->reader);
    if (lane->mailbox)
        lb_mailbox_destroy(lane->mailbox);
    for (size_t i = 0; i < 2; i++) {
        lb_id_set_fini(&lane->lacks[i].workspaces);
        lb_id_set_fini(&lane->lacks[i].failed);
        lb_id_set_fini(&lane->lacks[i].rest);
    }
    free(lane->by_no);
}

lb_err lb_freshness_create(const struct lb_freshness_settings *settings, struct lb_freshness **out)
{
    struct lb_freshness *freshness = calloc(1, sizeof *freshness);
    if (!freshness)
        return LB_ERR_INTERNAL;
    freshness->settings = *settings;
    lb_err err = open_lane(freshness, &freshness->main, turn_main);
    if (!err)
        err = open_lane(freshness, &freshness->careful, turn_careful);
    if (err) {
        lb_freshness_destroy(freshness);
        return err;
    }
    *out = freshness;
    return LB_OK;
}

void lb_freshness_destroy(struct lb_freshness *freshness)
{
    if (!freshness)
        return;
    close_lane(freshness, &freshness->main);
    close_lane(freshness, &freshness->careful);
    if (freshness->hurried)
        freshness->settings.store->ops->reader_close(freshness->hurried);
    free(freshness->unread);
    free(freshness);
}

bool lb_freshness_ready(const struct lb_freshness *freshness)
{
    return atomic_load(&freshness->ready);
}

void lb_freshness_stats(const struct lb_freshness *freshness, struct lb_freshness_stats *out)
{
    *out = (struct lb_freshness_stats){.questions = atomic_load(&freshness->questions),
                                       .requests = atomic_load(&freshness->requests),
                                       .failures = atomic_load(&freshness->failures),
                                       .refreshes = atomic_load(&freshness->refreshes)};
}

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static void append(struct lb_fresh ***last, struct lb_fresh *fresh)
{
    fresh->next = NULL;
    **last = fresh;
    *last = &fresh->next;
}

static void arrive(struct lb_task *task)
{
    struct lb_fresh *fresh = (struct lb_fresh *)((char *)task - offsetof(struct lb_fresh, task));
    append(&fresh->lane->last, fresh);
}

static void push(struct lane *lane, struct lb_fresh *fresh)
{
    fresh->lane = lane;
    fresh->task.run = arrive;
    lb_mailbox_push(lane->mailbox, &fresh->task);
}

/* Has the careful lane found that the request's workspace can be asked? */
static bool is_confirmed(const struct lb_fresh *fresh, uint64_t trouble)
{
    return fresh->workspace && atomic_load(&fresh->workspace->confirmed) == trouble;
}

lb_err lb_freshness_ask(struct lb_freshness *freshness, struct lb_fresh *fresh)
{
    /* Counted first, looked at second: a thread that stops waits until none is counted. */
    atomic_fetch_add(&freshness->under_way, 1);
    if (atomic_load(&freshness->stopping)) {
        atomic_fetch_sub(&freshness->under_way, 1);
        return LB_ERR_STORAGE_UNAVAILABLE;
    }
    fresh->freshness = freshness;
    fresh->asked_ns = lb_clock_mono_ns();
    fresh->no = fresh->workspace ? fresh->workspace->row.no : 0;
    uint64_t trouble = atomic_load(&freshness->trouble);
    bool doubtful = trouble && !is_confirmed(fresh, trouble);
    push(doubtful ? &freshness->careful : &freshness->main, fresh);
    return LB_OK;
}

/* Lets the requests of a list go on; a chain for each run of those with the same home. */
static void complete(struct lb_freshness *freshness, struct lb_fresh *fresh, lb_err result)
{
    while (fresh) {
        struct lb_mailbox *home = fresh->home;
        struct lb_task *first = fresh->completion;
        struct lb_task *last = NULL;
        while (fresh && fresh->home == home) {
            /* Once pushed, it is its owner's again: read what is needed before. */
            struct lb_fresh *next = fresh->next;
            fresh->result = result;
            if (last)
                last->next = fresh->completion;
            last = fresh->completion;
            fresh = next;
            atomic_fetch_sub(&freshness->under_way, 1);
        }
        lb_mailbox_push_chain(home, first, last);
    }
}

/* --- What memory lacks is read on the writer's thread --- */

static void read_lack(struct lb_task *task)
{
    struct lane *lane = (struct lane *)((char *)task - offsetof(struct lane, there));
    lb_lack_read(lane->read, &lane->freshness->settings, &lane->freshness->stopping,
                 &lane->apart_from);
    lb_mailbox_push(lane->mailbox, &lane->back);
}

static bool concerns(const struct lb_id_set *workspaces, const struct lb_fresh *fresh)
{
    if (!fresh->no)
        return !fresh->key_id.ptr && workspaces->count;
    return lb_id_set_holds(workspaces, fresh->no) ||
           lb_id_set_holds(workspaces, LB_INSTALLATION_NO);
}

/* What is left of a reading goes on with the next one. */
static bool gather_rest(struct lane *lane, const struct lb_id_set *rest)
{
    bool gathered = true;
    for (size_t i = 0; gathered && i < rest->count; i++)
        gathered = lb_id_set_add(&lane->gathered->workspaces, rest->ids[i]);
    return gathered;
}

static bool waits_on(const struct lb_fresh *fresh)
{
    return lb_clock_mono_ns() - fresh->asked_ns < READ_WAIT_MS * 1000000u;
}

static void has_read(struct lb_task *task)
{
    struct lane *lane = (struct lane *)((char *)task - offsetof(struct lane, back));
    struct lb_lack *lack = lane->read;
    struct lb_fresh *failed = NULL, *good = NULL;
    struct lb_fresh **failed_last = &failed, **good_last = &good;
    bool goes_on = !lack->err && gather_rest(lane, &lack->rest);
    for (struct lb_fresh *fresh = lack->first, *next; fresh; fresh = next) {
        next = fresh->next;
        if (lack->err || concerns(&lack->failed, fresh))
            append(&failed_last, fresh);
        else if (!concerns(&lack->rest, fresh))
            append(&good_last, fresh);
        else
            append(goes_on && waits_on(fresh) ? &lane->gathered->last : &failed_last, fresh);
    }
    complete(lane->freshness, good, LB_OK);
    complete(lane->freshness, failed, LB_ERR_STORAGE_UNAVAILABLE);
    lack->first = NULL;
    lack->last = &lack->first;
    lack->workspaces.count = 0;
    lane->read = NULL;
}

static void start_reading(struct lane *lane)
{
    lane->read = lane->gathered;
    lane->gathered = &lane->lacks[lane->read == &lane->lacks[0]];
    count(&lane->freshness->refreshes, 1);
    lane->there.run = read_lack;
    lane->back.run = has_read;
    lb_writer_run(lane->freshness->settings.writer, &lane->there);
}

/* --- Asking --- */

/* The writer's own table is not ours to read while it grows, but the list of all is. */
struct lb_workspace *lb_lane_workspace(struct lane *lane, uint32_t no)
{
    if (no == LB_INSTALLATION_NO)
        return lb_directory_installation(lane->freshness->settings.directory);
    struct lb_workspace *next = lane->newest
                                    ? lb_rcu_load(&lane->newest->next)
                                    : lb_directory_workspaces(lane->freshness->settings.directory);
    for (; next; next = lb_rcu_load(&next->next)) {
        if (!lb_array_grow(&lane->by_no, &lane->by_no_capacity, (size_t)next->row.no + 1,
                           sizeof(struct lb_workspace *)))
            return NULL;
        lane->by_no[next->row.no] = next;
        lane->newest = next;
    }
    return no < lane->by_no_capacity ? lane->by_no[no] : NULL;
}

lb_err lb_lane_compare(void *context, const struct lb_workspace_version *latest)
{
    struct lane *lane = context;
    const struct lb_workspace *workspace = lb_lane_workspace(lane, latest->workspace);
    if (workspace && lb_nodes_up_to(workspace, latest))
        return LB_OK;
    return lb_id_set_add(&lane->gathered->workspaces, latest->workspace)
               ? LB_OK
               : LB_ERR_STORAGE_UNAVAILABLE;
}

/* The workspaces that one question is about. */
struct question {
    uint32_t workspaces[QUESTION_MAX + 1];
    size_t count;
    bool everything;
    lb_err err; /* of finding keys */
};

/* Finds the workspaces of keys that memory does not know, all at once. One that the store does not
 * know either has none. */
static lb_err find_keys(struct lane *lane)
{
    struct lb_str key_ids[QUESTION_MAX];
    uint32_t found[QUESTION_MAX];
    size_t count = 0;
    size_t looked = 0;
    struct lb_fresh *fresh;
    for (fresh = lane->first; fresh && looked++ < QUESTION_MAX; fresh = fresh->next)
        if (fresh->key_id.ptr)
            key_ids[count++] = fresh->key_id;
    if (!count)
        return LB_OK;
    lb_err err = lb_nodes_workspaces_of_keys(lane->freshness->settings.store, lane->reader, key_ids,
                                             count, found);
    looked = count = 0;
    for (fresh = lane->first; !err && fresh && looked++ < QUESTION_MAX; fresh = fresh->next)
        if (fresh->key_id.ptr)
            fresh->no = found[count++];
    return err;
}

/* Adds what a request asks about. */
static void add_request(struct question *question, const struct lb_fresh *fresh)
{
    if (fresh->no) {
        lb_ids_add(question->workspaces, &question->count, LB_INSTALLATION_NO);
        lb_ids_add(question->workspaces, &question->count, fresh->no);
    } else if (!fresh->key_id.ptr) {
        question->everything = true;
    }
}

/* Takes the requests that one question can serve off the list. */
static struct lb_fresh *take(struct lane *lane, struct question *question)
{
    struct lb_fresh *taken = lane->first;
    struct lb_fresh **end = &lane->first;
    question->err = find_keys(lane);
    for (size_t taken_count = 0; *end && taken_count < QUESTION_MAX; end = &(*end)->next) {
        add_request(question, *end);
        taken_count++;
        count(&lane->freshness->requests, 1);
    }
    lane->first = *end;
    *end = NULL;
    if (!lane->first)
        lane->last = &lane->first;
    return taken;
}

static lb_err pose(struct lane *lane, const struct question *question)
{
    if (question->err || (!question->count && !question->everything))
        return question->err;
    return lb_nodes_each_version(lane->freshness->settings.store, lane->reader,
                                 question->workspaces, question->everything ? 0 : question->count,
                                 lane, lb_lane_compare);
}

/* Some may go on, the others wait until memory has what it lacks. */
static void divide(struct lane *lane, struct lb_fresh *fresh)
{
    struct lb_lack *lack = lane->gathered;
    struct lb_fresh *good = NULL;
    struct lb_fresh **good_last = &good;
    while (fresh) {
        struct lb_fresh *next = fresh->next;
        append(concerns(&lack->workspaces, fresh) ? &lack->last : &good_last, fresh);
        fresh = next;
    }
    complete(lane->freshness, good, LB_OK);
}

/* --- In trouble ------------------------------------------------------------------------------- */

/* Some workspace of a question cannot be asked: the careful lane finds out which. */
static void hand_over(struct lane *lane, struct lb_fresh *fresh)
{
    struct lb_freshness *freshness = lane->freshness;
    if (!atomic_load(&freshness->trouble))
        atomic_store(&freshness->trouble, atomic_fetch_add(&freshness->last_trouble, 1) + 1);
    while (fresh) {
        struct lb_fresh *next = fresh->next;
        if (fresh->workspace)
            atomic_store(&fresh->workspace->confirmed, 0);
        push(&freshness->careful, fresh);
        fresh = next;
    }
}

/* Requests that came before the trouble did. */
static void hand_over_doubtful(struct lane *lane, uint64_t trouble)
{
    struct lb_fresh *doubtful = NULL;
    struct lb_fresh **doubtful_last = &doubtful;
    struct lb_fresh *fresh = lane->first;
    lane->first = NULL;
    lane->last = &lane->first;
    for (struct lb_fresh *next; fresh; fresh = next) {
        next = fresh->next;
        append(is_confirmed(fresh, trouble) ? &lane->last : &doubtful_last, fresh);
    }
    hand_over(lane, doubtful);
}

/* One question; its requests go on, wait for what memory lacks, or are returned when it failed. */
static lb_err serve(struct lane *lane, const struct question *question, struct lb_fresh *taken)
{
    struct lb_freshness *freshness = lane->freshness;
    lb_err err = pose(lane, question);
    freshness->settings.store->ops->reader_rest(lane->reader);
    count(&freshness->questions, 1);
    count(&freshness->failures, err != LB_OK);
    if (!err)
        divide(lane, taken);
    return err;
}

static void ask(struct lane *lane, bool everything)
{
    struct lb_freshness *freshness = lane->freshness;
    struct question question = {.everything = everything};
    struct lb_fresh *taken = take(lane, &question);
    lb_err err = serve(lane, &question, taken);
    if (err)
        hand_over(lane, taken);
    else if (!atomic_load(&freshness->trouble))
        atomic_store(&freshness->ready, true);
}

/* Of all that can be asked. */
static lb_err poll_confirmed(struct lane *lane, uint64_t trouble)
{
    struct lb_freshness *freshness = lane->freshness;
    struct lb_workspace *workspace = lb_directory_workspaces(freshness->settings.directory);
    struct lb_id_set set = {0};
    lb_err err = LB_OK;
    for (; !err && workspace; workspace = lb_rcu_load(&workspace->next))
        if (atomic_load(&workspace->confirmed) == trouble &&
            !lb_id_set_add(&set, workspace->row.no))
            err = LB_ERR_STORAGE_UNAVAILABLE;
    if (!err && set.count)
        err = lb_nodes_each_version(freshness->settings.store, lane->reader, set.ids, set.count,
                                    lane, lb_lane_compare);
    freshness->settings.store->ops->reader_rest(lane->reader);
    lb_id_set_fini(&set);
    return err;
}

static void poll(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    uint64_t trouble = atomic_load(&freshness->trouble);
    if (!trouble)
        ask(lane, true);
    else if (poll_confirmed(lane, trouble)) /* it has become worse: all are looked at again */
        atomic_store(&freshness->trouble, atomic_fetch_add(&freshness->last_trouble, 1) + 1);
}

static void read_what_lacks(struct lane *lane)
{
    if (!lane->read && lane->gathered->workspaces.count)
        start_reading(lane);
}

static void turn_main(struct lane *lane)
{
    uint64_t now = lb_clock_mono_ms();
    uint64_t trouble = atomic_load(&lane->freshness->trouble);
    if (lane->first && trouble)
        hand_over_doubtful(lane, trouble);
    if (lane->first)
        ask(lane, false);
    if (now >= lane->poll_at_ms) {
        poll(lane);
        /* Where there is much to look at, it is looked at less often. */
        uint64_t took_ms = lb_clock_mono_ms() - now;
        lane->poll_at_ms = now + (took_ms * 20 > POLL_MS ? took_ms * 20 : POLL_MS);
    }
    read_what_lacks(lane);
}

/* Takes the first request, and those after it about the same workspace. */
static struct lb_fresh *take_alike(struct lane *lane)
{
    struct lb_fresh *taken = NULL;
    struct lb_fresh **taken_last = &taken;
    struct lb_fresh *fresh = lane->first;
    uint32_t no = fresh->no;
    lane->first = NULL;
    lane->last = &lane->first;
    for (struct lb_fresh *next; fresh; fresh = next) {
        next = fresh->next;
        bool alike = !taken || (no && fresh->no == no);
        append(alike ? &taken_last : &lane->last, fresh);
    }
    return taken;
}

/* Whose key is that? Which server knows cannot be told, so none may be silent. */
static lb_err look_for_key(struct lane *lane, struct lb_fresh *fresh)
{
    struct lb_freshness *freshness = lane->freshness;
    if (is_quiet(freshness->keys_quiet_ms) || lb_unread_are_away(freshness))
        return LB_ERR_STORAGE_UNAVAILABLE;
    uint64_t asked_ms = lb_clock_mono_ms();
    lb_err err = lb_nodes_workspaces_of_keys(freshness->settings.store, lane->reader,
                                             &fresh->key_id, 1, &fresh->no);
    freshness->keys_quiet_ms = err ? quiet_after(ms_since(asked_ms)) : 0;
    return err;
}

static void note_outcome(const struct lane *lane, struct lb_workspace *workspace, uint64_t asked_ms,
                         lb_err err)
{
    atomic_store(&workspace->confirmed, err ? 0 : atomic_load(&lane->freshness->trouble));
    atomic_store(&workspace->quiet_ms, err ? quiet_after(ms_since(asked_ms)) : 0);
}

/* Is it about all workspaces, and would wait for those that are away? */
static bool waits_in_vain(const struct lb_freshness *freshness, const struct lb_fresh *fresh)
{
    return !fresh->no && !fresh->key_id.ptr &&
           (lb_unread_are_away(freshness) || is_quiet(freshness->all_quiet_ms) ||
            is_quiet(freshness->requests_quiet_ms));
}

static void ask_carefully(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    struct lb_fresh *taken = take_alike(lane);
    struct question question = {0};
    struct lb_workspace *workspace = NULL;
    if (!taken->no && taken->key_id.ptr)
        question.err = look_for_key(lane, taken);
    if (taken->no)
        workspace = lb_lane_workspace(lane, taken->no);
    bool refused = workspace && (is_quiet(atomic_load(&workspace->quiet_ms)) ||
                                 lb_unread_is_away(freshness, lane, taken->no));
    if (refused || waits_in_vain(freshness, taken))
        question.err = LB_ERR_STORAGE_UNAVAILABLE;
    add_request(&question, taken);
    count(&freshness->requests, 1);
    uint64_t asked_ms = lb_clock_mono_ms();
    lb_err err = serve(lane, &question, taken);
    if (err && question.everything && !question.err)
        freshness->requests_quiet_ms = quiet_after(ms_since(asked_ms));
    if (workspace && !refused)
        note_outcome(lane, workspace, asked_ms, err);
    if (err)
        complete(freshness, taken, LB_ERR_STORAGE_UNAVAILABLE);
}

static lb_err ask_for(struct lane *lane, const uint32_t *workspaces, size_t count)
{
    struct lb_store *store = lane->freshness->settings.store;
    lb_err err =
        lb_nodes_each_version(store, lane->reader, workspaces, count, lane, lb_lane_compare);
    store->ops->reader_rest(lane->reader);
    return err;
}

/* Looks for workspaces that can be asked, so that the main lane keeps them up to date. Returns how
 * long it waited for those that cannot. */
static uint64_t survey(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    uint64_t trouble = atomic_load(&freshness->trouble);
    struct lb_workspace *workspace = freshness->survey;
    uint64_t now = lb_clock_mono_ms(), until_ms = now + SURVEY_MS, refused_ms = 0;
    for (; now < until_ms && !is_stopping(freshness); now = lb_clock_mono_ms()) {
        workspace = workspace ? lb_rcu_load(&workspace->next)
                              : lb_directory_workspaces(freshness->settings.directory);
        if (!workspace)
            break;
        if (atomic_load(&workspace->confirmed) == trouble ||
            is_quiet(atomic_load(&workspace->quiet_ms)) ||
            lb_unread_is_away(freshness, NULL, workspace->row.no))
            continue;
        lb_err err = ask_for(lane, &workspace->row.no, 1);
        refused_ms += err ? ms_since(now) : 0;
        note_outcome(lane, workspace, now, err);
    }
    freshness->survey = workspace;
    return refused_ms;
}

/* All can be asked again, whatever was refused before. */
static void end_trouble(struct lb_freshness *freshness)
{
    struct lb_workspace *workspace = lb_directory_workspaces(freshness->settings.directory);
    for (; workspace; workspace = lb_rcu_load(&workspace->next))
        atomic_store(&workspace->quiet_ms, 0);
    freshness->all_quiet_ms = freshness->requests_quiet_ms = 0;
    atomic_store(&freshness->trouble, 0);
}

/* Can all be asked again, or which? */
static void look_at_all(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    uint64_t asked_ms = lb_clock_mono_ms();
    if (!lb_unread_are_away(freshness) && ask_for(lane, NULL, 0) == LB_OK) {
        end_trouble(freshness);
        return;
    }
    uint64_t refused_ms = ms_since(asked_ms);
    refused_ms += survey(lane);
    freshness->all_quiet_ms = quiet_after(refused_ms);
}

/* Is the trouble over? Without the installation's list, which holds in all workspaces, nothing can
 * be answered. */
static void look_for_end(struct lane *lane)
{
    static const uint32_t installation = LB_INSTALLATION_NO;
    struct lb_freshness *freshness = lane->freshness;
    bool any = ask_for(lane, &installation, 1) == LB_OK;
    atomic_store(&freshness->ready, any);
    if (any && !is_quiet(freshness->all_quiet_ms) && !is_stopping(freshness))
        look_at_all(lane);
}

static void turn_careful(struct lane *lane)
{
    uint64_t now = lb_clock_mono_ms();
    if (lane->freshness->unread_count && !is_quiet(lane->freshness->unread_quiet_ms))
        lb_unread_look(lane);
    if (now >= lane->poll_at_ms && atomic_load(&lane->freshness->trouble) &&
        !is_stopping(lane->freshness)) {
        look_for_end(lane);
        lane->poll_at_ms = lb_clock_mono_ms() + SURVEY_MS;
    }
    if (lane->first)
        ask_carefully(lane);
    read_what_lacks(lane);
}

/* --- The threads ------------------------------------------------------------------------------ */

static bool looks_around(const struct lane *lane)
{
    const struct lb_freshness *freshness = lane->freshness;
    return atomic_load(&freshness->trouble) ||
           (lane == &freshness->careful && freshness->unread_count);
}

static void *lane_thread(void *context)
{
    struct lane *lane = context;
    struct lb_freshness *freshness = lane->freshness;
    pthread_setname_np(pthread_self(), lane == &freshness->main ? "lb-freshness" : "lb-fresh-part");
    lb_rcu_thread_register();
    while (!atomic_load(&freshness->stopping) || atomic_load(&freshness->under_way) || lane->read) {
        lb_rcu_offline();
        lb_mailbox_wait(lane->mailbox, lane->first                         ? 0
                                       : atomic_load(&freshness->stopping) ? 1
                                       : looks_around(lane)                ? SURVEY_MS
                                                                           : POLL_MS);
        lb_rcu_online();
        lb_mailbox_drain(lane->mailbox);
        lane->turn(lane);
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static bool start_lane(struct lane *lane)
{
    lane->started = pthread_create(&lane->thread, NULL, lane_thread, lane) == 0;
    return lane->started;
}

bool lb_freshness_start(struct lb_freshness *freshness)
{
    atomic_store(&freshness->ready, true);
    return start_lane(&freshness->main) && start_lane(&freshness->careful);
}

static void nothing(struct lb_task *task)
{
}

static void stop_lane(struct lane *lane)
{
    struct lb_task wake = {.run = nothing};
    if (!lane->started)
        return;
    lb_mailbox_push(lane->mailbox, &wake);
    pthread_join(lane->thread, NULL);
    lb_mailbox_drain(lane->mailbox);
    lane->started = false;
}

void lb_freshness_stop(struct lb_freshness *freshness)
{
    if (!freshness)
        return;
    atomic_store(&freshness->stopping, true);
    stop_lane(&freshness->main);
    stop_lane(&freshness->careful);
}
