#include "store/postgres/internal.h"

#include <stdlib.h>

lb_err lb_pg_reader_open(struct lb_store *store, struct lb_store_reader **out)
{
    struct lb_store_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return LB_ERR_INTERNAL;
    reader->postgres = lb_postgres_of(store);
    *out = reader; /* it connects when it is asked something */
    return LB_OK;
}

void lb_pg_reader_hurries(struct lb_store_reader *reader, unsigned patience_ms)
{
    reader->patience_ms = patience_ms;
    lb_pg_drop(reader); /* the next connection tells the server */
}

struct lb_store_reader *lb_pg_writer_reader(struct lb_store *store)
{
    return &lb_postgres_of(store)->writer;
}

void lb_pg_reader_close(struct lb_store_reader *reader)
{
    if (!reader)
        return;
    lb_pg_reader_fini(reader);
    free(reader);
}

void lb_pg_reader_rest(struct lb_store_reader *reader)
{
    for (int i = 0; i < LB_PG_HELD_COUNT; i++) {
        PQclear(reader->held[i]);
        reader->held[i] = NULL;
    }
    lb_pg_cache_clear(reader);
}

lb_err lb_pg_backup(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                    struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_BAD_REQUEST,
                   "the data is in PostgreSQL: back it up with pg_dump --schema=leadblock, or with"
                   " pg_basebackup");
}

void lb_pg_close(struct lb_store *store)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    if (!postgres)
        return;
    lb_pg_rollback(store);
    lb_pg_reader_fini(&postgres->writer);
    lb_buf_fini(&postgres->rows.texts);
    free(postgres->touched);
    free(postgres->conninfo);
    free(postgres);
}

/* libpq's own words about a string that it cannot read may repeat a part of it, such as half of a
 * password. */
static lb_err check_conninfo(const char *conninfo, struct lb_reason *reason)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    PQfreemem(message);
    PQconninfoFree(options);
    return options ? LB_OK
                   : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                             "the connection string cannot be read; it looks like"
                             " postgresql://user@host/database or host=... dbname=... user=...");
}

/* A connection of its own, which may wait for another process's migration. */
static lb_err prepare_database(struct lb_postgres *postgres,
                               const struct lb_postgres_settings *settings,
                               struct lb_reason *reason)
{
    lb_err err = lb_pg_check_pooler(postgres, reason);
    PGconn *conn = err ? NULL : lb_pg_connect(postgres, reason);
    if (!conn)
        return LB_ERR_STORAGE_UNAVAILABLE;
    PQclear(PQexec(conn, "SET lock_timeout = 0"));
    err = lb_pg_check_server(conn, &postgres->on_citus, reason);
    if (!err)
        err = settings->as_it_is ? lb_pg_check_schema(conn, reason)
                                 : lb_pg_migrate(conn, settings->keep_going, reason);
    PQfinish(conn);
    return err;
}

static const struct lb_store_ops postgres_ops = {
#define LB_METHOD(type, name, ...) .name = lb_pg_##name,
#include "store/methods.h"
};

static const struct lb_store_shared postgres_shared = {
#define LB_SHARED_METHOD(type, name, ...) .name = lb_pg_##name,
#include "store/methods.h"
};

lb_err lb_postgres_open(const struct lb_postgres_settings *settings, struct lb_store **out,
                        struct lb_reason *reason)
{
    struct lb_postgres *postgres = calloc(1, sizeof *postgres);
    if (!postgres)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    postgres->store = (struct lb_store){&postgres_ops, &postgres_shared, &lb_pg_copy};
    postgres->writer.postgres = postgres;
    postgres->timeout_ms = settings->timeout_ms;
    postgres->looks = settings->as_it_is;
    postgres->conninfo = strdup(settings->conninfo);
    lb_err err = postgres->conninfo ? check_conninfo(postgres->conninfo, reason)
                                    : lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    if (!err)
        err = prepare_database(postgres, settings, reason);
    if (!err)
        err = lb_pg_ready(&postgres->writer) ? lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                                                       "cannot connect to PostgreSQL again")
                                             : LB_OK;
    if (err) {
        lb_pg_close(&postgres->store);
        return err;
    }
    *out = &postgres->store;
    return LB_OK;
}
