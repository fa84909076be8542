/* Reads files and texts as people have them, and finds the people in them: exports of LinkedIn, of
 * CRMs and of spreadsheets, pasted mails, lists (docs/api.md, files and texts).
 *
 * The source is read more than once: lb_import_judge finds out what it is, lb_import_read gives its
 * rows, one after the other. Memory is bounded however large the source is.
 *
 * Where each rule is:
 *   file.c       what is no text (workbooks, PDFs), encodings
 *   text.c       the source as UTF-8
 *   rows.c       rows and cells, quotation marks
 *   table.c      table or text, delimiter
 *   headings.c, heading_words.c  what a heading says, in many languages
 *   addresses.c  where an address begins and ends in a text
 *   survey.c     what is in each column
 *   choice.c     which column is taken, and which rows are headings
 *   rivals.c     whether another column may be meant
 *   mail.c       a pasted mail without addresses
 *   take.c       who is in one row
 *   guess.c, types.c, take_typed.c  the same with names of every type
 *   judge.c, read.c   the order of all this
 *
 * Threads: one at a time for each import. */
#ifndef LB_IMPORT_IMPORT_H
#define LB_IMPORT_IMPORT_H

#include "base/err.h"
#include "base/str.h"
#include "domain/blocklist/identifier.h"
#include "domain/blocklist/item.h"
#include "import/guess.h"

#include <sys/types.h>

#define LB_IMPORT_SAMPLES 3 /* values that show what is in a column */

/* What is read. It must not change while the import lives. */
struct lb_import_source {
    void *context;
    /* Copies up to `size` bytes from `offset` on to `out`. Returns how many, 0 only at the end, -1
     * with errno when it cannot be read. */
    ssize_t (*read)(void *context, uint64_t offset, void *out, size_t size);
    size_t piece_bytes; /* how much is read at a time; 0: as is good. For tests. */
};

/* A file that can be read at any offset. It stays the caller's, and open. */
struct lb_import_source lb_import_source_of_file(int fd);

enum lb_import_encoding { LB_IMPORT_UTF_8, LB_IMPORT_UTF_16, LB_IMPORT_WINDOWS_1252 };

/* "utf-8", "utf-16", "windows-1252". */
const char *lb_import_encoding_name(enum lb_import_encoding encoding);

struct lb_import_options {
    struct lb_str column;        /* heading, or number from 1; empty: it is found */
    struct lb_str reason_column; /* the same */
    bool adds;                   /* people are added, so doubtful names are bad */
    bool checks;                 /* nothing is changed: who is blocked by any name is asked */
    bool one_per_row;            /* a row with several addresses is bad */
    /* Is a doubtful name stored already? Then it is taken. May be NULL. */
    bool (*is_stored)(void *context, const struct lb_identifier *name);
    void *context;
    /* Names of every type (types.h); the rest is for these alone. */
    bool typed;
    struct lb_str columns;    /* "2:domain,5"; empty: they are found */
    enum lb_import_type type; /* names of this type alone; LB_TYPE_NONE: of all */
    struct lb_str country;    /* of national phone numbers; empty: there are none */
    bool force;               /* takes domains of providers of mail and shared sites, too */
    bool (*is_stored_key)(void *context, struct lb_str key); /* as is_stored */
};

/* What the source turned out to be. Strings live as long as the import. */
struct lb_import_findings {
    enum lb_import_encoding encoding;
    bool table;           /* else a text */
    char delimiter;       /* of a table */
    size_t column;        /* from 1; 0 in a text */
    struct lb_str name;   /* of the column; empty: it has no heading */
    size_t reason_column; /* from 1; 0: there is none */
    struct lb_str reason_name;
    uint64_t heading_line; /* rows up to this line are headings */
    bool types_by_row;     /* of names of every type: a column says what each row has */
};

/* A column, to choose from. */
struct lb_import_column {
    size_t number; /* from 1 */
    struct lb_str name;
    /* Of names of every type, of a check, and of people when no column is certain; LB_TYPE_NONE: it
     * has no names. */
    enum lb_import_type type;
    bool taken; /* the same; false: it was left out */
    size_t sample_count;
    struct lb_str samples[LB_IMPORT_SAMPLES];
};

/* rows = headings + people + bad + blank. All are 0 when there are headings only. */
struct lb_import_counts {
    uint64_t rows;
    uint64_t headings;
    uint64_t people; /* rows with at least one person */
    uint64_t bad;
    uint64_t blank;
    uint64_t found; /* persons in the rows of people, with those found more than once */
    uint64_t warnings;
};

enum lb_import_kind {
    LB_IMPORT_PERSON,
    LB_IMPORT_BAD,
    LB_IMPORT_BLANK,
    LB_IMPORT_HEADING,
    LB_IMPORT_WARNING /* about what was mended or left; not a row */
};

/* What a row gives. Everything in it lives until the call returns. */
struct lb_import_item {
    enum lb_import_kind kind;
    uint64_t line;                     /* where the row begins, from 1 */
    struct lb_str value;               /* the address or name; what to know the row by */
    struct lb_str reason;              /* PERSON: of the reason column; else what is the matter */
    const struct lb_identifier *name;  /* PERSON */
    const struct lb_typed_name *typed; /* PERSON, in place of it, when names are of every type */
    enum lb_block_kind block_kind;     /* of the row; LB_BLOCK_KIND_NONE: it says none */
    int64_t end;                       /* of the row; 0: it says none */
    bool first;                        /* PERSON: the first one of its row */
    const struct lb_str *cells;        /* of the row */
    size_t cell_count;
};

struct lb_import;

/* Reads the source and decides what it is. `source` and `options` are copied, but not what they
 * point to.
 *
 * LB_OK: `*out` is to be freed. LB_ERR_COLUMN_UNKNOWN: no column is certain, or none is called so;
 * `*out` is to be freed and its columns can be asked for. LB_ERR_UNSUPPORTED_FILE,
 * LB_ERR_EMPTY_FILE, LB_ERR_STORAGE_UNAVAILABLE (the source cannot be read) and LB_ERR_OVERLOADED
 * (out of memory): `*out` is NULL. */
lb_err lb_import_judge(const struct lb_import_source *source,
                       const struct lb_import_options *options, struct lb_import **out,
                       struct lb_reason *reason);

/* NULL does nothing. */
void lb_import_free(struct lb_import *import);

const struct lb_import_findings *lb_import_findings(const struct lb_import *import);

size_t lb_import_column_count(const struct lb_import *import);
struct lb_import_column lb_import_column(const struct lb_import *import, size_t index);

/* What a column has in the row of the headings, of which it may be the beginning; empty: nothing.
 */
struct lb_str lb_import_heading_of(const struct lb_import *import, size_t index);

/* Gives the rows that were not given yet; warnings about whole columns come first. `each` may be
 * NULL, for counting. When it returns false the reading stops after that row, all of which is
 * given, and the next call goes on from there. `*out_done`: there are no more rows. */
lb_err lb_import_read(struct lb_import *import, void *context,
                      bool (*each)(void *context, const struct lb_import_item *item),
                      bool *out_done, struct lb_reason *reason);

/* The rows that were given so far. */
const struct lb_import_counts *lb_import_counts(const struct lb_import *import);

/* Starts anew: the next lb_import_read gives the first row. */
void lb_import_rewind(struct lb_import *import);

/* How much memory the import holds, in bytes. */
size_t lb_import_held_bytes(const struct lb_import *import);

#endif
