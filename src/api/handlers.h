/* The handlers of routes.c, by file. Each parses its request (api/call.h), asks the domain, and
 * replies; see lb_route in http/router.h for when it is called. */
#ifndef LB_API_HANDLERS_H
#define LB_API_HANDLERS_H

#include "http/router.h"

/* blocklist/campaign_list.c */
enum lb_progress lb_blocked_leads_post(struct lb_call *call);
enum lb_progress lb_blocked_leads_list(struct lb_call *call);
enum lb_progress lb_blocked_leads_delete(struct lb_call *call);

/* blocklist/workspace_list.c */
enum lb_progress lb_workspace_leads_post(struct lb_call *call);
enum lb_progress lb_workspace_leads_list(struct lb_call *call);
enum lb_progress lb_workspace_leads_delete(struct lb_call *call);

/* blocklist/entries_list.c */
enum lb_progress lb_entries_post(struct lb_call *call);
enum lb_progress lb_entries_list(struct lb_call *call);
enum lb_progress lb_entries_delete(struct lb_call *call);

/* outreach/lead_check.c */
enum lb_progress lb_lead_check_post(struct lb_call *call);

/* blocklist/import.c */
enum lb_progress lb_blocked_leads_import(struct lb_call *call);
enum lb_progress lb_entries_import(struct lb_call *call);

/* blocklist/links.c */
enum lb_progress lb_links_post(struct lb_call *call);
enum lb_progress lb_links_conflicts(struct lb_call *call);

/* outreach/erasures.c */
enum lb_progress lb_erasures_post(struct lb_call *call);

/* blocklist/import_list.c, blocklist/import_undo.c */
enum lb_progress lb_imports_list(struct lb_call *call);
enum lb_progress lb_imports_get(struct lb_call *call);
enum lb_progress lb_imports_post_undo(struct lb_call *call);

/* blocklist/check.c */
enum lb_progress lb_check_get(struct lb_call *call);
enum lb_progress lb_check_post(struct lb_call *call);

/* blocklist/changes.c */
enum lb_progress lb_changes_undo(struct lb_call *call);

/* blocklist/past_change.c */
enum lb_progress lb_changes_get(struct lb_call *call);
enum lb_progress lb_changes_leads(struct lb_call *call);

/* blocklist/history.c */
enum lb_progress lb_history_get(struct lb_call *call);

/* events/feed.c */
enum lb_progress lb_events_get(struct lb_call *call);

/* outreach/campaigns.c */
enum lb_progress lb_campaigns_post(struct lb_call *call);
enum lb_progress lb_campaigns_list(struct lb_call *call);
enum lb_progress lb_campaigns_get(struct lb_call *call);
enum lb_progress lb_campaigns_patch(struct lb_call *call);
enum lb_progress lb_campaigns_delete(struct lb_call *call);
enum lb_progress lb_campaigns_activate(struct lb_call *call);
enum lb_progress lb_campaigns_pause(struct lb_call *call);

/* outreach/steps.c */
enum lb_progress lb_steps_sequence(struct lb_call *call);
enum lb_progress lb_steps_post(struct lb_call *call);
enum lb_progress lb_steps_put_one(struct lb_call *call);
enum lb_progress lb_steps_delete(struct lb_call *call);

/* outreach/variants.c */
enum lb_progress lb_variants_post(struct lb_call *call);
enum lb_progress lb_variants_put_one(struct lb_call *call);
enum lb_progress lb_variants_delete(struct lb_call *call);

/* outreach/leads.c */
enum lb_progress lb_leads_post(struct lb_call *call);
enum lb_progress lb_leads_put_status(struct lb_call *call);
enum lb_progress lb_leads_delete(struct lb_call *call);

/* outreach/lead_import.c */
enum lb_progress lb_leads_import(struct lb_call *call);

/* outreach/lead_list.c */
enum lb_progress lb_leads_list(struct lb_call *call);
enum lb_progress lb_leads_get(struct lb_call *call);

/* outreach/leads_of_person.c */
enum lb_progress lb_leads_of_person(struct lb_call *call);
enum lb_progress lb_leads_behind(struct lb_call *call);

/* outreach/explain.c */
enum lb_progress lb_leads_explain(struct lb_call *call);

/* outreach/activities.c */
enum lb_progress lb_activities_claim(struct lb_call *call);
enum lb_progress lb_activities_complete(struct lb_call *call);

/* outreach/activity_list.c */
enum lb_progress lb_activities_list(struct lb_call *call);

/* system/openapi.c */
enum lb_progress lb_openapi_get(struct lb_call *call);

/* system/health.c */
enum lb_progress lb_health_live(struct lb_call *call);
enum lb_progress lb_health_ready(struct lb_call *call);
enum lb_progress lb_health_metrics(struct lb_call *call);

/* access/sessions.c */
enum lb_progress lb_sessions_post(struct lb_call *call);
enum lb_progress lb_sessions_get(struct lb_call *call);
enum lb_progress lb_sessions_delete(struct lb_call *call);
enum lb_progress lb_sessions_put_password(struct lb_call *call);
enum lb_progress lb_sessions_post_link(struct lb_call *call);
enum lb_progress lb_sessions_post_from_link(struct lb_call *call);

/* access/users.c */
/* access/factor.c */
enum lb_progress lb_factor_get(struct lb_call *call);
enum lb_progress lb_factor_post(struct lb_call *call);
enum lb_progress lb_factor_put(struct lb_call *call);
enum lb_progress lb_factor_delete(struct lb_call *call);
enum lb_progress lb_factor_post_recovery_codes(struct lb_call *call);

/* user_sessions.c */
enum lb_progress lb_own_sessions_list(struct lb_call *call);
enum lb_progress lb_own_sessions_delete(struct lb_call *call);
enum lb_progress lb_own_session_delete(struct lb_call *call);
enum lb_progress lb_user_sessions_list(struct lb_call *call);
enum lb_progress lb_user_sessions_delete(struct lb_call *call);
enum lb_progress lb_user_session_delete(struct lb_call *call);

enum lb_progress lb_users_list(struct lb_call *call);
enum lb_progress lb_users_post(struct lb_call *call);
enum lb_progress lb_users_post_link(struct lb_call *call);
enum lb_progress lb_users_delete_link(struct lb_call *call);
enum lb_progress lb_users_delete_factor(struct lb_call *call);
enum lb_progress lb_users_delete(struct lb_call *call);

/* access/workspaces.c */
enum lb_progress lb_workspaces_post(struct lb_call *call);
enum lb_progress lb_workspaces_list(struct lb_call *call);
enum lb_progress lb_workspaces_plan(struct lb_call *call);
enum lb_progress lb_workspaces_patch(struct lb_call *call);

/* access/me.c */
enum lb_progress lb_me_get(struct lb_call *call);

/* access/keys.c */
enum lb_progress lb_keys_post(struct lb_call *call);
enum lb_progress lb_keys_list(struct lb_call *call);
enum lb_progress lb_keys_delete(struct lb_call *call);

/* hooks/subscriptions.c */
enum lb_progress lb_hooks_subscribe(struct lb_call *call);
enum lb_progress lb_hooks_unsubscribe(struct lb_call *call);
enum lb_progress lb_hooks_list(struct lb_call *call);
enum lb_progress lb_hooks_put(struct lb_call *call);
enum lb_progress lb_hooks_delete(struct lb_call *call);

/* hooks/deliveries.c */
enum lb_progress lb_hooks_deliveries(struct lb_call *call);
enum lb_progress lb_hooks_test(struct lb_call *call);
enum lb_progress lb_hooks_retry(struct lb_call *call);

/* blocklist/lookup.c */
enum lb_progress lb_lookup_get(struct lb_call *call);
enum lb_progress lb_lookup_get_named(struct lb_call *call);

/* blocklist/evidence.c */
enum lb_progress lb_evidence_get(struct lb_call *call);
enum lb_progress lb_admin_evidence_get(struct lb_call *call);
enum lb_progress lb_admin_evidence_key(struct lb_call *call);

/* system/statistics.c */
enum lb_progress lb_statistics_get(struct lb_call *call);

/* blocklist/audit.c */
enum lb_progress lb_audit_list(struct lb_call *call);

/* outreach/admin_campaigns.c */
enum lb_progress lb_admin_campaigns_post(struct lb_call *call);
enum lb_progress lb_admin_campaigns_list(struct lb_call *call);
enum lb_progress lb_admin_campaigns_patch(struct lb_call *call);

/* system/activity.c */
enum lb_progress lb_admin_activity(struct lb_call *call);

/* system/backup.c */
enum lb_progress lb_admin_backup(struct lb_call *call);
enum lb_progress lb_admin_backup_checked(struct lb_call *call);

/* blocklist/doctor.c */
enum lb_progress lb_admin_doctor(struct lb_call *call);

/* system/dashboard.c */
enum lb_progress lb_dashboard_file(struct lb_call *call);

/* system/documents.c */
enum lb_progress lb_documents_file(struct lb_call *call);

#endif
