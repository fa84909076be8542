#include "api/routes.h"

#include "api/handlers.h"

#define CAMPAIGN       "/v1/campaigns/{campaignId}"
#define BLOCKED_LEADS  CAMPAIGN "/blocked-leads"
#define OPERATORS_LIST (LB_ROUTE_OPERATOR | LB_ROUTE_INSTALLATION)
#define LOCAL_LIST     (LB_ROUTE_LOCAL | LB_ROUTE_INSTALLATION)

const struct lb_route lb_routes[] = {
    /* campaign_list.c: the blocklist of a campaign */
    {LB_POST, BLOCKED_LEADS, lb_blocked_leads_post,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_LICENSED | LB_ROUTE_CAMPAIGN | LB_ROUTE_LARGE},
    {LB_GET, BLOCKED_LEADS, lb_blocked_leads_list, LB_ROUTE_CAMPAIGN},
    {LB_DELETE, BLOCKED_LEADS, lb_blocked_leads_delete,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_CAMPAIGN | LB_ROUTE_LARGE},

    /* workspace_list.c: the blocklist of the whole workspace */
    {LB_POST, "/v1/blocked-leads", lb_workspace_leads_post,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_LARGE},
    {LB_GET, "/v1/blocked-leads", lb_workspace_leads_list, 0},
    {LB_DELETE, "/v1/blocked-leads", lb_workspace_leads_delete, LB_ROUTE_WRITES | LB_ROUTE_LARGE},

    /* entries_list.c: the same with names of every type */
    {LB_POST, "/v1/blocklist", lb_entries_post, LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_LARGE},
    {LB_GET, "/v1/blocklist", lb_entries_list, 0},
    {LB_DELETE, "/v1/blocklist", lb_entries_delete, LB_ROUTE_WRITES | LB_ROUTE_LARGE},
    {LB_POST, CAMPAIGN "/blocklist", lb_entries_post,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_LICENSED | LB_ROUTE_CAMPAIGN | LB_ROUTE_LARGE},
    {LB_GET, CAMPAIGN "/blocklist", lb_entries_list, LB_ROUTE_CAMPAIGN},
    {LB_DELETE, CAMPAIGN "/blocklist", lb_entries_delete,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_LARGE},

    /* The same handlers: the installation's own list, which holds in every workspace */
    {LB_POST, "/v1/installation/blocklist", lb_entries_post,
     OPERATORS_LIST | LB_ROUTE_WRITES | LB_ROUTE_LARGE},
    {LB_GET, "/v1/installation/blocklist", lb_entries_list, OPERATORS_LIST},
    {LB_DELETE, "/v1/installation/blocklist", lb_entries_delete,
     OPERATORS_LIST | LB_ROUTE_WRITES | LB_ROUTE_LARGE},
    {LB_POST, "/v1/installation/blocklist/import", lb_entries_import,
     OPERATORS_LIST | LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_FILE | LB_ROUTE_TYPED},
    {LB_GET, "/v1/installation/changes/{changeId}", lb_changes_get, OPERATORS_LIST},
    {LB_GET, "/v1/installation/changes/{changeId}/leads", lb_changes_leads, OPERATORS_LIST},
    {LB_POST, "/v1/installation/changes/{changeId}/undo", lb_changes_undo,
     OPERATORS_LIST | LB_ROUTE_WRITES},
    {LB_GET, "/v1/installation/imports", lb_imports_list, OPERATORS_LIST},
    {LB_GET, "/v1/installation/imports/{importId}", lb_imports_get, OPERATORS_LIST},
    {LB_POST, "/v1/installation/imports/{importId}/undo", lb_imports_post_undo,
     OPERATORS_LIST | LB_ROUTE_WRITES},
    {LB_GET, "/v1/installation/evidence", lb_evidence_get, OPERATORS_LIST},

    /* lead_check.c: leads with all their names */
    {LB_POST, "/v1/check", lb_lead_check_post, LB_ROUTE_LARGE},

    /* import.c: files of people */
    {LB_POST, BLOCKED_LEADS "/import", lb_blocked_leads_import,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_LICENSED | LB_ROUTE_CAMPAIGN | LB_ROUTE_FILE},
    {LB_POST, "/v1/blocked-leads/import", lb_blocked_leads_import,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_FILE},
    {LB_POST, CAMPAIGN "/blocklist/import", lb_entries_import,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_LICENSED | LB_ROUTE_CAMPAIGN | LB_ROUTE_FILE |
         LB_ROUTE_TYPED},
    {LB_POST, "/v1/blocklist/import", lb_entries_import,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_FILE | LB_ROUTE_TYPED},

    /* lookup.c: one person in all lists */
    {LB_GET, "/v1/blocked-leads/{publicIdentifier}", lb_lookup_get, 0},
    {LB_GET, "/v1/blocklist/{type}/{value}", lb_lookup_get_named, 0},

    /* check.c */
    {LB_GET, BLOCKED_LEADS "/{publicIdentifier}", lb_check_get, LB_ROUTE_CAMPAIGN},
    {LB_POST, BLOCKED_LEADS "/check", lb_check_post, LB_ROUTE_CAMPAIGN | LB_ROUTE_LARGE},

    {LB_POST, "/v1/blocked-leads/check", lb_check_post, LB_ROUTE_LARGE},

    /* history.c: what happened with one person */
    {LB_GET, "/v1/blocked-leads/{publicIdentifier}/history", lb_history_get, 0},
    {LB_GET, "/v1/blocklist/{type}/{value}/history", lb_history_get, 0},

    /* changes.c, past_change.c: what one change did, and its undo */
    {LB_GET, "/v1/changes/{changeId}", lb_changes_get, 0},
    {LB_GET, "/v1/changes/{changeId}/leads", lb_changes_leads, 0},
    {LB_POST, "/v1/changes/{changeId}/undo", lb_changes_undo, LB_ROUTE_WRITES},

    /* links.c: one person by several names */
    {LB_POST, "/v1/people/link", lb_links_post, LB_ROUTE_WRITES | LB_ROUTE_LARGE},
    {LB_GET, "/v1/people/conflicts", lb_links_conflicts, 0},

    /* import_list.c, import_undo.c: imports of files, as one thing each */
    {LB_GET, "/v1/imports", lb_imports_list, 0},
    {LB_GET, "/v1/imports/{importId}", lb_imports_get, 0},
    {LB_POST, "/v1/imports/{importId}/undo", lb_imports_post_undo, LB_ROUTE_WRITES},

    /* feed.c: what happened, in order */
    {LB_GET, "/v1/events", lb_events_get, 0},

    /* campaigns.c */
    {LB_POST, "/v1/campaigns", lb_campaigns_post, LB_ROUTE_WRITES | LB_ROUTE_TEXTS},
    {LB_GET, "/v1/campaigns", lb_campaigns_list, 0},
    {LB_GET, CAMPAIGN, lb_campaigns_get, LB_ROUTE_CAMPAIGN},
    {LB_PATCH, CAMPAIGN, lb_campaigns_patch, LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_TEXTS},
    {LB_DELETE, CAMPAIGN, lb_campaigns_delete,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_DELETED},
    {LB_PUT, CAMPAIGN "/activate", lb_campaigns_activate, LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN},
    {LB_PUT, CAMPAIGN "/pause", lb_campaigns_pause, LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN},

    /* steps.c: the sequence of a campaign */
    {LB_GET, CAMPAIGN "/sequence", lb_steps_sequence, LB_ROUTE_CAMPAIGN},
    {LB_POST, CAMPAIGN "/steps", lb_steps_post,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_TEXTS},
    {LB_PUT, CAMPAIGN "/steps/{stepId}", lb_steps_put_one,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_TEXTS},
    {LB_DELETE, CAMPAIGN "/steps/{stepId}", lb_steps_delete, LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN},

    /* leads_of_person.c: one person in all campaigns */
    {LB_GET, "/v1/leads", lb_leads_of_person, 0},
    {LB_GET, "/v1/blocklist/{type}/{value}/leads", lb_leads_behind, 0},
    /* variants.c: of what a step sends */
    {LB_POST, CAMPAIGN "/steps/{stepId}/variants", lb_variants_post,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_TEXTS},
    {LB_PUT, CAMPAIGN "/steps/{stepId}/variants/{variantId}", lb_variants_put_one,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_TEXTS},
    {LB_DELETE, CAMPAIGN "/steps/{stepId}/variants/{variantId}", lb_variants_delete,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN},

    /* leads.c, lead_import.c, lead_list.c, explain.c: the people in a campaign */
    {LB_POST, CAMPAIGN "/leads", lb_leads_post,
     LB_ROUTE_WRITES | LB_ROUTE_CAMPAIGN | LB_ROUTE_LARGE},
    {LB_POST, CAMPAIGN "/leads/import", lb_leads_import,
     LB_ROUTE_WRITES_OR_TRIES | LB_ROUTE_CAMPAIGN | LB_ROUTE_FILE | LB_ROUTE_LEADS},
    {LB_GET, CAMPAIGN "/leads", lb_leads_list, LB_ROUTE_CAMPAIGN},
    {LB_GET, CAMPAIGN "/leads/{leadId}/explain", lb_leads_explain, LB_ROUTE_CAMPAIGN},
    {LB_GET, "/v1/leads/{leadId}", lb_leads_get, 0},
    {LB_PUT, "/v1/leads/{leadId}/status", lb_leads_put_status, LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/leads/{leadId}", lb_leads_delete, LB_ROUTE_WRITES},

    /* activities.c, activity_list.c: what senders claim and report */
    {LB_POST, CAMPAIGN "/activities/claim", lb_activities_claim,
     LB_ROUTE_WRITES | LB_ROUTE_LICENSED | LB_ROUTE_CAMPAIGN},
    {LB_GET, CAMPAIGN "/activities", lb_activities_list, LB_ROUTE_CAMPAIGN},
    {LB_POST, "/v1/activities/{activityId}/complete", lb_activities_complete, LB_ROUTE_WRITES},

    /* subscriptions.c, deliveries.c: events that are sent to subscribers */
    {LB_POST, "/v1/zapier/hooks/subscribe", lb_hooks_subscribe, LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/zapier/hooks/unsubscribe", lb_hooks_unsubscribe, LB_ROUTE_WRITES},
    {LB_GET, "/v1/hooks/list", lb_hooks_list, LB_ROUTE_MEMBER},
    {LB_PUT, "/v1/hooks/{hookId}", lb_hooks_put, LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/hooks/{hookId}", lb_hooks_delete, LB_ROUTE_WRITES},
    {LB_POST, "/v1/hooks/{hookId}/test", lb_hooks_test, LB_ROUTE_WRITES},
    {LB_GET, "/v1/hooks/{hookId}/deliveries", lb_hooks_deliveries, LB_ROUTE_MEMBER},
    {LB_POST, "/v1/hooks/{hookId}/deliveries/{deliveryId}/retry", lb_hooks_retry, LB_ROUTE_WRITES},

    /* evidence.c: signed statements about the log */
    {LB_GET, "/v1/evidence", lb_evidence_get, 0},

    /* erasures.c: forgetting a person */
    {LB_POST, "/v1/erasures", lb_erasures_post, LB_ROUTE_WRITES_OR_TRIES},

    /* statistics.c, audit.c: what happened in a workspace */
    {LB_GET, "/v1/statistics", lb_statistics_get, 0},
    {LB_GET, "/v1/audit", lb_audit_list, LB_ROUTE_ANYWHERE},

    /* me.c: what the caller is */
    {LB_GET, "/v1/me", lb_me_get, 0},

    /* sessions.c: signing in and out */
    {LB_POST, "/v1/session", lb_sessions_post, LB_ROUTE_OPEN | LB_ROUTE_NO_DRY_RUN},
    {LB_GET, "/v1/session", lb_sessions_get, LB_ROUTE_OWN | LB_ROUTE_ENROLS},
    {LB_DELETE, "/v1/session", lb_sessions_delete, LB_ROUTE_OWN_WRITES | LB_ROUTE_ENROLS},
    {LB_PUT, "/v1/session/password", lb_sessions_put_password, LB_ROUTE_OWN_WRITES},
    {LB_POST, "/v1/session/link", lb_sessions_post_link, LB_ROUTE_OPEN},
    {LB_POST, "/v1/session/from-link", lb_sessions_post_from_link,
     LB_ROUTE_OPEN | LB_ROUTE_NO_DRY_RUN},

    /* factor.c: the second factor of who is signed in */
    {LB_GET, "/v1/session/second-factor", lb_factor_get, LB_ROUTE_OWN | LB_ROUTE_ENROLS},
    {LB_POST, "/v1/session/second-factor", lb_factor_post, LB_ROUTE_OWN_WRITES | LB_ROUTE_ENROLS},
    {LB_PUT, "/v1/session/second-factor", lb_factor_put, LB_ROUTE_OWN_WRITES | LB_ROUTE_ENROLS},
    {LB_DELETE, "/v1/session/second-factor", lb_factor_delete, LB_ROUTE_OWN_WRITES},
    {LB_POST, "/v1/session/recovery-codes", lb_factor_post_recovery_codes, LB_ROUTE_OWN_WRITES},

    /* user_sessions.c: where users are signed in */
    {LB_GET, "/v1/sessions", lb_own_sessions_list, LB_ROUTE_OWN},
    {LB_DELETE, "/v1/sessions", lb_own_sessions_delete, LB_ROUTE_OWN_WRITES},
    {LB_DELETE, "/v1/sessions/{sessionId}", lb_own_session_delete, LB_ROUTE_OWN_WRITES},
    {LB_GET, "/v1/users/{userId}/sessions", lb_user_sessions_list, LB_ROUTE_OPERATOR},
    {LB_DELETE, "/v1/users/{userId}/sessions", lb_user_sessions_delete,
     LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/users/{userId}/sessions/{sessionId}", lb_user_session_delete,
     LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},

    /* users.c, workspaces.c, keys.c: what users manage */
    {LB_GET, "/v1/users", lb_users_list, LB_ROUTE_OPERATOR},
    {LB_POST, "/v1/users", lb_users_post, LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_POST, "/v1/users/{userId}/link", lb_users_post_link, LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/users/{userId}/link", lb_users_delete_link,
     LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/users/{userId}/second-factor", lb_users_delete_factor,
     LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/users/{userId}", lb_users_delete, LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_GET, "/v1/workspaces", lb_workspaces_list, LB_ROUTE_OPERATOR},
    {LB_POST, "/v1/workspaces", lb_workspaces_post, LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_PUT, "/v1/workspaces/{workspaceId}/plan", lb_workspaces_plan,
     LB_ROUTE_OPERATOR | LB_ROUTE_WRITES},
    {LB_PATCH, "/v1/workspace", lb_workspaces_patch, LB_ROUTE_SIGNED_IN | LB_ROUTE_WRITES},
    {LB_GET, "/v1/keys", lb_keys_list, LB_ROUTE_SIGNED_IN},
    {LB_POST, "/v1/keys", lb_keys_post, LB_ROUTE_SIGNED_IN | LB_ROUTE_WRITES},
    {LB_DELETE, "/v1/keys/{keyId}", lb_keys_delete, LB_ROUTE_SIGNED_IN | LB_ROUTE_WRITES},

    /* openapi.c: what docs/openapi.yaml says of these routes */
    {LB_GET, "/v1/openapi.json", lb_openapi_get, LB_ROUTE_OPEN},

    /* documents.c */
    {LB_GET, "/docs", lb_documents_file, LB_ROUTE_OPEN},
    {LB_GET, "/docs/", lb_documents_file, LB_ROUTE_OPEN},
    {LB_GET, "/docs/{page}", lb_documents_file, LB_ROUTE_OPEN},

    /* health.c */
    {LB_GET, "/livez", lb_health_live, LB_ROUTE_OPEN | LB_ROUTE_PROBE},
    {LB_GET, "/readyz", lb_health_ready, LB_ROUTE_OPEN | LB_ROUTE_PROBE},
    {LB_GET, "/metrics", lb_health_metrics, LB_ROUTE_OPEN},

    /* What the command line asks for; admin_campaigns.c, backup.c and doctor.c are its own */
    {LB_GET, "/admin/users", lb_users_list, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/users", lb_users_post, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/users/{userId}/link", lb_users_post_link, LB_ROUTE_LOCAL},
    {LB_DELETE, "/admin/users/{userId}/link", lb_users_delete_link, LB_ROUTE_LOCAL},
    {LB_DELETE, "/admin/users/{userId}/second-factor", lb_users_delete_factor, LB_ROUTE_LOCAL},
    {LB_DELETE, "/admin/users/{userId}", lb_users_delete, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/workspaces", lb_workspaces_post, LB_ROUTE_LOCAL},
    {LB_GET, "/admin/workspaces", lb_workspaces_list, LB_ROUTE_LOCAL},
    {LB_PUT, "/admin/workspaces/{workspaceId}/plan", lb_workspaces_plan, LB_ROUTE_LOCAL},
    {LB_PATCH, "/admin/workspaces/{workspaceId}", lb_workspaces_patch, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/workspaces/{workspaceId}/keys", lb_keys_post, LB_ROUTE_LOCAL},
    {LB_GET, "/admin/workspaces/{workspaceId}/keys", lb_keys_list, LB_ROUTE_LOCAL},
    {LB_DELETE, "/admin/keys/{keyId}", lb_keys_delete, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/workspaces/{workspaceId}/campaigns", lb_admin_campaigns_post, LB_ROUTE_LOCAL},
    {LB_GET, "/admin/workspaces/{workspaceId}/campaigns", lb_admin_campaigns_list, LB_ROUTE_LOCAL},
    {LB_PATCH, "/admin/workspaces/{workspaceId}/campaigns/{campaignId}", lb_admin_campaigns_patch,
     LB_ROUTE_LOCAL},
    {LB_GET, "/admin/workspaces/{workspaceId}/evidence", lb_admin_evidence_get, LB_ROUTE_LOCAL},
    {LB_GET, "/admin/evidence/key", lb_admin_evidence_key, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/installation/blocklist", lb_entries_post, LOCAL_LIST | LB_ROUTE_LARGE},
    {LB_GET, "/admin/installation/blocklist", lb_entries_list, LOCAL_LIST},
    {LB_DELETE, "/admin/installation/blocklist", lb_entries_delete, LOCAL_LIST | LB_ROUTE_LARGE},
    {LB_POST, "/admin/installation/blocklist/import", lb_entries_import,
     LOCAL_LIST | LB_ROUTE_DRY_RUN | LB_ROUTE_FILE | LB_ROUTE_TYPED},
    {LB_POST, "/admin/installation/blocked-leads/import", lb_blocked_leads_import,
     LOCAL_LIST | LB_ROUTE_DRY_RUN | LB_ROUTE_FILE},
    {LB_GET, "/admin/installation/imports", lb_imports_list, LOCAL_LIST},
    {LB_POST, "/admin/installation/changes/{changeId}/undo", lb_changes_undo, LOCAL_LIST},
    {LB_POST, "/admin/installation/imports/{importId}/undo", lb_imports_post_undo, LOCAL_LIST},
    {LB_GET, "/admin/activity", lb_admin_activity, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/backup", lb_admin_backup, LB_ROUTE_LOCAL},
    {LB_POST, "/admin/backup/checked", lb_admin_backup_checked, LB_ROUTE_LOCAL},
    {LB_GET, "/admin/doctor", lb_admin_doctor, LB_ROUTE_LOCAL},

    /* dashboard.c; the last DASHBOARD_ROUTES */
    {LB_GET, "/", lb_dashboard_file, LB_ROUTE_OPEN},
    {LB_GET, "/favicon.svg", lb_dashboard_file, LB_ROUTE_OPEN},
    {LB_GET, "/assets/{file}", lb_dashboard_file, LB_ROUTE_OPEN},
};

#define DASHBOARD_ROUTES 3

const size_t lb_route_count = sizeof lb_routes / sizeof *lb_routes;
const size_t lb_route_count_without_dashboard =
    sizeof lb_routes / sizeof *lb_routes - DASHBOARD_ROUTES;

struct lb_body_bounds lb_route_body(const struct lb_route *route)
{
    if (route->flags & LB_ROUTE_OPEN)
        return (struct lb_body_bounds){(size_t)8 << 10, 16};
    if (route->flags & (LB_ROUTE_LARGE | LB_ROUTE_FILE))
        return (struct lb_body_bounds){0, LB_JSON_MAX_WEIGHT};
    if (route->flags & LB_ROUTE_TEXTS)
        return (struct lb_body_bounds){0, 4096};
    return (struct lb_body_bounds){(size_t)64 << 10, 4096};
}
