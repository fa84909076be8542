#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/counts.h"
#include "daemon/restore.h"
#include "json/encode.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name; /* in JSON */
    const char *heading;
    const char *advice; /* "": nothing is to be done */
} whats[] = {
#define LB_RESTORE_ROW(name, heading, advice) {#name, heading, advice},
    LB_RESTORE_TABLE(LB_RESTORE_ROW)
#undef LB_RESTORE_ROW
};

/* What was told, by what it is about: lines to be printed below its heading. */
struct view {
    bool json;
    struct lb_buf lines[LB_RESTORE_WHAT_COUNT];
    uint64_t counts[LB_RESTORE_WHAT_COUNT];
};

static bool counts_people(enum lb_restore_what what)
{
    return what == LB_RESTORE_BLOCKED || what == LB_RESTORE_UNBLOCKED_SINCE ||
           what == LB_RESTORE_ERASED;
}

static void take(void *context, enum lb_restore_what what, const char *name, const char *detail,
                 uint64_t count)
{
    struct view *view = context;
    struct lb_buf *out = &view->lines[what];
    view->counts[what] += count;
    if (view->json) {
        lb_buf_printf(out, "%s{\"name\":", out->len ? "," : "");
        lb_json_put_string(out, lb_str(name));
        lb_buf_append_lit(out, ",\"detail\":");
        lb_json_put_string(out, lb_str(detail));
        lb_buf_printf(out, ",\"count\":%llu}", (unsigned long long)count);
    } else if (counts_people(what)) {
        lb_buf_printf(out, "  %s\t%llu%s%s\n", name, (unsigned long long)count, *detail ? ": " : "",
                      detail);
    } else {
        lb_buf_printf(out, "  %s\t%s\n", name, detail);
    }
}

static void print_json(const struct lb_restore *restore, const struct view *view)
{
    struct lb_buf head = {0};
    lb_buf_append_lit(&head, "{\"movedTo\":");
    lb_json_put_string(&head, lb_str(restore->moved_to));
    lb_buf_append_lit(&head, ",\"comparedWith\":");
    lb_json_put_string(&head, lb_str(restore->compared));
    printf("%.*s,", (int)head.len, head.ptr);
    lb_counts_print_json(&restore->verify);
    for (int what = 0; what < LB_RESTORE_WHAT_COUNT; what++)
        printf(",\n\"%s\":{\"count\":%llu,\"items\":[%.*s]}", whats[what].name,
               (unsigned long long)view->counts[what], (int)view->lines[what].len,
               view->lines[what].len ? view->lines[what].ptr : "");
    puts("}");
    lb_buf_fini(&head);
}

static void print_lines(const struct lb_restore *restore, const struct view *view)
{
    printf("Restored %s to %s: ", restore->backup, restore->data);
    lb_counts_print(&restore->verify);
    putchar('\n');
    if (restore->moved_to[0])
        printf("The database of before is in %s\n", restore->moved_to);
    if (restore->compared[0])
        printf("Compared with %s; activities that were done since are handed out again\n",
               restore->compared);
    else
        puts("Compared with nothing: what happened since the backup is not known here. With --from "
             "OLD_FOLDER, blocks made since are made again");
    puts("All sessions and one-time links have ended: users sign in again");
    for (int what = 0; what < LB_RESTORE_WHAT_COUNT; what++) {
        if (!view->counts[what])
            continue;
        printf("\n%s: %llu%s%s\n%.*s", whats[what].heading, (unsigned long long)view->counts[what],
               *whats[what].advice ? "; to do: " : "", whats[what].advice,
               (int)view->lines[what].len, view->lines[what].ptr);
    }
}

static char *absolute(const char *path)
{
    return path ? realpath(path, NULL) : NULL;
}

int lb_cmd_restore(struct lb_cli *cli)
{
    struct view view = {.json = lb_cli_given(cli, LB_OPT_JSON)};
    struct lb_reason reason = {""};
    char *from = absolute(cli->values[LB_OPT_FROM]);
    struct lb_restore restore = {.backup = cli->arguments[0],
                                 .data = lb_cli_value(cli, LB_OPT_DATA, "LEADBLOCK_DATA",
                                                      lb_settings[LB_SETTING_data].initial),
                                 .from = from,
                                 .replace = lb_cli_given(cli, LB_OPT_REPLACE),
                                 .context = &view,
                                 .tell = take};
    bool done = false;
    if (lb_cli_given(cli, LB_OPT_FROM) && !from)
        lb_cli_error("cannot read the folder %s", cli->values[LB_OPT_FROM]);
    else if (lb_restore_run(&restore, &reason))
        lb_cli_error("%s. Nothing was restored", reason.text);
    else
        done = true;
    for (int i = 0; i < LB_RESTORE_WHAT_COUNT; i++)
        if (view.lines[i].failed)
            lb_cli_error("restored, but out of memory: the list below is not whole");
    if (done)
        (view.json ? print_json : print_lines)(&restore, &view);
    for (int i = 0; i < LB_RESTORE_WHAT_COUNT; i++)
        lb_buf_fini(&view.lines[i]);
    free(from);
    return done ? LB_EXIT_DONE : LB_EXIT_FAILED;
}
