#include "api/csv_answer.h"

#include "api/stream.h"
#include "base/csv.h"

#include <stddef.h>

#define PIECE_BYTES ((size_t)64 << 10)

static lb_err write_piece(struct lb_csv_answer *answer)
{
    lb_err err = answer->piece.failed ? LB_ERR_OVERLOADED
                                      : lb_spool_append(&answer->spool, lb_buf_str(&answer->piece));
    answer->piece.len = 0;
    return err;
}

bool lb_csv_answer_begin(struct lb_call *call, const char *headings)
{
    struct lb_csv_answer *answer = lb_call_alloc(call, sizeof *answer);
    if (!answer)
        return false;
    answer->spool.all = &call->app->spools;
    lb_buf_append_str(&answer->piece, lb_str(headings));
    lb_buf_append_lit(&answer->piece, "\r\n");
    call->csv_answer = answer;
    return true;
}

lb_err lb_csv_answer_add(struct lb_csv_answer *answer, const struct lb_str *cells, size_t count)
{
    lb_csv_put_row(&answer->piece, cells, count);
    return answer->piece.len < PIECE_BYTES ? LB_OK : write_piece(answer);
}

/* --- Giving --- */

static void read_piece(struct lb_csv_answer *answer)
{
    struct lb_buf *piece = &answer->piece;
    piece->len = 0;
    if (!lb_buf_reserve(piece, PIECE_BYTES)) {
        answer->failed = true;
        return;
    }
    ssize_t n = lb_spool_read(&answer->spool, answer->given, piece->ptr, PIECE_BYTES);
    answer->failed = n <= 0;
    piece->len = n > 0 ? (size_t)n : 0;
}

static struct lb_call *call_of(struct lb_read *read)
{
    return (struct lb_call *)((char *)read - offsetof(struct lb_call, read));
}

static enum lb_turn run_read(struct lb_read *read, struct lb_store *store,
                             struct lb_store_reader *reader)
{
    struct lb_call *call = call_of(read);
    read_piece(call->csv_answer);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static void cancel_read(struct lb_read *read)
{
    struct lb_call *call = call_of(read);
    call->csv_answer->failed = true;
    lb_request_complete(call->req);
}

static enum lb_given ask_for_piece(struct lb_call *call)
{
    call->read.run = run_read;
    call->read.cancel = cancel_read;
    call->read.lane = &call->workspace->reads;
    return lb_stream_ask(call, &call->csv_answer->tries);
}

static enum lb_given give(struct lb_request *req, struct lb_buf *out)
{
    struct lb_call *call = lb_call_of(req);
    struct lb_csv_answer *answer = call->csv_answer;
    if (answer->failed)
        return LB_GIVE_FAILED;
    if (!answer->piece.len)
        return answer->given < answer->spool.size ? ask_for_piece(call) : LB_GIVEN_ALL;
    lb_buf_append_str(out, lb_buf_str(&answer->piece));
    answer->given += answer->piece.len;
    answer->piece.len = 0;
    return answer->given < answer->spool.size ? LB_GIVEN : LB_GIVEN_ALL;
}

lb_err lb_csv_answer_reply(struct lb_call *call)
{
    lb_err err = write_piece(call->csv_answer);
    if (err)
        return err;
    lb_reply_json(&call->req->reply, 200);
    call->req->reply.content_type = "text/csv; charset=utf-8";
    call->req->reply.give = give;
    return LB_OK;
}

void lb_csv_answer_release(struct lb_call *call)
{
    if (!call->csv_answer)
        return;
    lb_buf_fini(&call->csv_answer->piece);
    lb_spool_close(&call->csv_answer->spool);
    call->csv_answer = NULL;
}
