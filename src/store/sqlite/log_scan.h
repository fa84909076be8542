/* Reads a write-ahead log to the last frame that commits, as SQLite's recovery does, and looks for
 * the mark's frame on the way. Threads: stateless. */
#ifndef LB_STORE_SQLITE_LOG_SCAN_H
#define LB_STORE_SQLITE_LOG_SCAN_H

#include "store/sqlite/synced_mark.h"

struct lb_log_scan {
    bool valid; /* it has a header of a log */
    struct lb_wal_header header;
    uint32_t frame;             /* the last one that commits; 0: none */
    struct lb_wal_frame commit; /* that frame */
    uint64_t commits;
    bool own;      /* it is the mark's generation */
    bool reached;  /* the mark's frame is there, with its checksum */
    uint32_t torn; /* see below; 0: none */
};

/* `checked`: the database's pages have checksums. SQLite's code.
 *
 * A frame that was not synced may have lost its end in a power cut, and still have SQLite's
 * checksum: the page as SQLite knew it had other reserved bytes, and those may be what stood there
 * before. The first such frame after the mark is `torn`: the log ends before it. Nothing after the
 * mark was acknowledged, and a flipped bit does not look so. */
int lb_log_scan(sqlite3_file *log, const struct lb_mark *mark, bool checked,
                struct lb_log_scan *out);

/* Does no frame of the log's generation stand after that one? Reads each header. SQLite's code. */
int lb_log_ends(sqlite3_file *log, const struct lb_mark *mark, bool *out_ends);

#endif
