#include "store/sqlite/pages.h"

#include "base/log.h"
#include "store/sqlite/page_gaps.h"
#include "store/sqlite/vfs_file.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES     100 /* of the database file */
#define MAGIC            "SQLite format 3"
#define PAGE_SIZE_AT     16 /* in that header: two bytes, 1 for 65536 */
#define FRAME            LB_WAL_FRAME_HEADER_BYTES
#define LAYERS_MAX       4
#define SHM_REGION_BYTES 32768
#define BACKFILL_AT      24 /* in the log's index: the 32-bit number at byte 96 */
#define LAYER_NAME_SIZE  64

/* A database or its log; the file of the layer below follows in memory. */
struct paged_file {
    sqlite3_file base;
    const char *name;              /* SQLite's, for as long as the file is open */
    bool checked;                  /* of a database: its pages have checksums */
    uint64_t id;                   /* of a database: what its first page is to end in */
    uint32_t page_bytes;           /* 0: not known yet */
    struct lb_page_damage *damage; /* of a database */
    struct lb_memory_index *index; /* of a database; NULL: only the file */
    struct lb_memory_index_user index_user;
    uint8_t *room; /* for a frame; NULL until it is needed */
    size_t room_bytes;
    /* Of a log: */
    struct paged_file *database;
    struct lb_wal_header header;
    bool has_header;
    struct lb_wal_frame frame;   /* whose header was written last */
    uint32_t frame_number;       /* 0: none */
    struct lb_synced_mark *mark; /* NULL: not the writer's; of its database too */
    struct lb_wal_frame commit;  /* the last that commits, not yet synced */
    uint32_t commit_number;      /* 0: none */
    sqlite3_int64 written_end;   /* what follows is zeros */
};

static struct paged_file *paged(sqlite3_file *file)
{
    return (struct paged_file *)(void *)file;
}

/* A file's address and the one of the layer below. */
static sqlite3_file *below(struct paged_file *file)
{
    return (sqlite3_file *)(void *)(file + 1);
}

static bool is_page_size(int64_t bytes)
{
    return bytes >= LB_PAGE_BYTES_MIN && bytes <= LB_PAGE_BYTES_MAX && (bytes & (bytes - 1)) == 0;
}

/* NULL: out of memory. */
static uint8_t *room_for(struct paged_file *file, size_t bytes)
{
    if (bytes > file->room_bytes) {
        uint8_t *room = sqlite3_realloc64(file->room, bytes);
        if (!room)
            return NULL;
        file->room = room;
        file->room_bytes = bytes;
    }
    return file->room;
}

static int report(struct paged_file *file, uint32_t page, sqlite3_int64 at, const char *what)
{
    char where[sizeof file->damage->where];
    struct lb_page_damage *damage = file->database ? file->database->damage : file->damage;
    const char *name = strrchr(file->name, '/');
    snprintf(where, sizeof where, "%.64s: %s page %u, offset %lld", name ? name + 1 : file->name,
             what, page, (long long)at);
    lb_log(LB_LOG_ERROR, "damage", "%s", where);
    if (damage && !atomic_exchange(&damage->claimed, true)) {
        memcpy(damage->where, where, sizeof where);
        atomic_store(&damage->found, true);
    }
    return SQLITE_IOERR_DATA;
}

/* --- The database file ------------------------------------------------------------------------ */

static uint32_t page_size_of(const uint8_t *header)
{
    uint32_t bytes = (uint32_t)header[PAGE_SIZE_AT] << 8 | header[PAGE_SIZE_AT + 1];
    bytes = bytes == 1 ? LB_PAGE_BYTES_MAX : bytes;
    return is_page_size(bytes) ? bytes : 0;
}

static int check_page(struct paged_file *file, int code, const uint8_t *page, size_t bytes,
                      sqlite3_int64 at)
{
    uint32_t number = (uint32_t)((uint64_t)at / bytes + 1);
    if (code == SQLITE_IOERR_SHORT_READ)
        return report(file, number, at, "the file ends before");
    if (code == SQLITE_OK && !lb_page_has_checksum(page, bytes, number))
        return report(file, number, at, "wrong checksum of");
    return code;
}

/* Part of a page. Newer versions of SQLite read long rows so. */
static int read_part(struct paged_file *file, void *out, int size, sqlite3_int64 at)
{
    uint32_t bytes = file->page_bytes;
    sqlite3_int64 start = at - at % bytes;
    if (at + size > start + bytes)
        return SQLITE_IOERR_READ;
    uint8_t *page = room_for(file, bytes);
    if (!page)
        return SQLITE_IOERR_NOMEM;
    int code = below(file)->pMethods->xRead(below(file), page, (int)bytes, start);
    code = check_page(file, code, page, bytes, start);
    memcpy(out, page + (at - start), (size_t)size);
    return code;
}

/* The file's header alone is read without a lock, before and beside all else: it is not judged by
 * then, and read again with its page. One that does not name the room of our checksums was torn by
 * a power cut, and a journal or the log has the page: SQLite would keep to what it says otherwise.
 */
static int read_header(struct paged_file *file, void *out, int size, sqlite3_int64 at)
{
    int code = below(file)->pMethods->xRead(below(file), out, size, at);
    if (file->checked && at == 0 && size == HEADER_BYTES &&
        ((const uint8_t *)out)[LB_PAGE_RESERVED_AT] != LB_PAGE_RESERVED)
        memset(out, 0, HEADER_BYTES);
    return code;
}

static int read_database(sqlite3_file *base, void *out, int size, sqlite3_int64 at)
{
    struct paged_file *file = paged(base);
    if (at + size <= HEADER_BYTES)
        return read_header(file, out, size, at);
    if (!file->checked)
        return below(file)->pMethods->xRead(below(file), out, size, at);
    bool whole = is_page_size(size) && at % size == 0;
    if (!file->page_bytes && whole)
        file->page_bytes = (uint32_t)size;
    if ((uint32_t)size != file->page_bytes || !whole)
        return file->page_bytes ? read_part(file, out, size, at) : SQLITE_IOERR_READ;
    int code = below(file)->pMethods->xRead(below(file), out, size, at);
    return check_page(file, code, out, (size_t)size, at);
}

static int write_database(sqlite3_file *base, const void *data, int size, sqlite3_int64 at)
{
    struct paged_file *file = paged(base);
    if (!file->checked)
        return below(file)->pMethods->xWrite(below(file), data, size, at);
    if (!is_page_size(size) || at % size != 0 ||
        (at == 0 && ((const uint8_t *)data)[LB_PAGE_RESERVED_AT] != LB_PAGE_RESERVED))
        return SQLITE_IOERR_WRITE; /* no database of ours */
    uint8_t *page = room_for(file, (size_t)size);
    int code = file->mark ? lb_synced_mark_write_back(file->mark) : SQLITE_OK;
    if (!page || code != SQLITE_OK)
        return page ? code : SQLITE_IOERR_NOMEM;
    file->page_bytes = (uint32_t)size;
    memcpy(page, data, (size_t)size);
    lb_page_clear_gap(page, (size_t)size - LB_PAGE_RESERVED, (uint32_t)(at / size + 1));
    lb_page_seal(page, (size_t)size, (uint32_t)(at / size + 1));
    if (at == 0)
        lb_page_set_id(page, (size_t)size, file->id);
    return below(file)->pMethods->xWrite(below(file), page, size, at);
}

/* --- The log ---------------------------------------------------------------------------------- */

/* An empty log has none. */
static int know_header(struct paged_file *file)
{
    uint8_t bytes[LB_WAL_HEADER_BYTES];
    if (file->has_header)
        return SQLITE_OK;
    int code = below(file)->pMethods->xRead(below(file), bytes, sizeof bytes, 0);
    if (code == SQLITE_OK)
        file->has_header = lb_wal_read_header(bytes, &file->header);
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

/* A page of a frame: the frame's number, 0 when it is anything else. */
static uint32_t page_of_frame(int size, sqlite3_int64 at)
{
    uint32_t inside = 0;
    uint32_t number = is_page_size(size) ? lb_wal_frame_at(at, (uint32_t)size, &inside) : 0;
    return inside == FRAME ? number : 0;
}

static int read_log(sqlite3_file *base, void *out, int size, sqlite3_int64 at)
{
    struct paged_file *file = paged(base);
    if (!file->database->checked || !page_of_frame(size, at))
        return below(file)->pMethods->xRead(below(file), out, size, at);
    uint8_t *frame = room_for(file, FRAME + (size_t)size);
    if (!frame)
        return SQLITE_IOERR_NOMEM;
    int code = below(file)->pMethods->xRead(below(file), frame, FRAME + size, at - FRAME);
    uint32_t page = lb_wal_u32(frame);
    if (code == SQLITE_IOERR_SHORT_READ)
        return report(file, page, at, "the log ends before");
    if (code == SQLITE_OK && !lb_page_has_checksum(frame + FRAME, (size_t)size, page))
        return report(file, page, at, "wrong checksum of");
    memcpy(out, frame + FRAME, (size_t)size);
    return code;
}

/* The log begins anew. */
static int write_header(struct paged_file *file, const uint8_t *bytes, sqlite3_int64 at)
{
    int code = SQLITE_OK;
    file->commit_number = file->frame_number = 0;
    file->has_header = lb_wal_read_header(bytes, &file->header);
    if (file->mark)
        code = lb_synced_mark_restart(file->mark, file->header.salts);
    if (code == SQLITE_OK)
        code = below(file)->pMethods->xWrite(below(file), bytes, LB_WAL_HEADER_BYTES, at);
    file->has_header &= code == SQLITE_OK;
    return code;
}

/* A frame without salts is not final: SQLite writes the header again before it commits. */
static int write_frame_header(struct paged_file *file, const uint8_t *bytes, uint32_t number,
                              sqlite3_int64 at)
{
    lb_wal_read_frame(bytes, &file->frame);
    file->frame_number = number;
    if (file->frame.commit_pages &&
        memcmp(file->frame.salts, file->header.salts, LB_WAL_SALTS_BYTES) == 0) {
        file->commit = file->frame;
        file->commit_number = number;
    }
    return below(file)->pMethods->xWrite(below(file), bytes, FRAME, at);
}

static int write_page(struct paged_file *file, const uint8_t *data, size_t size, uint32_t number,
                      sqlite3_int64 at)
{
    uint8_t *page = room_for(file, size);
    uint8_t bytes[4];
    uint32_t page_number = file->frame.page;
    bool final = false;
    if (!page)
        return SQLITE_IOERR_NOMEM;
    if (number == file->frame_number) {
        final = memcmp(file->frame.salts, file->header.salts, LB_WAL_SALTS_BYTES) == 0;
    } else { /* the page of an earlier frame again, whose header follows later */
        int code = below(file)->pMethods->xRead(below(file), bytes, sizeof bytes, at - FRAME);
        if (code != SQLITE_OK)
            return code;
        page_number = lb_wal_u32(bytes);
    }
    memcpy(page, data, size);
    bool cleared = lb_page_clear_gap(page, size - LB_PAGE_RESERVED, page_number);
    lb_page_seal(page, size, page_number);
    const uint8_t *end = data + size - LB_PAGE_RESERVED;
    if (final && cleared)
        lb_wal_balance_page(file->frame.sum, file->header.big_endian, data, page, size);
    else if (final)
        lb_wal_balance(file->frame.sum, file->header.big_endian, end,
                       page + size - LB_PAGE_RESERVED);
    return below(file)->pMethods->xWrite(below(file), page, (int)size, at);
}

static int write_log_part(struct paged_file *file, const void *data, int size, sqlite3_int64 at)
{
    uint32_t inside = 1;
    uint32_t number;
    if (at == 0 && size == LB_WAL_HEADER_BYTES)
        return write_header(file, data, at);
    int code = know_header(file);
    if (code != SQLITE_OK)
        return code;
    if (!file->has_header)
        return below(file)->pMethods->xWrite(below(file), data, size, at);
    number = lb_wal_frame_at(at, file->header.page_bytes, &inside);
    if (size == FRAME && number && inside == 0)
        return write_frame_header(file, data, number, at);
    if ((uint32_t)size == file->header.page_bytes && number && inside == FRAME &&
        file->database->checked)
        return write_page(file, data, (size_t)size, number, at);
    return below(file)->pMethods->xWrite(below(file), data, size, at);
}

/* After a write that failed, what was to commit does not. */
static int write_log(sqlite3_file *base, const void *data, int size, sqlite3_int64 at)
{
    struct paged_file *file = paged(base);
    if (at + size > file->written_end)
        file->written_end = at + size;
    int code = write_log_part(file, data, size, at);
    if (code != SQLITE_OK)
        file->commit_number = file->frame_number = 0;
    return code;
}

static int sync_log(sqlite3_file *base, int flags)
{
    struct paged_file *file = paged(base);
    int code = below(file)->pMethods->xSync(below(file), flags);
    if (code == SQLITE_OK && file->mark && file->commit_number)
        lb_synced_mark_commit(file->mark, file->commit_number, &file->commit,
                              file->header.page_bytes);
    file->commit_number = 0;
    return code;
}

/* --- What is only handed down ----------------------------------------------------------------- */

static int close_file(sqlite3_file *base)
{
    struct paged_file *file = paged(base);
    sqlite3_free(file->room);
    file->room = NULL;
    return below(file)->pMethods->xClose(below(file));
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    return below(paged(base))->pMethods->xTruncate(below(paged(base)), size);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    return below(paged(base))->pMethods->xFileSize(below(paged(base)), out);
}

static int lock_file(sqlite3_file *base, int level)
{
    return below(paged(base))->pMethods->xLock(below(paged(base)), level);
}

static int unlock_file(sqlite3_file *base, int level)
{
    return below(paged(base))->pMethods->xUnlock(below(paged(base)), level);
}

static int check_reserved(sqlite3_file *base, int *out)
{
    return below(paged(base))->pMethods->xCheckReservedLock(below(paged(base)), out);
}

static int control(sqlite3_file *base, int op, void *arg)
{
    return below(paged(base))->pMethods->xFileControl(below(paged(base)), op, arg);
}

static int sector_size(sqlite3_file *base)
{
    return below(paged(base))->pMethods->xSectorSize(below(paged(base)));
}

/* Without the promise that a write leaves the bytes around it alone, SQLite would fill the last
 * sector of the log with frames that no sync follows, which would look like damage. */
static int characteristics(sqlite3_file *base)
{
    return below(paged(base))->pMethods->xDeviceCharacteristics(below(paged(base))) |
           SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --- The log's index -------------------------------------------------------------------------- */

static bool in_memory(const struct paged_file *file)
{
    return file->index && atomic_load_explicit(&file->index->used, memory_order_relaxed);
}

/* There is no room for the file, or it may not be written. */
static bool has_no_file(int code)
{
    return code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMOPEN ||
           code == SQLITE_READONLY_CANTINIT || (code & 0xff) == SQLITE_FULL ||
           (code & 0xff) == SQLITE_CANTOPEN;
}

static int map_ahead(struct paged_file *file, int size)
{
    int code = SQLITE_OK;
    void volatile *region;
    for (int i = 1; code == SQLITE_OK && i < file->index->regions_ahead; i++)
        code = below(file)->pMethods->xShmMap(below(file), i, size, 1, &region);
    return code;
}

/* The first region that is mapped decides whether all are in the file or in memory. SQLite may hold
 * a lock by then; no other connection can want it, because this one is the first. */
static int shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct paged_file *file = paged(base);
    if (in_memory(file))
        return lb_memory_index_map(file->index, &file->index_user, region, size, extend, out);
    int code = below(file)->pMethods->xShmMap(below(file), region, size, extend, out);
    if (!file->index || atomic_load(&file->index->file))
        return code;
    if (code == SQLITE_OK && *out)
        code = map_ahead(file, size);
    atomic_store(&file->index->file, code == SQLITE_OK && *out);
    if (!has_no_file(code))
        return code;
    below(file)->pMethods->xShmUnmap(below(file), 0);
    lb_log(LB_LOG_WARN, "store",
           "cannot write %s-shm, the index of the log is kept in memory: do not open the database "
           "with another program",
           file->name);
    atomic_store(&file->index->used, true);
    return lb_memory_index_map(file->index, &file->index_user, region, size, extend, out);
}

static int shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct paged_file *file = paged(base);
    return in_memory(file)
               ? lb_memory_index_lock(file->index, &file->index_user, first, count, flags)
               : below(file)->pMethods->xShmLock(below(file), first, count, flags);
}

static void shm_barrier(sqlite3_file *base)
{
    struct paged_file *file = paged(base);
    if (in_memory(file))
        lb_memory_index_barrier(file->index);
    else
        below(file)->pMethods->xShmBarrier(below(file));
}

static int shm_unmap(sqlite3_file *base, int delete_it)
{
    struct paged_file *file = paged(base);
    if (!in_memory(file))
        return below(file)->pMethods->xShmUnmap(below(file), delete_it);
    lb_memory_index_leave(file->index, &file->index_user);
    return SQLITE_OK;
}

/* SQLite counts frames as written back that a checkpoint has written and, for a reader that needed
 * later ones, not synced. The kernel does not write again what a failed sync could not write, so
 * none of them counts then: the next checkpoint begins with the first frame.
 * Source: https://www.sqlite.org/walformat.html (nBackfill, which belongs to who holds the lock of
 * checkpoints, as SQLite does when it syncs the database) */
static void count_none_written_back(sqlite3_file *base)
{
    void volatile *region = NULL; /* SQLite has mapped it */
    if (shm_map(base, 0, SHM_REGION_BYTES, 0, &region) == SQLITE_OK && region)
        __atomic_store_n((uint32_t volatile *)region + BACKFILL_AT, 0, __ATOMIC_SEQ_CST);
}

/* SQLite syncs it when all of the log has been written to it. */
static int sync_database(sqlite3_file *base, int flags)
{
    struct paged_file *file = paged(base);
    int code = below(file)->pMethods->xSync(below(file), flags);
    if (file->mark && code == SQLITE_OK)
        lb_synced_mark_written_back(file->mark);
    else if (file->mark)
        count_none_written_back(base);
    return code;
}

/* Version 2 has no memory mapping. */
#define METHODS(read, write, sync)                                                                 \
    {                                                                                              \
        .iVersion = 2, .xClose = close_file, .xRead = (read), .xWrite = (write),                   \
        .xTruncate = truncate_file, .xSync = (sync), .xFileSize = file_size, .xLock = lock_file,   \
        .xUnlock = unlock_file, .xCheckReservedLock = check_reserved, .xFileControl = control,     \
        .xSectorSize = sector_size, .xDeviceCharacteristics = characteristics, .xShmMap = shm_map, \
        .xShmLock = shm_lock, .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap                   \
    }

static const sqlite3_io_methods database_methods =
    METHODS(read_database, write_database, sync_database);
static const sqlite3_io_methods log_methods = METHODS(read_log, write_log, sync_log);

/* --- Opening ---------------------------------------------------------------------------------- */

/* The pages that the database had when the journal was begun; 0 without one.
 * Source: https://www.sqlite.org/fileformat2.html#the_rollback_journal */
static int pages_before_journal(sqlite3_vfs *base, const char *path, uint32_t *out)
{
    uint8_t bytes[20];
    struct lb_vfs_file file;
    *out = 0;
    int code = lb_vfs_file_open(base, path, LB_JOURNAL_SUFFIX,
                                SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &file);
    if (code == SQLITE_OK && file.file) {
        code = file.file->pMethods->xRead(file.file, bytes, sizeof bytes, 0);
        *out = code == SQLITE_OK ? lb_wal_u32(bytes + 16) : 0;
        code = code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
    }
    lb_vfs_file_close(&file);
    return code;
}

int lb_pages_judge(sqlite3_vfs *base, const char *path, const uint8_t *header, bool *out_checked)
{
    uint32_t pages = 0;
    *out_checked = header[LB_PAGE_RESERVED_AT] == LB_PAGE_RESERVED;
    if (*out_checked || memcmp(header, MAGIC, sizeof MAGIC) == 0)
        return SQLITE_OK;
    int code = pages_before_journal(base, path, &pages);
    *out_checked = pages == 0;
    return code;
}

/* A new file is to have checksums. So has one that has a mark, whatever its header says: a power
 * cut may have torn the first page, which is in the log then. */
static int judge_database(sqlite3_vfs *base, struct paged_file *file)
{
    uint8_t header[HEADER_BYTES];
    int exists = 0;
    int code = lb_vfs_file_exists(base, file->name, LB_MARK_SUFFIX, &exists);
    file->checked = true;
    if (code != SQLITE_OK)
        return code;
    code = below(file)->pMethods->xRead(below(file), header, sizeof header, 0);
    if (code == SQLITE_IOERR_SHORT_READ)
        return SQLITE_OK;
    if (memcmp(header, MAGIC, sizeof MAGIC) == 0)
        file->page_bytes = page_size_of(header);
    if (code == SQLITE_OK && !exists)
        code = lb_pages_judge(base, file->name, header, &file->checked);
    return code;
}

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *out, int flags,
                     int *out_flags)
{
    sqlite3_vfs *base = self->pAppData;
    struct paged_file *file = paged(out);
    if (!name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
        return base->xOpen(base, name, out, flags, out_flags);
    *file = (struct paged_file){.name = name};
    int code = base->xOpen(base, name, below(file), flags, out_flags);
    if (!below(file)->pMethods)
        return code;
    file->base.pMethods = flags & SQLITE_OPEN_WAL ? &log_methods : &database_methods;
    if (code == SQLITE_OK && flags & SQLITE_OPEN_WAL) {
        file->database = paged(sqlite3_database_file_object(name));
        file->written_end = INT64_MAX; /* not known */
    } else if (code == SQLITE_OK) {
        code = judge_database(base, file);
    }
    return code;
}

static int delete_file(sqlite3_vfs *self, const char *name, int sync_folder)
{
    sqlite3_vfs *base = self->pAppData;
    return base->xDelete(base, name, sync_folder);
}

static int access_file(sqlite3_vfs *self, const char *name, int flags, int *out)
{
    sqlite3_vfs *base = self->pAppData;
    return base->xAccess(base, name, flags, out);
}

static int full_path(sqlite3_vfs *self, const char *name, int size, char *out)
{
    sqlite3_vfs *base = self->pAppData;
    return base->xFullPathname(base, name, size, out);
}

static int get_last_error(sqlite3_vfs *self, int size, char *out)
{
    sqlite3_vfs *base = self->pAppData;
    return base->xGetLastError(base, size, out);
}

static struct layer {
    sqlite3_vfs vfs;
    char name[LAYER_NAME_SIZE];
} layers[LAYERS_MAX];
static size_t layer_count;
static pthread_mutex_t layers_lock = PTHREAD_MUTEX_INITIALIZER;

static sqlite3_vfs *add_layer(sqlite3_vfs *base)
{
    struct layer *layer = &layers[layer_count];
    snprintf(layer->name, sizeof layer->name, "leadblock-%s", base->zName);
    /* The functions that are left as they are do not look at the VFS that they are called with. */
    layer->vfs = (sqlite3_vfs){.iVersion = 2,
                               .szOsFile = (int)sizeof(struct paged_file) + base->szOsFile,
                               .mxPathname = base->mxPathname,
                               .zName = layer->name,
                               .pAppData = base,
                               .xOpen = open_file,
                               .xDelete = delete_file,
                               .xAccess = access_file,
                               .xFullPathname = full_path,
                               .xRandomness = base->xRandomness,
                               .xSleep = base->xSleep,
                               .xCurrentTime = base->xCurrentTime,
                               .xGetLastError = get_last_error,
                               .xCurrentTimeInt64 = base->xCurrentTimeInt64};
    if (sqlite3_vfs_register(&layer->vfs, 0) != SQLITE_OK)
        return NULL;
    layer_count++;
    return &layer->vfs;
}

sqlite3_vfs *lb_pages_vfs(const char *name)
{
    sqlite3_vfs *found = NULL;
    sqlite3_vfs *base = sqlite3_vfs_find(name);
    pthread_mutex_lock(&layers_lock);
    for (size_t i = 0; base && i < layer_count; i++)
        if (layers[i].vfs.pAppData == base)
            found = &layers[i].vfs;
    if (base && !found && layer_count < LAYERS_MAX)
        found = add_layer(base);
    pthread_mutex_unlock(&layers_lock);
    return found;
}

static struct paged_file *file_of(sqlite3 *db, int op)
{
    sqlite3_file *file = NULL;
    sqlite3_file_control(db, "main", op, &file);
    return file && (file->pMethods == &database_methods || file->pMethods == &log_methods)
               ? paged(file)
               : NULL;
}

int lb_pages_reserve(sqlite3 *db)
{
    int bytes = LB_PAGE_RESERVED;
    return sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

struct lb_page_damage *lb_pages_report(sqlite3 *db, struct lb_page_damage *damage)
{
    struct paged_file *file = file_of(db, SQLITE_FCNTL_FILE_POINTER);
    struct lb_page_damage *before = file ? file->damage : NULL;
    if (file)
        file->damage = damage;
    return before;
}

void lb_pages_share_index(sqlite3 *db, struct lb_memory_index *index)
{
    struct paged_file *file = file_of(db, SQLITE_FCNTL_FILE_POINTER);
    if (file)
        file->index = index;
}

int lb_pages_set_id(sqlite3 *db, uint64_t id)
{
    uint8_t bytes[LB_PAGE_ID_BYTES];
    struct paged_file *file = file_of(db, SQLITE_FCNTL_FILE_POINTER);
    if (!file)
        return SQLITE_IOERR;
    file->id = id;
    if (!file->page_bytes) /* it is torn, and in the log */
        return SQLITE_OK;
    const sqlite3_io_methods *methods = below(file)->pMethods;
    sqlite3_int64 at = (sqlite3_int64)file->page_bytes - LB_PAGE_ID_BYTES;
    int code = methods->xRead(below(file), bytes, sizeof bytes, at);
    if (code == SQLITE_IOERR_SHORT_READ) /* the same */
        return SQLITE_OK;
    if (code != SQLITE_OK || lb_page_id(bytes, sizeof bytes) == id)
        return code;
    lb_page_set_id(bytes, sizeof bytes, id);
    code = methods->xWrite(below(file), bytes, sizeof bytes, at);
    return code == SQLITE_OK ? methods->xSync(below(file), SQLITE_SYNC_NORMAL) : code;
}

void lb_pages_keep_mark(sqlite3 *db, struct lb_synced_mark *mark)
{
    struct paged_file *database = file_of(db, SQLITE_FCNTL_FILE_POINTER);
    struct paged_file *log = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
    if (database)
        database->mark = mark;
    if (log)
        log->mark = mark;
}

int64_t lb_pages_log_end(sqlite3 *db)
{
    const struct paged_file *log = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
    return log ? log->written_end : INT64_MAX;
}

void lb_pages_log_zeroed(sqlite3 *db, int64_t from)
{
    struct paged_file *log = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
    if (log)
        log->written_end = from;
}
