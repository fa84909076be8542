#include "cli/mcp_tools.h"

#include "base/utf8.h"
#include "domain/blocklist/typed_name.h"
#include "json/encode.h"

/* X(name, member, the rest of its JSON Schema). The limits are those that take_* below hold. */
#define ARGUMENTS(X)                                                                               \
    X(CAMPAIGN, "campaignId",                                                                      \
      "\"type\":\"string\",\"minLength\":1,\"maxLength\":64,\"description\":\"The id of a "        \
      "campaign. "                                                                                 \
      "Without it, the list of the whole workspace is meant.\"")                                   \
    X(NAME, "publicIdentifier",                                                                    \
      "\"type\":\"string\",\"minLength\":1,\"maxLength\":2000,\"description\":\"A person: the "    \
      "name in "                                                                                   \
      "the address of their LinkedIn profile (john-doe), or the whole address "                    \
      "(https://www.linkedin.com/in/john-doe/). Not the person's real name.\"")                    \
    X(NAMES, "publicIdentifiers",                                                                  \
      "\"type\":\"array\",\"minItems\":1,\"maxItems\":100,\"items\":{\"type\":\"string\","         \
      "\"minLength\":1,\"maxLength\":2000},\"description\":\"People: the names in the addresses "  \
      "of "                                                                                        \
      "their LinkedIn profiles (john-doe), or the whole addresses "                                \
      "(https://www.linkedin.com/in/john-doe/). Not their real names.\"")                          \
    X(TYPED, "names",                                                                              \
      "\"type\":\"array\",\"minItems\":1,\"maxItems\":100,\"items\":{\"type\":\"object\","         \
      "\"properties\":{\"type\":{\"enum\":[\"publicIdentifier\",\"memberId\",\"email\","           \
      "\"phone\",\"domain\",\"company\"]},\"value\":{\"type\":\"string\",\"minLength\":1,"         \
      "\"maxLength\":2000}},\"required\":[\"type\",\"value\"],\"additionalProperties\":false},"    \
      "\"description\":\"In place of publicIdentifiers: names of any type. A domain stands for "   \
      "all addresses and websites under it; a company (its name, or the address of its LinkedIn "  \
      "page) for all who work there.\"")                                                           \
    X(COUNTRY, "defaultCountry",                                                                   \
      "\"type\":\"string\",\"minLength\":2,\"maxLength\":2,\"description\":\"The country of "      \
      "phone numbers in names that do not begin with +, such as DE; else the workspace's.\"")      \
    X(REASON, "reason",                                                                            \
      "\"type\":\"string\",\"maxLength\":500,\"description\":\"Why, in the words that a "          \
      "colleague "                                                                                 \
      "should read later, such as: asked by mail to stop.\"")                                      \
    X(SEARCH, "search",                                                                            \
      "\"type\":\"string\",\"minLength\":1,\"maxLength\":200,\"description\":\"Only people whose " \
      "LinkedIn name contains this, or the person of this address.\"")                             \
    X(TAKE, "take",                                                                                \
      "\"type\":\"integer\",\"minimum\":1,\"maximum\":100,\"default\":20,\"description\":\"How "   \
      "many "                                                                                      \
      "entries to show.\"")                                                                        \
    X(CURSOR, "cursor",                                                                            \
      "\"type\":\"string\",\"minLength\":1,\"maxLength\":500,\"description\":\"Where to go on: "   \
      "the "                                                                                       \
      "nextCursor of the page before, with all else as it was then.\"")

enum {
#define ARGUMENT_NUMBER(name, member, schema) NUMBER_##name,
    ARGUMENTS(ARGUMENT_NUMBER)
#undef ARGUMENT_NUMBER
#define ARGUMENT_BIT(name, member, schema) name = 1 << NUMBER_##name,
        ARGUMENTS(ARGUMENT_BIT)
#undef ARGUMENT_BIT
};

static const struct {
    unsigned bit;
    const char *member, *schema;
} arguments[] = {
#define ARGUMENT_ROW(name, member, schema) {name, member, schema},
    ARGUMENTS(ARGUMENT_ROW)
#undef ARGUMENT_ROW
};

#define ARGUMENT_COUNT (sizeof arguments / sizeof *arguments)

/* JSON Schemas of answers. Those of later versions may have more members. */
static const char check_output[] =
    "{\"type\":\"object\",\"properties\":{\"leads\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\",\"properties\":{\"publicIdentifier\":{\"type\":\"string\"},"
    "\"blocked\":{\"type\":\"boolean\"},\"scope\":{\"type\":[\"string\",\"null\"]},"
    "\"reason\":{\"type\":[\"string\",\"null\"]},\"createdAt\":{\"type\":[\"string\","
    "\"null\"]}},\"required\":[\"blocked\"]}}},\"required\":[\"leads\"]}";
static const char list_output[] =
    "{\"type\":\"object\",\"properties\":{\"entries\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\",\"properties\":{\"publicIdentifier\":{\"type\":\"string\"},"
    "\"reason\":{\"type\":[\"string\",\"null\"]},\"createdAt\":{\"type\":\"string\"}},"
    "\"required\":[\"publicIdentifier\",\"createdAt\"]}},\"nextCursor\":{\"type\":["
    "\"string\",\"null\"]},\"total\":{\"type\":\"integer\"}},\"required\":[\"entries\","
    "\"nextCursor\"]}";
static const char history_output[] =
    "{\"type\":\"object\",\"properties\":{\"events\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\",\"properties\":{\"at\":{\"type\":\"string\"},\"what\":{"
    "\"type\":\"string\"},\"reason\":{\"type\":[\"string\",\"null\"]}},\"required\":["
    "\"at\",\"what\"]}},\"nextCursor\":{\"type\":[\"string\",\"null\"]}},\"required\":["
    "\"events\",\"nextCursor\"]}";
static const char explain_output[] =
    "{\"type\":\"object\",\"properties\":{\"publicIdentifier\":{\"type\":\"string\"},"
    "\"blocked\":{\"type\":\"boolean\"},\"blocks\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\"}},\"blocksTotal\":{\"type\":\"integer\"},\"campaigns\":{"
    "\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"campaignId\":{"
    "\"type\":\"string\"},\"leadId\":{\"type\":\"string\"},\"status\":{"
    "\"type\":\"string\"}},\"required\":[\"campaignId\",\"leadId\"]}},\"explanation\":{"
    "\"type\":[\"object\",\"null\"]}},\"required\":[\"publicIdentifier\",\"blocked\","
    "\"blocks\",\"campaigns\",\"explanation\"]}";
static const char block_output[] =
    "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"},\"blocked\":{"
    "\"type\":\"integer\"},\"entries\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"changeId\":{\"type\":[\"string\",\"null\"]}},\"required\":["
    "\"message\",\"blocked\",\"changeId\"]}";
static const char unblock_output[] =
    "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"},\"unblocked\":{"
    "\"type\":\"integer\"},\"stillBlocked\":{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\"}},\"changeId\":{\"type\":[\"string\",\"null\"]}},\"required\":["
    "\"message\",\"unblocked\",\"changeId\"]}";

static const struct lb_mcp_tool tools[] = {
    {"check", "Check who is blocked",
     "Says of each person, or name of another type, whether they are blocked, that is, must not be "
     "contacted. With "
     "campaignId, a block in that campaign and one in the whole workspace both count; without it, "
     "only one in the whole workspace. Ask this right before contacting a person. One name that is "
     "invalid refuses all of them.",
     CAMPAIGN | NAMES | TYPED | COUNTRY, NAMES | TYPED, check_output, false, false, lb_mcp_check},
    {"explain", "Explain one person",
     "Where a person is blocked, since when, by whom and why, and in which campaigns they are a "
     "lead. With campaignId, also whether that campaign will contact them next, when, and if not, "
     "why not.",
     CAMPAIGN | NAME, NAME, explain_output, false, false, lb_mcp_explain},
    {"list", "List a blocklist",
     "The people on a blocklist, newest first, a page at a time. To find out about certain people, "
     "use check: it reads no pages.",
     CAMPAIGN | SEARCH | TAKE | CURSOR, 0, list_output, false, false, lb_mcp_list},
    {"history", "History of one person",
     "What happened with one person in all blocklists of the workspace, newest first: blocks, "
     "unblocks, undos, by whom, when and why. `standing` says of a request to block whether it "
     "holds now.",
     NAME | TAKE | CURSOR, NAME, history_output, false, false, lb_mcp_history},
    {"block", "Block people",
     "Blocks people, so that they are not contacted: with campaignId in that campaign, else in the "
     "whole workspace, which is right for someone who asked to stop. Repeating it is safe. The "
     "answer has a changeId, by which it can be undone (`leadblock undo`). One name that is "
     "invalid "
     "refuses all of them.",
     CAMPAIGN | NAMES | TYPED | COUNTRY | REASON, NAMES | TYPED, block_output, true, false,
     lb_mcp_block},
    {"unblock", "Unblock people",
     "Takes people off a blocklist, so that they may be contacted again: off that of the campaign, "
     "or without campaignId off the whole workspace's. The lists are separate: people may still be "
     "blocked in the other one; check says. Ask a human first: people are blocked for a reason.",
     CAMPAIGN | NAMES | TYPED | COUNTRY, NAMES | TYPED, unblock_output, true, true, lb_mcp_unblock},
};

static const struct lb_mcp_tool *find_tool(struct lb_str name)
{
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (lb_str_equal(name, lb_str(tools[i].name)))
            return &tools[i];
    return NULL;
}

const struct lb_mcp_tool *lb_mcp_tool_find(const struct lb_mcp *mcp, struct lb_str name)
{
    const struct lb_mcp_tool *tool = find_tool(name);
    return tool && (!tool->writes || mcp->allow_writes) ? tool : NULL;
}

bool lb_mcp_tool_writes(struct lb_str name)
{
    const struct lb_mcp_tool *tool = find_tool(name);
    return tool && tool->writes;
}

/* One of both arguments, which JSON Schema could say in a way that some clients do not take. */
static bool needs_either(const struct lb_mcp_tool *tool)
{
    return tool->needs == (NAMES | TYPED);
}

static void put_input(const struct lb_mcp_tool *tool, struct lb_buf *out)
{
    const char *before = "";
    lb_buf_append_lit(out, "{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        if (!(tool->takes & arguments[i].bit))
            continue;
        lb_buf_printf(out, "%s\"%s\":{%s}", before, arguments[i].member, arguments[i].schema);
        before = ",";
    }
    lb_buf_append_lit(out, "},\"required\":[");
    before = "";
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        if (!(tool->needs & arguments[i].bit) || needs_either(tool))
            continue;
        lb_buf_printf(out, "%s\"%s\"", before, arguments[i].member);
        before = ",";
    }
    lb_buf_append_lit(out, "],\"additionalProperties\":false}");
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

void lb_mcp_tools_put(const struct lb_mcp *mcp, struct lb_buf *out)
{
    const char *before = "";
    lb_buf_append_lit(out, "[");
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        const struct lb_mcp_tool *tool = &tools[i];
        if (tool->writes && !mcp->allow_writes)
            continue;
        lb_buf_printf(out, "%s{\"name\":\"%s\",\"title\":\"%s\",\"description\":", before,
                      tool->name, tool->title);
        lb_json_put_string(out, lb_str(tool->description));
        lb_buf_append_lit(out, ",\"inputSchema\":");
        put_input(tool, out);
        lb_buf_printf(out,
                      ",\"outputSchema\":%s,\"annotations\":{\"title\":\"%s\",\"readOnlyHint\":%s,"
                      "\"destructiveHint\":%s,\"idempotentHint\":true,\"openWorldHint\":false}}",
                      tool->output, tool->title, truth(!tool->writes), truth(tool->destroys));
        before = ",";
    }
    lb_buf_append_lit(out, "]");
}

static bool wrong(struct lb_mcp_call *call, const char *member, const char *what)
{
    lb_buf_printf(&call->text, "%s %s. Nothing was done.", member, what);
    return false;
}

static bool take_string(struct lb_mcp_call *call, const char *member, const struct lb_json *value,
                        size_t least, size_t most, struct lb_str *out)
{
    struct lb_str text = lb_json_string(value);
    char what[64];
    snprintf(what, sizeof what, "must be a string of %zu to %zu characters", least, most);
    if (!text.ptr || text.len < least || text.len > 4 * most || lb_utf8_count(text) > most)
        return wrong(call, member, what);
    *out = text;
    return true;
}

static bool take_names(struct lb_mcp_call *call, const char *member, const struct lb_json *value)
{
    size_t count = lb_json_length(value);
    struct lb_str text;
    if (lb_json_type(value) != LB_JSON_ARRAY || !count || count > LB_MCP_NAMES_MAX)
        return wrong(call, member,
                     "must be an array of 1 to 100 strings; send more in several calls");
    for (size_t i = 0; i < count; i++)
        if (!take_string(call, "each of publicIdentifiers", lb_json_item(value, i), 1, 2000, &text))
            return false;
    call->given.names = value;
    return true;
}

static bool take_typed(struct lb_mcp_call *call, const char *member, const struct lb_json *value)
{
    size_t count = lb_json_length(value);
    enum lb_name_type type;
    struct lb_str text;
    if (lb_json_type(value) != LB_JSON_ARRAY || !count || count > LB_MCP_NAMES_MAX)
        return wrong(call, member,
                     "must be an array of 1 to 100 objects; send more in several calls");
    for (size_t i = 0; i < count; i++) {
        const struct lb_json *name = lb_json_item(value, i);
        struct lb_str word = lb_json_string(lb_json_member(name, "type"));
        if (!word.ptr || !lb_name_type_of_word(word, &type))
            return wrong(call, "the type in each of names",
                         "must be publicIdentifier, memberId, email, phone, domain or company");
        if (!take_string(call, "the value in each of names", lb_json_member(name, "value"), 1, 2000,
                         &text))
            return false;
    }
    call->given.typed = value;
    return true;
}

static bool take_argument(struct lb_mcp_call *call, unsigned bit, const char *member,
                          const struct lb_json *value)
{
    struct lb_mcp_arguments *given = &call->given;
    switch (bit) {
    case CAMPAIGN:
        return take_string(call, member, value, 1, 64, &given->campaign);
    case NAME:
        return take_string(call, member, value, 1, 2000, &given->name);
    case NAMES:
        return take_names(call, member, value);
    case TYPED:
        return take_typed(call, member, value);
    case COUNTRY:
        return take_string(call, member, value, 2, 2, &given->country);
    case REASON:
        return take_string(call, member, value, 0, 500, &given->reason);
    case SEARCH:
        return take_string(call, member, value, 1, 200, &given->search);
    case CURSOR:
        return take_string(call, member, value, 1, 500, &given->cursor);
    default:
        return (lb_json_int64(value, &given->take) && given->take >= 1 && given->take <= 100) ||
               wrong(call, member, "must be a whole number from 1 to 100");
    }
}

/* A name that is no argument may be one that was misspelled: then its meaning would be lost. */
static bool refuse_unknown(struct lb_mcp_call *call, const struct lb_mcp_tool *tool,
                           const struct lb_json *given)
{
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    while (lb_json_next_member(given, &walk, &name, &value)) {
        bool known = false;
        for (size_t i = 0; i < ARGUMENT_COUNT; i++)
            known |=
                (tool->takes & arguments[i].bit) && lb_str_equal(name, lb_str(arguments[i].member));
        if (known)
            continue;
        lb_buf_printf(&call->text, "%s has no argument '%.*s'. Nothing was done.", tool->name,
                      (int)(name.len < 64 ? name.len : 64), name.ptr);
        return false;
    }
    return true;
}

static bool take_arguments(struct lb_mcp_call *call, const struct lb_mcp_tool *tool,
                           const struct lb_json *given)
{
    if (!refuse_unknown(call, tool, given))
        return false;
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        const struct lb_json *value = lb_json_member(given, arguments[i].member);
        if (!(tool->takes & arguments[i].bit))
            continue;
        if (!value && (tool->needs & arguments[i].bit) && !needs_either(tool))
            return wrong(call, arguments[i].member, "is missing");
        /* null is refused: a campaign that a program forgot must not mean the whole workspace. */
        if (value && !take_argument(call, arguments[i].bit, arguments[i].member, value))
            return false;
    }
    return !needs_either(tool) || !call->given.names != !call->given.typed ||
           wrong(call, "publicIdentifiers or names", "must be given, and not both");
}

void lb_mcp_tool_run(struct lb_mcp_call *call, const struct lb_mcp_tool *tool,
                     const struct lb_json *given)
{
    call->given.take = 20;
    if (take_arguments(call, tool, given))
        tool->run(call);
    else
        call->failed = true;
}
