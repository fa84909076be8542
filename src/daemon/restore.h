/* Puts a backup back in the place of a data folder's database: looks for damage in it, pauses
 * campaigns, ends sessions, blocks again the people whom the database of before has and the backup
 * lacks, and tells what else goes back. Nothing in the folder changes until all of that is done in
 * a folder inside it. Threads: the main one of a process that does nothing else. */
#ifndef LB_DAEMON_RESTORE_H
#define LB_DAEMON_RESTORE_H

#include "daemon/verify.h"

/* X(name, heading, what to do about each): what is told of it. */
#define LB_RESTORE_TABLE(X)                                                                        \
    X(PAUSED, "Campaigns that were active and are paused",                                         \
      "activate them in the dashboard, or by PUT /v1/campaigns/ID/activate")                       \
    X(BLOCKED, "People blocked again, by list", "")                                                \
    X(ERASED, "Names of people who had been erased and are erased again, by workspace", "")        \
    X(UNBLOCKED_SINCE, "People who had been unblocked since and are blocked again, by list",       \
      "unblock them, if that still holds")                                                         \
    X(KEY_BACK, "API keys that were revoked since and work again", "leadblock key revoke KEYID")   \
    X(USER_BACK, "Users who were deleted since and exist again", "leadblock user delete EMAIL")    \
    X(PASSWORD_BACK, "Users whose earlier password works again",                                   \
      "leadblock user reset-password EMAIL")                                                       \
    X(FACTOR_BACK, "Users whose second factor is as it was", "leadblock user reset-factor EMAIL")  \
    X(LICENSE_BACK, "Licenses that are as they were",                                              \
      "leadblock workspace set-plan WORKSPACE PLAN --expires DATE")                                \
    X(COUNTRY_BACK, "Default countries that are as they were",                                     \
      "leadblock workspace country WORKSPACE COUNTRY")                                             \
    X(CAMPAIGN_BACK, "Campaigns that were deleted since and exist again",                          \
      "DELETE /v1/campaigns/ID")                                                                   \
    X(KEY_LOST, "API keys made since, which do not work any more", "leadblock key create")         \
    X(USER_LOST, "Users made since, who do not exist any more", "leadblock user create")           \
    X(CAMPAIGN_LOST,                                                                               \
      "Campaigns made since, which do not exist any more; their blocklists are kept for a "        \
      "campaign of the same id",                                                                   \
      "")                                                                                          \
    X(WORKSPACE_LOST, "Workspaces made since, which do not exist any more, with their blocks",     \
      "leadblock workspace create")

enum lb_restore_what {
#define LB_RESTORE_ID(name, heading, advice) LB_RESTORE_##name,
    LB_RESTORE_TABLE(LB_RESTORE_ID)
#undef LB_RESTORE_ID
        LB_RESTORE_WHAT_COUNT
};

struct lb_restore {
    const char *backup;
    const char *data;
    const char *from; /* the data folder of before; NULL: what is in the way, if `replace` */
    bool replace;     /* a database that is in the folder is moved aside */
    void *context;
    /* `count`: of people, the first of whom `detail` may name; 1 for all else. `name` and `detail`
     * live during the call. */
    void (*tell)(void *context, enum lb_restore_what what, const char *name, const char *detail,
                 uint64_t count);
    /* Results. */
    struct lb_verify verify; /* of the backup */
    char moved_to[4096];     /* where the database of before is; "": there was none */
    char compared[4096];     /* with which folder; "": with none */
};

/* LB_ERR_CONFLICT: a server runs, or the folder is not empty; LB_ERR_NOT_FOUND; others. The reason
 * says what to do. */
lb_err lb_restore_run(struct lb_restore *restore, struct lb_reason *reason);

#endif
