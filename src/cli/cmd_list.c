#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/listing.h"

static void add_row(struct lb_table *table, const struct lb_json *item)
{
    lb_table_add(table, lb_answer_text(item, "publicIdentifier"));
    lb_table_add(table, lb_answer_text(item, "createdAt"));
    lb_table_add(table, lb_answer_text(item, "reason"));
}

/* Of the first page; ends with a NUL. */
static bool make_query(const struct lb_cli *cli, struct lb_buf *query)
{
    const char *search = cli->values[LB_OPT_SEARCH];
    bool large = lb_cli_given(cli, LB_OPT_WORKSPACE) || lb_cli_given(cli, LB_OPT_ALL_TYPES);
    lb_buf_append_str(query, large ? LB_STR("limit=1000") : LB_STR("take=100"));
    if (search) {
        lb_buf_append_lit(query, "&search=");
        lb_url_append(query, lb_str(search));
    }
    lb_buf_append(query, "", 1);
    if (query->failed)
        lb_cli_error("out of memory");
    return !query->failed;
}

static const char *hint_when_empty(const struct lb_cli *cli)
{
    if (lb_cli_given(cli, LB_OPT_SEARCH))
        return "Nothing in this list matches that.";
    if (lb_cli_given(cli, LB_OPT_ALL_TYPES))
        return "Nothing is in this list.";
    return "No LinkedIn name is in this list; --all-types shows names of other types.";
}

int lb_cmd_list(struct lb_cli *cli)
{
    static const char *const headings[] = {"IDENTIFIER", "BLOCKED", "REASON", NULL};
    bool types = lb_cli_given(cli, LB_OPT_ALL_TYPES);
    struct lb_listing listing = {.headings = types ? lb_entry_headings : headings,
                                 .add_row = types ? lb_entry_add_row : add_row,
                                 .hint_when_empty = hint_when_empty(cli)};
    struct lb_buf path = {0};
    struct lb_buf query = {0};
    int code = LB_EXIT_FAILED;
    if (cli->argument_count && lb_cli_given(cli, LB_OPT_WORKSPACE))
        return lb_cli_usage(cli, "give either CAMPAIGN or --workspace");
    if (!cli->argument_count && !lb_cli_given(cli, LB_OPT_WORKSPACE))
        return lb_cli_usage(cli, "give a CAMPAIGN, or --workspace for the workspace's own list");
    if (lb_cli_list_path(cli, &path, "") && make_query(cli, &query)) {
        listing.path = path.ptr;
        listing.query = query.ptr;
        code = lb_listing_run(cli, &listing);
    }
    lb_buf_fini(&path);
    lb_buf_fini(&query);
    return code;
}
