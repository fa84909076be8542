#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/target.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 200

struct exporting {
    struct lb_target target;
    uint64_t rows; /* without the headings */
    bool begun;    /* the headings are over */
    bool quoted;   /* within a cell that has line ends */
    const struct lb_answer *answer;
    bool shows; /* a person is there to see how far it is */
    time_t shown;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    interrupted = number;
}

/* --- What comes --- */

static void count_rows(struct exporting *exporting, struct lb_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        exporting->quoted ^= bytes.ptr[i] == '"';
        if (bytes.ptr[i] != '\n' || exporting->quoted)
            continue;
        exporting->rows += exporting->begun;
        exporting->begun = true;
    }
}

static bool take(void *context, struct lb_str bytes)
{
    struct exporting *exporting = context;
    count_rows(exporting, bytes);
    return lb_target_write(&exporting->target, bytes);
}

static bool restart(void *context)
{
    struct exporting *exporting = context;
    exporting->rows = 0;
    exporting->begun = exporting->quoted = false;
    return lb_target_restart(&exporting->target);
}

static void show_progress(struct exporting *exporting)
{
    time_t now = time(NULL);
    if (!exporting->shows || exporting->shown == now)
        return;
    exporting->shown = now;
    if (exporting->answer->total)
        lb_terminal_status("%llu rows of %llu", (unsigned long long)exporting->rows,
                           (unsigned long long)exporting->answer->total);
    else
        lb_terminal_status("%llu rows", (unsigned long long)exporting->rows);
}

static bool meanwhile(void *context, int pause_ms)
{
    int ms = pause_ms < PAUSE_MS ? pause_ms : PAUSE_MS;
    show_progress(context);
    if (ms > 0)
        nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
    return !interrupted;
}

/* --- What is asked for --- */

static bool make_path(const struct lb_cli *cli, struct lb_buf *path)
{
    const char *search = cli->values[LB_OPT_SEARCH];
    if (!lb_cli_given(cli, LB_OPT_AUDIT)) {
        if (cli->argument_count && lb_cli_given(cli, LB_OPT_WORKSPACE)) {
            lb_cli_usage(cli, "give either CAMPAIGN or --workspace");
            return false;
        }
        if (!lb_cli_list_path(cli, path, ""))
            return false;
        path->len--; /* the NUL moves to the new end */
    } else if (cli->argument_count || search || lb_cli_given(cli, LB_OPT_WORKSPACE) ||
               lb_cli_given(cli, LB_OPT_ALL_TYPES)) {
        lb_cli_usage(cli, "--audit is about the whole workspace: give nothing else with it but "
                          "--output");
        return false;
    } else {
        lb_buf_append_lit(path, "/v1/audit");
    }
    if (search) {
        lb_buf_append_lit(path, "?search=");
        lb_url_append(path, lb_str(search));
    }
    lb_buf_append(path, "", 1);
    if (path->failed)
        lb_cli_error("out of memory");
    return !path->failed;
}

static bool fetch(struct exporting *exporting, const struct lb_cli *cli, const char *path)
{
    struct lb_client *client = lb_client_open(cli);
    struct lb_client_sink sink = {exporting, take, restart};
    struct lb_client_request call = {.method = "GET", .path = path, .sink = &sink};
    struct lb_answer answer = {0};
    if (!client)
        return false;
    exporting->answer = &answer;
    lb_client_set_meanwhile(client, meanwhile, exporting);
    bool done = lb_client_call(client, &call, &answer);
    if (exporting->shows)
        lb_terminal_status("%s", "");
    if (done && !answer.csv)
        lb_cli_error("%s did not answer with CSV; is it of an earlier version?",
                     lb_client_address(client));
    done = done && answer.csv;
    lb_answer_fini(&answer);
    lb_client_close(client);
    return done;
}

int lb_cmd_export(struct lb_cli *cli)
{
    const char *output = cli->values[LB_OPT_OUTPUT] ? cli->values[LB_OPT_OUTPUT] : "-";
    struct exporting exporting = {.shows = isatty(STDERR_FILENO) == 1};
    struct lb_buf path = {0};
    int code = LB_EXIT_USAGE;
    if (make_path(cli, &path)) {
        sigset_t taken; /* so that what is there of the file is removed */
        lb_signals_take((const int[]){SIGINT, SIGTERM, SIGHUP}, 3, interrupt, &taken);
        code = LB_EXIT_FAILED;
        if (lb_target_open(&exporting.target, output) && fetch(&exporting, cli, path.ptr) &&
            lb_target_finish(&exporting.target))
            code = LB_EXIT_DONE;
    }
    if (code == LB_EXIT_DONE && strcmp(output, "-") != 0)
        printf("%llu row%s written to %s\n", (unsigned long long)exporting.rows,
               exporting.rows == 1 ? "" : "s", output);
    lb_target_close(&exporting.target);
    lb_buf_fini(&path);
    return code;
}
