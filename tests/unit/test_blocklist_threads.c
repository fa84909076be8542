/* Clients change blocklists through the writer while others check and list them. Run under
 * ThreadSanitizer too; the checks here see what it cannot: answers that go against what has been
 * acknowledged. LB_TEST_SECONDS sets how long each test runs (2). */
#include "base/clock.h"
#include "domain/blocklist/page.h"
#include "support/engine.h"
#include "support/random.h"
#include "support/tsan.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define CLIENTS   3
#define LEADS     48 /* of one client */
#define LISTS     2  /* of one client: its campaign, and its part of the workspace's list */
#define CHANGE    12 /* leads of one change at most */
#define GROWTH    250
#define PAGE      17
#define NAME_SIZE 32

enum { CAMPAIGN, WORKSPACE };

/* What a client was told about a lead in a list, in the low bits of a word; the others count the
 * changes of the word, so that who finds it the same twice knows that it was so all the time. */
enum { FREE, BLOCKED, CHANGING, STATES };

struct client {
    struct world *world;
    pthread_t thread;
    unsigned number;
    uint64_t random;
    char campaign[NAME_SIZE];
    char names[LEADS][NAME_SIZE];
    _Atomic uint64_t words[LISTS][LEADS];
    uint64_t changes;
};

struct world {
    struct engine engine;
    struct engine_place place;
    struct client clients[CLIENTS];
    uint64_t grown; /* leads that the growing client blocked */
    _Atomic bool stop;
    _Atomic uint64_t checked;
    _Atomic uint64_t listed;
    _Atomic uint64_t wrong;
    pthread_barrier_t barrier;
    bool over; /* between two meetings at the barrier */
    _Atomic uint64_t blocked, unblocked, moves;
};

static void expect(struct world *world, bool good, const char *what)
{
    if (!good && atomic_fetch_add(&world->wrong, 1) < 10)
        fprintf(stderr, "wrong: %s\n", what);
}

static unsigned state_of(uint64_t word)
{
    return (unsigned)(word % STATES);
}

static void set_state(_Atomic uint64_t *word, unsigned state)
{
    uint64_t changes = atomic_load(word) / STATES + 1;
    atomic_store(word, changes * STATES + state);
}

static const char *list_name(const struct client *client, unsigned list)
{
    return list == CAMPAIGN ? client->campaign : NULL;
}

/* --- clients ---------------------------------------------------------------------------------- */

/* A change: the leads of a list that it brings from one state into another. */
struct change {
    unsigned list;
    unsigned to;
    unsigned leads[CHANGE];
    size_t count;
    uint64_t id;
};

static void announce(struct client *client, const struct change *change)
{
    for (size_t i = 0; i < change->count; i++)
        set_state(&client->words[change->list][change->leads[i]], CHANGING);
}

static void acknowledge(struct client *client, const struct change *change)
{
    for (size_t i = 0; i < change->count; i++)
        set_state(&client->words[change->list][change->leads[i]], change->to);
    client->changes++;
}

/* Picks leads, each once; `names` are all of them, the change holds those that will change. */
static size_t pick(struct client *client, struct change *change, const char **names)
{
    unsigned first = (unsigned)(random_next(&client->random) % LEADS);
    size_t asked = 1 + random_next(&client->random) % CHANGE;
    change->count = 0;
    for (unsigned i = 0; i < asked; i++) {
        unsigned lead = (first + i) % LEADS;
        names[i] = client->names[lead];
        if (state_of(atomic_load(&client->words[change->list][lead])) != change->to)
            change->leads[change->count++] = lead;
    }
    return asked;
}

static void change_some(struct client *client, struct change *change)
{
    struct world *world = client->world;
    const char *names[CHANGE];
    struct outcome outcome = {0};
    change->list = (unsigned)(random_next(&client->random) % LISTS);
    change->to = random_next(&client->random) % 2 ? BLOCKED : FREE;
    size_t asked = pick(client, change, names);
    const char *list = list_name(client, change->list);
    announce(client, change);
    lb_err err = change->to == BLOCKED
                     ? engine_block(&world->engine, list, names, asked, "why", &outcome)
                     : engine_unblock(&world->engine, list, names, asked, &outcome);
    expect(world, err == LB_OK, "a change failed");
    expect(world, outcome.blocked + outcome.unblocked == change->count, "count of a change");
    change->id = outcome.change;
    acknowledge(client, change);
}

/* Takes the change back that was made last, which nothing has touched since. */
static void undo(struct client *client, struct change *change)
{
    struct world *world = client->world;
    struct outcome outcome;
    if (change->count == 0)
        return;
    change->to = change->to == BLOCKED ? FREE : BLOCKED;
    announce(client, change);
    expect(world, engine_undo(&world->engine, change->id, &outcome) == LB_OK, "an undo failed");
    expect(world, outcome.blocked + outcome.unblocked == change->count, "count of an undo");
    change->id = outcome.change;
    acknowledge(client, change);
}

/* Blocks that are kept hold all the time. */
static void recreate_campaign(struct client *client)
{
    struct world *world = client->world;
    if (random_next(&client->random) % 2) {
        expect(world, engine_delete_campaign(&world->engine, client->campaign) == LB_OK,
               "a deletion");
        expect(world, engine_make_campaign(&world->engine, client->campaign) == LB_OK,
               "a creation");
        return;
    }
    for (unsigned lead = 0; lead < LEADS; lead++)
        set_state(&client->words[CAMPAIGN][lead], CHANGING);
    expect(world, engine_drop_campaign(&world->engine, client->campaign) == LB_OK, "a deletion");
    expect(world, engine_make_campaign(&world->engine, client->campaign) == LB_OK, "a creation");
    for (unsigned lead = 0; lead < LEADS; lead++)
        set_state(&client->words[CAMPAIGN][lead], FREE);
    client->changes++;
}

static void *run_client(void *context)
{
    struct client *client = context;
    lb_rcu_thread_register();
    while (!atomic_load(&client->world->stop)) {
        struct change change;
        change_some(client, &change);
        for (unsigned n = (unsigned)(random_next(&client->random) % 3); n > 0; n--)
            undo(client, &change);
        if (random_next(&client->random) % 16 == 0)
            recreate_campaign(client);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

/* Makes the index grow under everybody. */
static void *run_growth(void *context)
{
    struct world *world = context;
    static char names[GROWTH][NAME_SIZE];
    const char *pointers[GROWTH];
    struct outcome outcome = {0};
    lb_rcu_thread_register();
    while (!atomic_load(&world->stop)) {
        for (unsigned i = 0; i < GROWTH; i++) {
            snprintf(names[i], NAME_SIZE, "grown-%llu", (unsigned long long)world->grown + i);
            pointers[i] = names[i];
        }
        lb_err err = engine_block(&world->engine, "growth", pointers, GROWTH, NULL, &outcome);
        expect(world, err == LB_OK && outcome.blocked == GROWTH, "growing");
        world->grown += GROWTH;
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- checks ----------------------------------------------------------------------------------- */

struct words {
    uint64_t campaign[LEADS];
    uint64_t workspace[LEADS];
};

static void read_words(struct client *client, struct words *out)
{
    for (unsigned lead = 0; lead < LEADS; lead++) {
        out->campaign[lead] = atomic_load(&client->words[CAMPAIGN][lead]);
        out->workspace[lead] = atomic_load(&client->words[WORKSPACE][lead]);
    }
}

static bool always(uint64_t before, uint64_t after, unsigned state)
{
    return before == after && state_of(before) == state;
}

static void judge(struct world *world, const struct words *before, const struct words *after,
                  unsigned lead, struct lb_verdict verdict)
{
    bool in_campaign = always(before->campaign[lead], after->campaign[lead], BLOCKED);
    bool in_workspace = always(before->workspace[lead], after->workspace[lead], BLOCKED);
    bool not_in_campaign = always(before->campaign[lead], after->campaign[lead], FREE);
    bool not_in_workspace = always(before->workspace[lead], after->workspace[lead], FREE);
    if (in_campaign || in_workspace)
        expect(world, verdict.scope != LB_SCOPE_NONE, "a blocked lead was allowed");
    if (in_workspace)
        expect(world, verdict.scope == LB_SCOPE_WORKSPACE, "the workspace did not win");
    if (not_in_campaign && not_in_workspace)
        expect(world, verdict.scope == LB_SCOPE_NONE, "an unblocked lead was blocked");
}

static void check_one(struct world *world, struct client *client, unsigned lead)
{
    struct words before;
    struct words after;
    read_words(client, &before);
    struct lb_verdict verdict =
        lb_blocklist_check(world->engine.blocklist, engine_list(&world->engine, client->campaign),
                           lb_str(client->names[lead]));
    read_words(client, &after);
    judge(world, &before, &after, lead, verdict);
    atomic_fetch_add_explicit(&world->checked, 1, memory_order_relaxed);
}

static void check_many(struct world *world, struct client *client)
{
    struct words before;
    struct words after;
    struct lb_str names[LEADS];
    struct lb_verdict verdicts[LEADS];
    for (unsigned lead = 0; lead < LEADS; lead++)
        names[lead] = lb_str(client->names[lead]);
    read_words(client, &before);
    lb_blocklist_check_many(world->engine.blocklist, engine_list(&world->engine, client->campaign),
                            names, LEADS, verdicts, NULL);
    read_words(client, &after);
    for (unsigned lead = 0; lead < LEADS; lead++)
        judge(world, &before, &after, lead, verdicts[lead]);
    atomic_fetch_add_explicit(&world->checked, LEADS, memory_order_relaxed);
}

static void *run_checks(void *context)
{
    struct world *world = context;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    lb_rcu_thread_register();
    while (!atomic_load(&world->stop)) {
        struct client *client = &world->clients[random_next(&random) % CLIENTS];
        check_one(world, client, (unsigned)(random_next(&random) % LEADS));
        check_many(world, client);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- lists ------------------------------------------------------------------------------------ */

struct walk {
    struct world *world;
    struct client *client;
    unsigned list;
    bool descending;
    uint64_t last;
    unsigned seen[LEADS];
};

static lb_err take_entry(void *context, const struct lb_entry *entry)
{
    struct walk *walk = context;
    struct client *client = walk->client;
    bool in_order =
        walk->last == 0 || (walk->descending ? entry->id < walk->last : entry->id > walk->last);
    expect(walk->world, in_order, "the order of a list");
    walk->last = entry->id;
    for (unsigned lead = 0; lead < LEADS; lead++)
        if (lb_str_equal(entry->key, lb_str(client->names[lead])))
            walk->seen[lead]++;
    return LB_OK;
}

/* Walks through a list page by page while it changes. Who stayed in it is seen, once. */
static void list_all(struct world *world, struct walk *walk, struct lb_store_reader *reader)
{
    struct words before;
    struct words after;
    struct lb_page_result result = {0};
    read_words(walk->client, &before);
    struct lb_page_query query = {
        .list = engine_list(&world->engine, list_name(walk->client, walk->list)),
        .descending = walk->descending,
        .take = PAGE};
    do {
        lb_err err =
            lb_blocklist_page(world->engine.blocklist, reader, &query, walk, take_entry, &result);
        expect(world, err == LB_OK, "a page failed");
        query.cursor = result.next;
    } while (result.next);
    world->engine.store->ops->reader_rest(reader);
    read_words(walk->client, &after);
    const uint64_t *was = walk->list == CAMPAIGN ? before.campaign : before.workspace;
    const uint64_t *is = walk->list == CAMPAIGN ? after.campaign : after.workspace;
    for (unsigned lead = 0; lead < LEADS; lead++) {
        expect(world, !always(was[lead], is[lead], BLOCKED) || walk->seen[lead] == 1,
               "a blocked lead was not listed once");
        expect(world, !always(was[lead], is[lead], FREE) || walk->seen[lead] == 0,
               "an unblocked lead was listed");
    }
    atomic_fetch_add_explicit(&world->listed, 1, memory_order_relaxed);
}

static void *run_lists(void *context)
{
    struct world *world = context;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    struct lb_store_reader *reader = NULL;
    lb_rcu_thread_register();
    expect(world, world->engine.store->ops->reader_open(world->engine.store, &reader) == LB_OK,
           "opening a reader");
    while (!atomic_load(&world->stop)) {
        struct walk walk = {.world = world,
                            .client = &world->clients[random_next(&random) % CLIENTS],
                            .list = (unsigned)(random_next(&random) % LISTS),
                            .descending = random_next(&random) % 2};
        list_all(world, &walk, reader);
        lb_rcu_quiescent();
    }
    world->engine.store->ops->reader_close(reader);
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static struct world *open_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_int_equal(engine_begin(&world->engine, &world->place), 0);
    assert_int_equal(engine_make_campaign(&world->engine, "growth"), LB_OK);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = &world->clients[i];
        client->world = world;
        client->number = i;
        client->random = RANDOM_SEED + i * 7919;
        snprintf(client->campaign, NAME_SIZE, "campaign-%u", i);
        assert_int_equal(engine_make_campaign(&world->engine, client->campaign), LB_OK);
        for (unsigned lead = 0; lead < LEADS; lead++)
            snprintf(client->names[lead], NAME_SIZE, "lead-%u-%u", i, lead);
    }
    return world;
}

static void close_world(struct world *world)
{
    assert_int_equal(engine_end(&world->engine, &world->place), 0);
    free(world);
}

static void run_for_a_while(struct world *world)
{
    const char *seconds = getenv("LB_TEST_SECONDS");
    lb_rcu_offline();
    poll(NULL, 0, (seconds ? atoi(seconds) : 2) * 1000);
    atomic_store(&world->stop, true);
    lb_rcu_online();
}

static void join(pthread_t thread)
{
    lb_rcu_offline();
    assert_int_equal(pthread_join(thread, NULL), 0);
    lb_rcu_online();
}

static lb_err count_entry(void *context, const struct lb_entry *entry)
{
    ++*(uint64_t *)context;
    return LB_OK;
}

/* Entries of a list by its pages, and by its own count. */
static uint64_t count_list(struct world *world, const char *campaign)
{
    uint64_t count = 0;
    struct lb_page_query query = {.list = engine_list(&world->engine, campaign), .take = 1000};
    struct lb_page_result result;
    struct lb_store_reader *reader;
    assert_int_equal(world->engine.store->ops->reader_open(world->engine.store, &reader), LB_OK);
    do {
        assert_int_equal(lb_blocklist_page(world->engine.blocklist, reader, &query, &count,
                                           count_entry, &result),
                         LB_OK);
        query.cursor = result.next;
    } while (result.next);
    world->engine.store->ops->reader_close(reader);
    assert_int_equal(result.total, count);
    return count;
}

/* Deleted lists leave memory bit by bit. */
static void await_entries(struct world *world, uint64_t expected)
{
    uint64_t until = lb_clock_mono_ms() + 10000;
    lb_rcu_offline();
    while (atomic_load(&world->engine.workspace->entries) != expected && lb_clock_mono_ms() < until)
        poll(NULL, 0, 10);
    lb_rcu_online();
    assert_int_equal(atomic_load(&world->engine.workspace->entries), expected);
    struct lb_blocklist_stats stats;
    lb_blocklist_stats(world->engine.blocklist, &stats);
    assert_int_equal(stats.index.entries, expected);
}

static void compare_with_model(struct world *world)
{
    uint64_t in_workspace = 0;
    uint64_t all = count_list(world, "growth");
    assert_int_equal(all, world->grown);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = &world->clients[i];
        uint64_t in_campaign = 0;
        for (unsigned lead = 0; lead < LEADS; lead++) {
            in_campaign += state_of(client->words[CAMPAIGN][lead]) == BLOCKED;
            in_workspace += state_of(client->words[WORKSPACE][lead]) == BLOCKED;
            check_one(world, client, lead);
        }
        assert_int_equal(count_list(world, client->campaign), in_campaign);
        all += in_campaign;
    }
    assert_int_equal(count_list(world, NULL), in_workspace);
    await_entries(world, all + in_workspace);
    assert_int_equal(atomic_load(&world->wrong), 0);
}

static void an_acknowledged_change_is_seen_by_every_check_and_list_that_follows(void **state)
{
    struct world *world = open_world();
    void *(*const runs[])(void *) = {run_growth, run_checks, run_checks, run_lists};
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, runs[i], world), 0);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = &world->clients[i];
        assert_int_equal(pthread_create(&client->thread, NULL, run_client, client), 0);
    }
    run_for_a_while(world);
    for (unsigned i = 0; i < 4; i++)
        join(threads[i]);
    uint64_t changes = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        join(world->clients[i].thread);
        changes += world->clients[i].changes;
    }
    print_message("%llu changes, %llu checks, %llu lists, grown by %llu\n",
                  (unsigned long long)changes, (unsigned long long)world->checked,
                  (unsigned long long)world->listed, (unsigned long long)world->grown);
    assert_true(changes > 0 && world->checked > 0 && world->listed > 0);
    compare_with_model(world);
    /* The next start reads the same from the disk. */
    struct lb_workspace *old = world->engine.workspace;
    uint64_t entries = atomic_load(&old->entries);
    engine_restart(&world->engine, &world->place);
    assert_int_equal(atomic_load(&world->engine.workspace->entries), entries);
    compare_with_model(world);
    close_world(world);
}

/* --- the same lead at the same time ----------------------------------------------------------- */

static void meet(struct world *world)
{
    lb_rcu_offline();
    pthread_barrier_wait(&world->barrier);
    lb_rcu_online();
}

static void *run_rival(void *context)
{
    struct client *client = context;
    struct world *world = client->world;
    const char *names[LEADS];
    struct outcome outcome;
    for (unsigned lead = 0; lead < LEADS; lead++)
        names[lead] = world->clients[0].names[lead];
    lb_rcu_thread_register();
    for (;;) {
        meet(world);
        if (client->number == 0)
            world->over = atomic_load(&world->stop);
        meet(world); /* now all know whether there is another round */
        if (world->over)
            break;
        lb_err err = engine_block(&world->engine, NULL, names, LEADS, NULL, &outcome);
        expect(world, err == LB_OK, "a block failed");
        atomic_fetch_add(&world->blocked, outcome.blocked);
        meet(world);
        err = engine_unblock(&world->engine, NULL, names, LEADS, &outcome);
        expect(world, err == LB_OK, "an unblock failed");
        atomic_fetch_add(&world->unblocked, outcome.unblocked);
        client->changes++;
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static void clients_that_block_the_same_lead_at_once_count_it_once(void **state)
{
    struct world *world = open_world();
    pthread_barrier_init(&world->barrier, NULL, CLIENTS);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = &world->clients[i];
        assert_int_equal(pthread_create(&client->thread, NULL, run_rival, client), 0);
    }
    run_for_a_while(world);
    for (unsigned i = 0; i < CLIENTS; i++)
        join(world->clients[i].thread);
    uint64_t rounds = world->clients[0].changes;
    assert_true(rounds > 0);
    assert_int_equal(atomic_load(&world->blocked), rounds * LEADS);
    assert_int_equal(atomic_load(&world->unblocked), rounds * LEADS);
    assert_int_equal(count_list(world, NULL), 0);
    await_entries(world, 0);
    assert_int_equal(atomic_load(&world->wrong), 0);
    pthread_barrier_destroy(&world->barrier);
    close_world(world);
}

/* --- from one list to another ----------------------------------------------------------------- */

struct move {
    struct lb_change change;
    struct lb_change_item item;
    struct lb_fingerprint fingerprint;
    struct lb_task task;
};

static void moved(struct lb_task *task)
{
}

/* Blocks the lead in one list, then unblocks it in the other: the writer keeps the order. */
static void submit_move(struct client *client, struct move *move, struct lb_mailbox *mailbox,
                        unsigned lead, unsigned list, bool block)
{
    struct engine *engine = &client->world->engine;
    *move = (struct move){.task.run = moved, .item = {.key = lb_str(client->names[lead])}};
    move->change = (struct lb_change){.write = {.completion = &move->task, .home = mailbox},
                                      .blocklist = engine->blocklist,
                                      .standing = engine_standing(engine, list_name(client, list)),
                                      .items = &move->item,
                                      .fingerprints = &move->fingerprint,
                                      .count = 1};
    if (block)
        lb_change_block(&move->change);
    else
        lb_change_unblock(&move->change);
    lb_err err = lb_writer_submit(engine->writer, &move->change.write);
    expect(client->world, err == LB_OK, "a move was refused");
}

static void move_all(struct client *client, struct move *moves, struct lb_mailbox *mailbox,
                     unsigned to)
{
    for (unsigned lead = 0; lead < LEADS; lead++) {
        submit_move(client, &moves[2 * lead], mailbox, lead, to, true);
        submit_move(client, &moves[2 * lead + 1], mailbox, lead, 1 - to, false);
    }
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    lb_rcu_offline();
    for (unsigned done = 0; done < 2 * LEADS;) {
        poll(&waited, 1, -1);
        done += (unsigned)lb_mailbox_drain(mailbox);
    }
    lb_rcu_online();
    for (unsigned i = 0; i < 2 * LEADS; i++)
        expect(client->world,
               moves[i].change.write.result == LB_OK &&
                   moves[i].change.blocked + moves[i].change.unblocked == 1,
               "a move failed");
}

static void *run_moves(void *context)
{
    struct client *client = context;
    struct world *world = client->world;
    struct lb_mailbox *mailbox = lb_mailbox_create();
    struct move *moves = calloc(2 * LEADS, sizeof *moves);
    lb_rcu_thread_register();
    for (unsigned to = WORKSPACE; !atomic_load(&world->stop); to = 1 - to) {
        move_all(client, moves, mailbox, to);
        atomic_fetch_add(&world->moves, 1);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    lb_mailbox_destroy(mailbox);
    free(moves);
    return NULL;
}

static void *run_move_checks(void *context)
{
    struct client *client = context;
    struct world *world = client->world;
    struct lb_str names[LEADS];
    struct lb_verdict verdicts[LEADS];
    for (unsigned lead = 0; lead < LEADS; lead++)
        names[lead] = lb_str(client->names[lead]);
    lb_rcu_thread_register();
    struct lb_list list = engine_list(&world->engine, client->campaign);
    while (!atomic_load(&world->stop)) {
        lb_blocklist_check_many(world->engine.blocklist, list, names, LEADS, verdicts, NULL);
        for (unsigned lead = 0; lead < LEADS; lead++) {
            if (verdicts[lead].scope == LB_SCOPE_NONE)
                expect(world, false, "a lead that moved was allowed");
            if (lb_blocklist_check(world->engine.blocklist, list, names[lead]).entry == 0)
                expect(world, false, "a lead that moved was allowed, one by one");
        }
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static void a_lead_that_moves_from_one_list_to_the_other_is_never_allowed(void **state)
{
    struct world *world = open_world();
    struct client *client = &world->clients[0];
    const char *names[LEADS];
    pthread_t threads[3];
    for (unsigned lead = 0; lead < LEADS; lead++)
        names[lead] = client->names[lead];
    assert_int_equal(engine_block(&world->engine, client->campaign, names, LEADS, NULL, NULL),
                     LB_OK);
    assert_int_equal(pthread_create(&threads[0], NULL, run_moves, client), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, run_move_checks, client), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, run_move_checks, client), 0);
    run_for_a_while(world);
    for (unsigned i = 0; i < 3; i++)
        join(threads[i]);
    print_message("%llu moves\n", (unsigned long long)world->moves);
    assert_true(world->moves > 0);
    assert_int_equal(atomic_load(&world->wrong), 0);
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_acknowledged_change_is_seen_by_every_check_and_list_that_follows),
        cmocka_unit_test(clients_that_block_the_same_lead_at_once_count_it_once),
        cmocka_unit_test(a_lead_that_moves_from_one_list_to_the_other_is_never_allowed),
    };
    return cmocka_run_group_tests_name("blocklist_threads", tests, NULL, NULL);
}
