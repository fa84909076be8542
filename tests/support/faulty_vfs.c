#include "support/faulty_vfs.h"

#include "support/faulty_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SHM_REGIONS 64

/* Hung on a file: who holds which lock, and the memory that its users share. */
struct common {
    unsigned shared; /* handles at SQLITE_LOCK_SHARED or above */
    void *reserved;  /* the handle at SQLITE_LOCK_RESERVED or above */
    void *pending;   /* the handle that waits for, or has, SQLITE_LOCK_EXCLUSIVE */
    unsigned mapped; /* handles that use the regions */
    void *regions[SHM_REGIONS];
    unsigned shm_shared[SQLITE_SHM_NLOCK];
    void *shm_exclusive[SQLITE_SHM_NLOCK];
};

struct handle {
    sqlite3_file base;
    struct disk_file *file;
    struct common *common;
    const char *name; /* SQLite's, for as long as the file is open; NULL: temporary */
    int level;
    bool sync_names; /* with the next sync: a new journal's directory entry */
    bool delete_on_close;
    bool persist_wal;
    bool mapped;
    bool shm_shared[SQLITE_SHM_NLOCK];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3_vfs vfs;
static struct {
    bool on;
    enum faulty_op op;
    uint64_t nth;
    int code;
    bool for_ever;
    bool fired;
} fault;
static uint64_t room;
static uint64_t cut_in; /* operations; 0: no cut is planned */
static bool power = true;
static void (*watching)(void *context, enum faulty_op op, const char *name);
static void *watching_context;

static const int power_codes[FAULTY_OPS] = {SQLITE_IOERR_READ,     SQLITE_CANTOPEN,
                                            SQLITE_IOERR_WRITE,    SQLITE_IOERR_FSYNC,
                                            SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_DELETE};

/* What becomes of an operation. */
struct verdict {
    int code;     /* SQLITE_OK: it goes well */
    bool in_part; /* it fails, and part of it may have happened */
};

static bool fault_hits(enum faulty_op op)
{
    if (!fault.on || fault.op != op || (fault.fired && !fault.for_ever))
        return false;
    if (!fault.fired && --fault.nth > 0)
        return false;
    fault.fired = true;
    return true;
}

/* Begins an operation; leaves the lock held. */
static struct verdict begin(enum faulty_op op, const char *name)
{
    bool changes = op >= FAULTY_WRITE;
    if (changes && watching)
        watching(watching_context, op, name ? name : "");
    pthread_mutex_lock(&lock);
    if (!power)
        return (struct verdict){power_codes[op], false};
    if (changes && cut_in && --cut_in == 0) {
        power = false;
        return (struct verdict){power_codes[op], true};
    }
    if (fault_hits(op))
        return (struct verdict){fault.code, true};
    return (struct verdict){SQLITE_OK, false};
}

static int end(int code)
{
    pthread_mutex_unlock(&lock);
    return code;
}

static int read_file(sqlite3_file *base, void *out, int size, sqlite3_int64 at)
{
    struct handle *handle = (struct handle *)base;
    struct verdict verdict = begin(FAULTY_READ, handle->name);
    if (verdict.code)
        return end(verdict.code);
    size_t count = disk_read(handle->file, out, (size_t)size, (uint64_t)at);
    return end(count == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
}

static bool fits(const struct handle *handle, uint64_t end_at)
{
    uint64_t size = disk_size(handle->file);
    return !room || end_at <= size || disk_used() + (end_at - size) <= room;
}

static int write_file(sqlite3_file *base, const void *data, int size, sqlite3_int64 at)
{
    struct handle *handle = (struct handle *)base;
    struct verdict verdict = begin(FAULTY_WRITE, handle->name);
    if (verdict.code == SQLITE_OK && !fits(handle, (uint64_t)(at + size)))
        verdict = (struct verdict){SQLITE_FULL, false};
    size_t count = (size_t)size;
    if (verdict.code)
        count = verdict.in_part ? disk_random(count + 1) : 0;
    disk_write(handle->file, data, count, (uint64_t)at);
    return end(verdict.code);
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;
    struct verdict verdict = begin(FAULTY_TRUNCATE, handle->name);
    if (!verdict.code || (verdict.in_part && disk_random(2)))
        disk_truncate(handle->file, (uint64_t)size);
    return end(verdict.code);
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;
    struct verdict verdict = begin(FAULTY_SYNC, handle->name);
    if (verdict.code) {
        if (verdict.in_part)
            disk_fail_sync(handle->file);
        return end(verdict.code);
    }
    disk_sync(handle->file);
    if (handle->sync_names)
        disk_sync_names();
    handle->sync_names = false;
    return end(SQLITE_OK);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    pthread_mutex_lock(&lock);
    *out = (sqlite3_int64)disk_size(((struct handle *)base)->file);
    return end(SQLITE_OK);
}

/* Raises the level by what is between; false: another lock is in the way. */
static bool raise_level(struct handle *handle, int level)
{
    struct common *common = handle->common;
    if (handle->level == SQLITE_LOCK_NONE) {
        if (common->pending)
            return false;
        common->shared++;
        handle->level = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED && handle->level < SQLITE_LOCK_RESERVED) {
        if (common->reserved)
            return false;
        common->reserved = handle;
        handle->level = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        common->pending = handle;
        handle->level = SQLITE_LOCK_PENDING;
        if (common->shared > 1)
            return false;
        handle->level = SQLITE_LOCK_EXCLUSIVE;
    }
    return true;
}

static int lock_file(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    pthread_mutex_lock(&lock);
    return end(handle->level >= level || raise_level(handle, level) ? SQLITE_OK : SQLITE_BUSY);
}

static int unlock_file(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    struct common *common = handle->common;
    pthread_mutex_lock(&lock);
    if (handle->level > level) {
        common->reserved = common->reserved == handle ? NULL : common->reserved;
        common->pending = common->pending == handle ? NULL : common->pending;
        common->shared -= level == SQLITE_LOCK_NONE;
        handle->level = level;
    }
    return end(SQLITE_OK);
}

static int close_file(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;
    unlock_file(base, SQLITE_LOCK_NONE);
    pthread_mutex_lock(&lock);
    if (handle->delete_on_close && handle->name)
        disk_delete(handle->name);
    return end(SQLITE_OK);
}

static int check_reserved(sqlite3_file *base, int *out)
{
    pthread_mutex_lock(&lock);
    *out = ((struct handle *)base)->common->reserved != NULL;
    return end(SQLITE_OK);
}

static int control(sqlite3_file *base, int op, void *arg)
{
    struct handle *handle = (struct handle *)base;
    int *value = arg;
    if (op != SQLITE_FCNTL_PERSIST_WAL)
        return SQLITE_NOTFOUND;
    if (*value < 0)
        *value = handle->persist_wal;
    else
        handle->persist_wal = *value != 0;
    return SQLITE_OK;
}

static int sector_size(sqlite3_file *base)
{
    return 4096;
}

static int characteristics(sqlite3_file *base)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct handle *handle = (struct handle *)base;
    pthread_mutex_lock(&lock);
    if (region >= SHM_REGIONS)
        return end(SQLITE_IOERR_SHMSIZE);
    struct common *common = handle->common;
    common->mapped += !handle->mapped;
    handle->mapped = true;
    if (!common->regions[region] && extend)
        common->regions[region] = disk_memory((size_t)size);
    *out = common->regions[region];
    return end(*out || !extend ? SQLITE_OK : SQLITE_NOMEM);
}

static bool shm_take(struct handle *handle, int slot, bool exclusive)
{
    struct common *common = handle->common;
    if (common->shm_exclusive[slot] || (exclusive && common->shm_shared[slot]))
        return false;
    if (exclusive)
        common->shm_exclusive[slot] = handle;
    else if (!handle->shm_shared[slot])
        common->shm_shared[slot]++;
    handle->shm_shared[slot] = !exclusive;
    return true;
}

static void shm_give(struct handle *handle, int slot)
{
    struct common *common = handle->common;
    if (common->shm_exclusive[slot] == handle)
        common->shm_exclusive[slot] = NULL;
    common->shm_shared[slot] -= handle->shm_shared[slot];
    handle->shm_shared[slot] = false;
}

static int shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct handle *handle = (struct handle *)base;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < count; i++) {
        if (flags & SQLITE_SHM_UNLOCK) {
            shm_give(handle, first + i);
        } else if (!shm_take(handle, first + i, flags & SQLITE_SHM_EXCLUSIVE)) {
            while (i-- > 0)
                shm_give(handle, first + i);
            return end(SQLITE_BUSY);
        }
    }
    return end(SQLITE_OK);
}

static void shm_barrier(sqlite3_file *base)
{
    pthread_mutex_lock(&lock);
    __sync_synchronize();
    pthread_mutex_unlock(&lock);
}

static int shm_unmap(sqlite3_file *base, int delete_it)
{
    struct handle *handle = (struct handle *)base;
    pthread_mutex_lock(&lock);
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++)
        shm_give(handle, slot);
    if (handle->mapped && --handle->common->mapped == 0) {
        for (size_t i = 0; i < SHM_REGIONS; i++)
            free(handle->common->regions[i]);
        memset(handle->common->regions, 0, sizeof handle->common->regions);
    }
    handle->mapped = false;
    return end(SQLITE_OK);
}

static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = close_file,
                                           .xRead = read_file,
                                           .xWrite = write_file,
                                           .xTruncate = truncate_file,
                                           .xSync = sync_file,
                                           .xFileSize = file_size,
                                           .xLock = lock_file,
                                           .xUnlock = unlock_file,
                                           .xCheckReservedLock = check_reserved,
                                           .xFileControl = control,
                                           .xSectorSize = sector_size,
                                           .xDeviceCharacteristics = characteristics,
                                           .xShmMap = shm_map,
                                           .xShmLock = shm_lock,
                                           .xShmBarrier = shm_barrier,
                                           .xShmUnmap = shm_unmap};

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *base, int flags, int *out)
{
    struct handle *handle = (struct handle *)base;
    *handle = (struct handle){.name = name};
    struct verdict verdict = begin(FAULTY_OPEN, name);
    if (verdict.code)
        return end(verdict.code);
    struct disk_file *file = name ? disk_find(name) : NULL;
    if (!file && !(flags & SQLITE_OPEN_CREATE))
        return end(SQLITE_CANTOPEN);
    if (!file)
        file = disk_make(name);
    void **common = disk_attached(file);
    if (!*common)
        *common = disk_memory(sizeof(struct common));
    int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    handle->file = file;
    handle->common = *common;
    handle->sync_names = (flags & SQLITE_OPEN_CREATE) && (flags & journals);
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    handle->base.pMethods = &methods;
    if (out)
        *out = flags;
    return end(SQLITE_OK);
}

static int delete_file(sqlite3_vfs *self, const char *name, int sync_names)
{
    struct verdict verdict = begin(FAULTY_DELETE, name);
    if (verdict.code && (!verdict.in_part || disk_random(2)))
        return end(verdict.code);
    if (!disk_find(name))
        return end(verdict.code ? verdict.code : SQLITE_IOERR_DELETE_NOENT);
    disk_delete(name);
    if (sync_names && !verdict.code)
        disk_sync_names();
    return end(verdict.code);
}

static int access_file(sqlite3_vfs *self, const char *name, int flags, int *out)
{
    pthread_mutex_lock(&lock);
    struct disk_file *file = disk_find(name);
    /* As SQLite's own: an empty file is as good as none. */
    *out = file && (flags != SQLITE_ACCESS_EXISTS || disk_size(file) > 0);
    return end(power ? SQLITE_OK : SQLITE_IOERR_ACCESS);
}

static int full_path(sqlite3_vfs *self, const char *name, int size, char *out)
{
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

void faulty_format(uint64_t seed)
{
    if (!vfs.zName) {
        const sqlite3_vfs *own = sqlite3_vfs_find(NULL);
        vfs = (sqlite3_vfs){.iVersion = 2,
                            .szOsFile = sizeof(struct handle),
                            .mxPathname = 255,
                            .zName = FAULTY_VFS,
                            .xOpen = open_file,
                            .xDelete = delete_file,
                            .xAccess = access_file,
                            .xFullPathname = full_path,
                            .xRandomness = own->xRandomness,
                            .xSleep = own->xSleep,
                            .xCurrentTime = own->xCurrentTime,
                            .xGetLastError = own->xGetLastError,
                            .xCurrentTimeInt64 = own->xCurrentTimeInt64};
        sqlite3_vfs_register(&vfs, 0);
    }
    disk_format(seed);
    memset(&fault, 0, sizeof fault);
    room = 0;
    cut_in = 0;
    power = true;
    watching = NULL;
}

void faulty_fail(enum faulty_op op, uint64_t nth, int code, bool for_ever)
{
    pthread_mutex_lock(&lock);
    fault.on = true;
    fault.op = op;
    fault.nth = nth;
    fault.code = code;
    fault.for_ever = for_ever;
    fault.fired = false;
    pthread_mutex_unlock(&lock);
}

bool faulty_heal(void)
{
    pthread_mutex_lock(&lock);
    fault.on = false;
    bool fired = fault.fired;
    pthread_mutex_unlock(&lock);
    return fired;
}

const char *faulty_op_name(enum faulty_op op)
{
    static const char *const names[FAULTY_OPS] = {"read", "open",     "write",
                                                  "sync", "truncate", "delete"};
    return names[op];
}

void faulty_set_room(uint64_t bytes)
{
    pthread_mutex_lock(&lock);
    room = bytes;
    pthread_mutex_unlock(&lock);
}

uint64_t faulty_used(void)
{
    pthread_mutex_lock(&lock);
    uint64_t used = disk_used();
    pthread_mutex_unlock(&lock);
    return used;
}

void faulty_cut_power(void)
{
    pthread_mutex_lock(&lock);
    power = false;
    pthread_mutex_unlock(&lock);
}

void faulty_cut_power_at(uint64_t nth)
{
    pthread_mutex_lock(&lock);
    cut_in = nth;
    pthread_mutex_unlock(&lock);
}

bool faulty_power(void)
{
    pthread_mutex_lock(&lock);
    bool on = power;
    pthread_mutex_unlock(&lock);
    return on;
}

void faulty_restore_power(void)
{
    pthread_mutex_lock(&lock);
    disk_lose_power();
    power = true;
    cut_in = 0;
    pthread_mutex_unlock(&lock);
}

void faulty_watch(void (*watch)(void *context, enum faulty_op op, const char *name), void *context)
{
    watching = watch;
    watching_context = context;
}
