/* The two databases of a restore: the one of before, which is only read, and the one that the
 * backup becomes, in which people are blocked again. For restore.c only. Threads: main. */
#ifndef LB_DAEMON_RESTORE_SIDES_H
#define LB_DAEMON_RESTORE_SIDES_H

#include "daemon/parts.h"
#include "daemon/restore.h"

struct lb_restore_old {
    struct lb_database end;
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;
    struct lb_store_reader *reader;
};

/* Tells what differs: keys, users, licenses and campaigns. */
lb_err lb_restore_compare(struct lb_restore *restore, struct lb_restore_old *old,
                          struct lb_parts *parts, struct lb_store_reader *reader);

/* Erases from `parts` the people whom the old one has erased, and tells how many names. */
lb_err lb_restore_erase(struct lb_restore *restore, struct lb_restore_old *old,
                        struct lb_parts *parts, struct lb_store_reader *reader,
                        struct lb_reason *reason);

/* Blocks in `parts` whom the old one has blocked, list by list, and tells how many, and who is
 * blocked again although the old one has unblocked them. */
lb_err lb_restore_block(struct lb_restore *restore, struct lb_restore_old *old,
                        struct lb_parts *parts, struct lb_store_reader *reader,
                        struct lb_reason *reason);

#endif
