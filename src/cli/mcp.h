/* A Model Context Protocol server on standard input and output: a client of the public API, for
 * programs in which a language model calls tools. Messages are JSON-RPC 2.0, one a line; nothing
 * else is written to standard output, and nothing that is written holds the key.
 *
 * It speaks the revisions that begin with `initialize` (2024-11-05 to 2025-11-25) and the one that
 * names its version in every request (2026-07-28), both at any time. Requests are answered one
 * after the other. While the API is asked, what comes on standard input is looked at for
 * cancellations and pings. Source: modelcontextprotocol.io/specification. Threads: one. */
#ifndef LB_CLI_MCP_H
#define LB_CLI_MCP_H

#include "cli/client.h"
#include "cli/mcp_lines.h"

#define LB_MCP_CALL_MS 30000 /* what a tool may take; clients wait for 60 s, as a rule */

struct lb_mcp {
    struct lb_client *client;
    struct lb_str key; /* borrowed; no line of the output may hold it */
    bool allow_writes;
    bool begun;         /* with `initialize` */
    bool takes_batches; /* as the revision 2025-03-26 asks, and no other */
    struct lb_mcp_lines lines;
    /* Looks at the input while a tool runs; false: the tool gives up. Also the client's. */
    bool (*look)(void *mcp, int pause_ms);
    /* Of the tool call that runs: */
    struct lb_str running; /* the id of the request as JSON; ptr NULL: none runs */
    uint64_t end_ms;       /* on the monotonic clock */
    bool cancelled;
};

/* Answers one message; appends what is to be written, if anything, without a line feed. */
void lb_mcp_handle(struct lb_mcp *mcp, struct lb_str message, struct lb_buf *out);

/* Is the message something that can be dealt with while a tool call runs? Then appends the answer
 * to a ping, or notes that the call is cancelled. */
bool lb_mcp_handle_meanwhile(struct lb_mcp *mcp, struct lb_str message, struct lb_buf *out);

/* Appends an answer that refuses a message; `id` as JSON, ptr NULL: it could not be read. */
void lb_mcp_refuse(struct lb_buf *out, struct lb_str id, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The codes of JSON-RPC, and one of the protocol's. */
enum {
    LB_MCP_PARSE_ERROR = -32700,
    LB_MCP_INVALID_REQUEST = -32600,
    LB_MCP_METHOD_NOT_FOUND = -32601,
    LB_MCP_INVALID_PARAMS = -32602,
    LB_MCP_INTERNAL_ERROR = -32603,
    LB_MCP_UNSUPPORTED_VERSION = -32022
};

#endif
