#include "base/clock.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/counts.h"
#include "daemon/backup_check.h"
#include "daemon/folder.h"
#include "json/encode.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The server has a working folder of its own, so it is told the whole path. */
static bool put_absolute(struct lb_buf *body, const char *path)
{
    char here[PATH_MAX];
    struct lb_buf whole = {0};
    if (path[0] != '/') {
        if (!getcwd(here, sizeof here)) {
            lb_cli_error("cannot tell which folder this is; give the backup's whole path");
            return false;
        }
        lb_buf_printf(&whole, "%s/", here);
    }
    lb_buf_append_str(&whole, lb_str(path));
    lb_json_put_string(body, lb_buf_str(&whole));
    body->failed |= whole.failed;
    lb_buf_fini(&whole);
    return true;
}

/* Names of backups in a folder: what retention may remove, and nothing else. */
#define NAME_FORMAT "leadblock-%Y%m%dT%H%M%SZ.db"
#define NAME_SIZE   sizeof "leadblock-20261129T131500Z.db"
#define DAY_S       86400
#define NAMES_TRIED 10 /* of one second each; more are taken only after a clock was set back */
/* For another backup into the folder, which may be stuck. */
#define TURN_WAIT_MS UINT64_C(3600000)
#define TURN_LOOK_NS 500000000

struct backup {
    struct lb_cli *cli;
    const char *folder;  /* for a backup under a name of its time; NULL: `path` was given */
    int turn;            /* the folder while it is locked; -1: it is not */
    char path[PATH_MAX]; /* of the copy */
    uint64_t keep;       /* backups; 0: not given */
    uint64_t keep_days;
};

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* When the backup of that name was begun; false: this command did not make it. */
static bool time_of(const char *name, time_t *out)
{
    struct tm when = {0};
    char again[NAME_SIZE];
    const char *end = strptime(name, NAME_FORMAT, &when);
    if (!end || *end)
        return false;
    *out = timegm(&when);
    return strftime(again, sizeof again, NAME_FORMAT, gmtime_r(out, &when)) && !strcmp(again, name);
}

/* Backups into one folder take their turns, so that a name is one's, and what retention counts is
 * whole. Where a folder cannot be locked they go on all the same; a data folder is its server's.
 * False, after a message: another one does not end. */
static bool wait_for_turn(struct backup *backup)
{
    const struct timespec pause = {.tv_nsec = TURN_LOOK_NS};
    if (lb_folder_was_used(backup->folder))
        return true;
    backup->turn = open(backup->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (backup->turn < 0 || flock(backup->turn, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    lb_cli_error("another backup into %s is not finished; waiting for it", backup->folder);
    uint64_t began_ms = lb_clock_mono_ms();
    while (lb_clock_mono_ms() - began_ms < TURN_WAIT_MS) {
        nanosleep(&pause, NULL);
        if (flock(backup->turn, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return true;
    }
    lb_cli_error("another backup into %s is still not finished after an hour; nothing was copied.\n"
                 "Look whether it is stuck, and end it if it is",
                 backup->folder);
    return false;
}

/* The name of the time, which is the next one while another backup has it. */
static int choose_name(struct backup *backup)
{
    int len = 0;
    for (int i = 0; i < NAMES_TRIED; i++) {
        char name[NAME_SIZE] = "";
        struct timespec now;
        struct tm when;
        struct stat info;
        clock_gettime(CLOCK_REALTIME, &now);
        strftime(name, sizeof name, NAME_FORMAT, gmtime_r(&now.tv_sec, &when));
        len = snprintf(backup->path, sizeof backup->path, "%s/%s", backup->folder, name);
        if (len >= (int)sizeof backup->path || lstat(backup->path, &info) != 0)
            break;
        /* Not until that time, which a clock that is set back puts far off. */
        const struct timespec rest = {.tv_nsec = 999999999 - now.tv_nsec};
        nanosleep(&rest, NULL);
    }
    return len;
}

/* Where there is no folder, what was meant as one is made as a file, and said to be one. */
static void tell_that_it_is_a_file(const char *target)
{
    const char *slash = strrchr(target, '/');
    if (access(target, F_OK) != 0 && !strchr(slash ? slash + 1 : target, '.'))
        lb_cli_hint("%s will be the copy itself, as there is no such folder. To keep backups in a "
                    "folder, make it first: mkdir %s",
                    target, target);
}

static bool choose_path(struct backup *backup)
{
    const char *target = backup->cli->arguments[0];
    int len;
    if (is_folder(target)) {
        backup->folder = target;
        if (!wait_for_turn(backup))
            return false;
        len = choose_name(backup);
    } else {
        tell_that_it_is_a_file(target);
        len = snprintf(backup->path, sizeof backup->path, "%s", target);
    }
    if (len < (int)sizeof backup->path)
        return true;
    lb_cli_error("the path of the backup is too long");
    return false;
}

static void print_done(const struct lb_json *json)
{
    struct lb_str message = lb_answer_text(json, "message");
    printf("%.*s\n", (int)message.len, message.ptr);
}

static void print_nothing(const struct lb_json *json)
{
}

static int tell(struct backup *backup, const char *path, void (*print)(const struct lb_json *json))
{
    struct lb_buf body = {0};
    lb_buf_append_lit(&body, "{\"path\":");
    if (!put_absolute(&body, backup->path)) {
        lb_buf_fini(&body);
        return LB_EXIT_FAILED;
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(backup->cli, &(struct lb_admin_request){.method = "POST",
                                                                .path = path,
                                                                .body = &body,
                                                                .creates = true,
                                                                .only_looks = true,
                                                                .quiet = print == print_nothing,
                                                                .print = print});
}

/* Reads the copy back as a start would. On what could not be read as a backup, another name keeps
 * it from being taken for one. */
static bool check(struct backup *backup)
{
    char damaged[PATH_MAX + 16];
    struct lb_verify verify = {.context = NULL};
    struct lb_reason reason = {""};
    bool json = lb_cli_given(backup->cli, LB_OPT_JSON);
    if (access(backup->path, R_OK) != 0) {
        lb_cli_error("the server wrote %s, and this command cannot read it there: %s.\nA service's "
                     "/tmp is its own; choose a folder that both see. The copy is not checked",
                     backup->path, strerror(errno));
        return false;
    }
    lb_err err = lb_backup_check(backup->path, &verify, &reason);
    if (!err) {
        if (!json) {
            fputs("Checked: ", stdout);
            lb_counts_print(&verify);
            putchar('\n');
        }
        return true;
    }
    if (err != LB_ERR_CONFLICT) {
        lb_cli_error("the copy is written, and could not be checked: %s", reason.text);
        return false;
    }
    snprintf(damaged, sizeof damaged, "%s.damaged", backup->path);
    if (rename(backup->path, damaged) != 0)
        snprintf(damaged, sizeof damaged, "%s", backup->path);
    lb_cli_error(
        "the copy is not whole, and is now %s: %s.\nEarlier backups were not touched. Look "
        "at the disk, and at the server's: leadblock doctor",
        damaged, reason.text);
    return false;
}

static int newest_first(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*right)->d_name, (*left)->d_name);
}

static int is_backup(const struct dirent *entry)
{
    time_t at;
    return time_of(entry->d_name, &at);
}

static bool is_kept(const struct backup *backup, const char *name, uint64_t index)
{
    time_t at = 0;
    const char *own = strrchr(backup->path, '/') + 1;
    if (strcmp(name, own) == 0 || (backup->keep && index < backup->keep))
        return true; /* the one that was just checked is the last to go */
    return backup->keep_days && time_of(name, &at) &&
           at > time(NULL) - (time_t)backup->keep_days * DAY_S;
}

/* Removes older backups; the number of them, or -1 after a message. */
static int remove_older(const struct backup *backup)
{
    int removed = 0;
    struct dirent **names = NULL;
    int count = scandir(backup->folder, &names, is_backup, newest_first);
    bool failed = count < 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", backup->folder, names[i]->d_name);
        if (!failed && !is_kept(backup, names[i]->d_name, (uint64_t)i)) {
            bool gone = unlink(path) == 0;
            removed += gone;
            failed = !gone && errno != ENOENT; /* which another one has removed meanwhile */
        }
        free(names[i]);
    }
    free(names);
    if (!failed)
        return removed;
    lb_cli_error("cannot remove older backups in %s: %s", backup->folder, strerror(errno));
    return -1;
}

/* A slash at the end, and --keep, mean a folder. None is made: it is the server that writes there,
 * which may be another user's. */
static bool is_good_target(const struct lb_cli *cli, bool retention)
{
    const char *target = cli->arguments[0];
    size_t len = strlen(target);
    if (is_folder(target))
        return true;
    bool slash = len && target[len - 1] == '/';
    if (!retention && !slash)
        return true;
    struct stat info;
    const char *what = stat(target, &info) == 0 ? "it is a file"
                       : errno == ENOENT
                           ? "it does not exist. Make it first, so that the server's user may "
                             "write into it"
                           : strerror(errno);
    lb_cli_usage(cli, "%s a folder as TARGET, and %s is not one: %s",
                 retention ? "--keep and --keep-days need" : "a slash at its end means", target,
                 what);
    return false;
}

static bool take_options(struct backup *backup)
{
    struct lb_cli *cli = backup->cli;
    bool retention = lb_cli_given(cli, LB_OPT_KEEP) || lb_cli_given(cli, LB_OPT_KEEP_DAYS);
    if (!lb_cli_number(cli, LB_OPT_KEEP, 1, 100000, &backup->keep) ||
        !lb_cli_number(cli, LB_OPT_KEEP_DAYS, 1, 36500, &backup->keep_days))
        return false;
    if (!is_good_target(cli, retention))
        return false;
    if (!retention || !lb_cli_given(cli, LB_OPT_NO_CHECK))
        return true;
    lb_cli_usage(cli,
                 "--keep and --keep-days remove nothing for a copy that was not checked: leave "
                 "out --no-check");
    return false;
}

static int run(struct backup *backup)
{
    const struct lb_cli *cli = backup->cli;
    if (!choose_path(backup))
        return LB_EXIT_FAILED;
    int code = tell(backup, "/admin/backup", print_done);
    if (code != LB_EXIT_DONE || lb_cli_given(cli, LB_OPT_NO_CHECK))
        return code;
    fflush(stdout);
    if (!check(backup))
        return LB_EXIT_FAILED;
    code = tell(backup, "/admin/backup/checked", print_nothing);
    if (code != LB_EXIT_DONE || !(backup->keep || backup->keep_days))
        return code;
    int removed = remove_older(backup);
    if (removed > 0 && !lb_cli_given(cli, LB_OPT_JSON))
        printf("Removed: %d older backup%s\n", removed, lb_plural((uint64_t)removed));
    return removed < 0 ? LB_EXIT_FAILED : LB_EXIT_DONE;
}

int lb_cmd_backup(struct lb_cli *cli)
{
    struct backup backup = {.cli = cli, .turn = -1};
    if (!take_options(&backup))
        return LB_EXIT_USAGE;
    signal(SIGPIPE, SIG_IGN); /* who reads what is printed may end before all is done */
    int code = run(&backup);
    if (backup.turn >= 0)
        close(backup.turn);
    return code;
}
