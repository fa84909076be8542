/* People whom an undo left blocked, since they were asked for by others, too; and by whose request.
 * What the answers of undos say of them. Threads: the call's. */
#ifndef LB_API_BLOCKLIST_STAYED_H
#define LB_API_BLOCKLIST_STAYED_H

#include "api/call.h"
#include "domain/blocklist/change.h"

/* All zero: none. */
struct lb_stayed {
    uint64_t count;
    struct lb_call *call;
    struct lb_buf because; /* JSON, without the brackets; LB_STAYED_SHOWN people at most */
    size_t shown;
    /* Up to here of changes that are recorded. */
    size_t kept_shown, kept_len;
};

void lb_stayed_fini(struct lb_stayed *stayed);

/* An undo is about to be handed to the writer, which then describes them. */
void lb_stayed_expect(struct lb_stayed *stayed, struct lb_call *call, struct lb_change *undo);
/* It was recorded; people who were described of what was not are left out. */
void lb_stayed_keep(struct lb_stayed *stayed, const struct lb_change *undo);

/* Appends ,"stayed":1,"stayedBecause":[...] */
void lb_stayed_put(const struct lb_stayed *stayed, struct lb_buf *body);

#endif
