#include "store/postgres/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCK_TIMEOUT_MS 1500 /* see `lock` in store.h; a deadlock is found after a second */
#define RETRY_FIRST_MS  100
#define RETRY_MAX_MS    1000
/* The first PostgreSQL that has that setting. */
#define TRANSACTION_TIMEOUT_SINCE 170000

/* Is what was committed perhaps not where it must be? PostgreSQL says so when the wait for a
 * standby ended early, Citus when a worker did not confirm. Texts depend on the server's language;
 * the function that says it does not. Any other warning, as of a trigger, is about something else.
 */
static bool doubts_commit(const PGresult *result)
{
    static const char *const functions[] = {"SyncRepWaitForLSN", "ReportConnectionError",
                                            "ReportResultError"};
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    for (size_t i = 0; function && i < sizeof functions / sizeof *functions; i++)
        if (strcmp(function, functions[i]) == 0)
            return true;
    return false;
}

static void take_notice(void *context, const PGresult *result)
{
    struct lb_store_reader *reader = context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!severity || strcmp(severity, "WARNING") != 0)
        return;
    reader->warned |= doubts_commit(result);
    lb_log(LB_LOG_WARN, "store", "PostgreSQL warning: %s", message ? message : "");
}

static void ignore_notice(void *context, const PGresult *result)
{
}

/* Runs statements; false when one fails or when that takes too long, as with a pooler that has no
 * connection left. */
static bool run_within(PGconn *conn, const char *sql, unsigned timeout_ms)
{
    uint64_t deadline_ms = lb_clock_mono_ms() + timeout_ms;
    bool done = PQsendQuery(conn, sql) != 0;
    PGresult *result = NULL;
    while (done) {
        uint64_t now = lb_clock_mono_ms();
        struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
        if (PQisBusy(conn)) {
            done = now < deadline_ms && poll(&fd, 1, (int)(deadline_ms - now)) >= 0 &&
                   PQconsumeInput(conn);
        } else if ((result = PQgetResult(conn)) == NULL) {
            return true;
        } else {
            done = PQresultStatus(result) == PGRES_COMMAND_OK;
            PQclear(result);
        }
    }
    return false;
}

/* What a connection sets for itself, whatever its role or database has set. A lock is not waited
 * for as long as an answer is, so that waiting is reported as a conflict. A node that fell silent
 * in a transaction does not keep the others from its workspaces for long; one that is frozen in the
 * middle of a statement does. Of a commit that no standby has only a warning tells. The empty
 * transaction fails on a standby, which is not believed: what it says may be old. */
static bool configure(const struct lb_postgres *postgres, PGconn *conn)
{
    unsigned timeout_ms = postgres->timeout_ms;
    char sql[1024];
    snprintf(sql, sizeof sql,
             "%s SET client_min_messages = warning;"
             " SET lock_timeout = %u; SET idle_in_transaction_session_timeout = %u;"
             " SET tcp_user_timeout = %u; SET tcp_keepalives_idle = 10;"
             " SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;"
             " SET statement_timeout = 0; SET idle_session_timeout = 0;%s SET jit = off;"
             " SET max_parallel_workers_per_gather = 0;"
             " SET default_transaction_isolation = 'read committed'",
             postgres->looks ? "" : "BEGIN READ WRITE; COMMIT;",
             timeout_ms / 4 * 3 < LOCK_TIMEOUT_MS ? timeout_ms / 4 * 3 : LOCK_TIMEOUT_MS,
             timeout_ms * 2, timeout_ms,
             PQserverVersion(conn) < TRANSACTION_TIMEOUT_SINCE ? ""
                                                               : " SET transaction_timeout = 0;");
    return run_within(conn, sql, timeout_ms);
}

static const char *hint_of(PGconn *conn)
{
    const char *standby = PQparameterStatus(conn, "in_hot_standby");
    if (PQstatus(conn) == CONNECTION_OK && standby && strcmp(standby, "on") == 0)
        return "this PostgreSQL is a standby, which may lag behind: name the primary, and no"
               " target_session_attrs that takes a standby";
    if (PQconnectionNeedsPassword(conn))
        return "PostgreSQL asks for a password: put it into the connection string, or name a file"
               " that holds it with passfile=";
    return PQconnectionUsedPassword(conn)
               ? "cannot connect to PostgreSQL (check user, password and database)"
               : "cannot connect to PostgreSQL";
}

/* Changes nothing in the connection. */
static bool answers(const struct lb_postgres *postgres, PGconn *conn)
{
    return run_within(conn, "BEGIN; ROLLBACK", postgres->timeout_ms);
}

/* libpq's own loop gives each host its time and goes on to the next one, which its non-blocking
 * form does not. What the conninfo says overrides the parameters before it. */
static PGconn *connect_and(bool (*begin)(const struct lb_postgres *postgres, PGconn *conn),
                           const struct lb_postgres *postgres, struct lb_reason *reason)
{
    char timeout[16];
    snprintf(timeout, sizeof timeout, "%u", postgres->timeout_ms);
    const char *keywords[] = {"connect_timeout",      "application_name",
                              "target_session_attrs", "keepalives_idle",
                              "keepalives_count",     "keepalives_interval",
                              "tcp_user_timeout",     "dbname",
                              "client_encoding",      NULL};
    const char *values[] = {"2", "leadblock", "read-write",       "10",   "3",
                            "3", timeout,     postgres->conninfo, "UTF8", NULL};
    PGconn *conn = PQconnectdbParams(keywords, values, 1);
    if (!conn) {
        lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    if (PQstatus(conn) == CONNECTION_OK && begin(postgres, conn))
        return conn;
    lb_pg_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, hint_of(conn), PQerrorMessage(conn));
    PQfinish(conn);
    return NULL;
}

PGconn *lb_pg_connect(const struct lb_postgres *postgres, struct lb_reason *reason)
{
    return connect_and(configure, postgres, reason);
}

PGconn *lb_pg_connect_unconfigured(const struct lb_postgres *postgres, struct lb_reason *reason)
{
    return connect_and(answers, postgres, reason);
}

void lb_pg_drop(struct lb_store_reader *reader)
{
    PQfinish(reader->conn);
    reader->conn = NULL;
    memset(reader->prepared, 0, sizeof reader->prepared);
    reader->answered = reader->sent;
    reader->unusable = false;
    if (reader->in_transaction && !reader->failed)
        reader->failed = LB_ERR_STORAGE_UNAVAILABLE;
}

/* The server may have ended an idle connection: then there is something to read. */
static bool is_alive(struct lb_store_reader *reader)
{
    lb_pg_take(reader);
    while (reader->conn) {
        struct pollfd fd = {.fd = PQsocket(reader->conn), .events = POLLIN};
        if (poll(&fd, 1, 0) <= 0)
            break;
        if (!PQconsumeInput(reader->conn))
            return false;
        lb_pg_take(reader);
    }
    return reader->conn && !reader->unusable && PQstatus(reader->conn) == CONNECTION_OK;
}

unsigned lb_pg_answer_ms(const struct lb_store_reader *reader)
{
    unsigned timeout_ms = reader->postgres->timeout_ms;
    return reader->patience_ms && reader->patience_ms < timeout_ms / 2 ? reader->patience_ms * 2
                                                                       : timeout_ms;
}

static bool tell_patience(const struct lb_store_reader *reader, PGconn *conn)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SET statement_timeout = %u", reader->patience_ms);
    return !reader->patience_ms || run_within(conn, sql, reader->postgres->timeout_ms);
}

/* Is it too soon after an attempt that failed? Not when another connection was made since then. */
static bool waits_to_reconnect(const struct lb_store_reader *reader)
{
    uint64_t failed_ms = reader->retry_at_ms - reader->retry_after_ms;
    return reader->retry_after_ms && lb_clock_mono_ms() < reader->retry_at_ms &&
           atomic_load(&reader->postgres->connected_ms) <= failed_ms;
}

static lb_err reconnect(struct lb_store_reader *reader)
{
    struct lb_postgres *postgres = reader->postgres;
    struct lb_reason reason = {""};
    if (waits_to_reconnect(reader))
        return LB_ERR_STORAGE_UNAVAILABLE;
    PGconn *conn = lb_pg_connect(postgres, &reason);
    if (!conn || !tell_patience(reader, conn) || !PQenterPipelineMode(conn) ||
        PQsetnonblocking(conn, 1) != 0) {
        unsigned wait = reader->retry_after_ms * 2;
        if (!wait) /* once for each time that it is gone */
            lb_log(LB_LOG_WARN, "store", "%s", reason.text);
        wait = wait < RETRY_FIRST_MS ? RETRY_FIRST_MS : wait;
        reader->retry_after_ms = wait > RETRY_MAX_MS ? RETRY_MAX_MS : wait;
        reader->retry_at_ms = lb_clock_mono_ms() + reader->retry_after_ms;
        PQfinish(conn);
        return LB_ERR_STORAGE_UNAVAILABLE;
    }
    PQsetNoticeReceiver(conn, take_notice, reader);
    atomic_store(&postgres->connected_ms, lb_clock_mono_ms());
    reader->conn = conn;
    reader->retry_after_ms = 0;
    reader->failed = LB_OK;
    return LB_OK;
}

/* What was sent and has no end, as after a failure half way, would take the next statement with it.
 */
static void end_part(struct lb_store_reader *reader)
{
    lb_pg_settle(reader);
    lb_pg_release(reader);
}

lb_err lb_pg_ready(struct lb_store_reader *reader)
{
    if (reader->in_transaction)
        return reader->failed;
    if (reader->conn && !is_alive(reader))
        lb_pg_drop(reader);
    if (reader->conn &&
        (reader->answered < reader->sent || PQpipelineStatus(reader->conn) == PQ_PIPELINE_ABORTED))
        end_part(reader);
    reader->failed = LB_OK; /* answers that are still to be read belong to no call */
    return reader->conn ? LB_OK : reconnect(reader);
}

void lb_pg_reader_fini(struct lb_store_reader *reader)
{
    lb_pg_drop(reader);
    lb_pg_release(reader);
    free(reader->kept);
    for (int i = 0; i < LB_PG_HELD_COUNT; i++)
        PQclear(reader->held[i]);
    lb_pg_cache_destroy(reader);
}
