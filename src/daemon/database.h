/* A database that a command works on by itself, without a server: a data folder, which is held, or
 * one in PostgreSQL. Threads: the main one of a process that does nothing else. */
#ifndef LB_DAEMON_DATABASE_H
#define LB_DAEMON_DATABASE_H

#include "config/config.h"
#include "daemon/folder.h"
#include "store/store.h"

enum lb_database_use {
    LB_DATABASE_WRITE, /* it is made when there is none, and brought to this version */
    LB_DATABASE_READ,  /* it must be there, and is brought to this version */
    LB_DATABASE_LOOK,  /* it must be there and of this version */
};

struct lb_database {
    struct lb_config config;
    struct lb_folder folder;
    struct lb_store *store;
};

/* `database`: "sqlite:FOLDER", the path of a data folder, or a PostgreSQL database as in the
 * setting `database`. After a failure it is to be closed, too. Reasons hold no passwords. */
lb_err lb_database_open(struct lb_database *end, const char *database, enum lb_database_use use,
                        struct lb_reason *reason);
void lb_database_close(struct lb_database *end);

/* LB_ERR_NOT_FOUND with a reason: what a command says that makes no database in this folder. */
lb_err lb_database_absent(const char *folder, struct lb_reason *reason);

/* Has the file no data of leadblock's, being empty, or a database that was never filled? Opened to
 * be written to, it would become a new one. */
bool lb_database_is_blank(const char *path);

/* The same of the database in a data folder, unless a log or mark beside it says more. */
bool lb_database_folder_is_blank(const char *folder);

/* The path of its folder; NULL: it is in PostgreSQL. */
const char *lb_database_folder(const char *database);

#endif
