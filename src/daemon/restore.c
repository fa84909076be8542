#include "daemon/restore_sides.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/backup_check.h"
#include "domain/access/nodes.h"
#include "domain/outreach/campaign.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The files of a database. The first is moved last: without it, there is no database. */
static const char *const files[] = {"leadblock.db-mark", "leadblock.db-wal", "leadblock.db"};
#define FILES (sizeof files / sizeof *files)

/* Opens the data folder and reads its lists into memory. To be closed in any case. */
static lb_err open_old(struct lb_restore_old *old, const char *folder, struct lb_reason *reason)
{
    *old = (struct lb_restore_old){.directory = NULL};
    lb_err err = lb_database_open(&old->end, folder, LB_DATABASE_LOOK, reason);
    if (err)
        return err;
    old->directory = lb_directory_create();
    struct lb_blocklist_settings settings = {.directory = old->directory, .store = old->end.store};
    old->blocklist = old->directory ? lb_blocklist_create(&settings) : NULL;
    err = old->blocklist ? lb_nodes_load_access(old->directory, old->end.store) : LB_ERR_INTERNAL;
    if (!err)
        err = lb_blocklist_load(old->blocklist, NULL, NULL, reason);
    return err ? err : old->end.store->ops->reader_open(old->end.store, &old->reader);
}

static void close_old(struct lb_restore_old *old)
{
    if (old->reader)
        old->end.store->ops->reader_close(old->reader);
    if (old->blocklist)
        lb_blocklist_destroy(old->blocklist);
    if (old->directory)
        lb_directory_destroy(old->directory);
    lb_database_close(&old->end);
}

/* People sign in again: sessions and links that were ended since would work otherwise. */
static lb_err end_sessions(struct lb_write *write, struct lb_store *store)
{
    write->touched = true;
    return store->ops->accounts_sweep(store, INT64_MAX);
}

static lb_err pause_campaign(struct lb_restore *restore, struct lb_parts *parts,
                             struct lb_workspace *workspace, const char *id, uint32_t no)
{
    struct lb_campaign_change change = {
        .standing = {.directory = parts->app.directory,
                     .workspace = workspace,
                     .campaign_id = lb_str(id),
                     .list = {.workspace = workspace->row.no, .campaign = no}},
        .blocklist = parts->app.blocklist,
        .outreach = parts->app.outreach};
    lb_campaign_pause(&change);
    lb_err err = lb_parts_write(parts, &change.write);
    if (!err)
        restore->tell(restore->context, LB_RESTORE_PAUSED, id, workspace->row.name, 1);
    lb_campaign_change_fini(&change);
    return err;
}

static lb_err pause_campaigns(struct lb_restore *restore, struct lb_parts *parts)
{
    lb_err err = LB_OK;
    for (struct lb_workspace *workspace = lb_directory_workspaces(parts->app.directory);
         !err && workspace; workspace = lb_rcu_load(&workspace->next)) {
        size_t count = 0;
        struct lb_campaign_row *rows = NULL;
        lb_directory_page_campaigns(parts->app.directory, workspace, LB_CAMPAIGN_ACTIVE, 0, 0, NULL,
                                    &count);
        rows = calloc(count + 1, sizeof *rows);
        if (!rows)
            return LB_ERR_INTERNAL;
        size_t found = lb_directory_page_campaigns(parts->app.directory, workspace,
                                                   LB_CAMPAIGN_ACTIVE, 0, count, rows, &count);
        for (size_t i = 0; !err && i < found; i++)
            err = pause_campaign(restore, parts, workspace, rows[i].id, rows[i].no);
        free(rows);
    }
    return err;
}

/* With the engine of the new database, and the old one beside it or NULL. */
static lb_err adjust(struct lb_restore *restore, struct lb_parts *parts, struct lb_restore_old *old,
                     struct lb_reason *reason)
{
    struct lb_write sweep = {.apply = end_sessions};
    struct lb_store_reader *reader = NULL;
    lb_err err = parts->app.store->ops->reader_open(parts->app.store, &reader);
    if (!err && old)
        err = lb_restore_compare(restore, old, parts, reader);
    if (!err)
        err = lb_parts_write(parts, &sweep);
    if (!err)
        err = pause_campaigns(restore, parts);
    if (!err && old)
        err = lb_restore_erase(restore, old, parts, reader, reason);
    if (!err && old)
        err = lb_restore_block(restore, old, parts, reader, reason);
    if (reader)
        parts->app.store->ops->reader_close(reader);
    return err;
}

/* Serves the folder `stage` in this process, with its lists in memory. */
static lb_err serve_and_adjust(struct lb_restore *restore, const char *stage, const char *from,
                               struct lb_reason *reason)
{
    struct lb_restore_old old = {.directory = NULL};
    struct lb_parts *parts = calloc(1, sizeof *parts);
    lb_err err = LB_ERR_INTERNAL;
    if (!parts || !lb_config_init(&parts->config)) {
        free(parts);
        return lb_fail(reason, err, "out of memory");
    }
    parts->config.data = stage;
    parts->local = true;
    parts->with_lists = true;
    parts->folder = (struct lb_folder){.fd = -1, .lock_fd = -1, .control_fd = -1};
    lb_rcu_thread_register();
    err = from ? open_old(&old, from, reason) : LB_OK;
    if (!err)
        err = lb_parts_start(parts, reason);
    if (!err)
        err = lb_parts_load(parts, reason);
    if (!err)
        err = adjust(restore, parts, from ? &old : NULL, reason);
    lb_parts_stop(parts);
    if (from)
        close_old(&old);
    lb_rcu_thread_unregister();
    lb_config_fini(&parts->config);
    free(parts);
    if (err && !reason->text[0])
        lb_fail(reason, err, "cannot adjust the backup: %s", lb_err_code(err));
    return err;
}

/* A backup of an earlier version is brought to this one first, whose digests can be checked. */
static lb_err check_backup(struct lb_restore *restore, const char *stage, struct lb_reason *reason)
{
    struct lb_database end;
    lb_err err = lb_database_open(&end, stage, LB_DATABASE_READ, reason);
    lb_database_close(&end);
    return err ? err : lb_daemon_verify(stage, NULL, &restore->verify, reason);
}

/* Moves what there is of a database. False with errno. */
static bool move_files(const char *from, const char *to)
{
    char source[PATH_MAX];
    char target[PATH_MAX];
    for (size_t i = 0; i < FILES; i++) {
        snprintf(source, sizeof source, "%s/%s", from, files[i]);
        snprintf(target, sizeof target, "%s/%s", to, files[i]);
        if (rename(source, target) != 0 && errno != ENOENT)
            return false;
    }
    snprintf(source, sizeof source, "%s/leadblock.db-shm", from);
    unlink(source);
    return true;
}

/* Empty files, as a full disk leaves them, do not count as a database. */
static bool has_database(const char *folder)
{
    char path[PATH_MAX];
    struct stat info;
    bool any = false;
    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        any |= stat(path, &info) == 0 && info.st_size > 0;
    }
    return any && access(path, F_OK) == 0;
}

/* Out of the way, into a folder inside the data folder: nothing outside of it need be writable. */
static lb_err move_aside(struct lb_restore *restore, struct lb_reason *reason)
{
    char at[LB_TIME_TEXT_SIZE];
    if (!has_database(restore->data))
        return LB_OK;
    lb_time_format(lb_clock_wall_ms(), at);
    int len =
        snprintf(restore->moved_to, sizeof restore->moved_to, "%s/before-%.19s", restore->data, at);
    if (len < (int)sizeof restore->moved_to && mkdir(restore->moved_to, 0700) == 0 &&
        move_files(restore->data, restore->moved_to))
        return LB_OK;
    lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot move the database to %s: %s",
            restore->moved_to, strerror(errno));
    restore->moved_to[0] = '\0';
    return LB_ERR_STORAGE_UNAVAILABLE;
}

/* Once the backup is known to be whole. What fails puts back what was moved. */
static lb_err put_in_place(struct lb_restore *restore, const char *stage, struct lb_reason *reason)
{
    lb_err err = move_aside(restore, reason);
    const char *from = restore->from ? restore->from : restore->moved_to;
    if (!restore->from && *from && lb_database_folder_is_blank(from))
        from = ""; /* it is kept, and has nothing to compare with */
    if (!err && *from)
        snprintf(restore->compared, sizeof restore->compared, "%s", from);
    if (!err)
        err = serve_and_adjust(restore, stage, *from ? from : NULL, reason);
    if (!err && !move_files(stage, restore->data))
        err = lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot move the database into %s: %s",
                      restore->data, strerror(errno));
    if (err && restore->moved_to[0] && move_files(restore->moved_to, restore->data)) {
        lb_backup_remove_folder(restore->moved_to);
        restore->moved_to[0] = '\0';
    }
    return err;
}

static lb_err check_place(const struct lb_restore *restore, struct lb_reason *reason)
{
    if (!has_database(restore->data) || restore->replace)
        return LB_OK;
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "the data folder %s has a database already. With --replace it is moved into a "
                   "folder beside it, and what the backup lacks of it is blocked again",
                   restore->data);
}

static lb_err restore_into(struct lb_restore *restore, struct lb_reason *reason)
{
    char stage[PATH_MAX];
    lb_err err = check_place(restore, reason);
    if (err)
        return err;
    snprintf(stage, sizeof stage, "%s/restore-XXXXXX", restore->data);
    if (!mkdtemp(stage))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot make a folder in %s: %s",
                       restore->data, strerror(errno));
    err = lb_backup_copy_into(restore->backup, stage, reason);
    if (!err)
        err = check_backup(restore, stage, reason);
    if (!err)
        err = put_in_place(restore, stage, reason);
    lb_backup_remove_folder(stage);
    return err;
}

lb_err lb_restore_run(struct lb_restore *restore, struct lb_reason *reason)
{
    struct lb_folder folder;
    struct stat info = {.st_mode = 0};
    if (sodium_init() < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "no entropy");
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_ERROR);
    if (stat(restore->backup, &info) != 0 || !S_ISREG(info.st_mode))
        return lb_fail(reason, LB_ERR_NOT_FOUND, "cannot read the backup %s: %s", restore->backup,
                       S_ISDIR(info.st_mode) ? "it is a folder; name the file in it"
                       : info.st_mode        ? "it is no file"
                                             : strerror(errno));
    if (lb_database_is_blank(restore->backup))
        return lb_fail(reason, LB_ERR_NOT_FOUND,
                       "the backup %s is empty: there is nothing to restore", restore->backup);
    /* Its lock keeps servers and other commands away. */
    lb_err err = lb_folder_open(restore->data, &folder, reason);
    if (err)
        return err;
    err = restore_into(restore, reason);
    lb_folder_close(&folder);
    return err;
}
