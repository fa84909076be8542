/* A file of people that is imported: what is known of it while it is read, and how its answer is
 * made. For the files import*.c and, beside blocklists, for leads (outreach/lead_import.c).
 *
 * Threads: an importer's (lb_call_import). */
#ifndef LB_API_BLOCKLIST_FILE_IMPORT_H
#define LB_API_BLOCKLIST_FILE_IMPORT_H

#include "api/blocklist/people.h"
#include "api/upload.h"

/* Rows that were not taken, and what else a person should know, as items of JSON arrays. */
struct lb_import_notes {
    struct lb_buf errors;
    struct lb_buf warnings;
    uint64_t error_count; /* in all; only the first are in the arrays */
    uint64_t warning_count;
};

struct lb_file_import;

/* What is done with the people of a file. */
struct lb_import_purpose {
    bool has_reasons;                 /* the answer names the column of reasons */
    struct lb_import_options options; /* but for columns and `adds`; the context is the import */
    /* Once, before the file is looked at; and once when it was judged, before any person. */
    lb_err (*begin)(struct lb_file_import *import);
    lb_err (*judged)(struct lb_file_import *import); /* NULL: nothing to do */
    /* Takes a person; sets `flushed` when the turn should end, and `err`. */
    void (*take)(struct lb_file_import *import, const struct lb_import_item *item);
    lb_err (*finish)(struct lb_file_import *import);  /* after the last row */
    void (*broke_off)(struct lb_file_import *import); /* `err` says why; NULL: nothing to do */
    void (*fini)(struct lb_file_import *import); /* also when `begin` failed or was not called */
    bool (*has_recorded)(const struct lb_file_import *import);
    /* Append to the answer: the beginning of the message, `,"name":count` of people, and further
     * members. */
    void (*put_message)(struct lb_buf *body, const struct lb_file_import *import);
    void (*put_people)(struct lb_buf *body, struct lb_file_import *import);
    void (*put_more)(struct lb_buf *body, struct lb_file_import *import);
};

struct lb_file_import {
    struct lb_call *call;
    const struct lb_import_purpose *purpose;
    struct lb_upload *upload;
    struct lb_import *import; /* NULL until the file was judged */
    struct lb_people people;  /* of a blocklist's import, as the next two */
    struct lb_people_counts counts;
    bool counted;                  /* `counts` are known */
    uint64_t checked;              /* people, in this turn */
    uint64_t names[LB_NAME_TYPES]; /* that were found in a file of names of every type */
    struct lb_import_notes notes;
    struct lb_store_reader *reader; /* of this turn */
    bool adds;                      /* people, so doubtful names are bad */
    bool dry_run;
    bool surveying; /* the file is only looked through for faults */
    bool flushed;   /* in this turn */
    bool done;
    lb_err err;
    struct lb_reason reason; /* of `err`, as a sentence */
};

/* Starts the import of the call's file. `import` is zero, and has memory of the request. */
enum lb_progress lb_file_import_begin(struct lb_call *call, struct lb_file_import *import,
                                      const struct lb_import_purpose *purpose);

/* Appends ", COUNT WHAT" to a message, unless there are none. */
void lb_import_put_amount(struct lb_buf *body, uint64_t count, const char *what);

/* Appends ,"taken":[{"number":2,"name":"Website","type":"domain"}] of a file with names of every
 * type. */
void lb_import_put_taken(struct lb_buf *body, const struct lb_import *import);

/* Adds a bad or blank row. */
void lb_import_notes_error(struct lb_import_notes *notes, const struct lb_import_item *item);
void lb_import_notes_warning(struct lb_import_notes *notes, uint64_t line, struct lb_str reason);
void lb_import_notes_clear(struct lb_import_notes *notes);
void lb_import_notes_fini(struct lb_import_notes *notes);

/* An answer that lists rows: does the request want one? It may set the reply. */
bool lb_import_lists_rows(const struct lb_call *call);

/* Starts it. False when the reply is set. */
bool lb_import_list_begin(struct lb_call *call);

/* Says in headers which columns of a table were asked for, and which others have names. */
void lb_import_list_columns(const struct lb_file_import *import);

/* Adds a row that was not taken, or a person or a name of any type that was checked. */
lb_err lb_import_list_bad(struct lb_file_import *import, const struct lb_import_item *item);
lb_err lb_import_list_person(struct lb_file_import *import, const struct lb_import_item *item);
lb_err lb_import_list_typed(struct lb_file_import *import, const struct lb_import_item *item);

/* Sets the reply of an import that has ended, as `err` says. */
void lb_import_reply(struct lb_file_import *import);

#endif
