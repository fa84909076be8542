#include "cli/activity.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define VARIABLE_MAX (128 * 1024) /* MAX_ARG_STRLEN of Linux: bytes with name and NUL */

static const char campaign_variable[] = "LEADBLOCK_CAMPAIGN";
static const char key_variable[] = "LEADBLOCK_KEY";

static const char *const variables[][2] = {
    {"LEADBLOCK_ACTIVITY_ID", "id"},
    {"LEADBLOCK_TYPE", "type"},
    {"LEADBLOCK_PUBLIC_IDENTIFIER", "publicIdentifier"},
    {"LEADBLOCK_MEMBER_ID", "memberId"},
    {"LEADBLOCK_MESSAGE", "message"},
};

#define VARIABLE_COUNT (sizeof variables / sizeof *variables)

struct lb_json *lb_activity_take(const struct lb_json *item, struct lb_buf *line,
                                 const char **out_why)
{
    static const char *const needed[] = {"id", "leaseToken", "leadId"};
    struct lb_json *activity = NULL;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!lb_json_string(lb_json_member(item, needed[i])).len) {
            *out_why = "the server handed out an activity without id, leaseToken or leadId";
            return NULL;
        }
    }
    lb_json_put(line, item);
    lb_buf_append_lit(line, "\n");
    *out_why = "out of memory";
    if (line->failed || lb_json_parse_copy(lb_buf_str(line), LB_JSON_MAX_DEPTH, &activity, NULL))
        return NULL;
    return activity;
}

static bool is_named(const char *variable, const char *name)
{
    size_t len = strlen(name);
    return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

static bool is_inherited(const char *variable)
{
    if (is_named(variable, key_variable) || is_named(variable, campaign_variable))
        return false;
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        if (is_named(variable, variables[i][0]))
            return false;
    }
    return true;
}

static int make_variable(const char *name, struct lb_str value, char **out)
{
    size_t name_len = strlen(name);
    size_t size = name_len + 1 + value.len + 1;
    if (size > VARIABLE_MAX)
        return E2BIG;
    char *text = malloc(size);
    if (!text)
        return ENOMEM;
    memcpy(text, name, name_len);
    text[name_len] = '=';
    for (size_t i = 0; i < value.len; i++)
        text[name_len + 1 + i] = value.ptr[i] ? value.ptr[i] : ' ';
    text[size - 1] = '\0';
    *out = text;
    return 0;
}

/* The variables that are ours come first: they are to be freed, those after them are not. */
int lb_activity_environment(const struct lb_json *activity, const char *campaign, char ***out)
{
    size_t inherited = 0;
    while (environ && environ[inherited])
        inherited++;
    char **environment = calloc(inherited + VARIABLE_COUNT + 2, sizeof *environment);
    if (!environment)
        return ENOMEM;
    int error = make_variable(campaign_variable, lb_str(campaign), &environment[VARIABLE_COUNT]);
    for (size_t i = 0; !error && i < VARIABLE_COUNT; i++) {
        struct lb_str value = lb_json_string(lb_json_member(activity, variables[i][1]));
        error = make_variable(variables[i][0], value, &environment[i]);
    }
    if (error) {
        lb_activity_environment_free(environment);
        return error;
    }
    size_t count = VARIABLE_COUNT + 1;
    for (size_t i = 0; i < inherited; i++) {
        if (is_inherited(environ[i]))
            environment[count++] = environ[i];
    }
    *out = environment;
    return 0;
}

void lb_activity_environment_free(char **environment)
{
    for (size_t i = 0; environment && i < VARIABLE_COUNT + 1; i++)
        free(environment[i]);
    free(environment);
}
