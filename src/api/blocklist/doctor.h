/* What the doctor says of one name, as JSON. Threads: any. */
#ifndef LB_API_BLOCKLIST_DOCTOR_H
#define LB_API_BLOCKLIST_DOCTOR_H

#include "base/buf.h"
#include "domain/outreach/refused_names.h"

/* An object, after a comma unless it is the first of the array. */
void lb_doctor_put(struct lb_buf *body, const struct lb_refused_name *name, bool first);

#endif
