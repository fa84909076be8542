/* When sessions were used, and from where: noted in memory by the threads that look sessions up,
 * and recorded now and then, so that reading costs no write. What does not fit is noted with the
 * next request of its session. Threads: any. */
#ifndef LB_DOMAIN_ACCESS_SESSION_USES_H
#define LB_DOMAIN_ACCESS_SESSION_USES_H

#include "writer/writer.h"

/* A use that is nearer than that to the last one recorded is not worth a write. */
#define LB_SESSION_USE_APART_MS INT64_C(300000)

struct lb_session_uses;

/* NULL: out of memory. */
struct lb_session_uses *lb_session_uses_create(void);
void lb_session_uses_destroy(struct lb_session_uses *uses);

/* `session` as the store has it. `source`: the address; ptr NULL: unknown. */
void lb_session_uses_note(struct lb_session_uses *uses, const struct lb_session_row *session,
                          struct lb_str source, int64_t now);

/* Those noted since the last time, to be written: prepare it, and submit `write`. */
struct lb_session_note {
    struct lb_write write; /* first */
    size_t count;
    struct lb_session_use {
        uint8_t token_hash[LB_SECRET_HASH_SIZE];
        int64_t at;
        char source[LB_SOURCE_SIZE];
    } uses[128];
};

/* False: there are none. */
bool lb_session_uses_take(struct lb_session_uses *uses, struct lb_session_note *out);

#endif
