/* The texts of a sequence: {{name}} stands for a field of the lead, else for one of its variables,
 * else for one of the campaign's; {{name|fallback}} for the fallback when there is none or it is
 * empty (docs/api.md, section 4). What is filled in is not looked at again.
 * Threads: stateless. */
#ifndef LB_DOMAIN_TEMPLATE_H
#define LB_DOMAIN_TEMPLATE_H

#include "base/err.h"
#include "store/campaigns.h"
#include "base/buf.h"

#define LB_TEMPLATE_CHARACTERS_MAX 10000

/* LB_OK, or LB_ERR_INVALID_TEMPLATE with a reason that says what is wrong and where. */
lb_err lb_template_check(struct lb_str text, struct lb_reason *reason);

/* Appends the filled-in text to `out`. False when a variable without a fallback is missing or
 * empty: `*out_missing` is its name, within the template, and what was appended is of no use.
 * The template has been checked. */
bool lb_template_render(struct lb_str text, const struct lb_lead_row *lead,
                        struct lb_str campaign_variables, struct lb_buf *out,
                        struct lb_str *out_missing);

#endif
