#include "store/sqlite/log_scan.h"

#include "store/sqlite/page_sum.h"

#include <stdlib.h>
#include <string.h>

#define READ_BYTES (120 << 10) /* the unix VFS reads and writes less than 128 KiB at a time */

struct scan {
    struct lb_log_scan *out;
    const struct lb_mark *mark;
    bool checked;
    struct lb_wal_sum sum;
    uint8_t *room;
};

/* The next frame: false when the log ends before it. */
static bool take_frame(struct scan *scan, const uint8_t *bytes, uint32_t number)
{
    struct lb_log_scan *out = scan->out;
    const uint8_t *page = bytes + LB_WAL_FRAME_HEADER_BYTES;
    size_t page_bytes = out->header.page_bytes;
    struct lb_wal_frame frame;
    lb_wal_read_frame(bytes, &frame);
    scan->sum = lb_wal_sum(scan->sum, out->header.big_endian, bytes, 8);
    scan->sum = lb_wal_sum(scan->sum, out->header.big_endian, page, page_bytes);
    if (frame.page == 0 || memcmp(frame.salts, out->header.salts, sizeof frame.salts) != 0 ||
        frame.sum.s0 != scan->sum.s0 || frame.sum.s1 != scan->sum.s1)
        return false;
    bool synced = out->own && number <= scan->mark->frame;
    if (scan->checked && !synced && !lb_page_has_checksum(page, page_bytes, frame.page)) {
        out->torn = number;
        return false;
    }
    if (!frame.commit_pages)
        return true;
    out->frame = number;
    out->commit = frame;
    out->commits++;
    if (out->own && number == scan->mark->frame)
        out->reached = memcmp(frame.sum_bytes, scan->mark->sum, LB_WAL_SUM_BYTES) == 0;
    return true;
}

static int scan_frames(struct scan *scan, sqlite3_file *log, sqlite3_int64 size)
{
    size_t frame_bytes = LB_WAL_FRAME_HEADER_BYTES + (size_t)scan->out->header.page_bytes;
    size_t at_once = READ_BYTES / frame_bytes;
    sqlite3_int64 at = LB_WAL_HEADER_BYTES;
    for (uint32_t number = 1; at + (sqlite3_int64)frame_bytes <= size;) {
        size_t frames = (size_t)(size - at) / frame_bytes;
        frames = frames < at_once ? frames : at_once;
        int code = log->pMethods->xRead(log, scan->room, (int)(frames * frame_bytes), at);
        if (code != SQLITE_OK)
            return code;
        for (size_t i = 0; i < frames; i++, number++)
            if (!take_frame(scan, scan->room + i * frame_bytes, number))
                return SQLITE_OK;
        at += (sqlite3_int64)(frames * frame_bytes);
    }
    return SQLITE_OK;
}

int lb_log_scan(sqlite3_file *log, const struct lb_mark *mark, bool checked,
                struct lb_log_scan *out)
{
    uint8_t header[LB_WAL_HEADER_BYTES];
    sqlite3_int64 size = 0;
    *out = (struct lb_log_scan){0};
    int code = log->pMethods->xFileSize(log, &size);
    if (code != SQLITE_OK || size < LB_WAL_HEADER_BYTES)
        return code;
    code = log->pMethods->xRead(log, header, sizeof header, 0);
    if (code != SQLITE_OK)
        return code;
    out->valid = lb_wal_read_header(header, &out->header);
    if (!out->valid)
        return SQLITE_OK;
    out->own = memcmp(out->header.salts, mark->salts, LB_WAL_SALTS_BYTES) == 0;
    out->reached = out->own && mark->frame == 0;
    struct scan scan = {out, mark, checked, out->header.sum, malloc(READ_BYTES)};
    if (!scan.room)
        return SQLITE_NOMEM;
    code = scan_frames(&scan, log, size);
    free(scan.room);
    return code;
}

int lb_log_ends(sqlite3_file *log, const struct lb_mark *mark, bool *out_ends)
{
    uint8_t bytes[LB_WAL_FRAME_HEADER_BYTES];
    struct lb_wal_frame frame;
    sqlite3_int64 size = 0;
    int code = log->pMethods->xFileSize(log, &size);
    *out_ends = true;
    for (uint32_t number = mark->frame + 1; code == SQLITE_OK && *out_ends; number++) {
        sqlite3_int64 at = lb_wal_offset(number, mark->page_bytes);
        if (at + (sqlite3_int64)sizeof bytes > size)
            break;
        code = log->pMethods->xRead(log, bytes, sizeof bytes, at);
        if (code != SQLITE_OK)
            break;
        lb_wal_read_frame(bytes, &frame);
        *out_ends = memcmp(frame.salts, mark->salts, sizeof frame.salts) != 0;
    }
    return code;
}
