#include "store/sqlite/synced_mark.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SUFFIX "-mark"

/* A slot: little-endian numbers at fixed places, and the checksum of all before it at the end. */
#define MAGIC         "LBMARK\0\1" /* the last byte is the version */
#define MAGIC_BYTES   8
#define SLOT_BYTES    160
#define SLOT_SUM_AT   (SLOT_BYTES - 8)
#define SLOTS         2
#define SLOT_DISTANCE 4096 /* no sector holds parts of both */
#define SYNC_AFTER_MS 1000

struct lb_synced_mark {
    sqlite3_vfs *vfs;
    sqlite3_file *file; /* NULL until the first write */
    char *name;
    struct lb_mark now;
    uint64_t sequence; /* of the newest slot */
    unsigned slot;     /* that the next write goes to */
    bool unsynced;
    bool failing; /* which has been logged */
    uint64_t synced_ms;
};

struct lb_synced_mark *lb_synced_mark_create(sqlite3_vfs *vfs, const char *path)
{
    struct lb_synced_mark *mark = calloc(1, sizeof *mark);
    size_t size = strlen(path) + sizeof SUFFIX;
    /* SQLite's file names end in more than one NUL. */
    if (mark && (mark->name = calloc(1, size + 4))) {
        mark->vfs = vfs;
        strcpy(mark->name, path);
        strcat(mark->name, SUFFIX);
        mark->now.whole = true; /* as long as there is no log */
        return mark;
    }
    free(mark);
    return NULL;
}

static void close_file(sqlite3_file *file)
{
    if (file && file->pMethods)
        file->pMethods->xClose(file);
    free(file);
}

void lb_synced_mark_destroy(struct lb_synced_mark *mark)
{
    if (!mark)
        return;
    close_file(mark->file);
    free(mark->name);
    free(mark);
}

static int open_file(struct lb_synced_mark *mark, int flags, sqlite3_file **out)
{
    sqlite3_file *file = calloc(1, (size_t)mark->vfs->szOsFile);
    int code = file ? mark->vfs->xOpen(mark->vfs, mark->name, file, flags, NULL) : SQLITE_NOMEM;
    if (code != SQLITE_OK) {
        close_file(file);
        file = NULL;
    }
    *out = file;
    return code;
}

/* --- The format ------------------------------------------------------------------------------- */

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + 8;
}

static const uint8_t *get_u64(const uint8_t *at, uint64_t *out)
{
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out |= (uint64_t)at[i] << (8 * i);
    return at + 8;
}

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

static uint64_t pair(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

static void encode(const struct lb_mark *mark, uint64_t sequence, uint8_t out[SLOT_BYTES])
{
    memset(out, 0, SLOT_BYTES);
    uint8_t *at = put_bytes(out, MAGIC, MAGIC_BYTES);
    at = put_u64(at, sequence);
    at = put_bytes(at, mark->salts, sizeof mark->salts);
    at = put_bytes(at, mark->next, sizeof mark->next);
    at = put_bytes(at, mark->sum, sizeof mark->sum);
    at = put_u64(at, pair(mark->frame, mark->whole));
    at = put_u64(at, pair(mark->page_bytes, mark->pages));
    at = put_u64(at, pair(mark->pages_before, mark->written_back));
    at = put_u64(at, mark->log_bytes);
    at = put_u64(at, mark->commits);
    at = put_u64(at, (uint64_t)mark->first_ms);
    at = put_u64(at, (uint64_t)mark->last_ms);
    put_bytes(at, mark->heads, sizeof mark->heads);
    put_u64(out + SLOT_SUM_AT, XXH3_64bits(out, SLOT_SUM_AT));
}

/* False: not a slot, or not a whole one. */
static bool decode(const uint8_t bytes[SLOT_BYTES], struct lb_mark *out, uint64_t *out_sequence)
{
    uint64_t sum, frame, sizes, before, first, last;
    get_u64(bytes + SLOT_SUM_AT, &sum);
    if (memcmp(bytes, MAGIC, MAGIC_BYTES) != 0 || sum != XXH3_64bits(bytes, SLOT_SUM_AT))
        return false;
    const uint8_t *at = get_u64(bytes + MAGIC_BYTES, out_sequence);
    at = get_bytes(at, out->salts, sizeof out->salts);
    at = get_bytes(at, out->next, sizeof out->next);
    at = get_bytes(at, out->sum, sizeof out->sum);
    at = get_u64(at, &frame);
    at = get_u64(at, &sizes);
    at = get_u64(at, &before);
    at = get_u64(at, &out->log_bytes);
    at = get_u64(at, &out->commits);
    at = get_u64(at, &first);
    at = get_u64(at, &last);
    get_bytes(at, out->heads, sizeof out->heads);
    out->frame = (uint32_t)frame;
    out->whole = frame >> 32;
    out->page_bytes = (uint32_t)sizes;
    out->pages = (uint32_t)(sizes >> 32);
    out->pages_before = (uint32_t)before;
    out->written_back = (uint32_t)(before >> 32);
    out->first_ms = (int64_t)first;
    out->last_ms = (int64_t)last;
    return true;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int read_slots(struct lb_synced_mark *mark, sqlite3_file *file, bool *out_found)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[SLOT_BYTES];
        struct lb_mark read;
        uint64_t sequence;
        int code = file->pMethods->xRead(file, bytes, SLOT_BYTES, slot * SLOT_DISTANCE);
        if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
            return code;
        if (code || !decode(bytes, &read, &sequence) || (*out_found && sequence < mark->sequence))
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
    int exists = 0;
    *out_found = false;
    int code = mark->vfs->xAccess(mark->vfs, mark->name, SQLITE_ACCESS_EXISTS, &exists);
    if (code != SQLITE_OK || !exists)
        return code;
    sqlite3_file *file;
    /* As a database: SQLite would look at the database's permissions for a journal, and there may
     * be no database. */
    code = open_file(mark, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &file);
    if (code != SQLITE_OK)
        return code;
    code = read_slots(mark, file, out_found);
    close_file(file);
    *out = mark->now;
    return code;
}

/* --- Writing ---------------------------------------------------------------------------------- */

struct lb_mark *lb_synced_mark_now(struct lb_synced_mark *mark)
{
    return &mark->now;
}

static int write_slot(struct lb_synced_mark *mark)
{
    uint8_t bytes[SLOT_BYTES];
    encode(&mark->now, mark->sequence + 1, bytes);
    return mark->file->pMethods->xWrite(mark->file, bytes, SLOT_BYTES, mark->slot * SLOT_DISTANCE);
}

/* As a journal, so that SQLite's file system layer syncs the folder with the first sync. */
static int make_file(struct lb_synced_mark *mark)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    return mark->file ? SQLITE_OK : open_file(mark, flags, &mark->file);
}

/* What was synced last stays until the other slot has been synced: many writes may come between two
 * syncs, and all of them may tear. */
static int sync_file(struct lb_synced_mark *mark)
{
    int flags = SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY;
    int code = mark->file->pMethods->xSync(mark->file, flags);
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
    return sync ? sync_file(mark) : SQLITE_OK;
}

int lb_synced_mark_put(struct lb_synced_mark *mark, bool sync)
{
    int code = put(mark, sync);
    if (code != SQLITE_OK && !mark->failing)
        lb_log(LB_LOG_WARN, "store", "cannot write %s: SQLite error %d", mark->name, code);
    mark->failing = code != SQLITE_OK;
    return code;
}

void lb_synced_mark_commit(struct lb_synced_mark *mark, uint32_t number,
                           const struct lb_wal_frame *frame, uint32_t page_bytes)
{
    struct lb_mark *now = &mark->now;
    if (memcmp(now->salts, frame->salts, sizeof now->salts) != 0) {
        memcpy(now->salts, frame->salts, sizeof now->salts);
        now->pages_before = now->pages;
        now->commits = 0;
        now->written_back = 0;
        now->first_ms = lb_clock_wall_ms();
    }
    now->whole = false;
    memset(now->next, 0, sizeof now->next);
    now->frame = number;
    memcpy(now->sum, frame->sum_bytes, sizeof now->sum);
    now->page_bytes = page_bytes;
    now->pages = frame->commit_pages;
    now->commits++;
    now->last_ms = lb_clock_wall_ms();
    lb_synced_mark_put(mark, false);
}

int lb_synced_mark_restart(struct lb_synced_mark *mark, const uint8_t next[LB_WAL_SALTS_BYTES])
{
    mark->now.whole = true;
    memcpy(mark->now.next, next, sizeof mark->now.next);
    return lb_synced_mark_put(mark, true);
}

void lb_synced_mark_write_back(struct lb_synced_mark *mark)
{
    if (mark->now.written_back >= mark->now.frame)
        return;
    mark->now.written_back = mark->now.frame;
    lb_synced_mark_put(mark, false);
}

void lb_synced_mark_settle(struct lb_synced_mark *mark)
{
    if (mark->unsynced && lb_clock_mono_ms() - mark->synced_ms >= SYNC_AFTER_MS)
        sync_file(mark);
}
