/* The rows of an earlier version get their digests, workspace by workspace and in steps, each of
 * them a transaction that locks the workspace and notes in its row how far the digests are. So an
 * attempt that was broken off is gone on with. A step reads what it has written and compares it, so
 * that nothing has to be looked through again. */
#include "store/postgres/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/chain.h"
#include "store/log_items.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP_ROWS       "1000"
#define STEP_ROWS_MAX   1000
#define REPORT_EVERY_MS 10000

struct chaining {
    PGconn *conn;
    struct lb_reason *reason;
    uint64_t rows; /* that were given a digest */
    bool (*keep_going)(void);
    size_t workspaces;
    uint64_t done, all; /* ids of rows: of workspaces that are done, and of all */
    uint64_t begun_ms, reported_ms;
};

/* A workspace: its number as a parameter, and how far its chain is. */
struct chained {
    char number[LB_U64_DIGITS + 1];
    char id[LB_ID_SIZE];
    uint64_t last; /* number of the last entry that has a digest */
    uint8_t digest[LB_DIGEST_SIZE];
    struct lb_buf ids, seeds, digests; /* of a step, as arrays */
};

static lb_err fail(struct chaining *chaining, const char *message)
{
    return lb_pg_fail(
        chaining->reason, LB_ERR_STORAGE_UNAVAILABLE,
        "cannot give the blocklist log its digests (the next start goes on from here)", message);
}

/* With text parameters and a binary result, which is the caller's to clear also after a failure. */
static lb_err query(struct chaining *chaining, const char *sql, int count,
                    const char *const *parameters, PGresult **out)
{
    *out = PQexecParams(chaining->conn, sql, count, NULL, parameters, NULL, NULL, 1);
    ExecStatusType status = PQresultStatus(*out);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
               ? LB_OK
               : fail(chaining, PQerrorMessage(chaining->conn));
}

static lb_err execute(struct chaining *chaining, const char *sql, int count,
                      const char *const *parameters)
{
    PGresult *result;
    lb_err err = query(chaining, sql, count, parameters, &result);
    PQclear(result);
    return err;
}

/* `last`: the id up to which the workspace at hand is done. */
static lb_err report(struct chaining *chaining, uint64_t last)
{
    uint64_t now = lb_clock_mono_ms();
    if (chaining->keep_going && !chaining->keep_going())
        return fail(chaining, "told to stop");
    if (now - chaining->reported_ms < REPORT_EVERY_MS)
        return LB_OK;
    chaining->reported_ms = now;
    lb_log(
        LB_LOG_INFO, "migration",
        "making digests of the blocklist log: %llu %%, %zu workspaces done, %llu rows, since %llu "
        "s",
        (unsigned long long)(chaining->all ? (chaining->done + last) * 100 / chaining->all : 100),
        chaining->workspaces, (unsigned long long)chaining->rows,
        (unsigned long long)(now - chaining->begun_ms) / 1000);
    return LB_OK;
}

/* --- Digests for rows ------------------------------------------------------------------------- */

static void append_bytes(struct lb_buf *array, const uint8_t *bytes, size_t len)
{
    lb_buf_append_str(array, array->len ? LB_STR(",\"\\\\x") : LB_STR("{\"\\\\x"));
    for (size_t i = 0; i < len; i++)
        lb_buf_printf(array, "%02x", bytes[i]);
    lb_buf_append_lit(array, "\"");
}

static lb_err chain_row(struct chaining *chaining, struct chained *chained, struct lb_log_row *row)
{
    lb_chain_seed(row->seed);
    if (!lb_chain_digest_row(chained->digest, row, row->digest))
        return fail(chaining, "a row's items are not what its kind says");
    memcpy(chained->digest, row->digest, sizeof chained->digest);
    chained->last = row->number + lb_log_items_count(row->items) - 1;
    lb_buf_append_str(&chained->ids, chained->ids.len ? LB_STR(",") : LB_STR("{"));
    lb_buf_append_u64(&chained->ids, row->id);
    append_bytes(&chained->seeds, row->seed, sizeof row->seed);
    append_bytes(&chained->digests, row->digest, sizeof row->digest);
    return LB_OK;
}

static lb_err write_digests(struct chaining *chaining, struct chained *chained)
{
    struct lb_buf *const arrays[] = {&chained->ids, &chained->seeds, &chained->digests};
    char last[LB_U64_DIGITS + 1];
    char digest[2 * LB_DIGEST_SIZE + 3] = "\\x";
    for (size_t i = 0; i < 3; i++) {
        lb_buf_append(arrays[i], "}", 2);
        if (arrays[i]->failed)
            return lb_fail(chaining->reason, LB_ERR_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < LB_DIGEST_SIZE; i++)
        snprintf(digest + 2 + 2 * i, 3, "%02x", chained->digest[i]);
    snprintf(last, sizeof last, "%llu", (unsigned long long)chained->last);
    const char *const rows[] = {chained->number, chained->ids.ptr, chained->seeds.ptr,
                                chained->digests.ptr};
    const char *const head[] = {chained->number, last, digest};
    lb_err err = execute(chaining,
                         "UPDATE leadblock.blocklist_log AS l SET seed = d.seed, digest = d.digest"
                         " FROM unnest($2::bigint[], $3::bytea[], $4::bytea[])"
                         " AS d (id, seed, digest)"
                         " WHERE l.workspace_id = $1::bigint AND l.id = d.id",
                         4, rows);
    return err ? err
               : execute(chaining,
                         "UPDATE leadblock.workspace SET head_number = $2::bigint,"
                         " head_digest = $3::bytea WHERE workspace_id = $1::bigint",
                         3, head);
}

/* Where the workspace's digests are, read under its lock. */
static lb_err find_place(struct chaining *chaining, struct chained *chained)
{
    const char *const parameters[] = {chained->number};
    PGresult *result;
    lb_err err = query(chaining,
                       "UPDATE leadblock.workspace SET access_version = access_version"
                       " WHERE workspace_id = $1::bigint RETURNING head_number, head_digest",
                       1, parameters, &result);
    if (!err && PQntuples(result) != 1)
        err = fail(chaining, "a workspace is gone");
    if (!err) {
        struct lb_str digest = lb_pg_text(result, 0, 1);
        chained->last = (uint64_t)lb_pg_number(result, 0, 0);
        if (digest.len == sizeof chained->digest)
            memcpy(chained->digest, digest.ptr, digest.len);
        else
            lb_chain_begin(lb_str(chained->id), chained->digest);
    }
    PQclear(result);
    return err;
}

/* The rows of a step, those after an entry. */
static lb_err read_step(struct chaining *chaining, const struct chained *chained, uint64_t after,
                        PGresult **out)
{
    char number[LB_U64_DIGITS + 1];
    const char *const parameters[] = {chained->number, number};
    snprintf(number, sizeof number, "%llu", (unsigned long long)after);
    return query(chaining,
                 "SELECT " LB_PG_LOG_COLUMNS " FROM leadblock.blocklist_log WHERE"
                 " workspace_id = $1::bigint AND id > $2::bigint ORDER BY id LIMIT " STEP_ROWS,
                 2, parameters, out);
}

/* `from`: where the chain was before the step. */
static lb_err check_step(struct chaining *chaining, const struct chained *chained,
                         const struct chained *from, int rows)
{
    struct lb_chain_check check = {.next = from->last + 1};
    PGresult *result;
    memcpy(check.digest, from->digest, sizeof check.digest);
    lb_err err = read_step(chaining, chained, from->last, &result);
    if (!err && PQntuples(result) != rows)
        err = fail(chaining, "the rows of a workspace change meanwhile");
    for (int i = 0; !err && i < rows; i++) {
        struct lb_log_row row;
        lb_pg_read_log_row(result, i, &row);
        const char *wrong = lb_chain_check_row(&check, &row);
        if (wrong)
            err = lb_fail(chaining->reason, LB_ERR_STORAGE_UNAVAILABLE,
                          "row %llu of the blocklist log of workspace %s is wrong: %s",
                          (unsigned long long)row.id, chained->id, wrong);
    }
    PQclear(result);
    return err;
}

static lb_err chain_some(struct chaining *chaining, struct chained *chained, int *out_rows)
{
    PGresult *result;
    lb_err err = find_place(chaining, chained);
    *out_rows = 0;
    if (err)
        return err;
    const struct chained from = *chained; /* its numbers; the arrays are not looked at */
    err = read_step(chaining, chained, from.last, &result);
    chained->ids.len = chained->seeds.len = chained->digests.len = 0;
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_log_row row;
        lb_pg_read_log_row(result, i, &row);
        err = chain_row(chaining, chained, &row);
        ++*out_rows;
    }
    PQclear(result);
    if (!err && *out_rows)
        err = write_digests(chaining, chained);
    return err ? err : check_step(chaining, chained, &from, *out_rows);
}

static lb_err chain_step(struct chaining *chaining, struct chained *chained, bool *out_more)
{
    int rows = 0;
    lb_err err = execute(chaining, "BEGIN", 0, NULL);
    if (!err)
        err = chain_some(chaining, chained, &rows);
    if (!err)
        err = execute(chaining, "COMMIT", 0, NULL);
    *out_more = rows == STEP_ROWS_MAX;
    chaining->rows += (uint64_t)rows;
    return err ? err : report(chaining, chained->last);
}

/* --- All of it -------------------------------------------------------------------------------- */

static lb_err chain_workspace(struct chaining *chaining, struct chained *chained)
{
    bool more = true;
    lb_err err = LB_OK;
    while (!err && more)
        err = chain_step(chaining, chained, &more);
    return err;
}

static lb_err chain_workspaces(struct chaining *chaining, const PGresult *workspaces)
{
    struct chained chained = {.ids = {0}};
    lb_err err = LB_OK;
    for (int i = 0; i < PQntuples(workspaces); i++)
        chaining->all += (uint64_t)lb_pg_number(workspaces, i, 2);
    for (int i = 0; !err && i < PQntuples(workspaces); i++) {
        snprintf(chained.number, sizeof chained.number, "%lld",
                 (long long)lb_pg_number(workspaces, i, 0));
        lb_str_copy(lb_pg_text(workspaces, i, 1), chained.id, sizeof chained.id);
        err = chain_workspace(chaining, &chained);
        chaining->workspaces++;
        chaining->done += (uint64_t)lb_pg_number(workspaces, i, 2);
    }
    lb_buf_fini(&chained.ids);
    lb_buf_fini(&chained.seeds);
    lb_buf_fini(&chained.digests);
    return err;
}

lb_err lb_pg_chain_log(PGconn *conn, bool (*keep_going)(void), struct lb_reason *reason)
{
    uint64_t now = lb_clock_mono_ms();
    struct chaining chaining = {.conn = conn,
                                .reason = reason,
                                .keep_going = keep_going,
                                .begun_ms = now,
                                .reported_ms = now};
    PGresult *workspaces;
    lb_err err =
        query(&chaining,
              "SELECT workspace_id, id, head_row FROM leadblock.workspace WHERE head_row > 0"
              " ORDER BY workspace_id",
              0, NULL, &workspaces);
    if (!err)
        err = chain_workspaces(&chaining, workspaces);
    PQclear(workspaces);
    if (!err && chaining.workspaces)
        lb_log(LB_LOG_INFO, "migration",
               "the blocklist log has its digests: %zu workspaces, %llu rows now, in %llu ms",
               chaining.workspaces, (unsigned long long)chaining.rows,
               (unsigned long long)(lb_clock_mono_ms() - now));
    return err;
}
