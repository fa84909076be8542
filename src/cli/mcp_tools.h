/* The tools of the Model Context Protocol server: what they are called, what they take, and how
 * they are described to models. Threads: one. */
#ifndef LB_CLI_MCP_TOOLS_H
#define LB_CLI_MCP_TOOLS_H

#include "cli/mcp.h"

#define LB_MCP_NAMES_MAX 100 /* people of one call */

/* What a call was given, checked; borrowed from the request. Strings that were left out have a ptr
 * of NULL. */
struct lb_mcp_arguments {
    struct lb_str campaign, name, reason, search, cursor;
    const struct lb_json *names; /* of strings, not empty; or in its place: */
    const struct lb_json *typed; /* of {"type":...,"value":...}, not empty */
    struct lb_str country;       /* of national phone numbers in it */
    int64_t take;
};

/* One call on its way. */
struct lb_mcp_call {
    struct lb_mcp *mcp;
    struct lb_mcp_arguments given;
    struct lb_buf text; /* for models: what came of it, or what went wrong and what to do */
    struct lb_buf data; /* a JSON object; empty when it failed */
    bool failed;
};

struct lb_mcp_tool {
    const char *name;
    const char *title;
    const char *description;
    unsigned takes, needs; /* bits of arguments */
    const char *output;    /* JSON Schema */
    bool writes, destroys;
    void (*run)(struct lb_mcp_call *call);
};

/* The tool of that name; NULL when it does not exist, or writes and writing is not allowed. */
const struct lb_mcp_tool *lb_mcp_tool_find(const struct lb_mcp *mcp, struct lb_str name);

/* Would it exist if writing were allowed? */
bool lb_mcp_tool_writes(struct lb_str name);

/* Appends the tools as an array of JSON. */
void lb_mcp_tools_put(const struct lb_mcp *mcp, struct lb_buf *out);

/* Runs the tool with the arguments of a request (NULL: none), which it checks first. */
void lb_mcp_tool_run(struct lb_mcp_call *call, const struct lb_mcp_tool *tool,
                     const struct lb_json *arguments);

/* What calls have in common, in mcp_calls.c: an error; a request, whose answer is to be released
 * when it was good; and what came of a change, of which `member` counts. */
void lb_mcp_fail(struct lb_mcp_call *call, const char *text);
bool lb_mcp_fetch(struct lb_mcp_call *call, const char *method, struct lb_buf *path,
                  const struct lb_buf *body, struct lb_answer *out);
void lb_mcp_show_change(struct lb_mcp_call *call, struct lb_buf *path, const char *method,
                        const struct lb_buf *body, const char *member);

/* With names of any type, in mcp_typed.c. */
void lb_mcp_typed_check(struct lb_mcp_call *call);
void lb_mcp_typed_change(struct lb_mcp_call *call, bool blocks);

/* What each tool does, in mcp_calls.c. */
void lb_mcp_check(struct lb_mcp_call *call);
void lb_mcp_explain(struct lb_mcp_call *call);
void lb_mcp_list(struct lb_mcp_call *call);
void lb_mcp_history(struct lb_mcp_call *call);
void lb_mcp_block(struct lb_mcp_call *call);
void lb_mcp_unblock(struct lb_mcp_call *call);

#endif
