#include "http/output.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PIECES_MAX 64 /* in one call */

static size_t size_of(const struct lb_exchange *x)
{
    return x->out.len + x->tail.len;
}

void lb_output_add(struct lb_output *output, struct lb_exchange *x)
{
    x->next = NULL;
    *(output->first ? &output->last->next : &output->first) = x;
    output->last = x;
    output->bytes += size_of(x);
}

void lb_output_next_piece(struct lb_output *output, size_t sent)
{
    output->sent = 0;
    output->bytes = output->bytes - sent + size_of(output->first);
}

static size_t add_piece(struct iovec *pieces, size_t count, const char *ptr, size_t len,
                        size_t *skip)
{
    if (*skip >= len) {
        *skip -= len;
        return count;
    }
    pieces[count] = (struct iovec){(char *)(uintptr_t)ptr + *skip, len - *skip};
    *skip = 0;
    return count + 1;
}

static ssize_t send_pieces(const struct lb_output *output, int fd)
{
    struct iovec pieces[PIECES_MAX];
    size_t count = 0;
    size_t skip = output->sent;
    for (const struct lb_exchange *x = output->first; x && count + 2 <= PIECES_MAX; x = x->next) {
        count = add_piece(pieces, count, x->out.ptr, x->out.len, &skip);
        count = add_piece(pieces, count, x->tail.ptr, x->tail.len, &skip);
    }
    if (count == 1)
        return send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Takes off what is out; returns where the next one that is out is to be linked. */
static struct lb_exchange **take_sent(struct lb_output *output, struct lb_exchange **done)
{
    while (output->first && output->sent >= size_of(output->first) && !output->first->giving) {
        struct lb_exchange *x = output->first;
        output->sent -= size_of(x);
        output->bytes -= size_of(x);
        output->first = x->next;
        x->next = NULL;
        *done = x;
        done = &x->next;
    }
    return done;
}

enum lb_sent lb_output_send(struct lb_output *output, int fd, struct lb_exchange **out_done)
{
    *out_done = NULL;
    out_done = take_sent(output, out_done); /* an answer may end without one byte more */
    while (output->bytes > output->sent) {
        ssize_t sent = send_pieces(output, fd);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? LB_SENT_PART : LB_SENT_FAILED;
        output->sent += (size_t)sent;
        out_done = take_sent(output, out_done);
    }
    return LB_SENT_ALL;
}
