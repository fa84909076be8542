#include "store/migrations.h"

#include "base/log.h"

void lb_migration_log(const char *backend, size_t number, const struct lb_migration *migration,
                      uint64_t ms)
{
    struct lb_log_line line;
    lb_log_begin(&line, LB_LOG_INFO, "migration");
    lb_log_add(&line, "backend", lb_str(backend));
    lb_log_add_u64(&line, "schema", number);
    lb_log_add(&line, "name", lb_str(migration->name));
    lb_log_add_u64(&line, "ms", ms);
    lb_log_end(&line);
}

void lb_migration_log_created(const char *backend, size_t schema, uint64_t ms)
{
    struct lb_log_line line;
    lb_log_begin(&line, LB_LOG_INFO, "created");
    lb_log_add(&line, "backend", lb_str(backend));
    lb_log_add_u64(&line, "schema", schema);
    lb_log_add_u64(&line, "ms", ms);
    lb_log_end(&line);
}
