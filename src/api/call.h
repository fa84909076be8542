/* One API request on its way: who asks, for which list, and the work it waits for. Lives as long as
 * its request; threads as there. */
#ifndef LB_API_CALL_H
#define LB_API_CALL_H

#include "api/app.h"
#include "domain/access/account.h"
#include "domain/access/standing.h"
#include "json/decode.h"

#define LB_JSON_DEPTH_MAX 32

/* Bodies larger than this are worked on by a reader thread: a megabyte of JSON takes milliseconds,
 * which other connections of the I/O thread would have to wait. So are answers to changes. */
#define LB_HEAVY_BYTES (32 << 10)

/* Who is signed in: a session in place of an API key. It is looked up in the store for each
 * request, so that no node believes in a session that has ended. */
struct lb_signed_in {
    struct lb_str token; /* of the cookie */
    uint8_t token_hash[LB_SECRET_HASH_SIZE];
    lb_err result; /* LB_ERR_INVALID_SESSION, or why it could not be looked up */
    struct lb_session_row session;
    struct lb_user_row user;
};

struct lb_call {
    struct lb_app *app;
    struct lb_request *req;
    struct lb_key *key; /* NULL: a user is signed in, the command line, or none needed */
    struct lb_signed_in *signed_in; /* NULL: no user is */
    struct lb_workspace *workspace; /* of the key, or the one that the user means */
    struct lb_str campaign_id;      /* of the path */
    struct lb_list list;            /* the campaign's list, or the workspace's */
    int64_t campaign_made_at;       /* the campaign of the path; 0: none */
    bool base_alias;                /* came under /api */
    bool from_page;                 /* of another origin: see cors.h */
    bool rated;                     /* took its request from the key's rate */
    bool doubtful;                  /* memory refuses it, and may lag behind another node */
    bool unproven;                  /* the user's session has to be looked up first */
    bool dry_run;                   /* says what would happen, and changes nothing */
    struct lb_fresh fresh;          /* asks whether it does */
    struct lb_json *body;           /* of req->body, into which it points; lb_call_free_body */
    size_t body_memory;             /* bytes that were taken for it */
    struct lb_quota *memory_share;  /* of what its memory was taken; NULL: it has none */
    lb_err refused;                 /* why it gets no more memory: in place of LB_ERR_OVERLOADED */
    struct lb_write *write;         /* for lb_call_write */
    void (*finish)(struct lb_call *call);                  /* for it, and for lb_call_put_answer */
    enum lb_progress (*finish_then)(struct lb_call *call); /* for lb_call_write_then */
    bool (*still_passes)(struct lb_call *call); /* asked before a read runs; see gate.h */
    struct lb_read read;                        /* for lb_call_read and heavy handlers */
    struct lb_read_lane *lane;                  /* of the readers; NULL: the workspace's */
    enum lb_turn (*run)(struct lb_call *call, struct lb_store_reader *reader);
    struct lb_upload *upload;             /* the file in the body, or NULL (upload.h) */
    struct lb_csv_answer *csv_answer;     /* the file that is the answer, or NULL (csv_answer.h) */
    struct lb_stream *stream;             /* the export that is the answer, or NULL (stream.h) */
    void (*cancel)(struct lb_call *call); /* for lb_call_import */
    struct lb_attempt_place *password_place; /* of a password that is looked at, or NULL */
    void *state;                             /* the handler's own */
    void (*release)(struct lb_call *call);   /* frees what `state` holds, at the end; or NULL */
};

static inline struct lb_call *lb_call_of(struct lb_request *req)
{
    return req->context;
}

/* Parses the body into call->body; false when the reply is set. `type` is what it must be. */
bool lb_call_parse_body(struct lb_call *call, enum lb_json_type type);

/* Lets go of what lb_call_parse_body made; also when it is gone already. */
void lb_call_free_body(struct lb_call *call);

/* Replies with what a domain call returned; the reason in words if there is one. */
enum lb_progress lb_call_refuse(struct lb_call *call, lb_err err, const struct lb_reason *reason);

/* When it makes sense to try a write again that was refused, if that is known. */
void lb_call_put_retry_after(struct lb_call *call, const struct lb_write *write);

/* The reply for a campaign of the path that the workspace does not have. */
enum lb_progress lb_call_campaign_not_found(struct lb_call *call);

/* Memory as of lb_request_alloc; NULL when there is none: the reply is set. */
void *lb_call_alloc(struct lb_call *call, size_t size);

/* Refuses the call for want of memory, and returns false. */
bool lb_call_no_memory(struct lb_call *call);

/* Hands a write to the writer. When it is done, `finish` is called on the request's I/O thread, or
 * after a large body on a reader thread; it asks lb_call_written and replies. `size`: bytes of
 * memory that wait with it. */
enum lb_progress lb_call_write(struct lb_call *call, struct lb_write *write, size_t size,
                               void (*finish)(struct lb_call *call));

/* The same, on the I/O thread, but `finish` may say that the request goes on waiting (LB_PENDING).
 */
enum lb_progress lb_call_write_then(struct lb_call *call, struct lb_write *write, size_t size,
                                    enum lb_progress (*finish)(struct lb_call *call));

/* The same, but when the writer does not take the write there is no reply yet: what is returned
 * says why. */
lb_err lb_call_try_write(struct lb_call *call, struct lb_write *write, size_t size,
                         enum lb_progress (*finish)(struct lb_call *call));

/* For such a `finish`: has `put` reply, which asks lb_call_written. What is made of more than
 * LB_HEAVY_BYTES, about, is made by a reader thread. */
enum lb_progress lb_call_put_answer(struct lb_call *call, size_t bytes,
                                    void (*put)(struct lb_call *call));

/* In a `finish`: false when the write failed, and the reply says so. */
bool lb_call_written(struct lb_call *call);

/* Hands the call to a reader thread, where `run` replies, maybe in several turns
 * (reader/reader.h). */
enum lb_progress lb_call_read(struct lb_call *call,
                              enum lb_turn (*run)(struct lb_call *call,
                                                  struct lb_store_reader *reader));

/* The same for what an answer says beyond a change that is recorded already: `run` is called in any
 * case, also when the key has ended, there is no room or the server stops; then without a reader,
 * and what it returns does not count. */
enum lb_progress lb_call_read_anyway(struct lb_call *call,
                                     enum lb_turn (*run)(struct lb_call *call,
                                                         struct lb_store_reader *reader));

/* Hands the call to an importer: a thread for files, which may take long. `run` as above, but it is
 * called although the key may have ended meanwhile; `cancel` is called in its place when the server
 * stops. The last of them replies and completes the request. */
enum lb_progress lb_call_import(struct lb_call *call,
                                enum lb_turn (*run)(struct lb_call *call,
                                                    struct lb_store_reader *reader),
                                void (*cancel)(struct lb_call *call));

/* Who the call is from, for the logs. What it points to lives as long as the request. */
struct lb_actor lb_call_actor(struct lb_call *call);

/* Fills a standing for the call: its key, workspace and list. */
struct lb_standing lb_call_standing(struct lb_call *call, bool needs_license);

/* {"success":true,"message":"..."} */
void lb_call_reply_done(struct lb_call *call, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
