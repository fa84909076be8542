/* What the files of an erasure share; see erasure.h. */
#ifndef LB_DOMAIN_OUTREACH_ERASURE_INTERNAL_H
#define LB_DOMAIN_OUTREACH_ERASURE_INTERNAL_H

#include "domain/outreach/erasure.h"

/* erasure_leads.c: the person's leads, and the names that they have. Old forms of names are known
 * to the writer alone. */
lb_err lb_erasure_find_leads(struct lb_erasure *erasure, struct lb_store_reader *reader,
                             bool is_writer, struct lb_reason *reason);

/* erasure_rows.c: reads the log on, for `max` rows; `*out_done`: to its end. `open_from`: the
 * writer's, the id that the next row of the open batch would have had at its begin; 0: a reader's
 * look. */
lb_err lb_erasure_find_rows(struct lb_erasure *erasure, struct lb_store_reader *reader, size_t max,
                            uint64_t open_from, bool *out_done, struct lb_reason *reason);

/* Can the key's name be nothing but a name, wherever it stands? E-mail addresses, phone numbers and
 * member ids are so, and LinkedIn names of 8 bytes and more that have a letter and a digit. */
bool lb_erasure_is_unmistakable(struct lb_str key);

#endif
