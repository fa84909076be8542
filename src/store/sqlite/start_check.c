#include "store/sqlite/start_check.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/log_scan.h"
#include "store/sqlite/pages.h"
#include "store/sqlite/vfs_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* In the header of the database: https://www.sqlite.org/fileformat2.html#the_database_header */
#define MAGIC        "SQLite format 3"
#define PAGE_SIZE_AT 16
#define WRITE_MODE_AT                                                                              \
    18 /* and the next byte for reading: 1 with a rollback journal, 2 with a log */

struct look {
    const struct lb_start_check *check;
    struct lb_start_files *files;
    struct lb_mark mark;
    struct lb_log_scan log;
    bool first;    /* page 1 has a checksum, if its header said so */
    bool rollback; /* the database needs no log, as a backup */
    bool in_use;   /* it had a log */
    uint8_t reserved;
    uint32_t page_bytes;
};

/* --- Reading ---------------------------------------------------------------------------------- */

static void look_at_first_page(struct look *look, const uint8_t *page, sqlite3_int64 size)
{
    bool magic = memcmp(page, MAGIC, sizeof MAGIC) == 0;
    look->rollback = magic && page[WRITE_MODE_AT] == 1 && page[WRITE_MODE_AT + 1] == 1;
    look->in_use = magic && !look->rollback;
    look->reserved = page[LB_PAGE_RESERVED_AT];
    look->page_bytes = (uint32_t)page[PAGE_SIZE_AT] << 8 | page[PAGE_SIZE_AT + 1];
    look->page_bytes = look->page_bytes == 1 ? LB_PAGE_BYTES_MAX : look->page_bytes;
    look->first = look->page_bytes <= size && lb_page_is_first(page, look->page_bytes);
    look->files->id = look->first ? lb_page_id(page, look->page_bytes) : 0;
}

static int look_at_database(struct look *look)
{
    const struct lb_start_check *check = look->check;
    uint8_t page[LB_PAGE_BYTES_MAX] = {0};
    struct lb_vfs_file file;
    sqlite3_int64 size = 0;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    int code = lb_vfs_file_open(check->vfs, check->path, "", flags, &file);
    if (code != SQLITE_OK || !file.file)
        return code;
    code = file.file->pMethods->xFileSize(file.file, &size);
    if (code == SQLITE_OK && size > 0)
        code = file.file->pMethods->xRead(file.file, page, sizeof page, 0);
    if (code == SQLITE_IOERR_SHORT_READ)
        code = SQLITE_OK;
    lb_vfs_file_close(&file);
    if (code != SQLITE_OK || size < LB_PAGE_BYTES_MIN)
        return code;
    look->files->database_bytes = (uint64_t)size;
    look_at_first_page(look, page, size);
    if (!look->files->marked)
        code = lb_pages_judge(check->vfs, check->path, page, &look->files->checked);
    return code;
}

/* As a database: see lb_synced_mark_read. */
static int open_log(const struct look *look, int flags, struct lb_vfs_file *out)
{
    return lb_vfs_file_open(look->check->vfs, look->check->path, LB_LOG_SUFFIX,
                            flags | SQLITE_OPEN_MAIN_DB, out);
}

static int look_at_log(struct look *look)
{
    struct lb_vfs_file file;
    sqlite3_int64 size = 0;
    int code = open_log(look, SQLITE_OPEN_READONLY, &file);
    if (code != SQLITE_OK || !file.file)
        return code;
    code = file.file->pMethods->xFileSize(file.file, &size);
    if (code == SQLITE_OK)
        code = lb_log_scan(file.file, &look->mark, look->files->checked, &look->log);
    lb_vfs_file_close(&file);
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

/* What a start refuses whatever is accepted: there is nothing to go on with. */
static lb_err judge_database(const struct look *look, struct lb_reason *reason)
{
    static const char restore[] = "restore a backup, or look for the file";
    const struct lb_start_files *files = look->files;
    uint64_t wanted = (uint64_t)look->mark.pages_before * look->mark.page_bytes;
    if (look->mark.whole)
        wanted = (uint64_t)look->mark.pages * look->mark.page_bytes;
    bool beside = files->marked || look->log.frame;
    if (!files->database_bytes && beside)
        return refuse(look, reason, " is absent or empty, and its log or mark is not", restore);
    if (look->rollback && beside)
        return refuse(look, reason, " is a backup beside the log or the mark of another database",
                      "to start from this backup, remove leadblock.db-wal and leadblock.db-mark");
    if (files->marked && look->first && files->id != look->mark.id)
        return refuse(look, reason, " is another database than that of its log and mark",
                      "put back the files that belong together, or restore a backup");
    if (files->database_bytes < wanted)
        return refuse(look, reason, " is shorter than it was", restore);
    if (files->database_bytes && !files->marked && look->first &&
        look->reserved != LB_PAGE_RESERVED)
        return refuse(look, reason, ": its header is damaged", "restore a backup");
    return LB_OK;
}

/* What is wrong with the log, compared with the mark; NULL: nothing. */
static const char *compare_log(const struct look *look)
{
    const struct lb_mark *mark = &look->mark;
    const struct lb_log_scan *log = &look->log;
    /* Without a frame that commits there is nothing in the log: a header that was to be written
     * over may still be there. */
    bool follows = mark->whole && (!log->valid || log->frame == 0 ||
                                   memcmp(log->header.salts, mark->next, sizeof mark->next) == 0);
    if (log->own && !log->reached)
        return "-wal is damaged or was cut";
    if (!log->own && !follows)
        return log->valid ? "-wal is another one than was written here"
                          : "-wal is damaged, absent or was cut";
    if (log->own && !mark->whole && look->files->log_bytes < mark->log_bytes)
        return "-wal was cut";
    return NULL;
}

/* What is left of the log has all that the database may have of it: it can be written back. */
static bool log_is_usable(const struct look *look)
{
    return !compare_log(look) ||
           (look->log.own && (look->log.reached || look->log.frame > look->mark.begun));
}

/* Without the log, the database is what it was when the log had last been written back whole. */
static bool database_is_usable(const struct look *look)
{
    return look->mark.whole || look->mark.begun == look->mark.finished;
}

static uint64_t commits_lost(const struct look *look)
{
    if (look->mark.whole || look->log.reached)
        return 0;
    uint64_t found = log_is_usable(look) ? look->log.commits : look->mark.finished_commits;
    return found < look->mark.commits ? look->mark.commits - found : 0;
}

static void describe_loss(const struct look *look, const char *what, char *out, size_t size)
{
    char when[LB_TIME_TEXT_SIZE];
    uint64_t lost = commits_lost(look);
    lb_time_format(look->mark.first_ms, when);
    if (!log_is_usable(look) && !database_is_usable(look))
        snprintf(out, size, "%s while it was being written back", what);
    else if (lost)
        snprintf(out, size, "%s: at most %llu commit%s since %s %s lost", what,
                 (unsigned long long)lost, lost == 1 ? "" : "s", when, lost == 1 ? "is" : "are");
    else
        snprintf(out, size, "%s: no commit of which the mark knows is lost", what);
}

/* The server ended because its files were taken away: has it got the database back? */
static bool database_was_replaced(const struct look *look)
{
    struct stat info;
    return look->files->marked && look->mark.taken_inode && stat(look->check->path, &info) == 0 &&
           info.st_ino != look->mark.taken_inode;
}

/* What a start refuses unless its loss is accepted, in words; false: nothing. */
static bool find_damage(const struct look *look, char *out, size_t size)
{
    const struct lb_start_files *files = look->files;
    const char *what = files->marked ? compare_log(look) : NULL;
    if (what)
        describe_loss(look, what, out, size);
    else if (look->in_use && files->checked && !files->has_mark)
        snprintf(out, size, "-mark is absent or damaged: it is not known what is lost");
    else if (database_was_replaced(look))
        snprintf(out, size,
                 " is not the file that it was when it was removed or replaced under "
                 "the running server: put that back");
    else
        return false;
    return true;
}

/* --- Accepting a loss ------------------------------------------------------------------------- */

/* The damage is known by it, though not alone: without mark and log, all have the same. */
static void name_damage(const struct look *look, char *out, size_t size)
{
    bool marked = look->files->marked;
    const uint8_t *salts = marked ? look->mark.salts : look->log.header.salts;
    int length = 0;
    for (size_t i = 0; i < LB_WAL_SALTS_BYTES; i++)
        length += snprintf(out + length, size - (size_t)length, "%02x", salts[i]);
    snprintf(out + length, size - (size_t)length, "-%u",
             marked ? look->mark.frame : look->log.frame);
}

static int drop_log(struct look *look)
{
    struct lb_vfs_file file;
    look->log = (struct lb_log_scan){0};
    int code = open_log(look, SQLITE_OPEN_READWRITE, &file);
    if (code == SQLITE_OK && file.file)
        code = file.file->pMethods->xTruncate(file.file, 0);
    if (code == SQLITE_OK && file.file)
        code = file.file->pMethods->xSync(file.file, SQLITE_SYNC_NORMAL);
    lb_vfs_file_close(&file);
    return code;
}

static lb_err accept_loss(struct look *look, const char *damage, struct lb_reason *reason)
{
    char name[40];
    int code = SQLITE_OK;
    name_damage(look, name, sizeof name);
    lb_err err =
        lb_keep_damaged(look->check->vfs, look->check->path, name, look->files->kept, reason);
    if (err)
        return err;
    /* Its frames may be in the database already, but not those after them: they would put old pages
     * in the place of new ones. */
    if (look->files->marked && !log_is_usable(look))
        code = drop_log(look);
    if (code != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot empty the damaged log of %s: %s",
                       look->check->path, sqlite3_errstr(code));
    lb_log(LB_LOG_WARN, "damage", "%s; accepted, the files as they were are in %s.damaged-%s",
           damage, look->check->path, look->files->kept);
    look->files->marked = false;
    look->files->accepted = true;
    return LB_OK;
}

static lb_err judge_log(struct look *look, struct lb_reason *reason)
{
    char damage[sizeof reason->text];
    if (!find_damage(look, damage, sizeof damage))
        return LB_OK;
    if (look->files->marked && !log_is_usable(look) && !database_is_usable(look))
        return refuse(look, reason, damage, "restore a backup");
    if (look->check->accept_loss)
        return accept_loss(look, damage, reason);
    return refuse(look, reason, damage,
                  look->mark.log.rows
                      ? "restore a backup, or start with --accept-loss, which keeps a copy and "
                        "says how many rows are lost in all"
                      : "restore a backup, or start with --accept-loss, which keeps a copy");
}

/* Ends the log before its torn frame for SQLite too. */
static int cut_log(const struct look *look)
{
    static const uint8_t zeros[LB_WAL_FRAME_HEADER_BYTES];
    struct lb_vfs_file file;
    int code = open_log(look, SQLITE_OPEN_READWRITE, &file);
    if (code != SQLITE_OK || !file.file)
        return code;
    lb_log(LB_LOG_WARN, "store", "the log ends in a frame that was not written whole: number %u",
           look->log.torn);
    code = file.file->pMethods->xWrite(file.file, zeros, sizeof zeros,
                                       lb_wal_offset(look->log.torn, look->log.header.page_bytes));
    if (code == SQLITE_OK)
        code = file.file->pMethods->xSync(file.file, SQLITE_SYNC_NORMAL);
    lb_vfs_file_close(&file);
    return code;
}

static bool ends_at_mark(const struct look *look)
{
    return look->files->marked && look->log.own && look->log.reached && !look->log.torn &&
           look->log.frame == look->mark.frame;
}

/* Where the log ends is what will be marked next. */
static void begin_mark(struct look *look)
{
    struct lb_mark *now = lb_synced_mark_now(look->check->mark);
    const struct lb_log_scan *log = &look->log;
    bool known = look->files->marked && look->log.own;
    if (!look->files->marked) {
        *now = (struct lb_mark){.whole = true, .log = look->mark.log};
        now->page_bytes = look->page_bytes;
        if (look->page_bytes)
            now->pages = (uint32_t)(look->files->database_bytes / look->page_bytes);
    }
    now->taken_inode = 0;
    if (!log->valid || !log->frame)
        return;
    if (!known) {
        now->first_ms = lb_clock_wall_ms();
        now->pages_before = look->files->marked ? now->pages : 0;
        now->begun = look->files->marked ? 0 : log->frame; /* perhaps */
        now->finished = 0;
        now->finished_commits = 0;
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
    *out = (struct lb_start_files){.checked = true};
    int code = lb_synced_mark_read(check->mark, &look.mark, &out->has_mark);
    out->marked = out->has_mark && look.mark.id;
    if (!out->marked)
        look.mark = (struct lb_mark){.whole = true};
    if (code == SQLITE_OK)
        code = look_at_database(&look);
    if (code == SQLITE_OK)
        code = look_at_log(&look);
    if (code != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot read %s, its log or mark: %s",
                       check->path, sqlite3_errstr(code));
    lb_err err = judge_database(&look, reason);
    if (!err)
        err = judge_log(&look, reason);
    if (err)
        return err;
    if (look.log.torn && cut_log(&look) != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot write the log of %s",
                       check->path);
    out->ends_at_mark = ends_at_mark(&look);
    begin_mark(&look);
    return LB_OK;
}
