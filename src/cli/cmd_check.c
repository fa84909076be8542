#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/import.h"
#include "cli/lookup.h"
#include "json/encode.h"

#include <stdio.h>
#include <stdlib.h>

struct checking {
    const struct lb_cli *cli;
    struct lb_client *client;
    struct lb_buf path;
    struct lb_batch batch;
    struct lb_buf names; /* canonical forms in the batch, each with a NUL */
    struct lb_buf blocked_json, allowed_json;
    bool any_blocked;
    bool shown; /* something was printed */
};

static void report(struct checking *checking, struct lb_str identifier, bool blocked)
{
    checking->any_blocked |= blocked;
    if (lb_cli_given(checking->cli, LB_OPT_JSON)) {
        struct lb_buf *list = blocked ? &checking->blocked_json : &checking->allowed_json;
        if (list->len)
            lb_buf_append_lit(list, ",");
        lb_json_put_string(list, identifier);
    } else if (!lb_cli_given(checking->cli, LB_OPT_QUIET)) {
        printf("%.*s\t%s\n", (int)identifier.len, identifier.ptr, blocked ? "blocked" : "allowed");
    }
}

/* Both lists keep the order of what was sent, without repetitions, so walking what was sent tells
 * which of them comes next. False when an answer is missing. */
static bool merge(struct checking *checking, const struct lb_json *json)
{
    const struct lb_json *blocked = lb_json_member(json, "blocked");
    const struct lb_json *allowed = lb_json_member(json, "allowed");
    size_t b = 0;
    size_t a = 0;
    const char *name = checking->names.ptr;
    for (size_t i = 0; i < checking->batch.count; i++, name += strlen(name) + 1) {
        struct lb_str identifier = lb_str(name);
        if (lb_str_equal(lb_json_string(lb_json_item(blocked, b)), identifier)) {
            report(checking, identifier, true);
            b++;
        } else if (lb_str_equal(lb_json_string(lb_json_item(allowed, a)), identifier)) {
            report(checking, identifier, false);
            a++;
        }
    }
    return b == lb_json_length(blocked) && a == lb_json_length(allowed) && a + b > 0;
}

static bool send_batch(void *context, struct lb_batch *batch)
{
    struct checking *checking = context;
    struct lb_buf body = {0};
    lb_buf_append_lit(&body, "{\"publicIdentifiers\":[");
    lb_buf_append_str(&body, lb_buf_str(&batch->items));
    lb_buf_append_lit(&body, "]}");
    struct lb_answer answer = {0};
    struct lb_client_request call = {
        .method = "POST", .path = checking->path.ptr, .body = lb_buf_str(&body)};
    bool sent = false;
    if (body.failed || checking->names.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call(checking->client, &call, &answer)) {
        sent = merge(checking, answer.json);
        if (!sent)
            lb_cli_error(
                "the server's answer does not cover what was asked; nothing is known for certain");
    }
    checking->names.len = 0;
    lb_answer_fini(&answer);
    lb_buf_fini(&body);
    return sent;
}

static bool check_in_workspace(struct checking *checking, const struct lb_identifier *identifier)
{
    char id[LB_LOOKUP_ID_SIZE];
    enum lb_lookup result = lb_lookup_record(checking->client, identifier, id);
    if (result != LB_LOOKUP_FAILED)
        report(checking, (struct lb_str){identifier->text, identifier->len},
               result == LB_LOOKUP_FOUND);
    return result != LB_LOOKUP_FAILED;
}

static bool take_item(void *context, const struct lb_input_item *item)
{
    struct checking *checking = context;
    struct lb_identifier identifier;
    if (!lb_cli_normalise(item, &identifier))
        return lb_cli_given(checking->cli, LB_OPT_SKIP_INVALID);
    if (lb_cli_given(checking->cli, LB_OPT_WORKSPACE))
        return check_in_workspace(checking, &identifier);
    lb_buf_append(&checking->names, identifier.text, (size_t)identifier.len + 1);
    struct lb_str sent = {identifier.text, identifier.len};
    identifier.bare = true;
    if (lb_identifier_doubt(&identifier, false)) /* "none" is a name as an address only */
        sent = item->text;
    return lb_batch_add(&checking->batch, sent);
}

static int print_result(struct checking *checking)
{
    struct lb_buf *blocked = &checking->blocked_json;
    struct lb_buf *allowed = &checking->allowed_json;
    if (blocked->failed || allowed->failed) {
        lb_cli_error("out of memory");
        return LB_EXIT_FAILED;
    }
    if (lb_cli_given(checking->cli, LB_OPT_JSON))
        printf("{\"blocked\":[%.*s],\"allowed\":[%.*s]}\n", (int)blocked->len,
               blocked->len ? blocked->ptr : "", (int)allowed->len,
               allowed->len ? allowed->ptr : "");
    return lb_cli_given(checking->cli, LB_OPT_QUIET) && checking->any_blocked ? LB_EXIT_FAILED
                                                                              : LB_EXIT_DONE;
}

static uint64_t number_of(struct lb_str text)
{
    uint64_t number = 0;
    lb_str_to_u64(text, UINT64_MAX, &number);
    return number;
}

/* A line of the answer to a file: line, value, publicIdentifier, blocked, scope, reason. */
static bool take_row(void *context, const struct lb_csv_row *row)
{
    struct checking *checking = context;
    const struct lb_str *cells = row->cells;
    if (row->line == 1 || row->blank) /* the heading */
        return true;
    if (row->count != 6)
        return false;
    char text[512]; /* what the server made up must not steer the terminal */
    lb_input_printable(cells[cells[2].len ? 2 : 5], text, sizeof text);
    if (cells[2].len)
        report(checking, lb_str(text), lb_str_equal(cells[3], LB_STR("true")));
    else
        lb_input_explain(number_of(cells[0]), cells[1], lb_str(text));
    return true;
}

static int print_rows(const struct lb_cli *cli, const struct lb_answer *answer)
{
    struct checking checking = {.cli = cli};
    struct lb_csv *csv = calloc(1, sizeof *csv);
    int code = LB_EXIT_FAILED;
    if (!csv) {
        lb_cli_error("out of memory");
        return code;
    }
    lb_csv_init(csv, ',', &checking, take_row);
    if (lb_csv_feed(csv, answer->body.ptr, answer->body.len) && lb_csv_finish(csv))
        code = print_result(&checking);
    else
        lb_cli_error("the server's answer is not what was asked for; nothing is known for certain");
    lb_csv_fini(csv);
    free(csv);
    lb_buf_fini(&checking.blocked_json);
    lb_buf_fini(&checking.allowed_json);
    return code;
}

int lb_cmd_check(struct lb_cli *cli)
{
    struct checking checking = {.cli = cli};
    int code = LB_EXIT_USAGE;
    if (lb_import_given(cli))
        return lb_import_run(cli, "check", print_rows);
    bool workspace = lb_cli_given(cli, LB_OPT_WORKSPACE);
    if (lb_cli_list_path(cli, &checking.path, workspace ? "" : "/check") &&
        lb_batch_init(&checking.batch, cli, "", "", &checking, send_batch)) {
        code = LB_EXIT_FAILED;
        checking.client = lb_client_open(cli);
        if (checking.client)
            code = lb_input_read(cli, lb_cli_first_identifier(cli), &checking, take_item);
        if (code == LB_EXIT_DONE && !lb_batch_flush(&checking.batch))
            code = LB_EXIT_FAILED;
        if (code == LB_EXIT_DONE)
            code = print_result(&checking);
    }
    lb_client_close(checking.client);
    lb_batch_fini(&checking.batch);
    lb_buf_fini(&checking.path);
    lb_buf_fini(&checking.names);
    lb_buf_fini(&checking.blocked_json);
    lb_buf_fini(&checking.allowed_json);
    return code;
}
