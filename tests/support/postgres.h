/* For tests against a real PostgreSQL: databases of their own on the server that the environment
 * variable LEADBLOCK_TEST_POSTGRES names (a connection string of a user who may create databases).
 * Without it these tests are left out. Threads: one. */
#ifndef LB_TESTS_POSTGRES_H
#define LB_TESTS_POSTGRES_H

#include "store/store.h"

#define POSTGRES_CONNINFO_SIZE 512

bool postgres_is_there(void);

/* Makes an empty database, and the string that connects to it. */
bool postgres_create(char out[POSTGRES_CONNINFO_SIZE]);
/* Drops it, even while clients are connected. */
bool postgres_drop(const char *conninfo);

/* As backends in tests are opened. */
lb_err postgres_open(const char *conninfo, struct lb_store **out);

/* Runs statements on a connection of their own; false when one failed. `out`, if not NULL, gets the
 * first value of the last result, cut to `size`. */
bool postgres_run(const char *conninfo, const char *sql, char *out, size_t size);

#endif
