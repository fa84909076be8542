#include "support/postgres.h"

#include "store/postgres/postgres.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TIMEOUT_MS 4000

static const char *server(void)
{
    return getenv("LEADBLOCK_TEST_POSTGRES");
}

bool postgres_is_there(void)
{
    return (server() && *server()) || getenv("LEADBLOCK_TEST_CREATE_DATABASE");
}

bool postgres_run(const char *conninfo, const char *sql, char *out, size_t size)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *result = PQstatus(conn) == CONNECTION_OK ? PQexec(conn, sql) : NULL;
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        fprintf(stderr, "%s: %s", sql, PQerrorMessage(conn));
    if (done && out)
        snprintf(out, size, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(conn);
    return done;
}

/* A connection string as keywords, with that database if there is one. */
static bool as_keywords(const char *conninfo, const char *name, char out[POSTGRES_CONNINFO_SIZE])
{
    size_t len = 0;
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    for (PQconninfoOption *option = options; option && option->keyword; option++) {
        bool database = strcmp(option->keyword, "dbname") == 0;
        if (database && !name)
            name = option->val;
        if (!option->val || database)
            continue;
        len += (size_t)snprintf(out + len, POSTGRES_CONNINFO_SIZE - len, "%s='%s' ",
                                option->keyword, option->val);
        if (len >= POSTGRES_CONNINFO_SIZE)
            break;
    }
    if (len < POSTGRES_CONNINFO_SIZE && name)
        len += (size_t)snprintf(out + len, POSTGRES_CONNINFO_SIZE - len, "dbname=%s", name);
    PQconninfoFree(options);
    return options && name && len < POSTGRES_CONNINFO_SIZE;
}

/* What a command of the environment's prints, or fails at, as LEADBLOCK_TEST_CREATE_DATABASE. */
static bool run_command(const char *variable, const char *name, char *out, size_t size)
{
    char line[1024];
    snprintf(line, sizeof line, "%s %s", getenv(variable), name);
    FILE *pipe = popen(line, "r");
    if (!pipe)
        return false;
    size_t len = fread(out, 1, size - 1, pipe);
    while (len && (out[len - 1] == '\n' || out[len - 1] == ' '))
        len--;
    out[len] = '\0';
    return pclose(pipe) == 0;
}

bool postgres_create(char out[POSTGRES_CONNINFO_SIZE])
{
    static unsigned number;
    char name[64];
    char sql[160];
    snprintf(name, sizeof name, "leadblock_test_%d_%u", (int)getpid(), ++number);
    char uri[POSTGRES_CONNINFO_SIZE];
    if (getenv("LEADBLOCK_TEST_CREATE_DATABASE"))
        return run_command("LEADBLOCK_TEST_CREATE_DATABASE", name, uri, sizeof uri) &&
               as_keywords(uri, NULL, out);
    snprintf(sql, sizeof sql,
             "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' STRATEGY file_copy", name);
    return as_keywords(server(), name, out) && postgres_run(server(), sql, NULL, 0);
}

bool postgres_drop(const char *conninfo)
{
    char sql[128];
    if (getenv("LEADBLOCK_TEST_CREATE_DATABASE"))
        return !getenv("LEADBLOCK_TEST_DROP_DATABASE") ||
               run_command("LEADBLOCK_TEST_DROP_DATABASE", strstr(conninfo, "dbname=") + 7, sql,
                           sizeof sql);
    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", strstr(conninfo, "dbname=") + 7);
    return postgres_run(server(), sql, NULL, 0);
}

lb_err postgres_open(const char *conninfo, struct lb_store **out)
{
    struct lb_postgres_settings settings = {.conninfo = conninfo, .timeout_ms = TIMEOUT_MS};
    struct lb_reason reason = {""};
    lb_err err = lb_postgres_open(&settings, out, &reason);
    if (err)
        fprintf(stderr, "%s\n", reason.text);
    return err;
}
