#include "cli/client.h"
#include "cli/commands.h"

#include "json/encode.h"

#include <stdio.h>

/* A LinkedIn name of digits is given as its address. */
static bool is_number(const char *name)
{
    size_t len = strlen(name);
    return strspn(name, "+0123456789 ()-./") == len && strcspn(name, "0123456789") < len;
}

/* What is given as an argument is a LinkedIn name, an address of a profile, an e-mail address (with
 * an @) or a phone number (of digits and what divides them). */
static const char *member_of(const char *name)
{
    if (strchr(name, '@') && !strstr(name, "://"))
        return "email";
    return name[0] == '+' || is_number(name) ? "phone" : "publicIdentifier";
}

/* The names of one member, as an array; nothing when none was given. */
static void put_names(struct lb_buf *body, const struct lb_cli *cli, const char *member)
{
    size_t count = 0;
    for (size_t i = 0; i < cli->argument_count; i++) {
        if (strcmp(member_of(cli->arguments[i]), member) != 0)
            continue;
        if (count++)
            lb_buf_append_lit(body, ",");
        else
            lb_buf_printf(body, "%s\"%s\":[", body->len > 1 ? "," : "", member);
        lb_json_put_string(body, lb_str(cli->arguments[i]));
    }
    if (count)
        lb_buf_append_lit(body, "]");
}

int lb_cmd_erase(struct lb_cli *cli)
{
    struct lb_client *client = lb_client_open(cli);
    struct lb_answer answer = {0};
    struct lb_buf body = {0};
    bool done = false;
    lb_buf_append_lit(&body, "{");
    put_names(&body, cli, "publicIdentifier");
    put_names(&body, cli, "email");
    put_names(&body, cli, "phone");
    if (cli->values[LB_OPT_COUNTRY]) {
        lb_buf_append_lit(&body, ",\"defaultCountry\":");
        lb_json_put_string(&body, lb_str(cli->values[LB_OPT_COUNTRY]));
    }
    lb_buf_append_lit(&body, "}");
    struct lb_client_request call = {
        .method = "POST",
        .path = lb_cli_given(cli, LB_OPT_DRY_RUN) ? "/v1/erasures?dryRun=true" : "/v1/erasures",
        .body = lb_buf_str(&body)};
    if (body.failed)
        lb_cli_error("out of memory");
    else
        done = client && lb_client_call(client, &call, &answer);
    if (done && lb_cli_given(cli, LB_OPT_JSON))
        lb_answer_print_json(&answer);
    else if (done)
        lb_answer_print_message(&answer);
    lb_answer_fini(&answer);
    lb_buf_fini(&body);
    lb_client_close(client);
    return done ? LB_EXIT_DONE : LB_EXIT_FAILED;
}
