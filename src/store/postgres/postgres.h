/* The backend for several nodes: PostgreSQL 15 or newer. Only this folder includes libpq-fe.h.
 *
 * Threads: one connection for the writer, one for each reader; none is shared. All of them run in
 * libpq's pipeline mode: writes are sent without waiting for their answers, and an answer that was
 * not waited for is read, and its failure reported, by a later call of the transaction. A
 * connection on which an answer does not come in time is closed and never used again; a lost one is
 * replaced by the next call outside of a transaction. Source:
 * https://www.postgresql.org/docs/15/libpq-pipeline-mode.html */
#ifndef LB_STORE_POSTGRES_POSTGRES_H
#define LB_STORE_POSTGRES_POSTGRES_H

#include "store/store.h"

struct lb_postgres_settings {
    const char *conninfo; /* URI or key=value pairs; several hosts possible */
    unsigned timeout_ms;  /* without an answer for so long a connection is closed */
    bool as_it_is; /* refuse a database of an earlier version, and leave it so; a standby will do */
    /* NULL, or called now and then while a database is brought to this version; false: give up. */
    bool (*keep_going)(void);
};

/* Connects, brings the schema up to date, and warns of settings of the server that lose
 * acknowledged writes. The reason says what to do; it holds no password. */
lb_err lb_postgres_open(const struct lb_postgres_settings *settings, struct lb_store **out,
                        struct lb_reason *reason);

/* The number of the newest migration that this program knows: what a database has after it was
 * opened. */
unsigned lb_postgres_schema_version(void);

/* The version of libpq that runs, as PostgreSQL numbers them: 150018 is 15.18. */
int lb_postgres_library_version(void);

/* Which database the connection string names, without a password, for people: a URI with user,
 * host, port and name as far as it gives them. */
void lb_postgres_describe(const char *conninfo, char *out, size_t size);

#endif
