/* Changes of blocklists on behalf of a request: the block, the unblock and their undoing share how
 * they are handed to the writer and named in the reply. Threads: the call's. */
#ifndef LB_API_BLOCKLIST_CHANGES_H
#define LB_API_BLOCKLIST_CHANGES_H

#include "api/blocklist/identifiers.h"
#include "api/blocklist/stayed.h"
#include "domain/blocklist/change.h"

/* The call's state while its change is under way. */
struct lb_pending_change {
    struct lb_change change;
    struct lb_identifiers identifiers;
    size_t asked;                          /* how many leads or ids the request named */
    bool entries;                          /* the answer speaks of entries, not of leads */
    struct lb_stayed stayed;               /* of an undo */
    struct lb_buf freed;                   /* of an unblock: see lb_change */
    void (*counted)(struct lb_call *call); /* replies; see entry_leads.h */
};

/* Makes the pending change of a call, with its standing filled. NULL when the reply is set. */
struct lb_pending_change *lb_changes_begin(struct lb_call *call, bool needs_license);

/* The change is about the names that were read into its `identifiers`. */
void lb_changes_take_names(struct lb_pending_change *pending);

/* Reads the array of record ids that is the body; false when the reply is set. */
bool lb_changes_read_ids(struct lb_call *call, struct lb_change *change);

/* Submits it. `size`: bytes that wait with it beside the body and the items. `finish` as in
 * lb_call_write. */
enum lb_progress lb_changes_submit(struct lb_call *call, struct lb_pending_change *pending,
                                   size_t size, void (*finish)(struct lb_call *call));

/* The same, as lb_call_write_then. */
enum lb_progress lb_changes_submit_then(struct lb_call *call, struct lb_pending_change *pending,
                                        size_t size,
                                        enum lb_progress (*finish)(struct lb_call *call));

/* The change unblocks: notes whom it frees, which the reply says more about. */
void lb_changes_expect_freed(struct lb_call *call, struct lb_pending_change *pending);

/* The first part of the reply to a change: {"success":true,"message":"2 leads blocked","blocked":2
 */
void lb_changes_put_done(struct lb_call *call, struct lb_buf *body, bool block);
/* And its end, with X-Change-Id. */
void lb_changes_put_end(struct lb_call *call, struct lb_buf *body);

/* Replies {"success":true,"message":"2 leads blocked, 1 already blocked","blocked":2}, or the same
 * for unblocked, with X-Change-Id. */
void lb_changes_reply_blocked(struct lb_call *call);
void lb_changes_reply_unblocked(struct lb_call *call);

/* Of an undo: people, entries whose names are gone, and whether it left a row in the log. */
struct lb_undone_counts {
    uint64_t blocked, unblocked, stayed, gone;
    bool recorded;
};

/* Appends what an undo did, in words. */
void lb_changes_put_undone(struct lb_buf *body, const struct lb_undone_counts *counts);

/* Appends ,"scope":"campaign","campaignId":"q1" of a list, 0: the workspace's own. False when it
 * ended with its campaign, whose id is null then. */
bool lb_changes_put_list(struct lb_call *call, struct lb_buf *body, uint32_t campaign);

/* Sets the header X-Change-Id. */
void lb_changes_put_id(struct lb_call *call, const struct lb_change *change);

#endif
