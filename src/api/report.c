#include "api/report.h"

#include "base/csv.h"

#include <stddef.h>

#define PIECE_BYTES ((size_t)64 << 10)

static lb_err write_piece(struct lb_report *report)
{
    lb_err err = report->piece.failed ? LB_ERR_OVERLOADED
                                      : lb_spool_append(&report->spool, lb_buf_str(&report->piece));
    report->piece.len = 0;
    return err;
}

bool lb_report_begin(struct lb_call *call, const char *headings)
{
    struct lb_report *report = lb_call_alloc(call, sizeof *report);
    if (!report)
        return false;
    report->spool.all = &call->app->spools;
    lb_buf_append_str(&report->piece, lb_str(headings));
    lb_buf_append_lit(&report->piece, "\r\n");
    call->report = report;
    return true;
}

lb_err lb_report_add(struct lb_report *report, const struct lb_str *cells, size_t count)
{
    lb_csv_put_row(&report->piece, cells, count);
    return report->piece.len < PIECE_BYTES ? LB_OK : write_piece(report);
}

/* --- Giving --- */

static void read_piece(struct lb_report *report)
{
    struct lb_buf *piece = &report->piece;
    piece->len = 0;
    if (!lb_buf_reserve(piece, PIECE_BYTES)) {
        report->failed = true;
        return;
    }
    ssize_t n = lb_spool_read(&report->spool, report->given, piece->ptr, PIECE_BYTES);
    report->failed = n <= 0;
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
    read_piece(call->report);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static void cancel_read(struct lb_read *read)
{
    struct lb_call *call = call_of(read);
    call->report->failed = true;
    lb_request_complete(call->req);
}

static enum lb_given ask_for_piece(struct lb_call *call)
{
    call->read.run = run_read;
    call->read.cancel = cancel_read;
    call->read.lane = &call->workspace->reads;
    return lb_readers_submit(call->app->readers, &call->read) ? LB_GIVE_FAILED : LB_GIVE_LATER;
}

static enum lb_given give(struct lb_request *req, struct lb_buf *out)
{
    struct lb_call *call = lb_call_of(req);
    struct lb_report *report = call->report;
    if (report->failed)
        return LB_GIVE_FAILED;
    if (!report->piece.len)
        return report->given < report->spool.size ? ask_for_piece(call) : LB_GIVEN_ALL;
    lb_buf_append_str(out, lb_buf_str(&report->piece));
    report->given += report->piece.len;
    report->piece.len = 0;
    return report->given < report->spool.size ? LB_GIVEN : LB_GIVEN_ALL;
}

lb_err lb_report_reply(struct lb_call *call)
{
    lb_err err = write_piece(call->report);
    if (err)
        return err;
    lb_reply_json(&call->req->reply, 200);
    call->req->reply.content_type = "text/csv; charset=utf-8";
    call->req->reply.give = give;
    return LB_OK;
}

void lb_report_release(struct lb_call *call)
{
    if (!call->report)
        return;
    lb_buf_fini(&call->report->piece);
    lb_spool_close(&call->report->spool);
    call->report = NULL;
}
