#include "store/sqlite/start_check.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/log_scan.h"
#include "store/sqlite/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 4200
#define COPY_BYTES     (64 << 10) /* the unix VFS writes less than 128 KiB at a time */

/* The three files of a database. */
static const char *const suffixes[] = {"", "-wal", "-mark"};
enum { DATABASE, LOG, MARK, FILES };

struct look {
    const struct lb_start_check *check;
    struct lb_start_files *files;
    struct lb_mark mark;
    struct lb_log_scan log;
    bool first; /* page 1 has a checksum, if its header said so */
    uint8_t reserved;
    uint32_t page_bytes;
};

/* NULL file: it is absent, or empty. */
static int open_file(const struct lb_start_check *check, const char *path, int flags,
                     sqlite3_file **out)
{
    int exists = 1;
    int code = SQLITE_OK;
    *out = NULL;
    if (!(flags & SQLITE_OPEN_CREATE))
        code = check->vfs->xAccess(check->vfs, path, SQLITE_ACCESS_EXISTS, &exists);
    if (code != SQLITE_OK || !exists)
        return code;
    sqlite3_file *file = calloc(1, (size_t)check->vfs->szOsFile);
    if (!file)
        return SQLITE_NOMEM;
    code = check->vfs->xOpen(check->vfs, path, file, flags | SQLITE_OPEN_MAIN_DB, NULL);
    if (code == SQLITE_OK) {
        *out = file;
        return code;
    }
    if (file->pMethods)
        file->pMethods->xClose(file);
    free(file);
    return code;
}

static void close_file(sqlite3_file *file)
{
    if (file)
        file->pMethods->xClose(file);
    free(file);
}

/* SQLite's file names end in more than one NUL. */
static void name_file(const char *path, const char *middle, int which, char out[PATH_MAX_BYTES])
{
    memset(out, 0, PATH_MAX_BYTES);
    snprintf(out, PATH_MAX_BYTES - 4, "%s%s%s", path, middle, suffixes[which]);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int look_at_database(struct look *look)
{
    char path[PATH_MAX_BYTES];
    uint8_t page[65536] = {0};
    sqlite3_file *file;
    sqlite3_int64 size = 0;
    name_file(look->check->path, "", DATABASE, path);
    int code = open_file(look->check, path, SQLITE_OPEN_READONLY, &file);
    if (code != SQLITE_OK || !file)
        return code;
    code = file->pMethods->xFileSize(file, &size);
    if (code == SQLITE_OK && size > 0)
        code = file->pMethods->xRead(file, page, sizeof page, 0);
    if (code == SQLITE_IOERR_SHORT_READ)
        code = SQLITE_OK;
    close_file(file);
    if (code != SQLITE_OK || size < 512)
        return code;
    look->files->database_bytes = (uint64_t)size;
    look->reserved = page[LB_PAGE_RESERVED_AT];
    look->page_bytes = (uint32_t)page[16] << 8 | page[17];
    look->page_bytes = look->page_bytes == 1 ? sizeof page : look->page_bytes;
    look->first = look->page_bytes <= size && lb_page_is_first(page, look->page_bytes);
    if (!look->files->marked)
        code = lb_pages_judge(look->check->vfs, look->check->path, page, &look->files->checked);
    return code;
}

static int look_at_log(struct look *look)
{
    char path[PATH_MAX_BYTES];
    sqlite3_file *file;
    sqlite3_int64 size = 0;
    name_file(look->check->path, "", LOG, path);
    int code = open_file(look->check, path, SQLITE_OPEN_READONLY, &file);
    if (code != SQLITE_OK || !file)
        return code;
    code = file->pMethods->xFileSize(file, &size);
    if (code == SQLITE_OK)
        code = lb_log_scan(file, &look->mark, look->files->checked, &look->log);
    close_file(file);
    look->files->log_bytes = (uint64_t)size;
    return code;
}

/* --- Judging ---------------------------------------------------------------------------------- */

static lb_err refuse(const struct look *look, struct lb_reason *reason, const char *what,
                     const char *do_what)
{
    const char *name = strrchr(look->check->path, '/');
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "damage: %s%s; %s",
                   name ? name + 1 : look->check->path, what, do_what);
}

/* The log's damage in words, and what it costs at most; false: there is none. */
static bool log_is_damaged(const struct look *look, char *out, size_t size)
{
    const struct lb_mark *mark = &look->mark;
    const struct lb_log_scan *log = &look->log;
    char when[LB_TIME_TEXT_SIZE];
    const char *what = NULL;
    /* Without a frame that commits there is nothing in the log: a header that was to be written
     * over may still be there. */
    bool follows = mark->whole && (!log->valid || log->frame == 0 ||
                                   memcmp(log->header.salts, mark->next, sizeof mark->next) == 0);
    if (look->log.own && !log->reached)
        what = "-wal is damaged or was cut";
    else if (!look->log.own && !follows)
        what = log->valid ? "-wal is another one than was written here"
                          : "-wal is damaged, absent or was cut";
    else if (look->log.own && !mark->whole && look->files->log_bytes < mark->log_bytes)
        what = "-wal was cut";
    if (!what)
        return false;
    uint64_t found = look->log.own && log->commits < mark->commits ? log->commits : 0;
    uint64_t lost = mark->whole || (look->log.own && log->reached) ? 0 : mark->commits - found;
    lb_time_format(mark->first_ms, when);
    if (lost)
        snprintf(out, size, "%s: at most %llu commits since %s are lost", what,
                 (unsigned long long)lost, when);
    else
        snprintf(out, size, "%s: no commit of which the mark knows is lost", what);
    return true;
}

static lb_err judge_database(const struct look *look, struct lb_reason *reason)
{
    static const char restore[] = "restore a backup, or look for the file";
    const struct lb_start_files *files = look->files;
    uint64_t wanted = (uint64_t)look->mark.pages_before * look->mark.page_bytes;
    if (look->mark.whole)
        wanted = (uint64_t)look->mark.pages * look->mark.page_bytes;
    if (!files->database_bytes && (files->marked || look->log.frame))
        return refuse(look, reason, " is absent or empty, and its log or mark is not", restore);
    if (files->database_bytes < wanted)
        return refuse(look, reason, " is shorter than it was", restore);
    if (files->database_bytes && !files->marked && look->first &&
        look->reserved != LB_PAGE_RESERVED)
        return refuse(look, reason, ": its header is damaged", "restore a backup");
    return LB_OK;
}

/* --- Accepting a loss ------------------------------------------------------------------------- */

static int copy_bytes(sqlite3_file *from, sqlite3_file *to)
{
    sqlite3_int64 size = 0;
    uint8_t *room = malloc(COPY_BYTES);
    int code = room ? from->pMethods->xFileSize(from, &size) : SQLITE_NOMEM;
    for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size;) {
        int amount = size - at < COPY_BYTES ? (int)(size - at) : COPY_BYTES;
        code = from->pMethods->xRead(from, room, amount, at);
        if (code == SQLITE_OK)
            code = to->pMethods->xWrite(to, room, amount, at);
        at += amount;
    }
    free(room);
    return code == SQLITE_OK ? to->pMethods->xSync(to, SQLITE_SYNC_NORMAL) : code;
}

static int copy_file(const struct lb_start_check *check, const char *path, const char *copy)
{
    sqlite3_file *from, *to = NULL;
    int code = open_file(check, path, SQLITE_OPEN_READONLY, &from);
    if (code == SQLITE_OK && from)
        code = open_file(check, copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &to);
    if (code == SQLITE_OK && from)
        code = copy_bytes(from, to);
    close_file(from);
    close_file(to);
    return code;
}

static int keep_copy(const struct look *look, char out_middle[40])
{
    int64_t now = lb_clock_wall_ms();
    int code = SQLITE_OK;
    snprintf(out_middle, 40, ".damaged-%lld", (long long)now);
    for (int which = DATABASE; code == SQLITE_OK && which < FILES; which++) {
        char path[PATH_MAX_BYTES], copy[PATH_MAX_BYTES];
        name_file(look->check->path, "", which, path);
        name_file(look->check->path, out_middle, which, copy);
        code = copy_file(look->check, path, copy);
    }
    return code;
}

/* A log whose frames may be in the database already, but not those after them, would put old pages
 * in the place of new ones. */
static int drop_log(struct look *look)
{
    char path[PATH_MAX_BYTES];
    sqlite3_file *file;
    if (look->log.own && look->log.frame > look->mark.written_back)
        return SQLITE_OK;
    look->log = (struct lb_log_scan){0};
    name_file(look->check->path, "", LOG, path);
    int code = open_file(look->check, path, SQLITE_OPEN_READWRITE, &file);
    if (code == SQLITE_OK && file) {
        code = file->pMethods->xTruncate(file, 0);
        if (code == SQLITE_OK)
            code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    }
    close_file(file);
    return code;
}

static lb_err accept_loss(struct look *look, const char *damage, struct lb_reason *reason)
{
    char middle[40];
    int code = keep_copy(look, middle);
    if (code == SQLITE_OK)
        code = drop_log(look);
    if (code != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "cannot keep a copy of the damaged files beside them: %s",
                       sqlite3_errstr(code));
    lb_log(LB_LOG_WARN, "damage", "%s; accepted, the files as they were are %s%s*", damage,
           look->check->path, middle);
    look->files->marked = false;
    look->files->accepted = true;
    return LB_OK;
}

/* Ends the log before its torn frame for SQLite too. */
static int cut_log(const struct look *look)
{
    static const uint8_t zeros[LB_WAL_FRAME_HEADER_BYTES];
    char path[PATH_MAX_BYTES];
    sqlite3_file *file;
    name_file(look->check->path, "", LOG, path);
    int code = open_file(look->check, path, SQLITE_OPEN_READWRITE, &file);
    if (code != SQLITE_OK || !file)
        return code;
    lb_log(LB_LOG_WARN, "store", "the log ends in a frame that was not written whole: number %u",
           look->log.torn);
    code = file->pMethods->xWrite(file, zeros, sizeof zeros,
                                  lb_wal_offset(look->log.torn, look->log.header.page_bytes));
    if (code == SQLITE_OK)
        code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    close_file(file);
    return code;
}

/* Where the log ends is what will be marked next. */
static void begin_mark(struct look *look)
{
    struct lb_mark *now = lb_synced_mark_now(look->check->mark);
    const struct lb_log_scan *log = &look->log;
    bool known = look->files->marked && look->log.own;
    if (!look->files->marked) {
        *now = (struct lb_mark){.whole = true};
        now->page_bytes = look->page_bytes;
        if (look->page_bytes)
            now->pages = (uint32_t)(look->files->database_bytes / look->page_bytes);
    }
    if (!log->valid || !log->frame)
        return;
    if (!known) {
        now->first_ms = lb_clock_wall_ms();
        now->pages_before = look->files->marked ? now->pages : 0;
        now->written_back = 0;
    }
    now->whole = known && now->whole && now->frame == log->frame;
    now->frame = log->frame;
    now->commits = log->commits;
    now->page_bytes = log->header.page_bytes;
    now->pages = log->commit.commit_pages;
    memcpy(now->salts, log->header.salts, sizeof now->salts);
    memcpy(now->sum, log->commit.sum_bytes, sizeof now->sum);
    memset(now->next, 0, sizeof now->next);
}

lb_err lb_start_check(const struct lb_start_check *check, struct lb_start_files *out,
                      struct lb_reason *reason)
{
    struct look look = {.check = check, .files = out, .mark.whole = true};
    char damage[sizeof reason->text];
    *out = (struct lb_start_files){.checked = true};
    int code = lb_synced_mark_read(check->mark, &look.mark, &out->marked);
    if (code == SQLITE_OK)
        code = look_at_database(&look);
    if (code == SQLITE_OK)
        code = look_at_log(&look);
    if (code != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot read %s, its log or mark: %s",
                       check->path, sqlite3_errstr(code));
    lb_err err = judge_database(&look, reason);
    if (!err && out->marked && log_is_damaged(&look, damage, sizeof damage))
        err = check->accept_loss
                  ? accept_loss(&look, damage, reason)
                  : refuse(&look, reason, damage,
                           "restore a backup, or start with --accept-loss, which keeps a copy");
    if (err)
        return err;
    if (look.log.torn && cut_log(&look) != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot write the log of %s",
                       check->path);
    begin_mark(&look);
    return LB_OK;
}
