/* The index of a write-ahead log in this process's memory, in place of the file `-shm`: for a start
 * on a full disk, which has no room for that file, and on a read-only file system. The connections
 * of one store share it; no other process may use the database meanwhile, and none of ours does,
 * for the data folder is locked.
 *
 * What it promises is what SQLite's Unix VFS promises for `-shm`.
 * Source: https://www.sqlite.org/c3ref/io_methods.html, https://www.sqlite.org/walformat.html (2).
 * Threads: any. */
#ifndef LB_STORE_SQLITE_MEMORY_INDEX_H
#define LB_STORE_SQLITE_MEMORY_INDEX_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LB_MEMORY_INDEX_REGIONS 4096 /* of 32 KiB: for a log of 64 GiB */

struct lb_memory_index {
    _Atomic bool used; /* by the first connection, so by all of them */
    _Atomic bool file; /* is used in place of this */
    int regions_ahead; /* that the file has from the start, see lb_memory_index_expect */
    pthread_mutex_t lock;
    void *regions[LB_MEMORY_INDEX_REGIONS];
    unsigned users;                    /* connections that have mapped a region */
    unsigned shared[SQLITE_SHM_NLOCK]; /* connections that hold each of its locks */
    bool exclusive[SQLITE_SHM_NLOCK];
};

/* One connection; zeroed before its first call. */
struct lb_memory_index_user {
    bool joined; /* it is counted in `users` */
    /* The locks that it holds: a bit for each. */
    uint32_t shared;
    uint32_t exclusive;
};

void lb_memory_index_init(struct lb_memory_index *index);
/* How many frames the log has room for. As many does the file `-shm` get room for at the start, or
 * this is used in its place: a commit that finds no room for the index of its frames has written
 * them already, and its outcome is unknown. Before the first connection. */
void lb_memory_index_expect(struct lb_memory_index *index, uint64_t frames);
/* When no connection uses it any more. */
void lb_memory_index_fini(struct lb_memory_index *index);

/* As the methods xShmMap and xShmLock. SQLite's codes. */
int lb_memory_index_map(struct lb_memory_index *index, struct lb_memory_index_user *user,
                        int region, int size, int extend, void volatile **out);
int lb_memory_index_lock(struct lb_memory_index *index, struct lb_memory_index_user *user,
                         int first, int count, int flags);
void lb_memory_index_barrier(struct lb_memory_index *index);
/* A connection has closed the log. After the last one there is no index any more: the next log may
 * be another one. */
void lb_memory_index_leave(struct lb_memory_index *index, struct lb_memory_index_user *user);

#endif
