#include "cli/named.h"

#include "cli/client.h"
#include "cli/commands.h"
#include "json/encode.h"

#include <stdio.h>

static const struct {
    enum lb_cli_option_id option;
    const char *member;      /* of an entry */
    const char *lead_member; /* of a lead that is checked */
} names[] = {{LB_OPT_EMAIL, "email", "email"},
             {LB_OPT_PHONE, "phone", "phone"},
             {LB_OPT_DOMAIN, "domain", "website"},
             {LB_OPT_COMPANY, "company", "companyName"}};
#define NAMES (sizeof names / sizeof *names)

bool lb_named_given(const struct lb_cli *cli)
{
    for (size_t i = 0; i < NAMES; i++)
        if (lb_cli_given(cli, names[i].option))
            return true;
    return false;
}

static void put_parameter(struct lb_buf *query, const char *name, const char *value)
{
    lb_buf_printf(query, "&%s=", name);
    lb_url_append(query, lb_str(value));
}

bool lb_named_put_query(const struct lb_cli *cli, struct lb_buf *query)
{
    bool any = false;
    for (size_t i = 0; i < NAMES; i++) {
        if (!lb_cli_given(cli, names[i].option))
            continue;
        if (any)
            return false;
        put_parameter(query, "type", names[i].member);
        put_parameter(query, "value", cli->values[names[i].option]);
        any = true;
    }
    if (lb_cli_given(cli, LB_OPT_COUNTRY))
        put_parameter(query, "defaultCountry", cli->values[LB_OPT_COUNTRY]);
    return true;
}

static void put_string(struct lb_buf *body, const char *member, const char *value)
{
    if (!value)
        return;
    lb_buf_printf(body, ",\"%s\":", member);
    lb_json_put_string(body, lb_str(value));
}

void lb_named_put_details(const struct lb_cli *cli, struct lb_buf *body)
{
    put_string(body, "reason", cli->values[LB_OPT_REASON]);
    put_string(body, "kind", cli->values[LB_OPT_KIND]);
    put_string(body, "expiresAt", cli->values[LB_OPT_EXPIRES]);
}

/* A company's page is known by its address. */
static const char *lead_member(size_t name, const char *value)
{
    bool page = names[name].option == LB_OPT_COMPANY && strstr(value, "linkedin.com/");
    return page ? "companyUrl" : names[name].lead_member;
}

/* One object for each name that is given. */
static void put_names(const struct lb_cli *cli, bool leads, bool details, struct lb_buf *body)
{
    bool any = false;
    for (size_t i = 0; i < NAMES; i++) {
        const char *value = cli->values[names[i].option];
        if (!value)
            continue;
        lb_buf_printf(body, "%s{\"%s\":", any ? "," : "",
                      leads ? lead_member(i, value) : names[i].member);
        lb_json_put_string(body, lb_str(value));
        if (details)
            lb_named_put_details(cli, body);
        lb_buf_append_lit(body, "}");
        any = true;
    }
}

/* After the entries of a change. */
static void put_rest(const struct lb_cli *cli, bool blocks, struct lb_buf *body)
{
    lb_buf_append_lit(body, "]");
    put_string(body, "defaultCountry", cli->values[LB_OPT_COUNTRY]);
    if (blocks && lb_cli_given(cli, LB_OPT_FORCE))
        lb_buf_append_lit(body, ",\"force\":true");
    lb_buf_append_lit(body, "}");
}

void lb_named_put_entries(const struct lb_cli *cli, bool blocks, struct lb_buf *body)
{
    lb_buf_append_lit(body, "{\"entries\":[");
    for (size_t i = 0; i < cli->argument_count; i++) {
        lb_buf_append_str(body,
                          i ? LB_STR(",{\"publicIdentifier\":") : LB_STR("{\"publicIdentifier\":"));
        lb_json_put_string(body, lb_str(cli->arguments[i]));
        if (blocks)
            lb_named_put_details(cli, body);
        lb_buf_append_lit(body, "}");
    }
    if (cli->argument_count && lb_named_given(cli))
        lb_buf_append_lit(body, ",");
    put_names(cli, false, blocks, body);
    put_rest(cli, blocks, body);
}

/* The list's path; false after a message. */
static bool put_path(const struct lb_cli *cli, struct lb_buf *path)
{
    if (lb_cli_given(cli, LB_OPT_WORKSPACE)) {
        lb_buf_append_lit(path, "/v1/blocklist");
    } else if (cli->argument_count == 1) {
        lb_buf_append_lit(path, "/v1/campaigns/");
        lb_url_append(path, lb_str(cli->arguments[0]));
        lb_buf_append_lit(path, "/blocklist");
    }
    if (path->len && cli->argument_count + lb_cli_given(cli, LB_OPT_WORKSPACE) == 1 &&
        !lb_cli_given(cli, LB_OPT_FILE)) {
        lb_buf_append(path, "", 1);
        return true;
    }
    lb_cli_usage(cli, "give one CAMPAIGN, or --workspace, and besides --email, --phone, --domain "
                      "and --company neither identifiers nor a file");
    return false;
}

/* Asks, and leaves the answer to the caller when it is good. */
static bool ask(struct lb_client *client, const char *method, const char *path,
                const struct lb_buf *body, struct lb_answer *out)
{
    struct lb_client_request call = {.method = method, .path = path, .body = lb_buf_str(body)};
    if (body->failed) {
        lb_cli_error("out of memory");
        return false;
    }
    if (!lb_client_call_or(client, &call, 400, out))
        return false;
    if (out->status == 400)
        lb_client_explain(client, out);
    return out->status != 400;
}

/* How many leads each name excludes. */
static void print_leads(const struct lb_answer *answer)
{
    const struct lb_json *entries = lb_json_member(answer->json, "entries");
    for (size_t i = 0; i < lb_json_length(entries); i++) {
        const struct lb_json *entry = lb_json_item(entries, i);
        struct lb_str value = lb_answer_text(entry, "value");
        if (lb_json_type(lb_json_member(entry, "leads")) != LB_JSON_INT)
            continue;
        uint64_t leads = lb_answer_number(entry, "leads");
        printf("%.*s\t%llu lead%s excluded\n", (int)value.len, value.ptr, (unsigned long long)leads,
               leads == 1 ? "" : "s");
    }
}

static int change(struct lb_cli *cli, const char *method, bool blocks)
{
    struct lb_buf path = {0}, body = {0};
    struct lb_answer answer = {0};
    if (!put_path(cli, &path)) {
        lb_buf_fini(&path);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "{\"entries\":[");
    put_names(cli, false, blocks, &body);
    put_rest(cli, blocks, &body);
    struct lb_client *client = lb_client_open(cli);
    bool done = client && ask(client, method, path.ptr, &body, &answer);
    if (done && lb_cli_given(cli, LB_OPT_JSON))
        lb_answer_print_json(&answer);
    else if (done)
        lb_answer_print_message(&answer);
    if (done && !lb_cli_given(cli, LB_OPT_JSON))
        print_leads(&answer);
    if (done)
        lb_answer_explain_still_blocked(&answer);
    lb_answer_fini(&answer);
    lb_client_close(client);
    lb_buf_fini(&path);
    lb_buf_fini(&body);
    return done ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

int lb_named_block(struct lb_cli *cli)
{
    return change(cli, "POST", true);
}

int lb_named_unblock(struct lb_cli *cli)
{
    return change(cli, "DELETE", false);
}

/* Is there a verdict on each name? */
static bool covers_all(const struct lb_cli *cli, const struct lb_answer *answer)
{
    size_t asked = 0;
    bool blocked;
    for (size_t i = 0; i < NAMES; i++) {
        if (!lb_cli_given(cli, names[i].option))
            continue;
        const struct lb_json *lead = lb_json_item(answer->json, asked++);
        if (!lb_json_bool(lb_json_member(lead, "blocked"), &blocked))
            return false;
    }
    return lb_json_length(answer->json) == asked;
}

/* A line for each name, in the order in which they were asked; true when one is blocked. */
static bool print_checked(const struct lb_cli *cli, const struct lb_answer *answer)
{
    bool any = false;
    size_t at = 0;
    for (size_t i = 0; i < NAMES; i++) {
        const char *value = cli->values[names[i].option];
        bool blocked = false;
        if (!value)
            continue;
        lb_json_bool(lb_json_member(lb_json_item(answer->json, at++), "blocked"), &blocked);
        any |= blocked;
        if (!lb_cli_given(cli, LB_OPT_QUIET) && !lb_cli_given(cli, LB_OPT_JSON))
            printf("%s\t%s\n", value, blocked ? "blocked" : "allowed");
    }
    if (lb_cli_given(cli, LB_OPT_JSON))
        printf("%.*s\n", (int)answer->body.len, answer->body.ptr);
    return any;
}

int lb_named_check(struct lb_cli *cli)
{
    struct lb_buf path = {0}, body = {0};
    struct lb_answer answer = {0};
    if (!put_path(cli, &path)) {
        lb_buf_fini(&path);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "{\"leads\":[");
    put_names(cli, true, false, &body);
    lb_buf_append_lit(&body, "]");
    put_string(&body, "defaultCountry", cli->values[LB_OPT_COUNTRY]);
    if (!lb_cli_given(cli, LB_OPT_WORKSPACE))
        put_string(&body, "campaignId", cli->arguments[0]);
    lb_buf_append_lit(&body, "}");
    struct lb_client *client = lb_client_open(cli);
    bool done = client && ask(client, "POST", "/v1/check", &body, &answer);
    if (done && !covers_all(cli, &answer)) {
        lb_cli_error(LB_CLI_NOT_COVERED);
        done = false;
    }
    bool any = done && print_checked(cli, &answer);
    lb_answer_fini(&answer);
    lb_client_close(client);
    lb_buf_fini(&path);
    lb_buf_fini(&body);
    return !done || (any && lb_cli_given(cli, LB_OPT_QUIET)) ? LB_EXIT_FAILED : LB_EXIT_DONE;
}
