#include "store/sqlite/synced_mark.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/vfs_file.h"

#include <endian.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A slot: little-endian numbers at fixed places, and the checksum of all before it at the end.
 * Version 1 has nothing of the blocklist log. */
#define MAGIC         "LBMARK\0" /* and the version */
#define MAGIC_BYTES   8
#define VERSION       2
#define SUM_BYTES     8
#define SLOT_BYTES_V1 128
#define SLOT_BYTES    168
#define SLOTS         2
#define SLOT_DISTANCE 4096 /* no sector holds parts of both */
#define SYNC_AFTER_MS 1000

struct lb_synced_mark {
    sqlite3_vfs *vfs;
    char *path;              /* of the database */
    struct lb_vfs_file file; /* not open until the first write */
    struct lb_mark now;
    const struct lb_log_extent *log; /* see lb_synced_mark_follow */
    uint64_t sequence;               /* of the newest slot */
    unsigned slot;                   /* that the next write goes to */
    bool unsynced;
    _Atomic int last_code; /* of the last write or sync */
    uint64_t synced_ms;
};

struct lb_synced_mark *lb_synced_mark_create(sqlite3_vfs *vfs, const char *path)
{
    struct lb_synced_mark *mark = calloc(1, sizeof *mark);
    if (mark && (mark->path = strdup(path))) {
        mark->vfs = vfs;
        mark->now.whole = true; /* as long as there is no log */
        return mark;
    }
    free(mark);
    return NULL;
}

void lb_synced_mark_destroy(struct lb_synced_mark *mark)
{
    if (!mark)
        return;
    lb_vfs_file_close(&mark->file);
    free(mark->path);
    free(mark);
}

/* --- The format ------------------------------------------------------------------------------- */

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static const uint8_t *get_bytes(const uint8_t *at, void *out, size_t size)
{
    memcpy(out, at, size);
    return at + size;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    return put_bytes(at, &value, sizeof value);
}

static const uint8_t *get_u64(const uint8_t *at, uint64_t *out)
{
    at = get_bytes(at, out, sizeof *out);
    *out = le64toh(*out);
    return at;
}

static uint64_t pair(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

static void encode(const struct lb_mark *mark, uint64_t sequence, uint8_t out[SLOT_BYTES])
{
    uint8_t *at = put_bytes(out, MAGIC, MAGIC_BYTES);
    out[MAGIC_BYTES - 1] = VERSION;
    at = put_u64(at, sequence);
    at = put_u64(at, mark->id);
    at = put_bytes(at, mark->salts, sizeof mark->salts);
    at = put_bytes(at, mark->next, sizeof mark->next);
    at = put_bytes(at, mark->sum, sizeof mark->sum);
    at = put_u64(at, pair(mark->frame, mark->whole));
    at = put_u64(at, pair(mark->page_bytes, mark->pages));
    at = put_u64(at, pair(mark->pages_before, 0));
    at = put_u64(at, pair(mark->begun, mark->finished));
    at = put_u64(at, mark->log_bytes);
    at = put_u64(at, mark->commits);
    at = put_u64(at, mark->finished_commits);
    at = put_u64(at, (uint64_t)mark->first_ms);
    at = put_u64(at, mark->taken_inode);
    at = put_u64(at, mark->log.last_id);
    at = put_u64(at, mark->log.rows);
    at = put_u64(at, mark->log.sum[0]);
    at = put_u64(at, mark->log.sum[1]);
    at = put_u64(at, (uint64_t)mark->log.last_at);
    put_u64(at, XXH3_64bits(out, SLOT_BYTES - SUM_BYTES));
}

static const uint8_t *get_log(const uint8_t *at, struct lb_log_extent *out)
{
    uint64_t last_at;
    at = get_u64(at, &out->last_id);
    at = get_u64(at, &out->rows);
    at = get_u64(at, &out->sum[0]);
    at = get_u64(at, &out->sum[1]);
    at = get_u64(at, &last_at);
    out->last_at = (int64_t)last_at;
    return at;
}

/* Of the version that the slot says; 0: none that this program knows. */
static size_t slot_bytes(const uint8_t *bytes)
{
    if (memcmp(bytes, MAGIC, MAGIC_BYTES - 1) != 0)
        return 0;
    uint8_t version = bytes[MAGIC_BYTES - 1];
    return version == VERSION ? SLOT_BYTES : version == 1 ? SLOT_BYTES_V1 : 0;
}

/* False: not a slot, or not a whole one. */
static bool decode(const uint8_t bytes[SLOT_BYTES], struct lb_mark *out, uint64_t *out_sequence)
{
    uint64_t frame, sizes, before, written, first, sum = 0;
    size_t size = slot_bytes(bytes);
    if (size)
        get_u64(bytes + size - SUM_BYTES, &sum);
    if (!size || sum != XXH3_64bits(bytes, size - SUM_BYTES))
        return false;
    *out = (struct lb_mark){0};
    const uint8_t *at = get_u64(bytes + MAGIC_BYTES, out_sequence);
    at = get_u64(at, &out->id);
    at = get_bytes(at, out->salts, sizeof out->salts);
    at = get_bytes(at, out->next, sizeof out->next);
    at = get_bytes(at, out->sum, sizeof out->sum);
    at = get_u64(at, &frame);
    at = get_u64(at, &sizes);
    at = get_u64(at, &before);
    at = get_u64(at, &written);
    at = get_u64(at, &out->log_bytes);
    at = get_u64(at, &out->commits);
    at = get_u64(at, &out->finished_commits);
    at = get_u64(at, &first);
    at = get_u64(at, &out->taken_inode);
    if (size == SLOT_BYTES)
        get_log(at, &out->log);
    out->frame = (uint32_t)frame;
    out->whole = frame >> 32;
    out->page_bytes = (uint32_t)sizes;
    out->pages = (uint32_t)(sizes >> 32);
    out->pages_before = (uint32_t)before;
    out->begun = (uint32_t)written;
    out->finished = (uint32_t)(written >> 32);
    out->first_ms = (int64_t)first;
    return true;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int read_slots(struct lb_synced_mark *mark, sqlite3_file *file, bool *out_found)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[SLOT_BYTES];
        struct lb_mark read;
        uint64_t sequence;
        /* What is absent at the end of the file is read as zeros. */
        int code = file->pMethods->xRead(file, bytes, SLOT_BYTES, slot * SLOT_DISTANCE);
        if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
            return code;
        if (!decode(bytes, &read, &sequence) || (*out_found && sequence < mark->sequence))
            continue;
        *out_found = true;
        mark->now = read;
        mark->sequence = sequence;
        mark->slot = (slot + 1) % SLOTS;
    }
    return SQLITE_OK;
}

int lb_synced_mark_read(struct lb_synced_mark *mark, struct lb_mark *out, bool *out_found)
{
    struct lb_vfs_file file;
    *out_found = false;
    /* As a database: SQLite would look at the database's permissions for a journal, and there may
     * be no database. */
    int code = lb_vfs_file_open(mark->vfs, mark->path, LB_MARK_SUFFIX,
                                SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &file);
    if (code == SQLITE_OK && file.file)
        code = read_slots(mark, file.file, out_found);
    lb_vfs_file_close(&file);
    *out = mark->now;
    return code;
}

/* --- Writing ---------------------------------------------------------------------------------- */

struct lb_mark *lb_synced_mark_now(struct lb_synced_mark *mark)
{
    return &mark->now;
}

void lb_synced_mark_follow(struct lb_synced_mark *mark, const struct lb_log_extent *log)
{
    mark->log = log;
    mark->now.log = *log;
}

/* As a journal, so that SQLite's file system layer syncs the folder with the first sync. What a
 * killed process wrote last may not be on the disk yet: it must be before the other slot is
 * written, or a power cut could tear both. */
static int make_file(struct lb_synced_mark *mark)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    if (mark->file.file)
        return SQLITE_OK;
    int code = lb_vfs_file_open(mark->vfs, mark->path, LB_MARK_SUFFIX, flags, &mark->file);
    if (code != SQLITE_OK)
        return code;
    code = mark->file.file->pMethods->xSync(mark->file.file, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK)
        lb_vfs_file_close(&mark->file);
    return code;
}

static int write_slot(struct lb_synced_mark *mark)
{
    uint8_t bytes[SLOT_BYTES];
    sqlite3_file *file = mark->file.file;
    encode(&mark->now, mark->sequence + 1, bytes);
    return file->pMethods->xWrite(file, bytes, SLOT_BYTES, mark->slot * SLOT_DISTANCE);
}

/* What was synced last stays until the other slot has been synced: many writes may come between two
 * syncs, and all of them may tear. After a failed sync the slot's turn goes on, and it is written
 * again: the kernel may have dropped what it could not write. */
static int sync_slot(struct lb_synced_mark *mark)
{
    sqlite3_file *file = mark->file.file;
    int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    mark->synced_ms = lb_clock_mono_ms();
    if (code != SQLITE_OK)
        return code;
    mark->unsynced = false;
    mark->slot = (mark->slot + 1) % SLOTS;
    return SQLITE_OK;
}

static int put(struct lb_synced_mark *mark, bool sync)
{
    int code = make_file(mark);
    if (code == SQLITE_OK)
        code = write_slot(mark);
    if (code != SQLITE_OK)
        return code;
    mark->sequence++;
    mark->unsynced = true;
    return sync ? sync_slot(mark) : SQLITE_OK;
}

int lb_synced_mark_put(struct lb_synced_mark *mark, bool sync)
{
    int code = put(mark, sync);
    int before = atomic_load_explicit(&mark->last_code, memory_order_relaxed);
    if (code == before)
        return code;
    atomic_store(&mark->last_code, code);
    if (code != SQLITE_OK)
        lb_log(LB_LOG_WARN, "store", "cannot write %s" LB_MARK_SUFFIX ": %s (SQLite error %d)",
               mark->path, sqlite3_errstr(code), code);
    return code;
}

int lb_synced_mark_failure(const struct lb_synced_mark *mark)
{
    int code = atomic_load(&mark->last_code);
    return (code & 0xff) == SQLITE_FULL ? SQLITE_OK : code;
}

static void begin_generation(struct lb_mark *now, const uint8_t salts[LB_WAL_SALTS_BYTES])
{
    memcpy(now->salts, salts, sizeof now->salts);
    now->pages_before = now->pages;
    now->commits = now->finished_commits = 0;
    now->begun = now->finished = 0;
    now->first_ms = lb_clock_wall_ms();
}

void lb_synced_mark_commit(struct lb_synced_mark *mark, uint32_t number,
                           const struct lb_wal_frame *frame, uint32_t page_bytes)
{
    struct lb_mark *now = &mark->now;
    if (memcmp(now->salts, frame->salts, sizeof now->salts) != 0)
        begin_generation(now, frame->salts);
    now->whole = false;
    memset(now->next, 0, sizeof now->next);
    now->frame = number;
    memcpy(now->sum, frame->sum_bytes, sizeof now->sum);
    now->page_bytes = page_bytes;
    now->pages = frame->commit_pages;
    now->commits++;
    if (mark->log)
        now->log = *mark->log;
    lb_synced_mark_put(mark, false);
}

int lb_synced_mark_restart(struct lb_synced_mark *mark, const uint8_t next[LB_WAL_SALTS_BYTES])
{
    mark->now.whole = true;
    memcpy(mark->now.next, next, sizeof mark->now.next);
    return lb_synced_mark_put(mark, true);
}

int lb_synced_mark_write_back(struct lb_synced_mark *mark)
{
    struct lb_mark *now = &mark->now;
    uint32_t before = now->begun;
    if (before >= now->frame)
        return SQLITE_OK;
    now->begun = now->frame;
    int code = lb_synced_mark_put(mark, true);
    if (code != SQLITE_OK)
        now->begun = before;
    return code;
}

void lb_synced_mark_written_back(struct lb_synced_mark *mark)
{
    struct lb_mark *now = &mark->now;
    if (now->finished == now->begun)
        return;
    now->finished = now->begun;
    now->finished_commits = now->commits;
    lb_synced_mark_put(mark, false);
}

void lb_synced_mark_settle(struct lb_synced_mark *mark)
{
    if (mark->unsynced && lb_clock_mono_ms() - mark->synced_ms >= SYNC_AFTER_MS)
        lb_synced_mark_put(mark, true);
}
