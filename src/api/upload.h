/* A request whose body is a file of people: what its query asks for, and the file, which is spooled
 * as it comes. A reader thread writes the spool, so that no I/O thread waits for the disk.
 *
 * Order: begin when the request has passed the gate, its body comes, finish, read, release. */
#ifndef LB_API_UPLOAD_H
#define LB_API_UPLOAD_H

#include "api/call.h"
#include "domain/blocklist/item.h"
#include "import/import.h"

enum lb_upload_action { LB_UPLOAD_BLOCK, LB_UPLOAD_UNBLOCK, LB_UPLOAD_CHECK };

struct lb_upload {
    struct lb_app *app;
    struct lb_str column;        /* heading or number; empty: it is found */
    struct lb_str reason_column; /* the same */
    struct lb_str reason;        /* for rows without one; ptr NULL: none */
    enum lb_block_kind kind;     /* of all rows; LB_BLOCK_KIND_NONE: none */
    int64_t end;                 /* 0: none */
    struct lb_str import_id;     /* ptr NULL: none */
    enum lb_upload_action action;
    bool typed; /* of names of every type, which alone have these; see lb_import_options */
    struct lb_str columns;
    enum lb_import_type type;
    struct lb_str country;
    bool force;
    bool strict;
    struct lb_spool spool;
    struct lb_buf held; /* what has come and is not in the spool yet */
    bool listed;        /* as the import of its workspace */
};

/* What a query parameter of these requests says about who may send them: is `name` given as
 * `value`? */
bool lb_upload_asks(struct lb_call *call, const char *name, const char *value);

/* Reads the query and makes call->upload, which takes the body. False when the reply is set: a
 * parameter is wrong, or the workspace is importing a file already. */
bool lb_upload_begin(struct lb_call *call);

/* Writes the rest of the body. It may wait for the disk. */
lb_err lb_upload_finish(struct lb_upload *upload);

/* The file, for the import. Reading fails when the server cannot wait for it any longer. */
struct lb_import_source lb_upload_source(struct lb_upload *upload);

/* Gives the file and the workspace's turn back; a second time, or without an upload, it does
 * nothing. */
void lb_upload_release(struct lb_call *call);

#endif
