#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/import.h"
#include "cli/named.h"
#include "cli/lookup.h"
#include "domain/blocklist/identifier.h"
#include "json/encode.h"

#include <stdio.h>

#define NAME_SIZE 1024 /* of the longest name of any type, as it is shown */

struct checking {
    const struct lb_cli *cli;
    struct lb_client *client;
    struct lb_buf path;
    struct lb_batch batch;
    struct lb_buf names; /* what the answer may call them: see keep_names */
    struct lb_buf blocked_json, allowed_json;
    bool any_blocked;
};

/* Where the next one goes. */
static struct lb_buf *json_of(struct checking *checking, bool blocked)
{
    struct lb_buf *list = blocked ? &checking->blocked_json : &checking->allowed_json;
    if (list->len)
        lb_buf_append_lit(list, ",");
    return list;
}

static void report(struct checking *checking, struct lb_str identifier, bool blocked)
{
    checking->any_blocked |= blocked;
    if (lb_cli_given(checking->cli, LB_OPT_JSON)) {
        lb_json_put_string(json_of(checking, blocked), identifier);
    } else if (!lb_cli_given(checking->cli, LB_OPT_QUIET)) {
        printf("%.*s\t%s\n", (int)identifier.len, identifier.ptr, blocked ? "blocked" : "allowed");
    }
}

static void keep_name(struct lb_buf *names, const struct lb_identifier *name)
{
    lb_buf_append(names, name ? name->text : "", name ? (size_t)name->len + 1 : 1);
}

/* Keeps the names that an answer may give to what is sent: the one of today, and the one under
 * which it may be stored; each ends with a NUL, and is empty if it does not exist. */
static void keep_names(struct checking *checking, struct lb_str text)
{
    struct lb_identifier today, before;
    const struct lb_identifier *name = lb_identifier_normalise(text, &today) ? NULL : &today;
    keep_name(&checking->names, name);
    keep_name(&checking->names, lb_identifier_before(text, name, &before) ? &before : NULL);
}

/* Is the item `*at` of the list one of the names? Then it is reported, and the next one's turn. */
static bool report_next(struct checking *checking, const struct lb_json *list, size_t *at,
                        const char *today, const char *before, bool blocked)
{
    struct lb_str name = lb_json_string(lb_json_item(list, *at));
    if (!name.len || (!lb_str_equal(name, lb_str(today)) && !lb_str_equal(name, lb_str(before))))
        return false;
    report(checking, name, blocked);
    ++*at;
    return true;
}

/* Is one of the names among the first `count` of the list? */
static bool is_among(const struct lb_json *list, size_t count, const char *today,
                     const char *before)
{
    for (size_t i = 0; i < count; i++) {
        struct lb_str name = lb_json_string(lb_json_item(list, i));
        if (lb_str_equal(name, lb_str(today)) || lb_str_equal(name, lb_str(before)))
            return true;
    }
    return false;
}

/* Both lists keep the order of what was sent, without repetitions, so walking what was sent tells
 * which of them comes next. False when an answer is missing. */
static bool merge(struct checking *checking, const struct lb_json *json)
{
    const struct lb_json *blocked = lb_json_member(json, "blocked");
    const struct lb_json *allowed = lb_json_member(json, "allowed");
    size_t invalid = lb_answer_explain_items(lb_json_member(json, "invalid"));
    size_t b = 0;
    size_t a = 0;
    size_t missing = 0;
    const char *today = checking->names.ptr;
    for (size_t i = 0; i < checking->batch.count; i++) {
        const char *before = today + strlen(today) + 1;
        if (!report_next(checking, blocked, &b, today, before, true) &&
            !report_next(checking, allowed, &a, today, before, false))
            missing += (*today || *before) && !is_among(blocked, b, today, before) &&
                       !is_among(allowed, a, today, before);
        today = before + strlen(before) + 1;
    }
    return b == lb_json_length(blocked) && a == lb_json_length(allowed) && missing <= invalid &&
           a + b + invalid > 0;
}

static bool send_batch(void *context, struct lb_batch *batch)
{
    struct checking *checking = context;
    struct lb_buf body = {0};
    lb_buf_append_lit(&body, "{\"publicIdentifiers\":[");
    lb_buf_append_str(&body, lb_buf_str(&batch->items));
    lb_buf_append_lit(&body, "]}");
    struct lb_answer answer = {0};
    struct lb_client_request call = {.method = "POST",
                                     .path = checking->path.ptr,
                                     .body = lb_buf_str(&body),
                                     .lenient = lb_cli_given(checking->cli, LB_OPT_SKIP_INVALID)};
    bool sent = false;
    if (body.failed || checking->names.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call_or(checking->client, &call, 400, &answer)) {
        sent = answer.status != 400 && merge(checking, answer.json);
        if (answer.status == 400)
            lb_batch_explain_refusal(checking->client, &answer, 0);
        else if (!sent)
            lb_cli_error(LB_CLI_NOT_COVERED);
    }
    checking->names.len = 0;
    lb_answer_fini(&answer);
    lb_buf_fini(&body);
    return sent;
}

static bool check_in_workspace(struct checking *checking, struct lb_str text)
{
    struct lb_looked_up found;
    enum lb_lookup result = lb_lookup_record(checking->client, text, &found);
    bool blocked = result == LB_LOOKUP_FOUND || result == LB_LOOKUP_ABOVE;
    bool known = blocked || result == LB_LOOKUP_ABSENT;
    if (known)
        report(checking, found.name, blocked);
    lb_answer_fini(&found.answer);
    return known ||
           (result == LB_LOOKUP_INVALID && lb_cli_given(checking->cli, LB_OPT_SKIP_INVALID));
}

static bool take_item(void *context, const struct lb_input_item *item)
{
    struct checking *checking = context;
    if (item->fault) {
        lb_input_explain(0, item->text, lb_str(item->fault));
        return true;
    }
    if (lb_cli_given(checking->cli, LB_OPT_WORKSPACE))
        return check_in_workspace(checking, item->text);
    keep_names(checking, item->text);
    return lb_batch_add(&checking->batch, item->text);
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

/* A line of the answer to a file: line, value, publicIdentifier, blocked, scope, reason. False when
 * it has a name without a verdict. */
static bool take_row(struct checking *checking, const struct lb_csv_row *row)
{
    const struct lb_str *cells = row->cells;
    bool blocked = lb_str_equal(cells[3], LB_STR("true"));
    char text[512]; /* what the server made up must not steer the terminal */
    lb_input_printable(cells[cells[2].len ? 2 : 5], text, sizeof text);
    if (cells[2].len && !blocked && !lb_str_equal(cells[3], LB_STR("false")))
        return false;
    if (cells[2].len)
        report(checking, lb_str(text), blocked);
    else
        lb_input_explain(number_of(cells[0]), cells[1], lb_str(text));
    return true;
}

/* A name of any type, and the line of the file that has it. */
static void report_typed(struct checking *checking, struct lb_str type, struct lb_str name,
                         uint64_t line, bool blocked)
{
    checking->any_blocked |= blocked;
    if (lb_cli_given(checking->cli, LB_OPT_JSON)) {
        struct lb_buf *list = json_of(checking, blocked);
        lb_buf_append_lit(list, "{\"type\":");
        lb_json_put_string(list, type);
        lb_buf_append_lit(list, ",\"value\":");
        lb_json_put_string(list, name);
        lb_buf_printf(list, ",\"line\":%llu}", (unsigned long long)line);
    } else if (!lb_cli_given(checking->cli, LB_OPT_QUIET)) {
        printf("%.*s\t%.*s\t%s\t%llu\n", (int)type.len, type.ptr, (int)name.len, name.ptr,
               blocked ? "blocked" : "allowed", (unsigned long long)line);
    }
}

/* The same of a file with names of every type: line, value, type, name, blocked, scope, matched,
 * reason. */
static bool take_typed_row(struct checking *checking, const struct lb_csv_row *row)
{
    const struct lb_str *cells = row->cells;
    bool named = cells[2].len && cells[3].len;
    bool blocked = lb_str_equal(cells[4], LB_STR("true"));
    char type[32], text[NAME_SIZE];
    lb_input_printable(cells[2], type, sizeof type);
    lb_input_printable(cells[named ? 3 : 7], text, sizeof text);
    if (cells[4].len ? !named || (!blocked && !lb_str_equal(cells[4], LB_STR("false"))) : named)
        return false;
    if (named)
        report_typed(checking, lb_str(type), lb_str(text), number_of(cells[0]), blocked);
    else
        lb_input_explain(number_of(cells[0]), cells[1], lb_str(text));
    return true;
}

static int print_rows(const struct lb_cli *cli, const struct lb_answer *answer)
{
    struct checking checking = {.cli = cli};
    struct lb_csv_row row;
    bool typed = lb_cli_given(cli, LB_OPT_ALL_TYPES);
    size_t rows = 0; /* the first has the headings */
    bool whole = answer->body.len != 0;
    char *at = answer->body.ptr;
    char *end = whole ? at + answer->body.len : at;
    while (whole && at < end) {
        whole = lb_csv_next(&at, end, &row) && row.count == (typed ? 8 : 6);
        if (whole && rows++)
            whole = (typed ? take_typed_row : take_row)(&checking, &row);
    }
    int code = LB_EXIT_FAILED;
    if (whole) {
        code = print_result(&checking);
        lb_import_explain_columns(cli, answer);
    } else
        lb_cli_error("the server's answer is not what was asked for; nothing is known for certain");
    lb_buf_fini(&checking.blocked_json);
    lb_buf_fini(&checking.allowed_json);
    return code;
}

int lb_cmd_check(struct lb_cli *cli)
{
    struct checking checking = {.cli = cli};
    int code = LB_EXIT_USAGE;
    if (!lb_import_options_fit(cli))
        return LB_EXIT_USAGE;
    if (lb_named_given(cli))
        return lb_named_check(cli);
    if (lb_import_given(cli))
        return lb_import_run(cli, "check", print_rows);
    bool workspace = lb_cli_given(cli, LB_OPT_WORKSPACE);
    if (lb_cli_list_path(cli, &checking.path, workspace ? "" : "/check") &&
        lb_batch_init(&checking.batch, cli, "", "", &checking, send_batch)) {
        code = LB_EXIT_FAILED;
        checking.client = lb_client_open(cli);
        if (checking.client)
            code = lb_input_read(cli, lb_cli_first_identifier(cli), true, &checking, take_item);
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
