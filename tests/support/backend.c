#include "support/backend.h"

#include "base/log.h"
#include "base/rcu.h"
#include "store/sqlite/sqlite.h"

#include <unistd.h>

#define TESTS_MAX 32

static lb_err open_sqlite(const char *path, struct lb_store **out)
{
    struct lb_sqlite_settings settings = {.path = path, .checkpoint_pages = 16};
    struct lb_reason reason;
    return lb_sqlite_open(&settings, out, &reason);
}

static struct backend backends[] = {
    {.name = "sqlite", .open = open_sqlite},
    {.name = "postgres", .open = postgres_open, .create = postgres_create}};

static void open_both(struct backend *backend)
{
    assert_int_equal(backend->open(backend->path, &backend->store), LB_OK);
    backend->ops = backend->store->ops;
    assert_int_equal(backend->ops->reader_open(backend->store, &backend->reader), LB_OK);
}

static void close_both(struct backend *backend)
{
    backend->ops->reader_close(backend->reader);
    backend->ops->close(backend->store);
    backend->store = NULL;
}

void backend_reopen(struct backend *backend)
{
    close_both(backend);
    open_both(backend);
}

void backend_begin(struct backend *backend)
{
    assert_int_equal(backend->ops->begin(backend->store), LB_OK);
}

void backend_commit(struct backend *backend)
{
    assert_int_equal(backend->ops->commit(backend->store), LB_OK);
}

int backend_open(void **state)
{
    struct backend *backend = *state;
    strcpy(backend->folder, "/tmp/leadblock-backend-XXXXXX");
    if (!mkdtemp(backend->folder))
        return -1;
    snprintf(backend->path, sizeof backend->path, "%s/leadblock.db", backend->folder);
    if (backend->create && !backend->create(backend->path))
        return -1;
    open_both(backend);
    backend_begin(backend);
    for (uint32_t no = BACKEND_WORKSPACE; no <= BACKEND_OTHER_WORKSPACE; no++) {
        struct lb_workspace_row row = {.name = "Test", .created_at = 5};
        snprintf(row.id, sizeof row.id, "ws_%u", no);
        assert_int_equal(backend->ops->workspace_insert(backend->store, &row), LB_OK);
        assert_int_equal(row.no, no);
    }
    return 0;
}

int backend_close(void **state)
{
    struct backend *backend = *state;
    char command[128];
    if (backend->store)
        close_both(backend);
    if (backend->create && !postgres_drop(backend->path))
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", backend->folder);
    return system(command);
}

int backend_run_all(const char *suite, const struct CMUnitTest *tests, size_t count)
{
    int failed = 0;
    lb_log_set_level(LB_LOG_ERROR);
    lb_rcu_thread_register();
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        struct CMUnitTest own[TESTS_MAX];
        if (backends[i].create && !postgres_is_there())
            continue;
        char name[64];
        memcpy(own, tests, count * sizeof *tests);
        for (size_t j = 0; j < count; j++)
            own[j].initial_state = &backends[i];
        snprintf(name, sizeof name, "%s: %s", suite, backends[i].name);
        failed += _cmocka_run_group_tests(name, own, count, NULL, NULL);
    }
    lb_rcu_thread_unregister();
    return failed;
}
