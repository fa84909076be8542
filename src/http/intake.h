/* Takes requests out of what a connection receives, and shows them to the application. For src/http
 * only. Threads: belongs to the connection's loop. */
#ifndef LB_HTTP_INTAKE_H
#define LB_HTTP_INTAKE_H

#include "http/connection.h"

/* Goes on with the next head: phases WAITING and HEAD. */
enum lb_step lb_intake_head(struct lb_connection *conn);

/* Goes on with the body: phases BODY and DISCARD. */
enum lb_step lb_intake_body(struct lb_connection *conn);

/* The request was completed: phases DOUBT and PENDING. */
enum lb_step lb_intake_completed(struct lb_connection *conn);

#endif
