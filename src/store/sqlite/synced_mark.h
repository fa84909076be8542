/* The mark beside the write-ahead log, `leadblock.db-mark`: how far the log had been synced.
 *
 * SQLite takes the first frame with a bad checksum for the end of its log, so a flipped bit would
 * end it early without a word. The mark tells: it is written after each sync of the log, which it
 * can only lag behind, and a start whose log does not reach it has found damage (see
 * start_check.h). It tells of the rows of the blocklist log, too, which may be absent from files
 * that look right (see log_loaded.c).
 *
 * The file has two slots, each with a number that grows and a checksum. One is written again and
 * again, a pwrite each, until it is synced; then it is the other's turn. So one is whole whatever a
 * power cut tears. It is synced once a second, at a stop, before the log is written back and before
 * it begins anew, since what it says then tells what the database file may hold, and an old log
 * from a new one.
 *
 * Threads: the writer's; at start and stop the one that opens and closes the store. */
#ifndef LB_STORE_SQLITE_SYNCED_MARK_H
#define LB_STORE_SQLITE_SYNCED_MARK_H

#include "store/rows.h"
#include "store/sqlite/wal_format.h"

#include <sqlite3.h>

/* One slot. A log begins anew (new salts, from the first frame) when all of it is in the database:
 * one such life is a generation. */
struct lb_mark {
    uint64_t id;                       /* the database's, see lb_pages_set_id; 0: not joined yet */
    uint8_t salts[LB_WAL_SALTS_BYTES]; /* of the generation */
    uint32_t frame;                    /* the last one that commits and was synced; 0: none */
    uint8_t sum[LB_WAL_SUM_BYTES];     /* that frame's checksum */
    bool whole;                        /* all of the generation is in the database, synced */
    uint8_t next[LB_WAL_SALTS_BYTES];  /* with `whole`: of the generation that may follow */
    uint32_t page_bytes;               /* 0: not known yet */
    uint32_t pages;                    /* of the database, after that frame */
    uint32_t pages_before;             /* of the database file, when the generation began */
    uint32_t begun;                    /* frames that may be in the database file already */
    uint32_t finished;                 /* frames that are in it, synced */
    uint64_t log_bytes;                /* size of the log when it was preallocated */
    uint64_t commits;                  /* of the generation, up to `frame` */
    uint64_t finished_commits;         /* the same up to `finished` */
    int64_t first_ms;                  /* when the first of them was made */
    uint64_t taken_inode; /* of the database, which was not at its path at the stop; 0: it was */
    /* Of the blocklist log, at `frame` or some commits before it. */
    struct lb_log_extent log;
};

struct lb_synced_mark;

/* For the database at `path`, an absolute one that the VFS `vfs` knows. Opens nothing yet. NULL:
 * out of memory. */
struct lb_synced_mark *lb_synced_mark_create(sqlite3_vfs *vfs, const char *path);
void lb_synced_mark_destroy(struct lb_synced_mark *mark);

/* Reads the newest slot. SQLite's code. `*out_found` false: there is no file, or it has no slot
 * that is whole. */
int lb_synced_mark_read(struct lb_synced_mark *mark, struct lb_mark *out, bool *out_found);

/* What the mark says now, to change before lb_synced_mark_put. */
struct lb_mark *lb_synced_mark_now(struct lb_synced_mark *mark);

/* What the blocklist log has now, and from then on with each commit: `log` is looked at when the
 * commit is synced. Until then the mark goes on to say what it was read with. */
void lb_synced_mark_follow(struct lb_synced_mark *mark, const struct lb_log_extent *log);

/* Writes the mark's present content to its file, which is created when it does not exist. With
 * `sync` it returns when the content is durable. Returns SQLite's code. */
int lb_synced_mark_put(struct lb_synced_mark *mark, bool sync);

/* SQLite's code when the last write or sync failed: the log is not protected any more. A full disk
 * does not count. Any thread. */
int lb_synced_mark_failure(const struct lb_synced_mark *mark);

/* The log was synced: its last frame that commits is this one. When the mark cannot be written, it
 * lags. */
void lb_synced_mark_commit(struct lb_synced_mark *mark, uint32_t number,
                           const struct lb_wal_frame *frame, uint32_t page_bytes);

/* The log is about to begin anew, which SQLite does when all of it is in the database: durable
 * before the new header is written. SQLite's code; not SQLITE_OK: the log must not begin anew. */
int lb_synced_mark_restart(struct lb_synced_mark *mark, const uint8_t next[LB_WAL_SALTS_BYTES]);

/* A page of the log is about to be written into the database: that it may be there is durable
 * before. SQLite's code; not SQLITE_OK: it must not be written. Cheap but for the first page. */
int lb_synced_mark_write_back(struct lb_synced_mark *mark);

/* The database was synced, which SQLite does when all of the log is in it. */
void lb_synced_mark_written_back(struct lb_synced_mark *mark);

/* Syncs what was written more than a second ago. Cheap. */
void lb_synced_mark_settle(struct lb_synced_mark *mark);

#endif
