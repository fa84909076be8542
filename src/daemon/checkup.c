#include "daemon/checkup.h"

#include "api/system/backup.h"
#include "base/clock.h"
#include "daemon/address.h"
#include "daemon/database.h"
#include "http/listen.h"
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define MIB               ((uint64_t)1 << 20)
#define FREE_MIN_BYTES    (64 * MIB)
#define FREE_WARN_BYTES   (1024 * MIB)
#define FREE_WARN_PERCENT 5
#define FILES_FREE_WARN   1000
#define SYNCS             15 /* of 4 KiB each */
#define SYNC_WARN_US      20000
#define CLOCK_EARLIEST_MS                                                                          \
    INT64_C(1767225600000) /* 2026-01-01: no such program was there before                         \
                            */
#define BACKUP_WARN_HOURS 48
#define FUTURE_MS         2000

const char *lb_checkup_state_name(enum lb_checkup_state state)
{
    static const char *const names[] = {"ok", "note", "warning", "error"};
    return names[state];
}

void lb_checkup_say(const struct lb_checkup *checkup, const char *check,
                    enum lb_checkup_state state, const char *advice, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    checkup->report(checkup->context, check, state, text, advice);
}

static void say_unknown(void *context, const char *name, const char *meant)
{
    struct lb_checkup *checkup = context;
    lb_checkup_say(checkup, "settings", LB_CHECKUP_WARNING,
                   "Correct the name, or remove the variable: the server ignores it.",
                   "%s is not a setting%s%s%s", name, meant ? "; did you mean " : "",
                   meant ? meant : "", meant ? "?" : "");
}

void lb_checkup_settings(struct lb_checkup *checkup)
{
    struct lb_reason reason = {""};
    if (lb_config_environment(checkup->config, checkup->look_up, &reason))
        lb_checkup_say(checkup, "settings", LB_CHECKUP_ERROR,
                       "Correct the value: the server does not start with it.", "%s", reason.text);
    else
        lb_checkup_say(checkup, "settings", LB_CHECKUP_OK, NULL,
                       "all values of the environment are valid");
    lb_config_unknown(checkup->environment, checkup, say_unknown);
}

/* The folder: whose it is, who may look into it and write to it. */

static void check_links(struct lb_checkup *checkup, const char *data)
{
    static const char *const names[] = {"leadblock.db", "leadblock.db-wal", "leadblock.db-mark",
                                        "lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[4096];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", data, names[i]);
        if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
            lb_checkup_say(checkup, "data folder", LB_CHECKUP_WARNING,
                           "Move the database into the folder, with its log and mark: the server "
                           "refuses a link out of it, and a copy of the folder lacks the data.",
                           "%s is a symbolic link", path);
    }
}

/* False: there is no folder to look at. */
static bool check_folder(struct lb_checkup *checkup)
{
    const char *data = checkup->config->data;
    struct stat info;
    int trouble = stat(data, &info) == 0 ? 0 : errno;
    if (trouble || !S_ISDIR(info.st_mode)) {
        lb_checkup_say(checkup, "data folder", LB_CHECKUP_ERROR,
                       "Name the server's folder with --data or LEADBLOCK_DATA, as its user: sudo "
                       "-u leadblock leadblock doctor --data /var/lib/leadblock",
                       "cannot look at %s: %s", data,
                       trouble ? strerror(trouble) : "it is not a folder");
        return false;
    }
    unsigned mode = (unsigned)info.st_mode & 07777;
    if (info.st_uid != geteuid())
        lb_checkup_say(checkup, "data folder", LB_CHECKUP_ERROR,
                       "Run this command and the server as the folder's owner, or give the folder "
                       "to the server's user with chown.",
                       "%s belongs to user %u, and this is user %u", data, (unsigned)info.st_uid,
                       (unsigned)geteuid());
    else if (mode & (S_IWGRP | S_IWOTH))
        lb_checkup_say(checkup, "data folder", LB_CHECKUP_ERROR,
                       "chmod 700: the server does not start on a folder that others may write to.",
                       "other users may write into %s (mode %03o)", data, mode);
    else if (mode & (S_IRWXG | S_IRWXO))
        lb_checkup_say(checkup, "data folder", LB_CHECKUP_WARNING, "chmod 700",
                       "other users may look into %s (mode %03o)", data, mode);
    else
        lb_checkup_say(checkup, "data folder", LB_CHECKUP_OK, NULL,
                       "%s is this user's alone (mode %03o)", data, mode);
    check_links(checkup, data);
    return true;
}

/* Its disk */

static bool is_read_only(struct lb_checkup *checkup, const struct statvfs *disk)
{
    if (!(disk->f_flag & ST_RDONLY))
        return false;
    lb_checkup_say(checkup, "disk", LB_CHECKUP_ERROR,
                   "Look at the kernel log (dmesg), make it writable (mount -o remount,rw), then "
                   "restart the server.",
                   "the file system of %s is read-only: nothing can be recorded",
                   checkup->config->data);
    return true;
}

static void check_disk(struct lb_checkup *checkup)
{
    struct statvfs disk;
    const char *data = checkup->config->data;
    if (statvfs(data, &disk) != 0 || is_read_only(checkup, &disk))
        return;
    uint64_t unit = disk.f_frsize;
    uint64_t free_bytes = unit * disk.f_bavail;
    uint64_t all = unit * disk.f_blocks;
    unsigned percent = all ? (unsigned)(free_bytes * 100 / all) : 100;
    enum lb_checkup_state state = LB_CHECKUP_OK;
    if (free_bytes < FREE_MIN_BYTES)
        state = LB_CHECKUP_ERROR;
    else if (free_bytes < FREE_WARN_BYTES || percent < FREE_WARN_PERCENT)
        state = LB_CHECKUP_WARNING;
    lb_checkup_say(
        checkup, "disk", state,
        state == LB_CHECKUP_OK ? NULL
                               : "Free disk space, or enlarge the disk: when it is full, "
                                 "checks are answered and nothing is recorded.",
        "%llu MiB of %llu MiB are free on the disk of %s (%u %%)",
        (unsigned long long)(free_bytes / MIB), (unsigned long long)(all / MIB), data, percent);
    if (disk.f_files && disk.f_favail < FILES_FREE_WARN)
        lb_checkup_say(checkup, "disk", LB_CHECKUP_WARNING,
                       "Remove files: no more can be made when none is left.",
                       "only %llu more files can be made on the disk of %s (inodes)",
                       (unsigned long long)disk.f_favail, data);
}

/* A file without a name, where the file system can make one. */
static int open_scratch(const char *data)
{
    char path[4096];
    int fd = open(data, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    snprintf(path, sizeof path, "%s/doctor-XXXXXX", data);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int compare_times(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

#define SEE_OTHERS "The server needs to write there: see the other findings."

static void check_sync(struct lb_checkup *checkup)
{
    static const char page[4096];
    uint64_t took_us[SYNCS];
    int fd = open_scratch(checkup->config->data);
    if (fd < 0) {
        lb_checkup_say(checkup, "disk speed", LB_CHECKUP_ERROR, SEE_OTHERS,
                       "cannot write a file into %s: %s", checkup->config->data, strerror(errno));
        return;
    }
    bool written = true;
    for (int i = 0; written && i < SYNCS; i++) {
        uint64_t begun = lb_clock_mono_ns();
        written = pwrite(fd, page, sizeof page, i * (off_t)sizeof page) == (ssize_t)sizeof page &&
                  fdatasync(fd) == 0;
        took_us[i] = (lb_clock_mono_ns() - begun) / 1000;
    }
    close(fd);
    if (!written) {
        lb_checkup_say(checkup, "disk speed", LB_CHECKUP_ERROR,
                       errno == ENOSPC || errno == EDQUOT
                           ? SEE_OTHERS
                           : "Look at the kernel log (dmesg), and at the disk's health.",
                       "writing to the disk failed: %s", strerror(errno));
        return;
    }
    qsort(took_us, SYNCS, sizeof *took_us, compare_times);
    uint64_t median_us = took_us[SYNCS / 2];
    bool slow = median_us > SYNC_WARN_US;
    lb_checkup_say(checkup, "disk speed", slow ? LB_CHECKUP_WARNING : LB_CHECKUP_OK,
                   slow ? "Each change waits for this: use a disk with a protected cache, or a "
                          "quieter one. leadblock_commit_duration_seconds shows it over time."
                        : NULL,
                   "making 4 KiB durable takes %.1f ms (median of %d; slowest %.1f ms)",
                   (double)median_us / 1000, SYNCS, (double)took_us[SYNCS - 1] / 1000);
}

/* Limits of the process */

#define OPEN_FILES "Max open files" /* in /proc/PID/limits, and after it the soft limit */

/* Of the running server; false: it does not say. */
static bool server_limit(pid_t server, uint64_t *out)
{
    char path[64];
    char line[256];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%ld/limits", (long)server);
    FILE *file = fopen(path, "re");
    *out = 0;
    while (file && !found && fgets(line, sizeof line, file)) {
        char *end = NULL;
        if (strncmp(line, OPEN_FILES, sizeof OPEN_FILES - 1) != 0)
            continue;
        *out = strtoull(line + sizeof OPEN_FILES - 1, &end, 10);
        found = end != line + sizeof OPEN_FILES - 1;
    }
    if (file)
        fclose(file);
    return found;
}

static void check_limits(struct lb_checkup *checkup)
{
    struct rlimit own;
    uint64_t files = 0;
    const struct lb_config *config = checkup->config;
    bool of_server = checkup->server && server_limit(checkup->server, &files);
    /* How many threads a server that runs has is not known here. */
    uint64_t wanted =
        lb_server_files(config->max_connections, of_server ? 1 : lb_config_threads(config));
    if (!of_server) {
        if (getrlimit(RLIMIT_NOFILE, &own) != 0)
            return;
        files = own.rlim_max; /* a start raises the soft one up to it */
    }
    bool low = files < wanted;
    lb_checkup_say(checkup, "open files", low ? LB_CHECKUP_WARNING : LB_CHECKUP_OK,
                   low ? "Raise LimitNOFILE of the service (or ulimit -n), or lower "
                         "max-connections: further connections are refused."
                       : NULL,
                   "%s may open %llu files; %llu are needed for max-connections=%u",
                   of_server ? "the server" : "a server started here", (unsigned long long)files,
                   (unsigned long long)wanted, config->max_connections);
}

/* The clock */

/* Of the files that a server writes, how far the newest is ahead of the clock. */
static int64_t ahead_ms(const char *data, int64_t now)
{
    static const char *const names[] = {"leadblock.db", "leadblock.db-wal", "leadblock.db-mark"};
    int64_t most = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[4096];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", data, names[i]);
        if (stat(path, &info) != 0)
            continue;
        int64_t at = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
        if (at - now > most)
            most = at - now;
    }
    return most;
}

static void check_clock(struct lb_checkup *checkup)
{
    char text[LB_TIME_TEXT_SIZE];
    struct timex kernel = {0};
    int64_t now = lb_clock_wall_ms();
    int64_t ahead = ahead_ms(checkup->config->data, now);
    lb_time_format(now, text);
    if (now < CLOCK_EARLIEST_MS)
        lb_checkup_say(checkup, "clock", LB_CHECKUP_ERROR,
                       "Set the clock, and let a time service keep it right.",
                       "it is %s by the clock, before this program was written", text);
    else if (ahead > FUTURE_MS)
        lb_checkup_say(checkup, "clock", LB_CHECKUP_WARNING,
                       "See which is right: set the clock, or expect times in the future in what "
                       "was recorded (docs/operations.md, The clock).",
                       "files of the database were written %lld s after now (%s): the clock is "
                       "behind, or was ahead",
                       (long long)(ahead / 1000), text);
    else if (adjtimex(&kernel) >= 0 && kernel.status & STA_UNSYNC)
        lb_checkup_say(checkup, "clock", LB_CHECKUP_NOTE,
                       "Let a time service such as systemd-timesyncd or chrony set it.",
                       "it is %s; no time service seems to set the clock", text);
    else
        lb_checkup_say(checkup, "clock", LB_CHECKUP_OK, NULL, "it is %s", text);
}

/* PostgreSQL is backed up by its own means. */
static void check_backup(struct lb_checkup *checkup)
{
    static const char advice[] =
        "leadblock backup TARGET, or the timer leadblock-backup.timer; see why it did not run: "
        "systemctl status leadblock-backup";
    int64_t at = 0;
    if (lb_config_is_postgres(checkup->config->database))
        return;
    if (!lb_backup_read_mark(checkup->config->data, &at)) {
        lb_checkup_say(checkup, "backup", LB_CHECKUP_NOTE, advice,
                       "no backup is known that was read back");
        return;
    }
    int64_t hours = (lb_clock_wall_ms() - at) / 3600000;
    bool old = hours > BACKUP_WARN_HOURS;
    lb_checkup_say(checkup, "backup", old ? LB_CHECKUP_WARNING : LB_CHECKUP_OK, old ? advice : NULL,
                   "the last backup that was read back was made %lld hours ago", (long long)hours);
}

void lb_checkup_machine(struct lb_checkup *checkup)
{
    if (check_folder(checkup)) {
        check_disk(checkup);
        check_sync(checkup);
    }
    check_limits(checkup);
    check_clock(checkup);
    check_backup(checkup);
}

/* What a start would say */

static void say_opened(struct lb_checkup *checkup, lb_err err, const struct lb_reason *reason)
{
    bool older = strstr(reason->text, "earlier version") != NULL;
    if (!err)
        lb_checkup_say(checkup, "database", LB_CHECKUP_OK, NULL,
                       "it can be opened, and is of this version");
    else if (older)
        lb_checkup_say(checkup, "database", LB_CHECKUP_NOTE,
                       "Make a backup with the earlier version before you start this one: there is "
                       "no way back.",
                       "it is of an earlier version; the next start brings it to this one");
    else if (err == LB_ERR_NOT_FOUND)
        lb_checkup_say(checkup, "database", LB_CHECKUP_WARNING,
                       "If there should be data, name its folder with --data or LEADBLOCK_DATA; a "
                       "start makes a new, empty database.",
                       "there is none in %s", checkup->config->data);
    else if (strstr(reason->text, "a leadblock holds"))
        lb_checkup_say(
            checkup, "database", LB_CHECKUP_WARNING,
            "If it is a server that starts or stops, try again soon; else find it: fuser "
            "-v on the folder's lock.",
            "another process holds the data folder, and does not answer");
    else
        lb_checkup_say(checkup, "database", LB_CHECKUP_ERROR,
                       strstr(reason->text, "damage")
                           ? "docs/storage.md, Damage, says what each case means; `leadblock "
                             "verify` looks at everything."
                           : "A start fails with this message.",
                       "%s", reason->text[0] ? reason->text : lb_err_code(err));
}

static void check_database(struct lb_checkup *checkup)
{
    struct lb_database end;
    struct lb_reason reason = {""};
    const struct lb_config *config = checkup->config;
    const char *database =
        lb_config_is_postgres(config->database) ? config->database : config->data;
    if (sodium_init() < 0)
        return;
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_ERROR);
    lb_err err = lb_database_open(&end, database, LB_DATABASE_LOOK, &reason);
    say_opened(checkup, err, &reason);
    lb_database_close(&end);
}

static void check_address(struct lb_checkup *checkup)
{
    int fd = -1;
    unsigned port = 0;
    struct lb_reason reason = {""};
    if (lb_listen_open(checkup->config->listen, &fd, 1, &port, &reason)) {
        lb_checkup_say(checkup, "address", LB_CHECKUP_ERROR,
                       "Choose another address with LEADBLOCK_LISTEN, or stop what uses it: ss "
                       "-ltnp shows it.",
                       "%s", reason.text);
        return;
    }
    close(fd);
    lb_checkup_say(checkup, "address", LB_CHECKUP_OK, NULL, "%s can be listened on",
                   checkup->config->listen);
}

/* Where users find the server. */
static void check_public_address(struct lb_checkup *checkup)
{
    if (lb_address_links_lead_here_alone(checkup->config))
        lb_checkup_say(checkup, "public address", LB_CHECKUP_NOTE, LB_ADDRESS_ADVICE,
                       "%s is every address of this machine, but links for users lead to the "
                       "machine itself, and no other one can open them",
                       checkup->config->listen);
}

void lb_checkup_start(struct lb_checkup *checkup)
{
    check_public_address(checkup);
    if (checkup->server) {
        lb_checkup_say(checkup, "server", LB_CHECKUP_OK, NULL, "it runs as process %ld and answers",
                       (long)checkup->server);
        return;
    }
    lb_checkup_say(checkup, "server", LB_CHECKUP_NOTE, "systemctl start leadblock",
                   "no server of this folder runs");
    check_database(checkup);
    check_address(checkup);
}
