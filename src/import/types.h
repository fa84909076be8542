/* Files with names of every type (lb_import_options.typed): which columns are taken, and as what.
 *
 * A column's heading says its type, or else what stands in most of its cells. A file is a list of
 * people when a column has their names, unless one of customers comes before it, or else when its
 * first names are e-mail addresses: then companies and domains are of these people, and are left
 * out, since blocking them would block all colleagues. In a list of companies all columns count.
 * Senders beside their leads, without a heading, are left out, too.
 * Threads: stateless. */
#ifndef LB_IMPORT_TYPES_H
#define LB_IMPORT_TYPES_H

#include "import/survey.h"

/* All columns of a table. In a text there is one, of lines. */
struct lb_import_typing {
    size_t count;
    struct lb_import_typed_column {
        enum lb_import_type type; /* LB_TYPE_NONE: it has no names */
        bool taken;
        bool of_senders; /* beside their leads; it is left out */
        bool bare;       /* a cell may be a name of LinkedIn's without an address */
        const struct lb_import_label *name;
    } * columns;
    uint64_t heading_line;       /* rows up to this line are headings */
    bool people;                 /* a list of people */
    bool spares_companies;       /* companies and domains are left out */
    size_t types, values;        /* an export's columns `type` and `value`, from 1; 0: none */
    size_t reasons, kinds, ends; /* from 1; 0: none */
    enum lb_import_type only;    /* of a text: what each line is; LB_TYPE_NONE: as it looks */
    bool mail;                   /* of a text: it begins as a mail does; see mail.h */
    const struct lb_import_label *reasons_name;
};

/* LB_OK, LB_ERR_COLUMN_UNKNOWN with the reason, or LB_ERR_OVERLOADED. `out` points into the survey,
 * and is to be finished. */
lb_err lb_import_types_choose(const struct lb_import_survey *survey, bool table,
                              const struct lb_import_options *options, struct lb_import_typing *out,
                              struct lb_reason *reason);
void lb_import_typing_fini(struct lb_import_typing *typing);

#endif
