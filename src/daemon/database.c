#include "daemon/database.h"

#include "daemon/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "sqlite:";

const char *lb_database_folder(const char *database)
{
    if (strncmp(database, prefix, sizeof prefix - 1) == 0)
        return database + sizeof prefix - 1;
    return lb_config_is_postgres(database) ? NULL : database;
}

/* Of SQLite's header, in which what leadblock writes has a number of its own and one of its
 * schema: both are 0 before that, as they are in other programs' databases, which have more
 * than one page. */
#define HEADER_BYTES   100
#define PAGES_AT       28 /* their number, big-endian */
#define SCHEMA_AT      60
#define APPLICATION_AT 68

bool lb_database_is_blank(const char *path)
{
    static const char zeros[4], one[4] = {0, 0, 0, 1};
    char header[HEADER_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : pread(fd, header, sizeof header, 0);
    if (fd >= 0)
        close(fd);
    return got == 0 || (got == HEADER_BYTES && memcmp(header, "SQLite format 3", 16) == 0 &&
                        memcmp(header + PAGES_AT, one, sizeof one) <= 0 &&
                        memcmp(header + SCHEMA_AT, zeros, sizeof zeros) == 0 &&
                        memcmp(header + APPLICATION_AT, zeros, sizeof zeros) == 0);
}

bool lb_database_folder_is_blank(const char *folder)
{
    static const char *const beside[] = {"-wal", "-mark"};
    char path[PATH_MAX];
    struct stat info;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        int len = snprintf(path, sizeof path, "%s/leadblock.db%s", folder, beside[i]);
        if (len >= (int)sizeof path || (stat(path, &info) == 0 && info.st_size > 0))
            return false;
    }
    snprintf(path, sizeof path, "%s/leadblock.db", folder);
    return lb_database_is_blank(path);
}

/* Nothing is made where one should be that is only read. */
static lb_err check_there(const char *folder, struct lb_reason *reason)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/leadblock.db", folder) >= (int)sizeof path)
        return lb_fail(reason, LB_ERR_NOT_FOUND, "the path of the data folder is too long");
    lb_err lost = lb_folder_look_for_data(folder, reason);
    if (lost)
        return lost;
    if (lb_database_folder_is_blank(folder))
        return lb_fail(reason, LB_ERR_NOT_FOUND,
                       "leadblock.db in the folder %s is empty: there is nothing to read", folder);
    if (access(path, F_OK) == 0)
        return LB_OK;
    if (errno == EACCES)
        return lb_fail(reason, LB_ERR_INTERNAL,
                       "the folder %s is closed to this user; run this as the server's", folder);
    return lb_fail(reason, LB_ERR_NOT_FOUND,
                   "there is no leadblock.db in the folder %s: %s. A DATABASE is a data folder or"
                   " postgresql://USER@HOST/NAME",
                   folder, strerror(errno));
}

lb_err lb_database_absent(const char *folder, struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_NOT_FOUND,
                   "there is no database in the data folder %s: name the server's folder with "
                   "--data or LEADBLOCK_DATA. The first start makes one, or `leadblock workspace "
                   "create`",
                   folder);
}

static lb_err open_folder(struct lb_database *end, const char *folder, struct lb_reason *reason)
{
    lb_err err = lb_folder_open(folder, &end->folder, reason);
    if (err != LB_ERR_ALREADY_EXISTS)
        return err;
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "a leadblock holds the data folder %s; stop it (systemctl stop leadblock) and"
                   " try again",
                   folder);
}

lb_err lb_database_open(struct lb_database *end, const char *database, enum lb_database_use use,
                        struct lb_reason *reason)
{
    const char *folder = lb_database_folder(database);
    *end = (struct lb_database){.folder = {.fd = -1, .lock_fd = -1, .control_fd = -1}};
    if (!lb_config_init(&end->config))
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    lb_err err = folder && use != LB_DATABASE_WRITE ? check_there(folder, reason) : LB_OK;
    if (!err && folder)
        err = open_folder(end, folder, reason);
    if (!folder)
        end->config.database = database;
    return err ? err
               : lb_daemon_open_store(&end->config, &end->folder, use == LB_DATABASE_LOOK, NULL,
                                      &end->store, reason);
}

void lb_database_close(struct lb_database *end)
{
    if (end->store)
        end->store->ops->close(end->store);
    lb_folder_close(&end->folder);
    lb_config_fini(&end->config);
}
