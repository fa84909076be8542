#include "support/engine.h"

#include "domain/blocklist/internal.h"
#include "store/sqlite/sqlite.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define CHECKPOINT_PAGES 64 /* small, so that short tests have checkpoints in them */

static void writer_failed(void *context)
{
    atomic_store(&((struct engine *)context)->failed, true);
}

static bool go_on(void *context, uint64_t done, uint64_t all)
{
    return true;
}

static lb_err load_lists(struct engine *engine)
{
    struct lb_blocklist_settings settings = {engine->directory, engine->store, 1000000000};
    engine->blocklist = lb_blocklist_create(&settings);
    if (!engine->blocklist)
        return LB_ERR_STORAGE_UNAVAILABLE;
    struct lb_outreach_settings outreach = {.directory = engine->directory,
                                            .store = engine->store,
                                            .blocklist = engine->blocklist,
                                            .max_campaign_leads = ENGINE_MAX_CAMPAIGN_LEADS,
                                            .retry_backoff_s = ENGINE_RETRY_BACKOFF_S,
                                            .max_attempts = ENGINE_MAX_ATTEMPTS};
    engine->outreach = lb_outreach_create(&outreach);
    return engine->outreach ? lb_blocklist_load(engine->blocklist, NULL, go_on, &engine->refused)
                            : LB_ERR_STORAGE_UNAVAILABLE;
}

static lb_err start_writer(struct engine *engine)
{
    struct lb_writer_settings writer = {.store = engine->store,
                                        .hooks = lb_blocklist_hooks(engine->blocklist),
                                        .queue_writes = 4096,
                                        .queue_bytes = 64 << 20,
                                        .share_percent = 100,
                                        .failed = writer_failed,
                                        .failed_context = engine};
    engine->writer = lb_writer_create(&writer);
    lb_err err = lb_outreach_load(engine->outreach, engine->writer, false);
    if (!err && !lb_writer_start(engine->writer))
        err = LB_ERR_INTERNAL;
    return err;
}

lb_err engine_open(struct engine *engine, const char *path, const char *vfs)
{
    *engine = (struct engine){0};
    struct lb_sqlite_settings sqlite = {path, vfs, CHECKPOINT_PAGES};
    lb_err err = lb_sqlite_open(&sqlite, &engine->store, &engine->refused);
    if (err)
        return err;
    engine->directory = lb_directory_create();
    err = lb_directory_load(engine->directory, engine->store);
    if (!err)
        err = load_lists(engine);
    if (!err)
        err = start_writer(engine);
    engine->workspace = lb_directory_workspaces(engine->directory);
    if (err)
        engine_close(engine);
    return err;
}

void engine_close(struct engine *engine)
{
    lb_rcu_offline();
    lb_writer_stop(engine->writer);
    lb_rcu_online();
    lb_writer_destroy(engine->writer);
    lb_outreach_destroy(engine->outreach);
    lb_blocklist_destroy(engine->blocklist);
    lb_directory_destroy(engine->directory);
    if (engine->store)
        engine->store->ops->close(engine->store);
    *engine = (struct engine){0};
}

int engine_begin(struct engine *engine, struct engine_place *place)
{
    lb_rcu_thread_register();
    strcpy(place->folder, "/tmp/leadblock-engine-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof place->path, "%s/leadblock.db", place->folder);
    return engine_open(engine, place->path, NULL) || engine_make_workspace(engine);
}

int engine_end(struct engine *engine, const struct engine_place *place)
{
    char command[128];
    engine_close(engine);
    lb_rcu_thread_unregister();
    snprintf(command, sizeof command, "rm -r %s", place->folder);
    return system(command);
}

void engine_restart(struct engine *engine, const struct engine_place *place)
{
    engine_close(engine);
    assert_int_equal(engine_open(engine, place->path, NULL), LB_OK);
}

int engine_setup(void **state)
{
    struct engine_fixture *fixture = *state = calloc(1, sizeof *fixture);
    return engine_begin(&fixture->engine, &fixture->place);
}

int engine_teardown(void **state)
{
    struct engine_fixture *fixture = *state;
    int failed = engine_end(&fixture->engine, &fixture->place);
    free(fixture);
    return failed;
}

static void arrived(struct lb_task *task)
{
}

/* Goes to the writer's thread and back. */
struct errand {
    struct lb_task task;
    struct lb_mailbox *home;
    struct lb_task back;
};

static void run_errand(struct lb_task *task)
{
    struct errand *errand = (struct errand *)(void *)task;
    lb_mailbox_push(errand->home, &errand->back);
}

lb_err engine_submit(struct engine *engine, struct lb_write *write)
{
    struct lb_task task = {.run = arrived};
    struct lb_mailbox *mailbox = lb_mailbox_create();
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    write->completion = &task;
    write->home = mailbox;
    lb_err err = lb_writer_submit(engine->writer, write);
    lb_rcu_offline();
    while (!err && lb_mailbox_drain(mailbox) == 0)
        poll(&waited, 1, -1);
    lb_rcu_online();
    lb_mailbox_destroy(mailbox);
    return err ? err : write->result;
}

void engine_settle(struct engine *engine)
{
    struct lb_mailbox *mailbox = lb_mailbox_create();
    /* A turn after the first of them ends what came after the write, one after the second what is
     * done when idle. */
    for (int turns = 0; turns < 3; turns++) {
        struct errand errand = {.task.run = run_errand, .home = mailbox, .back.run = arrived};
        lb_writer_run(engine->writer, &errand.task);
        lb_rcu_offline();
        while (lb_mailbox_drain(mailbox) == 0)
            lb_mailbox_wait(mailbox, -1);
        lb_rcu_online();
    }
    lb_mailbox_destroy(mailbox);
}

lb_err engine_make_workspace(struct engine *engine)
{
    struct lb_admin_change change = {.directory = engine->directory,
                                     .workspace_row = {.name = "Test", .plan = LB_PLAN_AGENCY}};
    lb_admin_create_workspace(&change);
    lb_err err = engine_submit(engine, &change.write);
    engine->workspace = change.workspace;
    return err;
}

struct lb_standing engine_standing(const struct engine *engine, const char *campaign)
{
    return (struct lb_standing){.directory = engine->directory,
                                .workspace = engine->workspace,
                                .campaign_id = lb_str(campaign),
                                .list = engine_list(engine, campaign)};
}

lb_err engine_make_campaign(struct engine *engine, const char *id)
{
    struct lb_campaign_change change = {.standing = engine_standing(engine, NULL),
                                        .blocklist = engine->blocklist,
                                        .row = {.name = "Test"}};
    lb_str_copy(lb_str(id), change.row.id, sizeof change.row.id);
    lb_campaign_create(&change);
    return engine_submit(engine, &change.write);
}

static lb_err delete_campaign(struct engine *engine, const char *id, bool drop)
{
    struct lb_campaign_change change = {.standing = engine_standing(engine, id),
                                        .blocklist = engine->blocklist,
                                        .drops_list = drop};
    lb_campaign_delete(&change);
    return engine_submit(engine, &change.write);
}

lb_err engine_delete_campaign(struct engine *engine, const char *id)
{
    return delete_campaign(engine, id, false);
}

bool engine_has_campaign(const struct engine *engine, const char *id)
{
    return lb_directory_campaign(engine->directory, engine->workspace->row.no, lb_str(id)) != NULL;
}

lb_err engine_drop_campaign(struct engine *engine, const char *id)
{
    if (engine_has_campaign(engine, id))
        return delete_campaign(engine, id, true);
    struct lb_campaign_change change = {.standing = engine_standing(engine, NULL),
                                        .blocklist = engine->blocklist};
    lb_str_copy(lb_str(id), change.row.id, sizeof change.row.id);
    lb_campaign_drop_list(&change);
    return engine_submit(engine, &change.write);
}

/* The list of a campaign, also one that is kept; UINT32_MAX: there is none. */
static uint32_t find_list(const struct engine *engine, const char *campaign)
{
    size_t count;
    uint32_t no = UINT32_MAX;
    struct lb_list_owner *owners =
        lb_directory_list_owners(engine->directory, engine->workspace, &count);
    for (size_t i = 0; owners && no == UINT32_MAX && i < count; i++)
        if (lb_str_equal(owners[i].id, lb_str(campaign)))
            no = owners[i].no;
    free(owners);
    return no;
}

struct lb_list engine_list(const struct engine *engine, const char *campaign)
{
    struct lb_list list = {.workspace = engine->workspace->row.no};
    if (campaign)
        list.campaign = find_list(engine, campaign);
    return list;
}

static lb_err submit_change(struct engine *engine, struct lb_change *change, struct outcome *out)
{
    lb_err err = engine_submit(engine, &change->write);
    if (out)
        *out = (struct outcome){change->id.number, change->blocked, change->unblocked};
    return err;
}

static lb_err change_identifiers(struct engine *engine, const char *campaign,
                                 const char *const *identifiers, size_t count, const char *reason,
                                 void (*prepare)(struct lb_change *), struct outcome *out)
{
    struct lb_change_item *items = calloc(count, sizeof *items);
    struct lb_change change = {.blocklist = engine->blocklist,
                               .standing = engine_standing(engine, campaign),
                               .items = items,
                               .fingerprints = calloc(count, sizeof *change.fingerprints),
                               .count = count};
    for (size_t i = 0; i < count; i++)
        items[i] = (struct lb_change_item){.key = lb_str(identifiers[i]), .reason = lb_str(reason)};
    prepare(&change);
    lb_err err = submit_change(engine, &change, out);
    free(items);
    free(change.fingerprints);
    return err;
}

lb_err engine_block(struct engine *engine, const char *campaign, const char *const *identifiers,
                    size_t count, const char *reason, struct outcome *out)
{
    return change_identifiers(engine, campaign, identifiers, count, reason, lb_change_block, out);
}

lb_err engine_unblock(struct engine *engine, const char *campaign, const char *const *identifiers,
                      size_t count, struct outcome *out)
{
    return change_identifiers(engine, campaign, identifiers, count, NULL, lb_change_unblock, out);
}

struct lb_public_id engine_id(const struct engine *engine, uint64_t number)
{
    return (struct lb_public_id){number, lb_epochs_of(&engine->workspace->epochs, number)};
}

lb_err engine_unblock_ids(struct engine *engine, const uint64_t *numbers, size_t count,
                          struct outcome *out)
{
    struct lb_public_id *ids = calloc(count, sizeof *ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = engine_id(engine, numbers[i]);
    struct lb_change change = {.blocklist = engine->blocklist,
                               .standing = engine_standing(engine, NULL),
                               .ids = ids,
                               .count = count};
    lb_change_unblock_ids(&change);
    lb_err err = submit_change(engine, &change, out);
    free(ids);
    return err;
}

lb_err engine_undo(struct engine *engine, uint64_t number, struct outcome *out)
{
    return engine_undo_id(engine, engine_id(engine, number), out);
}

lb_err engine_undo_id(struct engine *engine, struct lb_public_id id, struct outcome *out)
{
    struct lb_change change = {
        .blocklist = engine->blocklist, .standing = engine_standing(engine, NULL), .undone = id};
    lb_err err;
    do { /* as a request does */
        lb_change_undo(&change);
        err = submit_change(engine, &change, out);
        change.walk = change.walked;
    } while (!err && change.goes_on);
    return err;
}

size_t engine_waiting(const struct engine *engine, const char *campaign, const char *identifier)
{
    const struct lb_blocklist *blocklist = engine->blocklist;
    return lb_twins_count(
        &blocklist->twins,
        lb_blocklist_hash(blocklist, engine_list(engine, campaign), lb_str(identifier)));
}

uint64_t engine_check(const struct engine *engine, const char *campaign, const char *identifier)
{
    return lb_blocklist_check(engine->blocklist, engine_list(engine, campaign), lb_str(identifier))
        .entry;
}
