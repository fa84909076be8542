#include "cli/mcp_lines.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define READ_SIZE ((size_t)64 << 10)

static struct lb_str waiting(const struct lb_mcp_lines *lines)
{
    if (!lines->bytes.ptr)
        return LB_STR("");
    return (struct lb_str){lines->bytes.ptr + lines->taken, lines->bytes.len - lines->taken};
}

static void fail(struct lb_mcp_lines *lines)
{
    lines->failed = lines->ended = true;
}

static void drop_taken(struct lb_mcp_lines *lines)
{
    if (!lines->taken)
        return;
    memmove(lines->bytes.ptr, lines->bytes.ptr + lines->taken, lines->bytes.len - lines->taken);
    lines->bytes.len -= lines->taken;
    lines->taken = 0;
}

void lb_mcp_lines_read(struct lb_mcp_lines *lines, int wait_ms)
{
    struct pollfd poller = {.fd = lines->file, .events = POLLIN};
    drop_taken(lines);
    if (lines->ended)
        return;
    bool full = lines->bytes.len > LB_MCP_LINE_MAX;
    if (full && wait_ms < 0)
        return;
    int ready = poll(&poller, full ? 0 : 1, wait_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return;
    if (ready < 0 || !lb_buf_reserve(&lines->bytes, READ_SIZE)) {
        fail(lines);
        return;
    }
    ssize_t got = read(lines->file, lines->bytes.ptr + lines->bytes.len, READ_SIZE);
    if (got > 0)
        lines->bytes.len += (size_t)got;
    else if (got == 0)
        lines->ended = true;
    else if (errno != EINTR && errno != EAGAIN)
        fail(lines);
}

/* Drops the bytes of a line that is too long, as far as they are here. False while its end is
 * not. */
static bool skip_rest(struct lb_mcp_lines *lines)
{
    struct lb_str here = waiting(lines);
    const char *end = memchr(here.ptr, '\n', here.len);
    lines->taken += end ? (size_t)(end - here.ptr) + 1 : here.len;
    lines->skipping = !end;
    return !lines->skipping;
}

enum lb_mcp_line lb_mcp_lines_take(struct lb_mcp_lines *lines, struct lb_str *out)
{
    lines->seen = 0;
    if (lines->skipping && !skip_rest(lines))
        return LB_MCP_LINE_NONE;
    struct lb_str here = waiting(lines);
    const char *end = memchr(here.ptr, '\n', here.len);
    size_t len = end ? (size_t)(end - here.ptr) : here.len;
    if (len > LB_MCP_LINE_MAX) {
        skip_rest(lines);
        return LB_MCP_LINE_TOO_LONG;
    }
    if (!end && (!lines->ended || !len))
        return LB_MCP_LINE_NONE;
    *out = (struct lb_str){here.ptr, len};
    lines->taken += len + (end != NULL);
    return LB_MCP_LINE;
}

bool lb_mcp_lines_look(struct lb_mcp_lines *lines, char **out_line, size_t *out_len)
{
    struct lb_str here = waiting(lines);
    if (lines->skipping || lines->seen >= here.len)
        return false;
    char *line = lines->bytes.ptr + lines->taken + lines->seen;
    const char *end = memchr(line, '\n', here.len - lines->seen);
    if (!end)
        return false;
    *out_line = line;
    *out_len = (size_t)(end - line);
    lines->seen += *out_len + 1;
    return true;
}

void lb_mcp_lines_fini(struct lb_mcp_lines *lines)
{
    lb_buf_fini(&lines->bytes);
}
