#include "store/postgres/internal.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>

/* Statements. Neither side's buffer may fill up while the other side does not read. */
#define FLUSH_EVERY 64

#define OID_BOOL       16
#define OID_BYTEA      17
#define OID_INT8       20
#define OID_TEXT       25
#define OID_TEXT_ARRAY 1009
#define OID_INT8_ARRAY 1016

/* In the order of the enum, which is made of the same list. */
const struct lb_pg_statement_text *const lb_pg_statements[PG_COUNT] = {
#define LB_PG_ROW(name) &lb_pg_text_##name
    LB_PG_STATEMENTS(LB_PG_ROW)
#undef LB_PG_ROW
};

static Oid oid_of(char type)
{
    switch (type) {
    case 'b':
        return OID_BOOL;
    case 'y':
        return OID_BYTEA;
    case 't':
        return OID_TEXT;
    case 'N':
        return OID_INT8_ARRAY;
    case 'T':
        return OID_TEXT_ARRAY;
    default:
        return OID_INT8;
    }
}

static bool is_class(const char *state, const char *class)
{
    return strncmp(state, class, 2) == 0;
}

static bool executes(const struct lb_pg_item *item, enum lb_pg_statement statement)
{
    return item->kind == LB_PG_EXECUTE && item->statement == statement;
}

/* Source: https://www.postgresql.org/docs/15/errcodes-appendix.html */
static lb_err error_of(const struct lb_pg_item *item, const char *state)
{
    static const char *const conflicts[] = {"40001", "40P01"};
    for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts; i++)
        if (strcmp(state, conflicts[i]) == 0)
            return LB_ERR_CONFLICT;
    /* Numbers are given out under the workspace's lock, so another one had it as well. What clients
     * name twice fails nowhere: ON CONFLICT DO NOTHING. */
    if (item->kind == LB_PG_EXECUTE && strcmp(state, "23505") == 0)
        return LB_ERR_CONFLICT;
    return strcmp(state, "53100") == 0 ? LB_ERR_STORAGE_FULL : LB_ERR_STORAGE_UNAVAILABLE;
}

/* The writer has waited for a lock in vain: on Citus a shard may move. Where workspaces are locked
 * the next attempt leaves them out; any other statement would only wait again. */
static lb_err note_wait(struct lb_store_reader *reader, const struct lb_pg_item *item)
{
    if (reader != &reader->postgres->writer || !reader->postgres->on_citus)
        return LB_ERR_CONFLICT;
    reader->postgres->may_move_until_ms = lb_clock_mono_ms() + LB_PG_MAY_MOVE_MS;
    return executes(item, PG_WORKSPACE_LOCK) ? LB_ERR_CONFLICT : LB_ERR_LOCKED;
}

/* The server cannot take writes, or is ending the connection: another one may reach a server that
 * can. */
static bool needs_reconnect(const char *state)
{
    return is_class(state, "08") || is_class(state, "57") || strcmp(state, "25006") == 0 ||
           strcmp(state, "25P03") == 0;
}

/* Does an error that answers COMMIT itself mean that nothing was recorded? */
static bool is_refusal(const char *state)
{
    return is_class(state, "40") || is_class(state, "23") || is_class(state, "55") ||
           is_class(state, "53") || is_class(state, "25");
}

/* The details of an error may hold a person's name; they are not logged. */
static void note_error(struct lb_store_reader *reader, const struct lb_pg_item *item,
                       const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!state) { /* not the server's: the connection is lost, which the next call reports */
        reader->unusable = true;
        return;
    }
    const char *name = item->kind == LB_PG_SYNC ? "sync" : lb_pg_statements[item->statement]->name;
    lb_err err = strcmp(state, "55P03") == 0 ? note_wait(reader, item) : error_of(item, state);
    bool in_the_way = err == LB_ERR_CONFLICT || err == LB_ERR_LOCKED;
    bool commits = executes(item, PG_COMMIT);
    bool gave_up = reader->patience_ms && strcmp(state, "57014") == 0; /* as it was told to */
    if (needs_reconnect(state) && !gave_up)
        reader->unusable = true;
    if (!gave_up)
        lb_log(in_the_way ? LB_LOG_INFO : LB_LOG_WARN, "store", "%s failed: %s (%s)", name,
               message ? message : "", state);
    if (!reader->failed)
        reader->failed = err;
    /* Answers come in order: what was sent after a statement that failed was not done. */
    if (reader->commit == LB_PG_COMMIT_SENT && (!commits || is_refusal(state)))
        reader->commit = LB_PG_COMMIT_REFUSED;
}

static void keep_result(struct lb_store_reader *reader, PGresult *result)
{
    if (!lb_array_reserve(reader->kept, reader->kept_capacity, reader->kept_count + 1)) {
        reader->failed = LB_ERR_INTERNAL;
        PQclear(result);
        return;
    }
    reader->kept[reader->kept_count++] = result;
}

void lb_pg_release(struct lb_store_reader *reader)
{
    while (reader->kept_count)
        PQclear(reader->kept[--reader->kept_count]);
}

static void note_done(struct lb_store_reader *reader, const struct lb_pg_item *item,
                      PGresult *result)
{
    if (item->statement == PG_COMMIT) /* that of a failed transaction is answered by ROLLBACK */
        reader->commit =
            strcmp(PQcmdStatus(result), "COMMIT") == 0 ? LB_PG_COMMIT_DONE : LB_PG_COMMIT_REFUSED;
    if (item->keep)
        keep_result(reader, result);
    else
        PQclear(result);
}

/* One result of the first item that is not answered yet. */
static void take_result(struct lb_store_reader *reader, struct lb_pg_item *item, PGresult *result)
{
    item->answered = true;
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        reader->answered++;
        PQclear(result);
        break;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (item->kind == LB_PG_EXECUTE)
            note_done(reader, item, result);
        else
            PQclear(result);
        break;
    default:
        if (PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
            note_error(reader, item, result);
        if (item->kind == LB_PG_PREPARE)
            reader->prepared[item->statement] = false;
        PQclear(result);
    }
}

void lb_pg_take(struct lb_store_reader *reader)
{
    while (reader->conn && reader->answered < reader->sent && !PQisBusy(reader->conn)) {
        struct lb_pg_item *item = &reader->pending[reader->answered % LB_PG_PENDING_MAX];
        PGresult *result = PQgetResult(reader->conn);
        if (result) {
            take_result(reader, item, result);
        } else if (item->answered) {
            reader->answered++;
        } else { /* nothing more will come */
            reader->unusable = true;
            return;
        }
    }
}

static void close_failed(struct lb_store_reader *reader, const char *why)
{
    if (!reader->patience_ms || !reader->late)
        lb_log(LB_LOG_WARN, "store", "closing the PostgreSQL connection: %s", why);
    if (!reader->failed)
        reader->failed = LB_ERR_STORAGE_UNAVAILABLE;
    lb_pg_drop(reader);
}

/* Sends and receives, or waits until one of them is possible. False: the connection is lost, or no
 * answer came by the deadline, which is put off when a part of one has come: a large one may take
 * longer on a slow line. */
static bool send_and_receive(struct lb_store_reader *reader, uint64_t *deadline_ms)
{
    int unsent = PQflush(reader->conn);
    uint64_t now = lb_clock_mono_ms();
    reader->late = now >= *deadline_ms;
    if (reader->late)
        return false;
    struct pollfd fd = {.fd = PQsocket(reader->conn),
                        .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0))};
    if (fd.fd < 0)
        return !PQisBusy(reader->conn);
    int ready = poll(&fd, 1, (int)(*deadline_ms - now));
    if (ready < 0)
        return errno == EINTR;
    if (ready == 0 || !(fd.revents & (POLLIN | POLLERR | POLLHUP)))
        return true;
    if (!PQconsumeInput(reader->conn)) /* what the server said before it hung up is read */
        return !PQisBusy(reader->conn);
    if (fd.revents & POLLIN && !reader->patience_ms)
        *deadline_ms = lb_clock_mono_ms() + lb_pg_answer_ms(reader);
    return true;
}

lb_err lb_pg_wait(struct lb_store_reader *reader, uint64_t target)
{
    uint64_t deadline_ms = lb_clock_mono_ms() + lb_pg_answer_ms(reader);
    while (reader->conn && reader->answered < target && !reader->unusable) {
        uint64_t before = reader->answered;
        lb_pg_take(reader);
        if (reader->answered != before)
            deadline_ms = lb_clock_mono_ms() + lb_pg_answer_ms(reader);
        else if (!reader->unusable && !send_and_receive(reader, &deadline_ms))
            close_failed(reader, reader->late ? "no answer in time" : "connection lost");
    }
    if (reader->conn && reader->answered < target && !reader->failed)
        close_failed(reader, "connection lost");
    else if (reader->conn && reader->unusable)
        lb_pg_drop(reader);
    return reader->failed;
}

static void push_pending(struct lb_store_reader *reader, enum lb_pg_item_kind kind,
                         enum lb_pg_statement statement, bool kept)
{
    reader->pending[reader->sent++ % LB_PG_PENDING_MAX] =
        (struct lb_pg_item){.kind = (uint8_t)kind, .statement = (uint8_t)statement, .keep = kept};
}

static bool prepare_once(struct lb_store_reader *reader, enum lb_pg_statement statement)
{
    const struct lb_pg_statement_text *text = lb_pg_statements[statement];
    Oid types[LB_PG_PARAMS_MAX];
    int count = (int)strlen(text->types);
    if (reader->prepared[statement])
        return true;
    for (int i = 0; i < count; i++)
        types[i] = oid_of(text->types[i]);
    if (!PQsendPrepare(reader->conn, text->name, text->sql, count, types))
        return false;
    reader->prepared[statement] = true;
    push_pending(reader, LB_PG_PREPARE, statement, false);
    return true;
}

static void flush_some(struct lb_store_reader *reader)
{
    if (++reader->unflushed < FLUSH_EVERY)
        return;
    reader->unflushed = 0;
    if (PQsendFlushRequest(reader->conn) && PQflush(reader->conn) >= 0 &&
        PQconsumeInput(reader->conn))
        lb_pg_take(reader);
    /* A failure is found again by the call that waits for the answers. */
}

/* Of rows that a lock keeps others from. */
static bool writes(enum lb_pg_statement statement)
{
    const char first = lb_pg_statements[statement]->sql[0];
    return statement != PG_WORKSPACE_LOCK && (first == 'I' || first == 'U' || first == 'D');
}

/* PostgreSQL keeps the plan of a prepared statement until it has new statistics of the tables: that
 * of an almost empty table for a minute, or for as long as autovacuum is late or off. In a table so
 * small all ways cost the same, such as reading it whole or walking all leads of the workspace in
 * lead_by_status. So plans are forgotten before the tables can have grown much; a new one goes by
 * the size of today. */
#define PLANS_MAX_SENT   1000
#define PLANS_MAX_AGE_MS 1000

LB_PG_STATEMENT(PLANS_FORGET, NONE, "", "DISCARD PLANS");

static bool execute(struct lb_store_reader *reader, enum lb_pg_statement statement,
                    const struct lb_pg_params *params, bool kept)
{
    static const struct lb_pg_params none = {0};
    const struct lb_pg_params *with = params ? params : &none;
    if (!prepare_once(reader, statement) ||
        !PQsendQueryPrepared(reader->conn, lb_pg_statements[statement]->name, with->count,
                             with->values, with->lengths, with->formats, 1))
        return false;
    push_pending(reader, LB_PG_EXECUTE, statement, kept);
    return true;
}

/* Before a statement that has a plan, and so never between a failure and ROLLBACK. */
static bool forget_old_plans(struct lb_store_reader *reader, enum lb_pg_statement statement)
{
    uint64_t now = lb_clock_mono_ms();
    if (lb_pg_statements[statement]->reach == LB_PG_NONE ||
        (reader->sent - reader->plans_since_sent < PLANS_MAX_SENT &&
         now - reader->plans_since_ms < PLANS_MAX_AGE_MS))
        return true;
    reader->plans_since_sent = reader->sent;
    reader->plans_since_ms = now;
    return execute(reader, PG_PLANS_FORGET, NULL, false);
}

lb_err lb_pg_send(struct lb_store_reader *reader, enum lb_pg_statement statement,
                  const struct lb_pg_params *params, bool kept)
{
    if (reader == &reader->postgres->writer && reader->postgres->rows.count && !reader->failed)
        reader->failed = lb_pg_send_rows(reader->postgres);
    if (!reader->failed && reader->sent - reader->answered > LB_PG_PENDING_MAX - 8)
        lb_pg_settle(reader);
    if (reader->failed)
        return reader->failed;
    if (!reader->conn)
        return reader->failed = LB_ERR_STORAGE_UNAVAILABLE;
    if (PQstatus(reader->conn) != CONNECTION_OK) {
        close_failed(reader, "connection lost");
        return reader->failed;
    }
    if (statement == PG_COMMIT)
        reader->commit = LB_PG_COMMIT_SENT; /* even when only a part of it was */
    if (!forget_old_plans(reader, statement) || !execute(reader, statement, params, kept)) {
        close_failed(reader, "send failed");
        return reader->failed;
    }
    reader->wrote |= writes(statement);
    flush_some(reader);
    return LB_OK;
}

lb_err lb_pg_sync(struct lb_store_reader *reader)
{
    if (!reader->conn)
        return reader->failed ? reader->failed : LB_ERR_STORAGE_UNAVAILABLE;
    if (!PQpipelineSync(reader->conn)) {
        close_failed(reader, "send failed");
        return reader->failed;
    }
    push_pending(reader, LB_PG_SYNC, PG_COUNT, false);
    reader->unflushed = 0;
    return LB_OK;
}

lb_err lb_pg_settle(struct lb_store_reader *reader)
{
    lb_err err = lb_pg_sync(reader);
    return err ? err : lb_pg_wait(reader, reader->sent);
}

/* They hold for plans that are made in between. */
LB_PG_STATEMENT(SORTS_AVOID, NONE, "", "SET LOCAL enable_sort = off");
LB_PG_STATEMENT(SORTS_ALLOW, NONE, "", "SET LOCAL enable_sort TO DEFAULT");

lb_err lb_pg_query_in_order(struct lb_store_reader *reader, enum lb_pg_statement statement,
                            const struct lb_pg_params *params, PGresult **out)
{
    if (!reader->in_transaction)
        return lb_pg_query(reader, statement, params, out);
    *out = NULL;
    lb_err err = lb_pg_send(reader, PG_SORTS_AVOID, NULL, false);
    if (!err)
        err = lb_pg_query(reader, statement, params, out);
    if (!err)
        err = lb_pg_send(reader, PG_SORTS_ALLOW, NULL, false);
    if (err) {
        PQclear(*out);
        *out = NULL;
    }
    return err;
}

static lb_err query_once(struct lb_store_reader *reader, enum lb_pg_statement statement,
                         const struct lb_pg_params *params, PGresult **out)
{
    *out = NULL;
    reader->late = false;
    lb_err err = lb_pg_ready(reader);
    if (!err)
        err = lb_pg_send(reader, statement, params, true);
    if (!err)
        err = lb_pg_settle(reader);
    if (!err && reader->kept_count == 1)
        *out = reader->kept[--reader->kept_count];
    else if (!err)
        err = LB_ERR_INTERNAL;
    lb_pg_release(reader);
    return err;
}

lb_err lb_pg_query(struct lb_store_reader *reader, enum lb_pg_statement statement,
                   const struct lb_pg_params *params, PGresult **out)
{
    bool had_one = reader->conn != NULL;
    lb_err err = query_once(reader, statement, params, out);
    /* The server may have closed an idle connection just before. */
    if (err == LB_ERR_STORAGE_UNAVAILABLE && had_one && !reader->conn && !reader->late &&
        !reader->in_transaction)
        err = query_once(reader, statement, params, out);
    return err;
}

lb_err lb_pg_query_one(struct lb_store_reader *reader, enum lb_pg_statement statement,
                       const struct lb_pg_params *params, PGresult **out)
{
    lb_err err = lb_pg_query(reader, statement, params, out);
    return !err && PQntuples(*out) == 0 ? LB_ERR_NOT_FOUND : err;
}

lb_err lb_pg_query_row(struct lb_store_reader *reader, enum lb_pg_statement statement,
                       const struct lb_pg_params *params, enum lb_pg_held held, PGresult **out)
{
    PQclear(reader->held[held]);
    reader->held[held] = NULL;
    lb_err err = lb_pg_query_one(reader, statement, params, out);
    reader->held[held] = *out;
    return err;
}
