#include "store/postgres/internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define VERSION_MIN 150000

static bool has_several_hosts(PGconn *conn)
{
    bool several = false;
    PQconninfoOption *options = PQconninfo(conn);
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "hostaddr") == 0)
            several |= option->val && strchr(option->val, ',');
    PQconninfoFree(options);
    return several;
}

/* Not refused: for a trial these settings may be intended. */
static void warn_of_settings(PGconn *conn, PGresult *settings)
{
    const char *commit = PQgetvalue(settings, 0, 2);
    if (strcmp(PQgetvalue(settings, 0, 0), "off") == 0)
        lb_log(LB_LOG_WARN, "store",
               "PostgreSQL runs with fsync=off: a crash of its machine can destroy the database");
    if (strcmp(PQgetvalue(settings, 0, 1), "off") == 0)
        lb_log(LB_LOG_WARN, "store",
               "PostgreSQL runs with full_page_writes=off: a crash of its machine can damage"
               " pages");
    if (strcmp(commit, "off") == 0)
        lb_log(LB_LOG_WARN, "store",
               "PostgreSQL runs with synchronous_commit=off: a crash loses blocks that were"
               " acknowledged");
    else if (strcmp(commit, "local") == 0)
        lb_log(LB_LOG_WARN, "store",
               "PostgreSQL runs with synchronous_commit=local: a failover loses blocks that were"
               " acknowledged");
    if (has_several_hosts(conn) && PQgetvalue(settings, 0, 3)[0] == '\0')
        lb_log(LB_LOG_WARN, "store",
               "the connection string names several hosts, but synchronous_standby_names is empty:"
               " a failover loses blocks that were acknowledged");
}

/* --- Citus ------------------------------------------------------------------------------------ */

/* The first value of the first row; false when it cannot be had. */
static bool ask_text(PGconn *conn, const char *sql, char *out, size_t size)
{
    PGresult *result = PQexec(conn, sql);
    bool found = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    if (found)
        snprintf(out, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return found;
}

/* What a session sets does not reach the workers; what their role has does. */
static void warn_of_workers(PGconn *conn)
{
    char without[16];
    if (ask_text(conn,
                 "SELECT count(*) FROM run_command_on_workers('SHOW lock_timeout')"
                 " WHERE result = '0'",
                 without, sizeof without) &&
        strcmp(without, "0") != 0)
        lb_log(LB_LOG_WARN, "store",
               "%s workers of Citus have no lock_timeout, so that one locked workspace holds up all"
               " others: ALTER ROLE ... SET lock_timeout = '1500ms' on each worker",
               without);
}

static lb_err check_citus(PGconn *conn, bool *out_citus, struct lb_reason *reason)
{
    char text[16];
    *out_citus =
        ask_text(conn, "SELECT 1 FROM pg_extension WHERE extname = 'citus'", text, sizeof text);
    if (!*out_citus)
        return LB_OK;
    if (!ask_text(conn, "SELECT groupid FROM pg_dist_local_group", text, sizeof text))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "cannot read pg_dist_local_group, which says whether this is Citus's"
                       " coordinator");
    if (strcmp(text, "0") != 0)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "this is a worker of Citus: connect to the coordinator, which numbers"
                       " workspaces and keys");
    warn_of_workers(conn);
    return LB_OK;
}

/* --- Poolers ---------------------------------------------------------------------------------- */

/* Connections are compared so often: others that go through the same pooler may come in between. */
#define POOLER_ROUNDS 10

/* Which process of the server answers; 0: not known. */
static long process_of(PGconn *conn)
{
    char process[16];
    bool known = ask_text(conn, "SELECT pg_backend_pid()", process, sizeof process);
    return known ? strtol(process, NULL, 10) : 0;
}

/* Is a connection served by one process after the other, or by that of another connection? */
static bool are_shared(PGconn *one, PGconn *other)
{
    const long process = process_of(one);
    for (int i = 0; i < POOLER_ROUNDS; i++) {
        long again = process_of(one), of_other = process_of(other);
        if (!process || !again || !of_other)
            return false;
        if (again != process || of_other == process)
            return true;
    }
    return false;
}

/* A pooler tells its clients a number of its own as that of the process. */
static bool is_pooler(PGconn *conn)
{
    long process = process_of(conn);
    return process && process != PQbackendPID(conn);
}

lb_err lb_pg_check_pooler(const struct lb_postgres *postgres, struct lb_reason *reason)
{
    struct lb_reason ignored;
    PGconn *conn = lb_pg_connect_unconfigured(postgres, reason);
    if (!conn)
        return LB_ERR_STORAGE_UNAVAILABLE;
    PGconn *other = is_pooler(conn) ? lb_pg_connect_unconfigured(postgres, &ignored) : NULL;
    bool shared = other && are_shared(conn, other);
    PQfinish(other);
    PQfinish(conn);
    return shared ? lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                            "the connection pooler before PostgreSQL gives connections to others"
                            " after each transaction; nodes keep prepared statements and settings"
                            " in them: pool_mode must be session")
                  : LB_OK;
}

lb_err lb_pg_check_server(PGconn *conn, bool *out_citus, struct lb_reason *reason)
{
    lb_err err = LB_OK;
    if (PQserverVersion(conn) < VERSION_MIN)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "PostgreSQL %d is too old; leadblock needs 15 or newer",
                       PQserverVersion(conn) / 10000);
    PGresult *settings = PQexec(
        conn,
        "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
        " current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),"
        " current_setting('server_encoding')");
    if (PQresultStatus(settings) != PGRES_TUPLES_OK)
        err = lb_pg_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot read the server's settings",
                         PQerrorMessage(conn));
    else if (strcmp(PQgetvalue(settings, 0, 4), "UTF8") != 0)
        err = lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                      "the database's encoding is %s; make one with ENCODING 'UTF8' TEMPLATE"
                      " template0",
                      PQgetvalue(settings, 0, 4));
    else
        warn_of_settings(conn, settings);
    PQclear(settings);
    return err ? err : check_citus(conn, out_citus, reason);
}
