#include "cli/listing.h"

const char *const lb_entry_headings[] = {"TYPE", "NAME", "BLOCKED", "KIND", "REASON", NULL};

void lb_entry_add_row(struct lb_table *table, const struct lb_json *item)
{
    lb_table_add(table, lb_answer_text(item, "type"));
    lb_table_add(table, lb_answer_text(item, "value"));
    lb_table_add(table, lb_answer_text(item, "createdAt"));
    lb_table_add(table, lb_answer_text(item, "kind"));
    lb_table_add(table, lb_answer_text(item, "reason"));
}

/* The path with the query of a page; ends with a NUL. */
static bool make_path(const struct lb_listing *listing, const char *query, struct lb_buf *path)
{
    path->len = 0;
    lb_buf_printf(path, "%s?%s", listing->path, query);
    lb_buf_append(path, "", 1);
    if (path->failed)
        lb_cli_error("out of memory");
    return !path->failed;
}

static bool print_rows(const struct lb_listing *listing, struct lb_table *table,
                       const struct lb_json *page)
{
    for (size_t i = 0; i < lb_json_length(page); i++)
        listing->add_row(table, lb_json_item(page, i));
    return lb_table_flush(table);
}

static int list_all(const struct lb_cli *cli, const struct lb_listing *listing,
                    struct lb_client *client, struct lb_table *table)
{
    struct lb_buf path = {0};
    struct lb_paging paging = {.pages = 0};
    bool json = lb_cli_given(cli, LB_OPT_JSON);
    bool going = make_path(listing, listing->query, &path);
    int code = LB_EXIT_FAILED;
    for (bool first = true; going; first = false) {
        struct lb_answer answer;
        struct lb_client_request call = {.method = "GET", .path = path.ptr};
        going = lb_client_call(client, &call, &answer);
        bool last = !answer.cursor[0];
        if (going && lb_json_type(answer.json) != LB_JSON_ARRAY) {
            lb_cli_error("the server's answer is no list");
            going = false;
        }
        going = going && (json ? lb_table_put_json(lb_buf_str(&answer.body), first, last)
                               : print_rows(listing, table, answer.json));
        if (going && first && last && !lb_json_length(answer.json))
            lb_cli_hint("%s", listing->hint_when_empty);
        if (going && last) {
            code = LB_EXIT_DONE;
            going = false;
        }
        going = going && lb_paging_goes_on(&paging, &answer) &&
                make_path(listing, answer.cursor, &path);
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
    return code;
}

int lb_listing_run(const struct lb_cli *cli, const struct lb_listing *listing)
{
    struct lb_table table;
    struct lb_client *client = lb_client_open(cli);
    if (!client)
        return LB_EXIT_FAILED;
    lb_table_init(&table, listing->headings);
    int code = list_all(cli, listing, client, &table);
    lb_table_fini(&table);
    lb_client_close(client);
    return code;
}
