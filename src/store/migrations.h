/* The numbered SQL files below src/store/migrations/, embedded at build time; entry i is file i
 * + 1.
 */
#ifndef LB_STORE_MIGRATIONS_H
#define LB_STORE_MIGRATIONS_H

#include <stddef.h>

extern const char *const lb_sqlite_migrations[];
extern const size_t lb_sqlite_migration_count;

extern const char *const lb_postgres_migrations[];
extern const size_t lb_postgres_migration_count;

#endif
