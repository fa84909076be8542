/* Messages of a Model Context Protocol client, one a line, of bounded length, and read without
 * waiting longer than asked. Threads: one. */
#ifndef LB_CLI_MCP_LINES_H
#define LB_CLI_MCP_LINES_H

#include "base/buf.h"

#define LB_MCP_LINE_MAX ((size_t)1 << 20) /* bytes, without the line feed */

struct lb_mcp_lines {
    int file;
    bool ended;    /* no more will come: its end, or reading failed */
    bool failed;   /* reading failed, or memory was short */
    bool skipping; /* the rest of a line that was too long */
    size_t taken;  /* bytes of the buffer that were given away */
    size_t seen;   /* where the first line begins that has not been looked at, from `taken` on */
    struct lb_buf bytes;
};

enum lb_mcp_line {
    LB_MCP_LINE,
    LB_MCP_LINE_TOO_LONG, /* reported once; its bytes are dropped */
    LB_MCP_LINE_NONE      /* not yet, or never more: see `ended` */
};

/* Reads what is there, waiting up to `wait_ms` (-1: as long as it takes) for something. Does
 * nothing while a line's worth of bytes waits already, or when it has ended. */
void lb_mcp_lines_read(struct lb_mcp_lines *lines, int wait_ms);

/* Gives away the next whole line. At the end of the file, what is left counts as one. It lives
 * until the next call of lb_mcp_lines_read(). */
enum lb_mcp_line lb_mcp_lines_take(struct lb_mcp_lines *lines, struct lb_str *out);

/* The next whole line that waits and was not looked at since the latest lb_mcp_lines_take(); false
 * when there is none. It stays, unless it is overwritten with blanks. */
bool lb_mcp_lines_look(struct lb_mcp_lines *lines, char **out_line, size_t *out_len);

void lb_mcp_lines_fini(struct lb_mcp_lines *lines);

#endif
