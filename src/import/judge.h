/* An import, for src/import alone. Threads: one. */
#ifndef LB_IMPORT_JUDGE_H
#define LB_IMPORT_JUDGE_H

#include "import/take_typed.h"

#define LB_IMPORT_NOTES_MAX 8 /* warnings about whole columns */

struct lb_import_note {
    uint64_t line;
    char text[256];
};

struct lb_import {
    struct lb_import_source source;
    struct lb_import_options options;
    struct lb_import_form form;
    struct lb_import_shape shape;
    struct lb_import_survey survey;
    struct lb_import_choice choice;
    struct lb_import_typing typing; /* in place of the choice, for names of every type; in a check
                                     * of LinkedIn names beside it, for what it leaves out */
    bool refused;                   /* no column is certain */
    struct lb_import_findings findings;
    size_t note_count;
    struct lb_import_note notes[LB_IMPORT_NOTES_MAX];

    /* Of the reading. */
    bool reading; /* `rows` are open */
    bool doubted; /* the letters of names may be others: it was said once */
    bool done;
    struct lb_import_counts counts;
    struct lb_import_rows rows;
};

#endif
