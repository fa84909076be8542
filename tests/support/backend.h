/* For tests of the contract of store.h: a suite runs against each backend, with data of its own for
 * each test; against PostgreSQL where one is named (support/postgres.h). Threads: one. */
#ifndef LB_TESTS_BACKEND_H
#define LB_TESTS_BACKEND_H

#include "support/postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

/* The workspaces that are there at the start of each test. */
#define BACKEND_WORKSPACE       1
#define BACKEND_OTHER_WORKSPACE 2

/* What a test's `*state` is. */
struct backend {
    const char *name;
    lb_err (*open)(const char *path, struct lb_store **out);
    bool (*create)(char out[POSTGRES_CONNINFO_SIZE]); /* NULL: the path is a file's */
    char folder[64];
    char path[POSTGRES_CONNINFO_SIZE]; /* or a connection string */
    struct lb_store *store;
    const struct lb_store_ops *ops; /* the store's */
    struct lb_store_reader *reader;
};

/* Setup and teardown of a test: a transaction is open when it begins. */
int backend_open(void **state);
int backend_close(void **state);

void backend_reopen(struct backend *backend);
void backend_begin(struct backend *backend);
void backend_commit(struct backend *backend);

#define BACKEND_TEST(name) cmocka_unit_test_setup_teardown(name, backend_open, backend_close)

/* Runs the tests against each backend; returns how many failed. */
int backend_run_all(const char *suite, const struct CMUnitTest *tests, size_t count);

#endif
