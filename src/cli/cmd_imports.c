#include "cli/commands.h"
#include "cli/listing.h"

#include <stdio.h>

static void add_row(struct lb_table *table, const struct lb_json *item)
{
    char count[24];
    struct lb_str action = lb_answer_text(item, "action");
    struct lb_str campaign = lb_answer_text(item, "campaignId");
    struct lb_str scope = lb_answer_text(item, "scope");
    bool blocks = lb_str_equal(action, LB_STR("block"));
    snprintf(count, sizeof count, "%llu",
             (unsigned long long)lb_answer_number(item, blocks ? "blocked" : "unblocked"));
    lb_table_add(table, lb_answer_text(item, "importId"));
    lb_table_add(table, lb_answer_text(item, "startedAt"));
    lb_table_add(table, lb_answer_text(item, "state"));
    lb_table_add(table, action);
    lb_table_add(table, lb_str(count));
    lb_table_add(table, campaign.len ? campaign : scope);
    lb_table_add(table, lb_answer_text(lb_json_member(item, "by"), "name"));
}

int lb_cmd_imports(struct lb_cli *cli)
{
    static const char *const headings[] = {"ID",    "STARTED", "STATE", "ACTION",
                                           "LEADS", "LIST",    "BY",    NULL};
    return lb_listing_run(cli, &(struct lb_listing){.path = "/v1/imports",
                                                    .query = "take=100",
                                                    .headings = headings,
                                                    .add_row = add_row,
                                                    .hint_when_empty =
                                                        "No file was imported yet: leadblock "
                                                        "block CAMPAIGN --file FILE"});
}
