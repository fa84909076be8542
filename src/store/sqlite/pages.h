/* A file system layer (VFS) for SQLite around the default one that gives every page of a database
 * a checksum, so that a flipped bit is an error and never an answer.
 *
 * The checksum is in bytes that SQLite reserves at the end of each page (byte 20 of the file
 * header says how many): XXH3-64 of the rest of the page, with the page's number mixed in, so that
 * a page at a wrong place is noticed too. It is put in when the page is written, to the database or
 * to the write-ahead log, and compared when the page is read from either. A mismatch is
 * SQLITE_IOERR_DATA, a line in the log, and lb_page_damage.
 *
 * A frame of the log has a checksum of SQLite's own over the page as SQLite knows it. Eight more
 * reserved bytes are chosen such that it still holds (lb_wal_balance), so any SQLite can read the
 * log, recover it and write it back. What another program *writes* has no valid checksums. In the
 * first page of the database file their place is the database's id.
 *
 * A database without reserved bytes, of version 0.1.0, is read and written as it is; see
 * add_checksums.c. Files other than databases and their logs are not touched. Memory mapping is
 * off.
 *
 * Sources: https://www.sqlite.org/vfs.html, https://www.sqlite.org/fileformat2.html (1.3.4,
 * reserved bytes), https://www.sqlite.org/cksumvfs.html for the idea. Threads: any; a file belongs
 * to its connection. */
#ifndef LB_STORE_SQLITE_PAGES_H
#define LB_STORE_SQLITE_PAGES_H

#include "store/sqlite/memory_index.h"
#include "store/sqlite/page_sum.h"
#include "store/sqlite/synced_mark.h"

#include <stdatomic.h>

/* What was found damaged first; zeroed at the start. `where` may be read when `found`. */
struct lb_page_damage {
    _Atomic bool claimed;
    _Atomic bool found;
    char where[160];
};

/* Registers the layer around the VFS `base` (NULL: SQLite's default), once, and returns it; NULL
 * when there is no such VFS. Its name is what sqlite3_open_v2 takes; its pAppData is `base`. */
sqlite3_vfs *lb_pages_vfs(const char *base);

/* Makes a connection's database file have reserved bytes, if the file is new. Before the first
 * statement. */
int lb_pages_reserve(sqlite3 *db);

/* Damage that this connection comes across is noted there from now on. Returns where it was noted
 * before. While no statement runs. */
struct lb_page_damage *lb_pages_report(sqlite3 *db, struct lb_page_damage *damage);

/* When the file `-shm` cannot be made or written, the connections of a store use this in its place:
 * the first one that reads decides. Before the first statement of each connection. */
void lb_pages_share_index(sqlite3 *db, struct lb_memory_index *index);

/* The writer's connection, when its log is open: writes the id into the database file, durably, and
 * keeps it there. A mark has the same, so that a start notices another database. SQLite's code. */
int lb_pages_set_id(sqlite3 *db, uint64_t id);

/* The writer's connection, when its log is open: keeps the mark, which outlives it. */
void lb_pages_keep_mark(sqlite3 *db, struct lb_synced_mark *mark);

/* The writer's connection: where what it has written of its log ends, and nothing but zeros
 * follows. At first that is not known: as far as a file can go. */
int64_t lb_pages_log_end(sqlite3 *db);

/* From this offset on its log has been overwritten with zeros, durably. */
void lb_pages_log_zeroed(sqlite3 *db, int64_t from);

/* Do the pages of the database at `path`, which has no mark, have checksums, or is it of version
 * 0.1.0? `header`: the first 100 bytes of it. A power cut may have torn them, and the rollback
 * journal then says whether there was a database before. SQLite's code. */
int lb_pages_judge(sqlite3_vfs *base, const char *path, const uint8_t *header, bool *out_checked);

#endif
