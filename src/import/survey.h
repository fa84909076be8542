/* What is in each column of a source: one reading of all of it. A text is one column, of lines.
 * Threads: one. */
#ifndef LB_IMPORT_SURVEY_H
#define LB_IMPORT_SURVEY_H

#include "import/addresses.h"
#include "import/distinct.h"
#include "import/headings.h"
#include "import/table.h"

/* Headings are looked for in so many rows from the top. */
#define LB_IMPORT_HEADING_ROWS 500

#define LB_IMPORT_LABEL_SIZE (LB_IMPORT_HEADING_MAX + 1)
#define LB_IMPORT_KEPT       6 /* cells from the top of a column */

/* The beginning of a cell; line 0: there is none. */
struct lb_import_label {
    uint64_t line;
    char text[LB_IMPORT_LABEL_SIZE];
};

/* "Above the first address" is above the first address of any site. */
struct lb_import_facts {
    struct lb_import_label kept[LB_IMPORT_KEPT]; /* the first cells with something in them */
    struct lb_import_label first_known;          /* the first heading that we know */
    struct lb_import_label last_known;           /* the last one above the first address */
    uint64_t address_line;                /* the row of the first address; 0: there is none */
    uint64_t filled;                      /* cells with something in them */
    uint64_t looked_at;                   /* of these, in the rows where headings are looked for */
    uint64_t statuses;                    /* of these, such as "subscribed" */
    uint64_t people_rows;                 /* with the address of a person */
    uint64_t kinds[LB_IMPORT_NAME_KINDS]; /* addresses of people, by what they name */
    uint64_t guesses[LB_IMPORT_TYPES];    /* cells by what they look like; see `typed` */
    struct lb_distinct_set people;
};

struct lb_import_survey {
    size_t count;
    size_t capacity;
    struct lb_import_facts *columns;
    struct lb_distinct distinct;
    uint64_t heading_line; /* the first row with two headings that we know; 0: there is none */
    uint64_t rows;         /* that are not empty, without a line sep= */
    uint64_t person_line;  /* the first row with the address of a person; 0: no row has one */
    struct lb_import_label example; /* an address in a heading, which is no person's of the rows */
    size_t example_column;          /* its, from 0 */
    bool repeated; /* the next cell of the column begins with the same word: it was no heading */
    /* For names of every type (types.h). */
    bool typed;
    bool guesses;        /* cells are counted by what they look like: also of a check */
    uint64_t typed_line; /* the first row with a heading that says a type; 0: not found */
    uint64_t value_line; /* the first row with a cell that looks like a name; the same */
};

/* What is looked for is as the options say. `rows` is work space. Whatever it returns, `out` is to
 * be finished. */
lb_err lb_import_survey_take(const struct lb_import_source *source, struct lb_import_form form,
                             const struct lb_import_shape *shape,
                             const struct lb_import_options *options, struct lb_import_rows *rows,
                             struct lb_import_survey *out);
void lb_import_survey_fini(struct lb_import_survey *survey);

/* Does a column without a heading name few people again and again, as one of senders does beside
 * that of their leads, which has `most` different people? Only when it is plain: to leave people
 * out is worse than to block a sender. So each of them stands there twice or more on average, and
 * for each there are two leads. */
bool lb_import_is_of_senders(const struct lb_import_survey *survey,
                             const struct lb_import_facts *facts, uint64_t most);

#endif
