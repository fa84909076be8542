#include "cli/commands.h"

#include "base/clock.h"
#include "cli/mcp.h"

#include <stdio.h>
#include <unistd.h>

#define KEY_MIN      16   /* no key is shorter */
#define LAST_CALL_MS 5000 /* what a call may take after the end of the input */

/* Servers and files could say the key back to us; the model's provider must not read it. */
static void put_without_key(const struct lb_mcp *mcp, struct lb_str line)
{
    const char *at = line.ptr;
    const char *end = at + line.len;
    while (mcp->key.len >= KEY_MIN) {
        const char *found = memmem(at, (size_t)(end - at), mcp->key.ptr, mcp->key.len);
        if (!found)
            break;
        fwrite(at, 1, (size_t)(found - at), stdout);
        fputs("[key]", stdout);
        at = found + mcp->key.len;
    }
    fwrite(at, 1, (size_t)(end - at), stdout);
}

static bool put_line(const struct lb_mcp *mcp, struct lb_buf *out)
{
    bool good = true;
    if (out->failed) {
        lb_cli_error("out of memory");
        good = false;
    } else if (out->len) {
        put_without_key(mcp, lb_buf_str(out));
        putchar('\n');
        good = fflush(stdout) == 0 && !ferror(stdout);
    }
    lb_buf_fini(out);
    return good;
}

/* While the API is asked. False: give up. */
static bool look_at_input(void *context, int pause_ms)
{
    struct lb_mcp *mcp = context;
    struct lb_buf out = {0};
    char *line;
    size_t len;
    uint64_t now = lb_clock_mono_ms();
    lb_mcp_lines_read(&mcp->lines, mcp->lines.ended ? 0 : pause_ms);
    while (lb_mcp_lines_look(&mcp->lines, &line, &len)) {
        if (!lb_mcp_handle_meanwhile(mcp, (struct lb_str){line, len}, &out))
            continue;
        memset(line, ' ', len); /* it is not handled again */
        if (!put_line(mcp, &out))
            return false;
    }
    if (mcp->lines.ended && mcp->end_ms > now + LAST_CALL_MS)
        mcp->end_ms = now + LAST_CALL_MS;
    return !mcp->cancelled && now < mcp->end_ms && !(mcp->lines.ended && pause_ms > 0);
}

static bool answer_lines(struct lb_mcp *mcp)
{
    struct lb_str line;
    enum lb_mcp_line got;
    bool going = true;
    while (going && (got = lb_mcp_lines_take(&mcp->lines, &line)) != LB_MCP_LINE_NONE) {
        struct lb_buf out = {0};
        if (got == LB_MCP_LINE)
            lb_mcp_handle(mcp, line, &out);
        else
            lb_mcp_refuse(&out, (struct lb_str){0}, LB_MCP_INVALID_REQUEST,
                          "the message is longer than %zu bytes; send less at once",
                          LB_MCP_LINE_MAX);
        going = put_line(mcp, &out);
    }
    return going;
}

int lb_cmd_mcp(struct lb_cli *cli)
{
    struct lb_mcp mcp = {.lines = {.file = STDIN_FILENO},
                         .look = look_at_input,
                         .allow_writes = lb_cli_given(cli, LB_OPT_ALLOW_WRITES)};
    int code = LB_EXIT_FAILED;
    mcp.key = lb_str(lb_cli_value(cli, LB_OPT_KEY, "LEADBLOCK_KEY", ""));
    mcp.client = lb_client_open(cli);
    if (!mcp.client)
        return LB_EXIT_FAILED;
    lb_cli_hint("leadblock: waiting for messages of the Model Context Protocol, one a line. A "
                "client\nstarts this command by itself; ^D ends it. See: leadblock help mcp");
    lb_client_set_meanwhile(mcp.client, look_at_input, &mcp);
    for (;;) {
        bool ended = mcp.lines.ended; /* then all that is left is here */
        if (!answer_lines(&mcp))
            break;
        if (ended) {
            code = mcp.lines.failed ? LB_EXIT_FAILED : LB_EXIT_DONE;
            break;
        }
        lb_mcp_lines_read(&mcp.lines, -1);
    }
    if (mcp.lines.failed)
        lb_cli_error("standard input cannot be read");
    lb_mcp_lines_fini(&mcp.lines);
    lb_client_close(mcp.client);
    return code;
}
