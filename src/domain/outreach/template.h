/* The templates of a sequence: {{companyName}} means a field of the lead, or when that is empty one
 * of its variables, or one of the campaign's; {{companyName|fallback}} means the fallback when
 * there is none or it is empty; {{name}} is the first and the last name (docs/api.md, section 4).
 * What is filled in is not looked at again. Threads: stateless. */
#ifndef LB_DOMAIN_OUTREACH_TEMPLATE_H
#define LB_DOMAIN_OUTREACH_TEMPLATE_H

#include "base/err.h"
#include "store/rows.h"
#include "base/buf.h"

#define LB_TEMPLATE_CHARACTERS_MAX 10000
#define LB_MESSAGE_BYTES_MAX       65536 /* of a filled-in text */

/* LB_OK, or LB_ERR_INVALID_TEMPLATE with a reason that says what is wrong and where. */
lb_err lb_template_check(struct lb_str text, struct lb_reason *reason);

enum lb_rendering {
    LB_RENDERED,
    LB_RENDER_MISSING, /* a variable without a fallback is missing or empty */
    LB_RENDER_TOO_LONG
};

/* Appends the filled-in text to `out`; what was appended is of no use unless it is LB_RENDERED.
 * `*out_missing`: the name of the variable, within the template, or empty. The template has been
 * checked. */
enum lb_rendering lb_template_render(struct lb_str text, const struct lb_lead_row *lead,
                                     struct lb_str campaign_variables, struct lb_buf *out,
                                     struct lb_str *out_missing);

#endif
