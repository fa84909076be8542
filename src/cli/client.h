/* An HTTP client for one server: the public API over TCP, or the control socket of a data folder.
 *
 * It keeps its connection, follows no redirects, and waits and asks again when the server answers
 * 429 or 503 (with Retry-After, else with growing pauses): all requests that the commands make may
 * be repeated, but for those that create something, which say so. Threads: one. */
#ifndef LB_CLI_CLIENT_H
#define LB_CLI_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/source.h"
#include "json/decode.h"

struct lb_client;

/* Takes an answer of CSV as it comes, however long it is. */
struct lb_client_sink {
    void *context;
    /* False after a message ends it all. */
    bool (*take)(void *context, struct lb_str bytes);
    /* The connection was lost, and the answer begins anew. False: what was taken cannot be taken
     * back. */
    bool (*restart)(void *context);
};

#define LB_ANSWER_COLUMNS_SIZE 640

struct lb_answer {
    long status;
    struct lb_buf body;
    struct lb_json *json; /* the parsed body; NULL when it is no JSON */
    bool csv;             /* it is CSV, or the text of /metrics */
    char cursor[512];     /* query of the next page, "cursor=...&...", or empty */
    char change_id[64];   /* of what it has changed, or empty; "ch_0" changed nothing */
    /* The columns of a file that were checked, as "2:publicIdentifier,3:email", and those with
     * names that were not; or empty. */
    char checked[LB_ANSWER_COLUMNS_SIZE];
    char unchecked[LB_ANSWER_COLUMNS_SIZE];
    uint64_t total; /* how many there are in a list, as the server said; 0: it did not */
};

/* The pages of a list, all zero at first. */
struct lb_paging {
    char kept[512]; /* the cursor of an earlier page */
    uint64_t pages;
};

/* After an answer with a cursor: may that page be asked for? False after a message when the server
 * has given out the same cursor before, whatever came between: then it would go on for ever. */
bool lb_paging_goes_on(struct lb_paging *paging, const struct lb_answer *answer);

struct lb_client_request {
    const char *method;
    const char *path;                  /* below the server's address, encoded */
    struct lb_str body;                /* JSON; ptr NULL: none */
    const struct lb_source *file;      /* a file in place of it, or NULL; the answer may be CSV */
    const struct lb_client_sink *sink; /* of a GET: CSV is asked for, and goes there; or NULL */
    bool asks_csv;                     /* of a request with a file: the answer is to be CSV */
    bool lenient;                      /* Prefer: handling=lenient */
    bool creates;                      /* not to be repeated once it was sent */
    bool ends_quietly; /* nothing is said when what is to be done meanwhile ends it */
};

/* A client of the public API, from --url and --key. NULL after a message. */
struct lb_client *lb_client_open(const struct lb_cli *cli);

/* The version of libcurl that runs. */
const char *lb_client_library_version(void);

/* Before any thread is started. False when out of memory. */
bool lb_client_prepare(void);

/* A client of the Unix socket at `path`. NULL when out of memory. */
struct lb_client *lb_client_open_unix(const char *path);

void lb_client_close(struct lb_client *client);

/* Where the server is, without a slash at the end. */
const char *lb_client_address(const struct lb_client *client);

/* Calls `meanwhile` about once a second while an answer is under way (`pause_ms` 0: to return at
 * once), and instead of sleeping before a request is repeated: it may then take up to `pause_ms`,
 * and is called again for what is left of the pause. When it returns false, the client gives up: no
 * pause goes on, and an answer under way is not waited for. It must not use the client. */
void lb_client_set_meanwhile(struct lb_client *client,
                             bool (*meanwhile)(void *context, int pause_ms), void *context);

/* Asks and waits for the answer, which the caller releases in any case. True when the status is
 * 2xx; false after a message on standard error that says what went wrong and what to do. */
bool lb_client_call(struct lb_client *client, const struct lb_client_request *call,
                    struct lb_answer *out);

/* The same, but leaves an answer with `status` to the caller, without a message: returns true. */
bool lb_client_call_or(struct lb_client *client, const struct lb_client_request *call, long status,
                       struct lb_answer *out);

/* Asks, and leaves every answer to the caller, who releases it in any case. False, without a
 * message, when there was none. */
bool lb_client_ask(struct lb_client *client, const struct lb_client_request *call,
                   struct lb_answer *out);

/* Why there was no answer to the latest call, and what to do. Owned by the client. */
const char *lb_client_failure(const struct lb_client *client);

/* What to do about an error of the server's, by its code; NULL when there is nothing to say. */
const char *lb_client_advice(const char *code);

/* For answers in which a verdict is missing, which would be taken for "allowed". */
#define LB_CLI_NOT_COVERED                                                                         \
    "the server's answer does not cover what was asked; nothing is known for certain"

/* Says on standard error who of those that are no longer blocked, or were not, still is by another
 * name. */
void lb_answer_explain_still_blocked(const struct lb_answer *answer);

/* Appends that, a line for each. */
void lb_answer_put_still_blocked(const struct lb_answer *answer, struct lb_buf *lines);

/* Says on standard error which items of `list` ({"value","reason"}, of a file also "line") were
 * refused. Returns how many there are. */
size_t lb_answer_explain_items(const struct lb_json *list);

/* Says on standard error why the server refused, and which items. */
void lb_client_explain(const struct lb_client *client, const struct lb_answer *answer);

void lb_answer_fini(struct lb_answer *answer);

/* A string member as a C string, control characters replaced; "" when it is missing or null.
 * Owned by the answer's tree, or static. */
struct lb_str lb_answer_text(const struct lb_json *object, const char *name);
uint64_t lb_answer_number(const struct lb_json *object, const char *name);

/* Did the answer name a change that changed something? */
bool lb_answer_changed(const struct lb_answer *answer);

/* Print a line on standard output: the message and the id of the change, or the JSON, with the id
 * as "changeId". */
void lb_answer_print_message(const struct lb_answer *answer);
void lb_answer_print_json(const struct lb_answer *answer);

/* Appends `text`, percent-encoded for one segment of a path or one value of a query. */
void lb_url_append(struct lb_buf *url, struct lb_str text);

#endif
