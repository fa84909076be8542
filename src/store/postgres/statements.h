/* The catalogue of all statements that the backend sends. A statement is a name in this list, and
 * its SQL beside the function that binds its parameters:
 *
 *     LB_PG_STATEMENT(KEY_TOUCH, ONE, "nnn", "UPDATE leadblock.api_key ...");
 *
 * A name without SQL is an error of the linker, SQL without a name one of the compiler. A
 * connection prepares a statement, under its name, when it first sends it. Threads: constants. */
#ifndef LB_STORE_POSTGRES_STATEMENTS_H
#define LB_STORE_POSTGRES_STATEMENTS_H

/* By the file that has the SQL. */
#define LB_PG_TRANSACTION_STATEMENTS(X)                                                            \
    X(BEGIN), X(HURRY), X(ROLLBACK), X(WORKSPACE_LOCK), X(WORKSPACE_FREE), X(WORKSPACES_MOVING),   \
        X(WORKSPACE_MARK), X(COMMIT), X(PROBE)
#define LB_PG_PIPELINE_STATEMENTS(X) X(PLANS_FORGET), X(SORTS_AVOID), X(SORTS_ALLOW)
#define LB_PG_WORKSPACE_VERSION_STATEMENTS(X)                                                      \
    X(WORKSPACE_VERSIONS), X(WORKSPACE_VERSION), X(WORKSPACE_VERSIONS_ALL)
#define LB_PG_ACCESS_STATEMENTS(X)                                                                 \
    X(WORKSPACE_NUMBER), X(WORKSPACE_HIGHEST), X(WORKSPACE_INSERT), X(WORKSPACE_SET_PLAN),         \
        X(WORKSPACE_SET_COUNTRY), X(KEY_INSERT), X(KEY_REVOKE), X(KEY_TOUCH), X(WORKSPACES),       \
        X(WORKSPACE), X(WORKSPACES_OF_KEYS), X(KEYS), X(KEYS_SINCE)
#define LB_PG_ACCOUNT_STATEMENTS(X)                                                                \
    X(USER_INSERT), X(USER_SET_PASSWORD), X(USER_SIGNED_IN), X(USER_DELETE), X(LINKS_END),         \
        X(USER), X(USER_BY_EMAIL), X(USER_BY_ID), X(WORKSPACE_IDS), X(USERS), X(SESSION_TOUCH),    \
        X(SESSIONS), X(SESSION_INSERT), X(SESSION_DELETE), X(SESSIONS_END), X(SESSIONS_TRIM),      \
        X(SESSION), X(LINK_INSERT), X(LINK_TAKE), X(LINK), X(SESSIONS_SWEEP), X(LINKS_SWEEP)
#define LB_PG_FACTOR_STATEMENTS(X)  X(FACTOR_LOCK), X(FACTOR_PUT), X(FACTOR_DELETE), X(FACTOR)
#define LB_PG_SIGNING_STATEMENTS(X) X(SIGNING_KEY_INSERT), X(SIGNING_KEY)
#define LB_PG_ERASURE_STATEMENTS(X)                                                                \
    X(ERASURE_KEY_INSERT), X(ERASURE_KEY), X(ERASED_NAME_PUT), X(ERASED_NAMES), X(LOG_REWRITE),    \
        X(PENDING_FORGET), X(IMPORTS_FORGET), X(RETENTION_LOCK)
#define LB_PG_AUDIT_STATEMENTS(X)                                                                  \
    X(AUDIT_APPEND), X(AUDIT_PAGE), X(IMPORT_CHANGES), X(USER_EVER), X(CHECKS_ADD), X(CHECKS)
#define LB_PG_CAMPAIGN_STATEMENTS(X)                                                               \
    X(CAMPAIGN_INSERT), X(CAMPAIGN_SET_STATUS), X(CAMPAIGN_DELETE), X(CAMPAIGN_END_LIST),          \
        X(CAMPAIGN_REVIVE), X(CAMPAIGN_KEPT), X(CAMPAIGN_ACTIVATED), X(CAMPAIGN_SET_NAME),         \
        X(CAMPAIGN_SET_VARIABLES), X(CAMPAIGN_SET_SETTINGS), X(CAMPAIGN_COUNT), X(CAMPAIGN_STATE), \
        X(LEADS_TOTAL), X(CAMPAIGNS), X(CAMPAIGNS_SINCE), X(CAMPAIGNS_DELETED)
#define LB_PG_STEP_STATEMENTS(X)                                                                   \
    X(STEP_INSERT), X(STEP_UPDATE), X(STEP_PLACE), X(STEPS_DROP), X(STEPS)
#define LB_PG_VARIANT_STATEMENTS(X)                                                                \
    X(VARIANT_INSERT), X(VARIANT_UPDATE), X(VARIANT_DELETE), X(VARIANT_COUNT), X(VARIANTS_DROP),   \
        X(VARIANTS)
#define LB_PG_LEAD_STATEMENTS(X)                                                                   \
    X(LEAD_NAME_INSERT), X(LEAD_INSERT), X(LEAD_LEARN), X(LEAD_MOVE), X(LEAD_NAME_DELETE),         \
        X(LEAD_GIVE_WAY), X(LEAD_ACTIVITIES_DELETE), X(LEAD_DELETE), X(LEADS_PREFETCH), X(LEAD),   \
        X(NAMES_PREFETCH), X(LEADS_NAMED), X(LEADS_THAT_GAVE_WAY), X(LEADS_DUE), X(LEADS_PAGE),    \
        X(LEAD_NAMES), X(LEAD_NAMES_OF), X(LEADS_AHEAD), X(LEADS_PAGE_BY_STATUS),                  \
        X(LEADS_SCHEDULED), X(LEADS_SET_ASIDE)
#define LB_PG_QUEUE_STATEMENTS(X) X(QUEUES_DUE), X(QUEUES_AHEAD)
#define LB_PG_LEAD_FORM_STATEMENTS(X)                                                              \
    X(LEAD_SET_FORMS), X(LEADS_BY_EMAIL), X(LEADS_BY_PHONE), X(LEADS_BY_PAGE),                     \
        X(LEADS_BY_COMPANY), X(LEADS_BY_MAIL_HOST), X(LEADS_BY_SITE_HOST), X(EMAIL_COUNT),         \
        X(PHONE_COUNT), X(PAGE_COUNT), X(COMPANY_COUNT), X(HOST_COUNT), X(LEADS_WITHOUT_FORMS),    \
        X(PENDING_PUT), X(PENDING_DROP), X(PENDING_NEXT), X(PENDING_EVERYWHERE)
#define LB_PG_RESTRAINT_STATEMENTS(X)                                                              \
    X(LEAD_SET_CONTACTED), X(CONTACTS), X(CAMPAIGN_SKIPPING), X(LEADS_SKIPPED),                    \
        X(STOPPED_COMPANY_PUT), X(STOPPED_COMPANIES_DROP), X(STOPPED_COMPANIES)
#define LB_PG_ACTIVITY_STATEMENTS(X)                                                               \
    X(ACTIVITY_PUT), X(ACTIVITIES_PREFETCH), X(ACTIVITY), X(ACTIVITIES_PAGE)
#define LB_PG_LOG_STATEMENTS(X)                                                                    \
    X(LOG_APPEND), X(LOG_APPEND_MANY), X(ENTRIES_NEXT), X(ENTRIES_PREFETCH), X(ENTRIES_BETWEEN),   \
        X(LOG_ROW_OF), X(LOG_UNDONE), X(LOG_SCAN), X(LOG_READ), X(LOGS_SCAN)

#define LB_PG_IMPORT_STATEMENTS(X)                                                                 \
    X(IMPORT_PUT), X(IMPORT_NO), X(IMPORTS_DROP), X(IMPORT), X(IMPORTS_PAGE), X(IMPORT_CHANGE)
#define LB_PG_EVENT_STATEMENTS(X)                                                                  \
    X(EVENT_NUMBER), X(EVENT_APPEND), X(EVENTS_DROP), X(EVENT), X(EVENTS_PAGE)
#define LB_PG_HOOK_STATEMENTS(X)                                                                   \
    X(HOOK_INSERT), X(HOOK_UPDATE), X(HOOK_DELETE), X(HOOK_DELIVERIES_DELETE), X(HOOK_TAKE),       \
        X(HOOK_PROGRESS), X(HOOK), X(HOOKS), X(HOOKS_OF), X(DELIVERY_PUT), X(DELIVERIES_DROP),     \
        X(DELIVERY), X(DELIVERIES_PAGE)

#define LB_PG_STATEMENTS(X)                                                                        \
    LB_PG_TRANSACTION_STATEMENTS(X), LB_PG_PIPELINE_STATEMENTS(X),                                 \
        LB_PG_WORKSPACE_VERSION_STATEMENTS(X), LB_PG_ACCESS_STATEMENTS(X),                         \
        LB_PG_ACCOUNT_STATEMENTS(X), LB_PG_SIGNING_STATEMENTS(X), LB_PG_FACTOR_STATEMENTS(X),      \
        LB_PG_ERASURE_STATEMENTS(X), LB_PG_AUDIT_STATEMENTS(X), LB_PG_CAMPAIGN_STATEMENTS(X),      \
        LB_PG_STEP_STATEMENTS(X), LB_PG_LEAD_STATEMENTS(X), LB_PG_QUEUE_STATEMENTS(X),             \
        LB_PG_RESTRAINT_STATEMENTS(X), LB_PG_LEAD_FORM_STATEMENTS(X),                              \
        LB_PG_ACTIVITY_STATEMENTS(X), LB_PG_LOG_STATEMENTS(X), LB_PG_IMPORT_STATEMENTS(X),         \
        LB_PG_VARIANT_STATEMENTS(X), LB_PG_EVENT_STATEMENTS(X), LB_PG_HOOK_STATEMENTS(X)

enum lb_pg_statement {
#define LB_PG_ENUM(name) PG_##name
    LB_PG_STATEMENTS(LB_PG_ENUM),
#undef LB_PG_ENUM
    PG_COUNT
};

/* Whose rows a statement touches: those of no table of ours, of one workspace, or of any number of
 * them (on Citus: several shards). */
enum lb_pg_reach { LB_PG_NONE, LB_PG_ONE, LB_PG_ALL };

struct lb_pg_statement_text {
    enum lb_pg_statement statement;
    enum lb_pg_reach reach;
    const char *name;
    const char *types; /* of the parameters, a letter each: n number (bigint), b boolean, t text,
                          y bytes, N and T arrays of n and t */
    const char *sql;
};

#define LB_PG_STATEMENT(name, reach, types, sql)                                                   \
    const struct lb_pg_statement_text lb_pg_text_##name = {PG_##name, LB_PG_##reach, #name, types, \
                                                           sql}

#define LB_PG_DECLARE(name) lb_pg_text_##name
extern const struct lb_pg_statement_text LB_PG_STATEMENTS(LB_PG_DECLARE);
#undef LB_PG_DECLARE

/* By enum lb_pg_statement. */
extern const struct lb_pg_statement_text *const lb_pg_statements[PG_COUNT];

#endif
