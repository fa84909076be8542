/* The contract of store.h, method by method, against each backend. */
#include "base/log.h"
#include "base/rcu.h"
#include "store/names.h"
#include "store/sqlite/sqlite.h"
#include "support/postgres.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define WORKSPACE 1 /* of most rows */

/* A backend, and where a test's data is. */
struct backend {
    const char *name;
    lb_err (*open)(const char *path, struct lb_store **out);
    bool (*create)(char out[POSTGRES_CONNINFO_SIZE]); /* NULL: the path is a file's */
    char folder[64];
    char path[POSTGRES_CONNINFO_SIZE]; /* or a connection string */
    struct lb_store *store;
};

static lb_err open_sqlite(const char *path, struct lb_store **out)
{
    struct lb_sqlite_settings settings = {.path = path, .checkpoint_pages = 16};
    struct lb_reason reason;
    return lb_sqlite_open(&settings, out, &reason);
}

static struct backend backends[] = {
    {.name = "store: sqlite", .open = open_sqlite},
    {.name = "store: postgres", .open = postgres_open, .create = postgres_create}};

static struct backend *backend_of(void **state)
{
    return *state;
}

static const struct lb_store_ops *ops_of(void **state)
{
    return backend_of(state)->store->ops;
}

static int open_it(void **state)
{
    struct backend *backend = *state;
    strcpy(backend->folder, "/tmp/leadblock-store-XXXXXX");
    if (!mkdtemp(backend->folder))
        return -1;
    snprintf(backend->path, sizeof backend->path, "%s/leadblock.db", backend->folder);
    if (backend->create && !backend->create(backend->path))
        return -1;
    return backend->open(backend->path, &backend->store);
}

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static int close_it(void **state)
{
    struct backend *backend = *state;
    if (backend->store)
        backend->store->ops->close(backend->store);
    backend->store = NULL;
    remove_folder(backend->folder);
    return !backend->create || postgres_drop(backend->path) ? 0 : -1;
}

static void reopen(struct backend *backend)
{
    backend->store->ops->close(backend->store);
    backend->store = NULL;
    assert_int_equal(backend->open(backend->path, &backend->store), LB_OK);
}

static void begin(struct backend *backend)
{
    assert_int_equal(backend->store->ops->begin(backend->store), LB_OK);
}

static void commit(struct backend *backend)
{
    assert_int_equal(backend->store->ops->commit(backend->store), LB_OK);
}

/* --- Workspaces, keys, campaigns --- */

struct loaded {
    size_t workspace_count, key_count, campaign_count;
    struct lb_workspace_row workspaces[8];
    struct lb_key_row keys[8];
    struct lb_campaign_row campaigns[8];
};

static lb_err load_workspace(void *context, const struct lb_workspace_row *row)
{
    struct loaded *loaded = context;
    if (row->no != LB_INSTALLATION_NO) /* which is always there */
        loaded->workspaces[loaded->workspace_count++] = *row;
    return LB_OK;
}

static lb_err load_key(void *context, const struct lb_key_row *row)
{
    struct loaded *loaded = context;
    loaded->keys[loaded->key_count++] = *row;
    return LB_OK;
}

static lb_err load_campaign(void *context, const struct lb_campaign_row *row)
{
    struct loaded *loaded = context;
    loaded->campaigns[loaded->campaign_count++] = *row;
    return LB_OK;
}

static void load(struct backend *backend, struct loaded *out)
{
    struct lb_store *store = backend->store;
    memset(out, 0, sizeof *out);
    assert_int_equal(store->ops->load_workspaces(store, out, load_workspace), LB_OK);
    assert_int_equal(store->ops->load_keys(store, out, load_key), LB_OK);
    assert_int_equal(store->ops->load_campaigns(store, out, load_campaign), LB_OK);
}

static uint32_t add_workspace(struct backend *backend, const char *id)
{
    struct lb_workspace_row row = {.name = "Ärger & \"Söhne\", GmbH", .created_at = 5};
    row.plan = LB_PLAN_PRO;
    strcpy(row.id, id);
    assert_int_equal(backend->store->ops->workspace_insert(backend->store, &row), LB_OK);
    return row.no;
}

static lb_err try_campaign(struct backend *backend, uint32_t workspace, const char *id,
                           uint32_t *out_no)
{
    struct lb_campaign_row row = {.workspace = workspace, .name = "Spring", .created_at = 6};
    strcpy(row.id, id);
    lb_err err = backend->store->ops->campaign_insert(backend->store, &row);
    *out_no = row.no;
    return err;
}

static uint32_t add_campaign(struct backend *backend, uint32_t workspace, const char *id)
{
    uint32_t no;
    assert_int_equal(try_campaign(backend, workspace, id, &no), LB_OK);
    return no;
}

static uint32_t add_key(struct backend *backend, uint32_t workspace, const char *id)
{
    struct lb_key_row row = {.workspace = workspace,
                             .name = "CRM",
                             .read_only = true,
                             .rate_limit = 7,
                             .created_at = 11,
                             .expires_at = 12};
    strcpy(row.id, id);
    for (size_t i = 0; i < sizeof row.secret_hash; i++)
        row.secret_hash[i] = (uint8_t)(i * 9); /* with a NUL */
    assert_int_equal(backend->store->ops->key_insert(backend->store, &row), LB_OK);
    return row.no;
}

static void what_was_committed_is_loaded(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct loaded loaded;
    begin(backend);
    uint32_t first = add_workspace(backend, "ws_1");
    uint32_t second = add_workspace(backend, "ws_2");
    uint32_t key = add_key(backend, second, "k1");
    uint32_t campaign = add_campaign(backend, second, "spring");
    commit(backend);
    begin(backend);
    assert_int_equal(ops->workspace_set_plan(backend->store, first, LB_PLAN_AGENCY, 99), LB_OK);
    assert_int_equal(ops->workspace_set_country(backend->store, first, 0x4445), LB_OK);
    assert_int_equal(ops->key_touch(backend->store, second, key, 13), LB_OK);
    assert_int_equal(ops->key_revoke(backend->store, second, key, 14), LB_OK);
    assert_int_equal(ops->campaign_set_status(backend->store, second, campaign, LB_CAMPAIGN_PAUSED),
                     LB_OK);
    commit(backend);
    reopen(backend);
    load(backend, &loaded);
    assert_int_equal(loaded.workspace_count, 2);
    const struct lb_workspace_row *workspace = &loaded.workspaces[0];
    assert_int_equal(workspace->no, first);
    assert_string_equal(workspace->id, "ws_1");
    assert_string_equal(workspace->name, "Ärger & \"Söhne\", GmbH");
    assert_true(workspace->plan == LB_PLAN_AGENCY && workspace->created_at == 5);
    assert_int_equal(workspace->expires_at, 99);
    assert_true(workspace->default_country == lb_country_number(LB_STR("DE")));
    assert_int_equal(loaded.workspaces[1].default_country, 0);
    assert_true(loaded.workspaces[1].plan == LB_PLAN_PRO && loaded.workspaces[1].expires_at == 0);
    assert_int_equal(loaded.key_count, 1);
    const struct lb_key_row *row = &loaded.keys[0];
    assert_true(row->no == key && row->workspace == second && row->read_only);
    assert_true(row->rate_limit == 7 && row->created_at == 11 && row->expires_at == 12);
    assert_true(row->last_used_at == 13 && row->revoked_at == 14);
    assert_string_equal(row->id, "k1");
    assert_int_equal(row->secret_hash[31], (uint8_t)(31 * 9));
    assert_int_equal(loaded.campaign_count, 1);
    assert_true(loaded.campaigns[0].no == campaign && loaded.campaigns[0].workspace == second);
    assert_true(loaded.campaigns[0].status == LB_CAMPAIGN_PAUSED);
    assert_string_equal(loaded.campaigns[0].name, "Spring");
}

static lb_err stop_at_once(void *context, const struct lb_workspace_row *row)
{
    ++*(int *)context;
    return LB_ERR_OVERLOADED;
}

static void loading_stops_at_the_first_failure(void **state)
{
    struct backend *backend = *state;
    int calls = 0;
    begin(backend);
    add_workspace(backend, "ws_1");
    add_workspace(backend, "ws_2");
    commit(backend);
    assert_int_equal(ops_of(state)->load_workspaces(backend->store, &calls, stop_at_once),
                     LB_ERR_OVERLOADED);
    assert_int_equal(calls, 1);
}

static void what_was_rolled_back_is_gone(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_log_row row = {.id = 1, .number = 1, .list = {1, 0}, .items = LB_STR("ada")};
    struct lb_log_row found;
    struct loaded loaded;
    begin(backend);
    uint32_t workspace = add_workspace(backend, "ws_1");
    add_key(backend, workspace, "k1");
    add_campaign(backend, workspace, "spring");
    assert_int_equal(ops->log_append(backend->store, &row), LB_OK);
    ops->rollback(backend->store);
    ops->rollback(backend->store); /* without a transaction it does nothing */
    load(backend, &loaded);
    assert_int_equal(loaded.workspace_count + loaded.key_count + loaded.campaign_count, 0);
    assert_int_equal(ops->log_row_of(ops->writer_reader(backend->store), WORKSPACE, 1, &found),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(ops->log_next_id(backend->store), 1);
    begin(backend); /* and the next one works */
    add_workspace(backend, "ws_1");
    commit(backend);
    reopen(backend);
    load(backend, &loaded);
    assert_int_equal(loaded.workspace_count, 1);
}

static void numbers_are_never_given_twice(void **state)
{
    struct backend *backend = *state;
    begin(backend);
    uint32_t workspace = add_workspace(backend, "ws_1");
    uint32_t first = add_campaign(backend, workspace, "a");
    uint32_t second = add_campaign(backend, workspace, "b");
    assert_true(workspace > 0 && first > 0 && second > first);
    assert_int_equal(ops_of(state)->campaign_delete(backend->store, WORKSPACE, second, 9), LB_OK);
    commit(backend);
    reopen(backend);
    begin(backend);
    assert_true(add_campaign(backend, workspace, "b") > second);
    assert_true(add_workspace(backend, "ws_2") > workspace);
    commit(backend);
}

static void a_campaign_id_is_free_again_once_deleted(void **state)
{
    struct backend *backend = *state;
    struct loaded loaded;
    uint32_t no;
    begin(backend);
    uint32_t workspace = add_workspace(backend, "ws_1");
    uint32_t other = add_workspace(backend, "ws_2");
    uint32_t first = add_campaign(backend, workspace, "spring");
    add_campaign(backend, other, "spring"); /* another workspace's is another's */
    /* In the same transaction, and still usable after the refusal. */
    assert_int_equal(try_campaign(backend, workspace, "spring", &no), LB_ERR_ALREADY_EXISTS);
    add_campaign(backend, workspace, "summer");
    commit(backend);
    begin(backend);
    assert_int_equal(try_campaign(backend, workspace, "spring", &no), LB_ERR_ALREADY_EXISTS);
    assert_int_equal(ops_of(state)->campaign_delete(backend->store, WORKSPACE, first, 9), LB_OK);
    assert_int_equal(ops_of(state)->campaign_end_list(backend->store, WORKSPACE, first, 9), LB_OK);
    uint32_t second = add_campaign(backend, workspace, "spring");
    assert_int_equal(try_campaign(backend, workspace, "spring", &no), LB_ERR_ALREADY_EXISTS);
    commit(backend);
    reopen(backend);
    load(backend, &loaded);
    assert_int_equal(loaded.campaign_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_not_equal(loaded.campaigns[i].no, first);
    assert_int_equal(loaded.campaigns[2].no, second);
}

/* --- The log --- */

/* A shared store compares the row of a workspace whose log grows, so there has to be one. */
static void make_workspace(const struct backend *backend, uint32_t no)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "INSERT INTO leadblock.workspace (workspace_id, id, name, plan, created_at,"
             " access_version) VALUES (%u, 'ws_%u', 'Test', 'pro', 5, 1)",
             no, no);
    if (backend->store->shared)
        assert_true(postgres_run(backend->path, sql, NULL, 0));
}

static void append(struct backend *backend, uint64_t id, const char *items)
{
    struct lb_log_row row = {
        .id = id, .number = id, .list = {1, 2}, .at = 3, .items = lb_str(items)};
    assert_int_equal(backend->store->ops->log_append(backend->store, &row), LB_OK);
}

static void expect_str(struct lb_str got, struct lb_str given)
{
    assert_true(!got.ptr == !given.ptr);
    assert_true(lb_str_equal(got, given));
}

static void expect_said(const struct lb_log_row *got, const struct lb_log_row *given)
{
    assert_true(got->id == given->id && got->kind == given->kind);
    assert_true(got->list.workspace == given->list.workspace);
    assert_true(got->list.campaign == given->list.campaign);
    assert_true(got->continues == given->continues && got->actor == given->actor);
    assert_true(got->at == given->at && got->undoes == given->undoes);
    assert_true(got->number == given->number && got->epoch == given->epoch);
    expect_str(got->reason, given->reason);
    expect_str(got->items, given->items);
}

/* LB_ERR_NOT_FOUND: it came. */
static lb_err expect_all(void *context, const struct lb_log_row *got)
{
    const struct lb_log_row *given = context;
    expect_said(got, given);
    expect_str(got->source, given->source);
    expect_str(got->import, given->import);
    assert_memory_equal(got->seed, given->seed, sizeof got->seed);
    assert_memory_equal(got->digest, given->digest, sizeof got->digest);
    assert_false(got->unsealed);
    return LB_ERR_NOT_FOUND;
}

static void a_row_comes_back_as_it_was_given(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_log_row rows[] = {
        {.id = 1,
         .number = 1,
         .list = {7, 0},
         .epoch = LB_EPOCH_MAX,
         .seed = {0, 1, [LB_SEED_SIZE - 1] = 255},
         .digest = {0, 2, [LB_DIGEST_SIZE - 1] = 254},
         .at = 1700000000123,
         .items = LB_STR("ada,grace,zoë-ж"),
         .source = LB_STR("2001:db8::1")},
        {.id = 4,
         .number = 4,
         .import = LB_STR("imp_1"),
         .list = {UINT32_MAX, UINT32_MAX},
         .kind = LB_LOG_UNBLOCK,
         .continues = true,
         .actor = UINT32_MAX,
         .at = 1,
         .reason = LB_STR(""),
         .items = LB_STR("1"),
         .source = LB_STR("")},
        {.id = LB_ENTRY_ID_MAX,
         .number = LB_ENTRY_ID_MAX,
         .list = {1, 2},
         .kind = LB_LOG_RESTORE,
         .undoes = LB_ENTRY_ID_MAX - 1,
         .reason = LB_STR("said \"no\",\n'twice'; -- \xf0\x9f\x98\x80"),
         .items = LB_STR("2,3")},
    };
    for (size_t i = 0; i < 3; i++)
        make_workspace(backend, rows[i].list.workspace);
    begin(backend);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ops->log_append(backend->store, &rows[i]), LB_OK);
    commit(backend);
    reopen(backend);
    for (size_t i = 0; i < 3; i++) {
        struct lb_log_row got;
        struct lb_store_reader *reader = ops->writer_reader(backend->store);
        assert_int_equal(ops->log_row_of(reader, rows[i].list.workspace, rows[i].id, &got), LB_OK);
        expect_said(&got, &rows[i]);
        expect_str(got.source, rows[i].source);
        assert_int_equal(ops->log_read(reader, rows[i].list.workspace, rows[i].id, rows[i].id + 1,
                                       &rows[i], expect_all),
                         LB_ERR_NOT_FOUND);
    }
}

#define UNLIKE 7
/* Rows that have something in common share it in a statement: each differs from the first in one
 * thing, and stands in a batch of its own behind two that do not. */
static void rows_that_differ_in_one_thing_come_back(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_log_row rows[3 * UNLIKE];
    make_workspace(backend, 1);
    make_workspace(backend, 2);
    for (size_t i = 0; i < 3 * UNLIKE; i++) {
        struct lb_log_row *row = &rows[i];
        *row =
            (struct lb_log_row){.id = i + 1, .number = i + 1, .list = {1, 2}, .actor = 3, .at = 5};
        row->items = i % 2 ? LB_STR("grace") : LB_STR("ada");
        row->source = LB_STR("192.0.2.1");
        memset(row->seed, (int)i, sizeof row->seed);
        size_t differs = i % 3 == 2 ? i / 3 : UNLIKE;
        row->list.workspace = differs == 0 ? 2 : 1;
        row->list.campaign = differs == 1 ? 9 : 2;
        row->actor = differs == 2 ? 4 : 3;
        row->at = differs == 3 ? 6 : 5;
        if (differs == 4)
            row->source = LB_STR("192.0.2.2");
        if (differs == 5)
            row->source = (struct lb_str){0};
        if (differs == 6)
            row->source = LB_STR("");
    }
    for (size_t i = 0; i < 3 * UNLIKE; i++) {
        if (i % 3 == 0)
            begin(backend);
        assert_int_equal(ops->log_append(backend->store, &rows[i]), LB_OK);
        if (i % 3 == 2)
            commit(backend);
    }
    for (size_t i = 0; i < 3 * UNLIKE; i++)
        assert_int_equal(ops->log_read(ops->writer_reader(backend->store), rows[i].list.workspace,
                                       rows[i].id, rows[i].id + 1, &rows[i], expect_all),
                         LB_ERR_NOT_FOUND);
}

#define SAYINGS 18
/* Each with one of what most rows do not have: alone, and before one that has none of them. */
static void rows_that_say_one_thing_more_come_back(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_log_row rows[SAYINGS];
    for (size_t i = 0; i < SAYINGS; i++) {
        rows[i] = (struct lb_log_row){.id = i + 1, .number = i + 1, .list = {1, 2}, .at = 5};
        rows[i].items = LB_STR("ada");
        if (i % 3 == 2)
            continue;
        rows[i].undoes = i < 3 ? 7 : 0;
        rows[i].epoch = i / 3 == 1 ? 8 : 0;
        rows[i].reason = i / 3 == 2 ? LB_STR("asked") : (struct lb_str){0};
        rows[i].import = i / 3 == 3 ? LB_STR("spring") : (struct lb_str){0};
        rows[i].kind = i / 3 == 4 ? LB_LOG_BLOCK_AGAIN : LB_LOG_BLOCK;
        rows[i].continues = i / 3 == 5;
    }
    make_workspace(backend, 1);
    for (size_t i = 0; i < SAYINGS; i++) {
        if (i % 3 != 2)
            begin(backend);
        assert_int_equal(ops->log_append(backend->store, &rows[i]), LB_OK);
        if (i % 3 != 1)
            commit(backend);
    }
    for (size_t i = 0; i < SAYINGS; i++)
        assert_int_equal(ops->log_read(ops->writer_reader(backend->store), 1, rows[i].id,
                                       rows[i].id + 1, &rows[i], expect_all),
                         LB_ERR_NOT_FOUND);
}

/* Such rows are inserted by statements of their own, alone and together. */
static void rows_that_say_little_come_back(void **state)
{
    static const size_t in_batch[] = {1, 3, 1, 2};
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_log_row rows[7];
    size_t count = 0;
    make_workspace(backend, 1);
    for (size_t batch = 0; batch < 4; batch++) {
        begin(backend);
        for (size_t i = 0; i < in_batch[batch]; i++) {
            struct lb_log_row *row = &rows[count++];
            *row = (struct lb_log_row){.id = count, .number = count, .list = {1, 2}, .at = 5};
            memset(row->seed, (int)count, sizeof row->seed);
            memset(row->digest, (int)-count, sizeof row->digest);
            row->items = LB_STR("ada");
            if (count % 2)
                row->source = LB_STR("192.0.2.1");
            assert_int_equal(ops->log_append(backend->store, row), LB_OK);
        }
        commit(backend);
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ops->log_read(ops->writer_reader(backend->store), 1, rows[i].id,
                                       rows[i].id + 1, &rows[i], expect_all),
                         LB_ERR_NOT_FOUND);
}

static void ids_go_on_after_the_last_item(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    assert_int_equal(ops->log_next_id(backend->store), 1);
    begin(backend);
    if (backend->store->shared) { /* there it only tells about how many there are */
        add_workspace(backend, "ws_1");
        append(backend, 1, "a,b\\,b,c");
        commit(backend);
        assert_int_equal(ops->log_next_id(backend->store), 4);
        return;
    }
    append(backend, 1, "ada");
    assert_int_equal(ops->log_next_id(backend->store), 2); /* it sees the transaction */
    append(backend, 2, "a,b\\,b,c");
    commit(backend);
    assert_int_equal(ops->log_next_id(backend->store), 5);
    reopen(backend);
    assert_int_equal(ops->log_next_id(backend->store), 5);
}

static void expect_row(struct backend *backend, uint64_t id, uint64_t want)
{
    const struct lb_store_ops *ops = backend->store->ops;
    struct lb_log_row row;
    lb_err err = ops->log_row_of(ops->writer_reader(backend->store), WORKSPACE, id, &row);
    assert_int_equal(err, want ? LB_OK : LB_ERR_NOT_FOUND);
    if (want)
        assert_int_equal(row.id, want);
}

static void the_row_of_an_entry_is_the_one_that_holds_it(void **state)
{
    struct backend *backend = *state;
    expect_row(backend, 1, 0);
    make_workspace(backend, WORKSPACE);
    begin(backend);
    append(backend, 5, "a,b,c");
    append(backend, 8, "d");
    append(backend, 9, "e,f");
    commit(backend);
    expect_row(backend, 4, 0);
    expect_row(backend, 5, 5);
    expect_row(backend, 7, 5);
    expect_row(backend, 8, 8);
    expect_row(backend, 9, 9);
    expect_row(backend, 10, 9);
    expect_row(backend, LB_ENTRY_ID_MAX, 9); /* the caller finds that it has no such item */
}

struct scanned {
    uint64_t ids[16];
    size_t count, stop_after;
};

static lb_err scan_row(void *context, const struct lb_log_row *row)
{
    struct scanned *scanned = context;
    scanned->ids[scanned->count++] = row->id;
    return scanned->count == scanned->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static void a_scan_covers_its_range(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_store_reader *reader = ops->writer_reader(backend->store);
    make_workspace(backend, WORKSPACE);
    begin(backend);
    append(backend, 5, "a,b,c");
    append(backend, 8, "d");
    append(backend, 9, "e,f");
    commit(backend);
    static const struct {
        uint64_t first, end;
        size_t count;
        uint64_t begins;
    } ranges[] = {{0, LB_ENTRY_ID_MAX, 3, 5},
                  {5, 9, 2, 5},
                  {6, 9, 1, 8},
                  {8, 8, 0, 0},
                  {9, 10, 1, 9},
                  {10, 99, 0, 0}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct scanned scanned = {0};
        assert_int_equal(
            ops->log_scan(reader, WORKSPACE, ranges[i].first, ranges[i].end, &scanned, scan_row),
            LB_OK);
        assert_int_equal(scanned.count, ranges[i].count);
        assert_int_equal(scanned.ids[0], ranges[i].begins);
    }
    struct scanned scanned = {.stop_after = 2};
    assert_int_equal(ops->log_scan(reader, WORKSPACE, 0, 99, &scanned, scan_row),
                     LB_ERR_OVERLOADED);
    assert_int_equal(scanned.count, 2);
    assert_true(scanned.ids[0] == 5 && scanned.ids[1] == 8);
}

static void a_change_is_undone_when_rows_say_so(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_store_reader *reader = ops->writer_reader(backend->store);
    struct lb_log_row row = {.id = 3,
                             .number = 3,
                             .list = {1, 0},
                             .kind = LB_LOG_UNBLOCK,
                             .undoes = 1,
                             .items = LB_STR("1")};
    struct lb_log_row next = {.id = 4,
                              .number = 4,
                              .list = {1, 0},
                              .kind = LB_LOG_UNBLOCK,
                              .continues = true,
                              .undoes = 1,
                              .items = LB_STR("2")};
    uint64_t undone;
    make_workspace(backend, WORKSPACE);
    begin(backend);
    append(backend, 1, "a,b");
    assert_int_equal(ops->log_undone(reader, WORKSPACE, 1, &undone), LB_OK);
    assert_int_equal(undone, 0);
    assert_int_equal(ops->log_append(backend->store, &row), LB_OK);
    assert_int_equal(ops->log_undone(reader, WORKSPACE, 1, &undone), LB_OK);
    assert_int_equal(undone, 3); /* within the transaction */
    assert_int_equal(ops->log_append(backend->store, &next), LB_OK);
    commit(backend);
    reopen(backend);
    reader = ops->writer_reader(backend->store);
    assert_int_equal(ops->log_undone(reader, WORKSPACE, 1, &undone), LB_OK);
    assert_int_equal(undone, 3);
    assert_int_equal(ops->log_undone(reader, WORKSPACE, 3, &undone), LB_OK);
    assert_int_equal(undone, 0);
}

static void readers_see_what_was_committed_before_the_call(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_store_reader *reader;
    struct lb_log_row row;
    struct scanned scanned = {0};
    assert_int_equal(ops->reader_open(backend->store, &reader), LB_OK);
    make_workspace(backend, WORKSPACE);
    begin(backend);
    append(backend, 1, "a");
    assert_int_equal(ops->log_row_of(reader, WORKSPACE, 1, &row), LB_ERR_NOT_FOUND);
    expect_row(backend, 1, 1); /* the writer's own reader sees it */
    commit(backend);
    assert_int_equal(ops->log_row_of(reader, WORKSPACE, 1, &row), LB_OK);
    begin(backend); /* while the reader holds a row */
    append(backend, 2, "b");
    commit(backend);
    assert_true(lb_str_equal(row.items, LB_STR("a")));
    assert_int_equal(ops->log_scan(reader, WORKSPACE, 0, 9, &scanned, scan_row), LB_OK);
    assert_int_equal(scanned.count, 2);
    assert_int_equal(ops->log_row_of(reader, WORKSPACE, 2, &row), LB_OK);
    assert_int_equal(row.id, 2);
    ops->reader_rest(reader);
    ops->reader_rest(reader);
    ops->reader_close(reader);
    ops->reader_close(NULL);
}

static void upkeep_loses_nothing(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_store_reader *reader;
    struct lb_log_row row;
    assert_int_equal(ops->reader_open(backend->store, &reader), LB_OK);
    make_workspace(backend, WORKSPACE);
    for (uint64_t id = 1; id <= 200; id++) {
        begin(backend);
        append(backend, id, "a");
        commit(backend);
        if (id % 7 == 0) /* a reader that holds a snapshot now and then */
            assert_int_equal(ops->log_row_of(reader, WORKSPACE, id, &row), LB_OK);
        if (id % 11 == 0)
            ops->reader_rest(reader);
        ops->maintain(backend->store, id % 2);
    }
    ops->reader_close(reader);
    reopen(backend);
    for (uint64_t id = 1; id <= 200; id++)
        expect_row(backend, id, id);
}

/* --- Backups --- */

static void a_backup_never_overwrites(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = ops_of(state);
    struct lb_reason reason = {0};
    uint64_t bytes;
    char path[128];
    snprintf(path, sizeof path, "%s/copy", backend->folder);
    FILE *file = fopen(path, "w");
    fputs("precious", file);
    fclose(file);
    struct lb_store_reader *reader = ops->writer_reader(backend->store);
    assert_int_not_equal(ops->backup(reader, path, &bytes, &reason), LB_OK);
    assert_non_null(strstr(reason.text, backend->store->shared ? "pg_dump" : path));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 8);
    snprintf(path, sizeof path, "%s/missing/copy", backend->folder);
    assert_int_not_equal(ops->backup(reader, path, &bytes, &reason), LB_OK);
}

struct backups {
    struct backend *backend;
    _Atomic bool done;
    _Atomic unsigned commits;
    unsigned made;
};

static lb_err count_row(void *context, const struct lb_log_row *row)
{
    ++*(uint64_t *)context;
    return LB_OK;
}

/* Each copy opens, and holds whole transactions: two rows each. */
static uint64_t rows_of_copy(struct backend *backend, const char *path)
{
    struct lb_store *copy;
    uint64_t rows = 0;
    assert_int_equal(backend->open(path, &copy), LB_OK);
    assert_int_equal(copy->ops->log_scan(copy->ops->writer_reader(copy), 0, 0, LB_ENTRY_ID_MAX,
                                         &rows, count_row),
                     LB_OK);
    assert_int_equal(copy->ops->log_next_id(copy), rows + 1);
    copy->ops->close(copy);
    return rows;
}

static void *make_backups(void *context)
{
    struct backups *backups = context;
    struct backend *backend = backups->backend;
    const struct lb_store_ops *ops = backend->store->ops;
    struct lb_store_reader *reader;
    uint64_t before = 0;
    lb_err err = ops->reader_open(backend->store, &reader);
    for (int i = 0; !err && i < 8; i++) {
        char path[128];
        uint64_t bytes;
        struct stat info;
        struct lb_reason reason;
        for (unsigned seen = atomic_load(&backups->commits);
             seen == atomic_load(&backups->commits);)
            sched_yield(); /* a quick disk copies faster than the other thread commits */
        snprintf(path, sizeof path, "%s/copy-%d", backend->folder, i);
        err = ops->backup(reader, path, &bytes, &reason);
        uint64_t rows = err ? 0 : rows_of_copy(backend, path);
        if (rows % 2 == 0 && rows > before && stat(path, &info) == 0 && bytes > 0)
            backups->made++;
        before = rows;
    }
    ops->reader_close(reader);
    atomic_store(&backups->done, true);
    return NULL;
}

static void a_backup_is_consistent_while_others_write(void **state)
{
    struct backend *backend = *state;
    struct backups backups = {.backend = backend};
    pthread_t thread;
    if (backend->store->shared)
        skip();
    begin(backend);
    append(backend, 1, "a");
    append(backend, 2, "b");
    commit(backend);
    assert_int_equal(pthread_create(&thread, NULL, make_backups, &backups), 0);
    for (uint64_t id = 3; !atomic_load(&backups.done); id += 2) {
        begin(backend);
        append(backend, id, "a");
        append(backend, id + 1, "b");
        commit(backend);
        atomic_fetch_add(&backups.commits, 1);
        backend->store->ops->maintain(backend->store, false);
    }
    pthread_join(thread, NULL);
    assert_int_equal(backups.made, 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_it, close_it)

static const struct CMUnitTest contract[] = {
    TEST(what_was_committed_is_loaded),
    TEST(loading_stops_at_the_first_failure),
    TEST(what_was_rolled_back_is_gone),
    TEST(numbers_are_never_given_twice),
    TEST(a_campaign_id_is_free_again_once_deleted),
    TEST(a_row_comes_back_as_it_was_given),
    TEST(rows_that_say_little_come_back),
    TEST(rows_that_differ_in_one_thing_come_back),
    TEST(rows_that_say_one_thing_more_come_back),
    TEST(ids_go_on_after_the_last_item),
    TEST(the_row_of_an_entry_is_the_one_that_holds_it),
    TEST(a_scan_covers_its_range),
    TEST(a_change_is_undone_when_rows_say_so),
    TEST(readers_see_what_was_committed_before_the_call),
    TEST(upkeep_loses_nothing),
    TEST(a_backup_never_overwrites),
    TEST(a_backup_is_consistent_while_others_write),
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int run(struct backend *backend, const struct CMUnitTest *tests, size_t count)
{
    struct CMUnitTest own[32];
    memcpy(own, tests, count * sizeof *tests);
    for (size_t i = 0; i < count; i++)
        own[i].initial_state = backend;
    return _cmocka_run_group_tests(backend->name, own, count, NULL, NULL);
}

int main(void)
{
    int failed = 0;
    lb_log_set_level(LB_LOG_ERROR);
    lb_rcu_thread_register();
    for (size_t i = 0; i < COUNT(backends); i++)
        if (!backends[i].create || postgres_is_there())
            failed += run(&backends[i], contract, COUNT(contract));
    lb_rcu_thread_unregister();
    return failed;
}
