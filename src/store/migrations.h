/* The numbered SQL files below src/store/migrations/, embedded at build time; entry i is file i
 * + 1.
 *
 * Threads: constants; log from any. */
#ifndef LB_STORE_MIGRATIONS_H
#define LB_STORE_MIGRATIONS_H

#include <stddef.h>
#include <stdint.h>

struct lb_migration {
    const char *name; /* of its file, without number and ending */
    const char *sql;
};

extern const struct lb_migration lb_sqlite_migrations[];
extern const size_t lb_sqlite_migration_count;

extern const struct lb_migration lb_postgres_migrations[];
extern const size_t lb_postgres_migration_count;

/* A line in the log about a migration that ran and was committed. */
void lb_migration_log(const char *backend, size_t number, const struct lb_migration *migration,
                      uint64_t ms);

/* The one line about a database that was made with all of them. */
void lb_migration_log_created(const char *backend, size_t schema, uint64_t ms);

#endif
