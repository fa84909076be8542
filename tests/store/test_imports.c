/* Imports in the store, as the contract in store/methods.h says. */
#include "support/backend.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WS           BACKEND_WORKSPACE
#define OTHER        BACKEND_OTHER_WORKSPACE
#define LISTED_MAX   8

/* With something different in each field. */
static struct lb_blocklist_import_row make_row(uint32_t workspace, const char *id)
{
    struct lb_blocklist_import_row row = {.list = {workspace, 4},
                                          .unblocks = true,
                                          .actor = UINT32_MAX,
                                          .started_at = 1,
                                          .touched_at = 2,
                                          .finished_at = 3,
                                          .undone_at = 4,
                                          .run = INT64_MAX,
                                          .bytes = UINT64_C(1) << 40,
                                          .done = 5,
                                          .rest = 6,
                                          .duplicates = 7,
                                          .rows = 8,
                                          .bad = 9,
                                          .blank = 10,
                                          .column = 11};
    snprintf(row.id, sizeof row.id, "%s", id);
    snprintf(row.column_name, sizeof row.column_name, "zoë");
    return row;
}

static void expect_same(const struct lb_blocklist_import_row *a,
                        const struct lb_blocklist_import_row *b)
{
    assert_true(a->no == b->no && a->list.workspace == b->list.workspace);
    assert_true(a->list.campaign == b->list.campaign && a->unblocks == b->unblocks);
    assert_string_equal(a->id, b->id);
    assert_true(a->actor == b->actor && a->started_at == b->started_at);
    assert_true(a->touched_at == b->touched_at && a->finished_at == b->finished_at);
    assert_true(a->undone_at == b->undone_at && a->run == b->run && a->bytes == b->bytes);
    assert_true(a->done == b->done && a->rest == b->rest && a->duplicates == b->duplicates);
    assert_true(a->rows == b->rows && a->bad == b->bad && a->blank == b->blank);
    assert_true(a->column == b->column);
    assert_string_equal(a->column_name, b->column_name);
}

static struct lb_blocklist_import_row put(struct backend *backend, uint32_t workspace,
                                          const char *id)
{
    struct lb_blocklist_import_row row = make_row(workspace, id);
    assert_int_equal(backend->ops->import_put(backend->store, &row), LB_OK);
    return row;
}

static struct lb_blocklist_import_row found(struct backend *backend, uint32_t workspace,
                                            const char *id)
{
    struct lb_blocklist_import_row row;
    assert_int_equal(backend->ops->import(backend->reader, workspace, lb_str(id), &row), LB_OK);
    return row;
}

static void an_import_is_found_by_its_id_and_replaced(void **state)
{
    struct backend *backend = *state;
    struct lb_blocklist_import_row row = put(backend, WS, "a-1");
    struct lb_blocklist_import_row plain = {
        .list = {WS, 0}, .id = "b_2", .started_at = 1, .touched_at = 1};
    struct lb_blocklist_import_row none;
    assert_int_equal(backend->ops->import_put(backend->store, &plain), LB_OK);
    assert_true(row.no == 1 && plain.no == 2);
    assert_int_equal(put(backend, OTHER, "a-1").no, 1);
    backend_commit(backend);
    backend_reopen(backend);
    struct lb_blocklist_import_row read = found(backend, WS, "a-1");
    expect_same(&read, &row);
    read = found(backend, WS, "b_2");
    expect_same(&read, &plain);
    assert_int_equal(backend->ops->import(backend->reader, OTHER, LB_STR("b_2"), &none),
                     LB_ERR_NOT_FOUND);
    plain = make_row(WS, "b_2");
    plain.no = 2;
    plain.list.campaign = 0;
    plain.unblocks = false;
    backend_begin(backend);
    assert_int_equal(backend->ops->import_put(backend->store, &plain), LB_OK);
    backend_commit(backend);
    read = found(backend, WS, "b_2");
    expect_same(&read, &plain);
    read = found(backend, WS, "a-1");
    expect_same(&read, &row);
}

struct listed {
    uint64_t numbers[LISTED_MAX];
    size_t count, stop_after;
};

static lb_err list(void *context, const struct lb_blocklist_import_row *row)
{
    struct listed *listed = context;
    assert_true(listed->count < LISTED_MAX && row->list.workspace == WS);
    listed->numbers[listed->count++] = row->no;
    return listed->count == listed->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static struct listed page(struct backend *backend, uint64_t below, size_t take)
{
    struct listed listed = {0};
    assert_int_equal(backend->ops->imports_page(backend->reader, WS, below, take, &listed, list),
                     LB_OK);
    return listed;
}

static void imports_are_read_newest_first(void **state)
{
    struct backend *backend = *state;
    struct listed stopped = {.stop_after = 1};
    put(backend, WS, "a");
    put(backend, OTHER, "b");
    put(backend, WS, "c");
    put(backend, WS, "d");
    backend_commit(backend);
    struct listed listed = page(backend, 0, 2);
    assert_true(listed.count == 2 && listed.numbers[0] == 3 && listed.numbers[1] == 2);
    listed = page(backend, 2, 2);
    assert_true(listed.count == 1 && listed.numbers[0] == 1);
    assert_int_equal(page(backend, 1, 2).count, 0);
    assert_int_equal(backend->ops->imports_page(backend->reader, WS, 0, 9, &stopped, list),
                     LB_ERR_OVERLOADED);
    assert_int_equal(stopped.count, 1);
}

static void only_the_latest_imports_of_a_workspace_are_kept(void **state)
{
    struct backend *backend = *state;
    struct lb_blocklist_import_row none;
    char id[32];
    put(backend, OTHER, "n0");
    for (int i = 0; i < LB_IMPORTS_KEPT + 2; i++) {
        snprintf(id, sizeof id, "n%d", i);
        put(backend, WS, id);
    }
    backend_commit(backend);
    assert_int_equal(page(backend, 4, LISTED_MAX).count, 1);
    assert_int_equal(found(backend, WS, "n2").no, 3);
    assert_int_equal(backend->ops->import(backend->reader, WS, LB_STR("n1"), &none),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(found(backend, OTHER, "n0").no, 1);
    backend_begin(backend);
    assert_int_equal(put(backend, WS, "n0").no, LB_IMPORTS_KEPT + 3);
    backend_commit(backend);
}

/* --- What it did ------------------------------------------------------------------------------ */

static void append(struct backend *backend, uint32_t workspace, uint64_t number, const char *import,
                   bool continues, uint64_t undoes)
{
    /* Of two logs of which one numbers over all workspaces. */
    struct lb_log_row row = {.id = workspace == WS ? number : 100 + number,
                             .number = number,
                             .list = {workspace, 0},
                             .kind = undoes ? LB_LOG_UNBLOCK : LB_LOG_BLOCK,
                             .continues = continues,
                             .undoes = undoes,
                             .items = undoes ? LB_STR("1") : LB_STR("ada"),
                             .import = lb_str(import)};
    assert_int_equal(backend->ops->log_append(backend->store, &row), LB_OK);
}

static uint64_t change_below(struct backend *backend, struct lb_store_reader *reader,
                             const char *import, uint64_t below)
{
    uint64_t number = 0;
    lb_err err = backend->ops->import_change(reader, WS, lb_str(import), below, &number);
    assert_true(err == (number ? LB_OK : LB_ERR_NOT_FOUND));
    return number;
}

static void the_changes_of_an_import_are_found_that_no_row_undoes(void **state)
{
    struct backend *backend = *state;
    struct lb_store_reader *writer = backend->ops->writer_reader(backend->store);
    append(backend, WS, 1, "a", false, 0);
    append(backend, WS, 2, "a", true, 0);
    append(backend, WS, 3, NULL, false, 0);
    append(backend, WS, 4, "b", false, 0);
    append(backend, WS, 5, "a", false, 0);
    append(backend, WS, 6, "a", true, 0);
    assert_int_equal(change_below(backend, writer, "a", 100), 5); /* in the open transaction */
    backend_commit(backend);
    assert_int_equal(change_below(backend, backend->reader, "a", 100), 5);
    assert_int_equal(change_below(backend, backend->reader, "a", 5), 1);
    assert_int_equal(change_below(backend, backend->reader, "a", 1), 0);
    assert_int_equal(change_below(backend, backend->reader, "b", 100), 4);
    backend_begin(backend);
    append(backend, OTHER, 1, NULL, false, 1); /* undoes one of its own workspace */
    append(backend, WS, 7, NULL, false, 5);
    assert_int_equal(change_below(backend, writer, "a", 100), 1);
    backend_commit(backend);
    assert_int_equal(change_below(backend, backend->reader, "a", 100), 1);
}

static void the_changes_of_an_import_whose_undo_was_undone_are_found(void **state)
{
    struct backend *backend = *state;
    append(backend, WS, 1, "a", false, 0);
    append(backend, WS, 2, "a", false, 0);
    append(backend, WS, 3, NULL, false, 2);
    append(backend, WS, 4, NULL, true, 2); /* a row more of the same undo */
    append(backend, WS, 5, NULL, false, 1);
    append(backend, OTHER, 1, NULL, false, 5);
    backend_commit(backend);
    assert_int_equal(change_below(backend, backend->reader, "a", 100), 0);
    backend_begin(backend);
    append(backend, WS, 6, NULL, false, 3);
    backend_commit(backend);
    assert_int_equal(change_below(backend, backend->reader, "a", 100), 2);
    assert_int_equal(change_below(backend, backend->reader, "a", 2), 0);
}

static void the_changes_of_an_import_are_listed_also_those_that_were_undone(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = backend->ops;
    uint64_t numbers[3] = {0};
    size_t count;
    append(backend, WS, 1, "a", false, 0);
    append(backend, WS, 2, "a", true, 0);
    append(backend, WS, 3, NULL, false, 1);
    append(backend, WS, 4, "b", false, 0);
    append(backend, WS, 5, "a", false, 0);
    append(backend, WS, 6, "a", false, 0);
    append(backend, OTHER, 2, "a", false, 0);
    backend_commit(backend);
    assert_int_equal(
        ops->import_changes(backend->reader, WS, LB_STR("a"), UINT64_MAX, 2, numbers, &count),
        LB_OK);
    assert_true(count == 2 && numbers[0] == 6 && numbers[1] == 5 && numbers[2] == 0);
    assert_int_equal(ops->import_changes(backend->reader, WS, LB_STR("a"), 5, 3, numbers, &count),
                     LB_OK);
    assert_true(count == 1 && numbers[0] == 1);
    assert_int_equal(ops->import_changes(backend->reader, WS, LB_STR("c"), 9, 3, numbers, &count),
                     LB_OK);
    assert_true(count == 0);
}

static void of_what_is_rolled_back_nothing_remains(void **state)
{
    struct backend *backend = *state;
    struct lb_blocklist_import_row none;
    put(backend, WS, "a");
    backend->ops->rollback(backend->store);
    assert_int_equal(backend->ops->import(backend->reader, WS, LB_STR("a"), &none),
                     LB_ERR_NOT_FOUND);
    backend_begin(backend);
    assert_int_equal(put(backend, WS, "b").no, 1);
    backend_commit(backend);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(an_import_is_found_by_its_id_and_replaced),
        BACKEND_TEST(imports_are_read_newest_first),
        BACKEND_TEST(only_the_latest_imports_of_a_workspace_are_kept),
        BACKEND_TEST(the_changes_of_an_import_are_listed_also_those_that_were_undone),
        BACKEND_TEST(the_changes_of_an_import_are_found_that_no_row_undoes),
        BACKEND_TEST(the_changes_of_an_import_whose_undo_was_undone_are_found),
        BACKEND_TEST(of_what_is_rolled_back_nothing_remains),
    };
    return backend_run_all("imports", tests, COUNT(tests));
}
