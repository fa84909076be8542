/* Every statement that the backend sends, in one table: X(name, reach, parameter types, SQL).
 *
 * Reach: ONE touches the rows of one workspace, ALL those of any number of them (on Citus: several
 * shards), NONE no table of ours. Parameter types, a letter each: n number (bigint), b boolean,
 * t text, y bytes, N and T arrays of n and t. Threads: constants. */
#ifndef LB_STORE_POSTGRES_STATEMENTS_H
#define LB_STORE_POSTGRES_STATEMENTS_H

enum lb_pg_reach { LB_PG_NONE, LB_PG_ONE, LB_PG_ALL };

#define LB_PG_STAND_COLUMNS     "workspace_id, access_version, log_row, log_token, has_leads"
#define LB_PG_WORKSPACE_COLUMNS "workspace_id, id, name, plan, created_at, expires_at"
#define LB_PG_KEY_COLUMNS                                                                          \
    "no, id, workspace_id, name, secret_hash, read_only, rate_limit, created_at, expires_at,"      \
    " revoked_at, last_used_at"
/* Is there any? Asked for in the order of an index, or the planner, which believes that a campaign
 * has many, would look for the first one in all of the table. */
#define LB_PG_ANY_LEAD(workspace)                                                                  \
    "(SELECT l.no FROM leadblock.lead l WHERE l.workspace_id = " workspace                         \
    " AND l.campaign = c.no ORDER BY l.status, l.no LIMIT 1) IS NOT NULL"
#define LB_PG_ANY_STEP                                                                             \
    "(SELECT s.no FROM leadblock.step s WHERE s.workspace_id = c.workspace_id"                     \
    " AND s.campaign = c.no ORDER BY s.position LIMIT 1) IS NOT NULL"
/* `workspace`: what names the campaign's, for the planner to see that it is one. */
#define LB_PG_CAMPAIGN_COLUMNS(workspace)                                                          \
    "c.no, c.workspace_id, c.id, c.name, c.status, c.created_at, " LB_PG_ANY_LEAD(                 \
        workspace) ", c.deleted_at"
#define LB_PG_REPLAYED_COLUMNS                                                                     \
    "id, workspace_id, campaign, kind, continues, key, at, undoes, token, reason, items"
#define LB_PG_LOG_COLUMNS LB_PG_REPLAYED_COLUMNS ", source"
#define LB_PG_USER_COLUMNS                                                                         \
    "a.no, a.id, a.email, a.role, a.workspace, a.password_hash, a.created_at, a.deleted_at,"       \
    " a.signed_in_at"
#define LB_PG_LEAD_COLUMNS                                                                         \
    "no, workspace_id, campaign, identifier, member_id, first_name, last_name, company_name,"      \
    " variables, added_at, status, set_aside, queue, step, since, marks"
#define LB_PG_ACTIVITY_COLUMNS                                                                     \
    "lead, step, workspace_id, campaign, state, attempts, retries, lease_token, lease_until,"      \
    " claimed_at, completed_at, changed_at, detail"

/* Of one status or state each, in the order of the index, as far as the page can reach. */
#define LB_PG_LEADS_OF(status)                                                                     \
    "(SELECT no FROM leadblock.lead"                                                               \
    " WHERE workspace_id = $1 AND campaign = $2 AND no < $3 AND status = " #status                 \
    " ORDER BY no DESC LIMIT $4 + $5)"
#define LB_PG_ACTIVITIES_IN(state)                                                                 \
    "(SELECT " LB_PG_ACTIVITY_COLUMNS " FROM leadblock.activity"                                   \
    " WHERE workspace_id = $1 AND campaign = $2 AND state = " #state " AND ($3 >> " #state         \
    ") & 1 = 1"                                                                                    \
    " ORDER BY changed_at DESC, lead DESC, step DESC LIMIT $4 + $5)"

#define LB_PG_TRANSACTION_STATEMENTS(X)                                                            \
    X(BEGIN, NONE, "", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")                          \
    X(COMMIT, NONE, "", "COMMIT")                                                                  \
    X(ROLLBACK, NONE, "", "ROLLBACK")                                                              \
    X(PROBE, NONE, "",                                                                             \
      "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")           \
    X(ENTRIES_LOCK, NONE, "n", "SELECT pg_advisory_lock($1)")                                      \
    X(ENTRIES_TAKE, NONE, "n",                                                                     \
      "SELECT setval('leadblock.entry_id',"                                                        \
      " (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM leadblock.entry_id) + "    \
      "$1)")                                                                                       \
    X(ENTRIES_UNLOCK, NONE, "n", "SELECT pg_advisory_unlock($1)")                                  \
    X(ENTRIES_NEXT, NONE, "",                                                                      \
      "SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END FROM leadblock.entry_id")         \
    X(LEADS_RESERVE, NONE, "", "SELECT nextval('leadblock.lead_no')")

#define LB_PG_ACCESS_STATEMENTS(X)                                                                 \
    X(WORKSPACE_LOCK, ONE, "n",                                                                    \
      "SELECT " LB_PG_STAND_COLUMNS                                                                \
      " FROM leadblock.workspace WHERE workspace_id = $1 FOR UPDATE")                              \
    X(WORKSPACE_LOCK_FREE, ONE, "n",                                                               \
      "SELECT " LB_PG_STAND_COLUMNS                                                                \
      " FROM leadblock.workspace WHERE workspace_id = $1 FOR UPDATE SKIP LOCKED")                  \
    X(WORKSPACE_MARK, ONE, "nnnnb",                                                                \
      "UPDATE leadblock.workspace SET access_version = coalesce($2, access_version),"              \
      " log_row = coalesce($3, log_row), log_token = coalesce($4, log_token),"                     \
      " has_leads = has_leads OR $5 WHERE workspace_id = $1")                                      \
    X(WORKSPACE_STAND, ONE, "n",                                                                   \
      "SELECT " LB_PG_STAND_COLUMNS " FROM leadblock.workspace WHERE workspace_id = $1")           \
    X(WORKSPACE_STANDS, ALL, "N",                                                                  \
      "SELECT " LB_PG_STAND_COLUMNS " FROM leadblock.workspace WHERE workspace_id = ANY ($1)")     \
    X(WORKSPACE_STANDS_ALL, ALL, "", "SELECT " LB_PG_STAND_COLUMNS " FROM leadblock.workspace")    \
    X(WORKSPACE_INSERT, ONE, "ntttnn",                                                             \
      "INSERT INTO leadblock.workspace (workspace_id, id, name, plan, created_at, expires_at,"     \
      " access_version) VALUES ($1, $2, $3, $4, $5, $6, 1)")                                       \
    X(WORKSPACE_NUMBER, NONE, "", "SELECT nextval('leadblock.workspace_no')")                      \
    X(WORKSPACE_SET_PLAN, ONE, "ntn",                                                              \
      "UPDATE leadblock.workspace SET plan = $2, expires_at = $3 WHERE workspace_id = $1")         \
    X(WORKSPACE, ONE, "n",                                                                         \
      "SELECT " LB_PG_WORKSPACE_COLUMNS " FROM leadblock.workspace WHERE workspace_id = $1")       \
    X(WORKSPACES_OF_KEYS, ALL, "T",                                                                \
      "SELECT id, workspace_id FROM leadblock.api_key WHERE id = ANY ($1)")                        \
    X(WORKSPACES, ALL, "",                                                                         \
      "SELECT " LB_PG_WORKSPACE_COLUMNS " FROM leadblock.workspace ORDER BY workspace_id")         \
    X(KEY_INSERT, ONE, "nttybnnnn",                                                                \
      "INSERT INTO leadblock.api_key (workspace_id, no, id, name, secret_hash, read_only,"         \
      " rate_limit, created_at, expires_at, version)"                                              \
      " VALUES ($1, nextval('leadblock.key_no'), $2, $3, $4, $5, $6, $7, $8, $9) RETURNING no")    \
    X(KEY_REVOKE, ONE, "nnnn",                                                                     \
      "UPDATE leadblock.api_key SET revoked_at = $3, version = $4"                                 \
      " WHERE workspace_id = $1 AND no = $2")                                                      \
    X(KEY_TOUCH, ONE, "nnn",                                                                       \
      "UPDATE leadblock.api_key SET last_used_at = greatest(last_used_at, $3)"                     \
      " WHERE workspace_id = $1 AND no = $2")                                                      \
    X(KEYS, ALL, "", "SELECT " LB_PG_KEY_COLUMNS " FROM leadblock.api_key ORDER BY no")            \
    X(KEYS_SINCE, ONE, "nn",                                                                       \
      "SELECT " LB_PG_KEY_COLUMNS " FROM leadblock.api_key"                                        \
      " WHERE workspace_id = $1 AND version > $2 ORDER BY no")

/* Accounts, sessions and links belong to the installation, which is workspace 0. */
#define LB_PG_ACCOUNT_STATEMENTS(X)                                                                \
    X(USER_INSERT, ONE, "tttntn",                                                                  \
      "INSERT INTO leadblock.account (workspace_id, no, id, email, role, workspace, "              \
      "password_hash,"                                                                             \
      " created_at) VALUES (0, nextval('leadblock.account_no'), $1, $2, $3, $4, $5, $6)"           \
      " ON CONFLICT DO NOTHING RETURNING no")                                                      \
    X(USER_SET_PASSWORD, ONE, "nt",                                                                \
      "UPDATE leadblock.account SET password_hash = $2 WHERE workspace_id = 0 AND no = $1")        \
    X(USER_SIGNED_IN, ONE, "nn",                                                                   \
      "UPDATE leadblock.account SET signed_in_at = greatest(signed_in_at, $2)"                     \
      " WHERE workspace_id = 0 AND no = $1")                                                       \
    X(USER_DELETE, ONE, "nn",                                                                      \
      "UPDATE leadblock.account SET deleted_at = $2, password_hash = NULL"                         \
      " WHERE workspace_id = 0 AND no = $1")                                                       \
    X(USER, ONE, "n",                                                                              \
      "SELECT " LB_PG_USER_COLUMNS " FROM leadblock.account a"                                     \
      " WHERE a.workspace_id = 0 AND a.no = $1")                                                   \
    X(USER_BY_EMAIL, ONE, "t",                                                                     \
      "SELECT " LB_PG_USER_COLUMNS " FROM leadblock.account a"                                     \
      " WHERE a.workspace_id = 0 AND a.email = $1 AND a.deleted_at IS NULL")                       \
    X(USER_BY_ID, ONE, "t",                                                                        \
      "SELECT " LB_PG_USER_COLUMNS " FROM leadblock.account a"                                     \
      " WHERE a.workspace_id = 0 AND a.id = $1 AND a.deleted_at IS NULL")                          \
    X(USERS, ONE, "",                                                                              \
      "SELECT " LB_PG_USER_COLUMNS " FROM leadblock.account a"                                     \
      " WHERE a.workspace_id = 0 AND a.deleted_at IS NULL ORDER BY a.no")                          \
    X(WORKSPACE_IDS, ALL, "N",                                                                     \
      "SELECT workspace_id, id FROM leadblock.workspace WHERE workspace_id = ANY ($1)"             \
      " ORDER BY workspace_id")                                                                    \
    X(SESSION_INSERT, ONE, "ynnn",                                                                 \
      "INSERT INTO leadblock.session (workspace_id, token_hash, account, created_at, expires_at)"  \
      " VALUES (0, $1, $2, $3, $4)")                                                               \
    X(SESSION_DELETE, ONE, "y",                                                                    \
      "DELETE FROM leadblock.session WHERE workspace_id = 0 AND token_hash = $1")                  \
    X(SESSIONS_END, ONE, "n",                                                                      \
      "DELETE FROM leadblock.session WHERE workspace_id = 0 AND account = $1")                     \
    X(SESSIONS_SWEEP, ONE, "n",                                                                    \
      "DELETE FROM leadblock.session WHERE workspace_id = 0 AND expires_at < $1")                  \
    X(SESSION, ONE, "y",                                                                           \
      "SELECT " LB_PG_USER_COLUMNS ", s.created_at, s.expires_at FROM leadblock.session s"         \
      " JOIN leadblock.account a ON a.workspace_id = 0 AND a.no = s.account"                       \
      " WHERE s.workspace_id = 0 AND s.token_hash = $1 AND a.deleted_at IS NULL")                  \
    X(LINK_PUT, ONE, "nyn",                                                                        \
      "INSERT INTO leadblock.link (workspace_id, account, token_hash, expires_at)"                 \
      " VALUES (0, $1, $2, $3) ON CONFLICT (workspace_id, account) DO UPDATE"                      \
      " SET token_hash = EXCLUDED.token_hash, expires_at = EXCLUDED.expires_at")                   \
    X(LINK_TAKE, ONE, "y",                                                                         \
      "DELETE FROM leadblock.link WHERE workspace_id = 0 AND token_hash = $1 RETURNING account")   \
    X(LINKS_END, ONE, "n", "DELETE FROM leadblock.link WHERE workspace_id = 0 AND account = $1")   \
    X(LINKS_SWEEP, ONE, "n",                                                                       \
      "DELETE FROM leadblock.link WHERE workspace_id = 0 AND expires_at < $1")                     \
    X(LINK, ONE, "y",                                                                              \
      "SELECT account, expires_at FROM leadblock.link WHERE workspace_id = 0 AND token_hash = $1")

#define LB_PG_AUDIT_STATEMENTS(X)                                                                  \
    X(AUDIT_APPEND, ONE, "nnnttt",                                                                 \
      "INSERT INTO leadblock.audit_log (workspace_id, id, key, at, action, target, source)"        \
      " VALUES ($1, nextval('leadblock.audit_id'), $2, $3, $4, $5, $6)")                           \
    X(AUDIT_PAGE, ONE, "nnn",                                                                      \
      "SELECT id, key, at, action, target, source FROM leadblock.audit_log"                        \
      " WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3")                            \
    X(CHECKS_ADD, ONE, "nnnn",                                                                     \
      "INSERT INTO leadblock.check_count AS c (workspace_id, day, checks, blocked)"                \
      " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, day) DO UPDATE"                         \
      " SET checks = c.checks + EXCLUDED.checks, blocked = c.blocked + EXCLUDED.blocked")          \
    X(CHECKS, ONE, "nn",                                                                           \
      "SELECT day, checks, blocked FROM leadblock.check_count"                                     \
      " WHERE workspace_id = $1 AND day >= $2 ORDER BY day")

#define LB_PG_CAMPAIGN_STATEMENTS(X)                                                               \
    X(CAMPAIGN_INSERT, ONE, "ntttnn",                                                              \
      "INSERT INTO leadblock.campaign (workspace_id, no, id, name, status, created_at, version)"   \
      " VALUES ($1, nextval('leadblock.campaign_no'), $2, $3, $4, $5, $6)"                         \
      " ON CONFLICT (workspace_id, id) WHERE deleted_at IS NULL DO NOTHING RETURNING no")          \
    X(CAMPAIGN_SET_STATUS, ONE, "nntn",                                                            \
      "UPDATE leadblock.campaign SET status = $3, version = $4"                                    \
      " WHERE workspace_id = $1 AND no = $2")                                                      \
    X(CAMPAIGN_DELETE, ONE, "nnnn",                                                                \
      "UPDATE leadblock.campaign SET deleted_at = $3, version = $4"                                \
      " WHERE workspace_id = $1 AND no = $2")                                                      \
    X(CAMPAIGN_ACTIVATED, ONE, "nnn",                                                              \
      "UPDATE leadblock.campaign SET activated_at = $3 WHERE workspace_id = $1 AND no = $2")       \
    X(CAMPAIGN_SET_VARIABLES, ONE, "nnt",                                                          \
      "UPDATE leadblock.campaign SET variables = $3 WHERE workspace_id = $1 AND no = $2")          \
    X(CAMPAIGN_COUNT, ONE, "nnnnnnnnnnnn",                                                         \
      "UPDATE leadblock.campaign SET leads_waiting = leads_waiting + $3,"                          \
      " leads_active = leads_active + $4, leads_paused = leads_paused + $5,"                       \
      " leads_completed = leads_completed + $6, leads_error = leads_error + $7,"                   \
      " leads_set_aside = leads_set_aside + $8, leads_invited = leads_invited + $9,"               \
      " leads_accepted = leads_accepted + $10, leads_contacted = leads_contacted + $11,"           \
      " leads_replied = leads_replied + $12 WHERE workspace_id = $1 AND no = $2")                  \
    X(CAMPAIGN_STATE, ONE, "nn",                                                                   \
      "SELECT leads_waiting, leads_active, leads_paused, leads_completed, leads_error,"            \
      " leads_set_aside, leads_invited, leads_accepted, leads_contacted, leads_replied,"           \
      " status, activated_at, variables FROM leadblock.campaign"                                   \
      " WHERE workspace_id = $1 AND no = $2 AND deleted_at IS NULL")                               \
    X(CAMPAIGNS, ALL, "",                                                                          \
      "SELECT " LB_PG_CAMPAIGN_COLUMNS(                                                            \
          "c.workspace_id") " FROM leadblock.campaign c WHERE c.deleted_at IS NULL ORDER BY c.no") \
    X(CAMPAIGNS_SINCE, ONE, "nn",                                                                  \
      "SELECT " LB_PG_CAMPAIGN_COLUMNS("$1") " FROM leadblock.campaign c WHERE c.workspace_id = "  \
                                             "$1 AND c.version > $2 ORDER BY c.no")                \
    X(REMAINS, ALL, "",                                                                            \
      "SELECT c.workspace_id, c.no FROM leadblock.campaign c WHERE c.deleted_at IS NOT NULL"       \
      " AND (" LB_PG_ANY_LEAD("c.workspace_id") " OR " LB_PG_ANY_STEP ")")                         \
    X(STEP_INSERT, ONE, "nntnbtnn",                                                                \
      "INSERT INTO leadblock.step (workspace_id, no, position, type, delay_hours, stop_on_reply,"  \
      " body, deleted_at, campaign)"                                                               \
      " VALUES ($1, nextval('leadblock.step_no'), $2, $3, $4, $5, $6, $7, $8) RETURNING no")       \
    X(STEP_UPDATE, ONE, "nntnbtnn",                                                                \
      "UPDATE leadblock.step SET position = $2, type = $3, delay_hours = $4, stop_on_reply = $5,"  \
      " body = $6, deleted_at = $7 WHERE workspace_id = $1 AND no = $8")                           \
    X(STEP_PLACE, ONE, "nnn",                                                                      \
      "UPDATE leadblock.step SET position = $3 WHERE workspace_id = $1 AND no = $2")               \
    X(STEPS_DROP, ONE, "nn",                                                                       \
      "DELETE FROM leadblock.step WHERE workspace_id = $1 AND campaign = $2")                      \
    X(STEPS, ONE, "nnb",                                                                           \
      "SELECT no, workspace_id, position, type, delay_hours, stop_on_reply,"                       \
      " CASE WHEN $3 THEN body END, deleted_at FROM leadblock.step"                                \
      " WHERE workspace_id = $1 AND campaign = $2 ORDER BY position, no")

#define LB_PG_LEAD_STATEMENTS(X)                                                                   \
    X(LEAD_INSERT, ONE, "nnnttttttnnbnnnn",                                                        \
      "INSERT INTO leadblock.lead (" LB_PG_LEAD_COLUMNS ") VALUES"                                 \
      " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)")                  \
    X(LEAD_NAME_INSERT, ONE, "ntnn",                                                               \
      "INSERT INTO leadblock.lead_name (workspace_id, name, campaign, lead)"                       \
      " VALUES ($1, $2, $3, $4)")                                                                  \
    X(LEAD_LEARN, ONE, "nntt",                                                                     \
      "UPDATE leadblock.lead SET identifier = $3, member_id = $4"                                  \
      " WHERE workspace_id = $1 AND no = $2")                                                      \
    X(LEAD_MOVE, ONE, "nnnbnnnn",                                                                  \
      "UPDATE leadblock.lead SET status = $3, set_aside = $4, queue = $5, step = $6, since = $7,"  \
      " marks = $8 WHERE workspace_id = $1 AND no = $2")                                           \
    X(LEAD_NAME_DELETE, ONE, "ntnn",                                                               \
      "DELETE FROM leadblock.lead_name"                                                            \
      " WHERE workspace_id = $1 AND name = $2 AND campaign = $3 AND lead = $4")                    \
    X(LEAD_ACTIVITIES_DELETE, ONE, "nn",                                                           \
      "DELETE FROM leadblock.activity WHERE workspace_id = $1 AND lead = $2")                      \
    X(LEAD_DELETE, ONE, "nn", "DELETE FROM leadblock.lead WHERE workspace_id = $1 AND no = $2")    \
    X(LEAD, ONE, "nn",                                                                             \
      "SELECT " LB_PG_LEAD_COLUMNS " FROM leadblock.lead WHERE workspace_id = $1 AND no = $2")     \
    X(LEADS_EXPECTED, ONE, "nN",                                                                   \
      "SELECT " LB_PG_LEAD_COLUMNS                                                                 \
      " FROM leadblock.lead WHERE workspace_id = $1 AND no = ANY ($2)")                            \
    X(LEADS_NAMED, ONE, "ntnn",                                                                    \
      "SELECT campaign, lead FROM leadblock.lead_name"                                             \
      " WHERE workspace_id = $1 AND name = $2 AND campaign > $3 ORDER BY campaign LIMIT $4")       \
    X(NAMES_EXPECTED, ONE, "nT",                                                                   \
      "SELECT campaign, lead, name FROM leadblock.lead_name"                                       \
      " WHERE workspace_id = $1 AND name = ANY ($2) ORDER BY name, campaign")                      \
    X(LEADS_DUE, ONE, "nnnnnn",                                                                    \
      "SELECT no FROM leadblock.lead WHERE NOT set_aside AND status <= 1 AND workspace_id = $1"    \
      " AND campaign = $2 AND queue = $3 AND step = $4 AND since <= $5"                            \
      " ORDER BY since, no LIMIT $6")                                                              \
    X(LEADS_PAGE, ONE, "nnnnn",                                                                    \
      "SELECT " LB_PG_LEAD_COLUMNS " FROM leadblock.lead WHERE workspace_id = $1 AND no IN ("      \
      "SELECT no FROM (" LB_PG_LEADS_OF(0) " UNION ALL " LB_PG_LEADS_OF(                           \
          1) " UNION ALL " LB_PG_LEADS_OF(2) " UNION ALL " LB_PG_LEADS_OF(3) " UNION "             \
                                                                             "ALL"                 \
                                                                             " " LB_PG_LEADS_OF(   \
                                                                                 4) ") AS page "   \
                                                                                    "ORDER BY no " \
                                                                                    "DESC LIMIT "  \
                                                                                    "$5 OFFSET "   \
                                                                                    "$4)"          \
                                                                                    " ORDER BY "   \
                                                                                    "no DESC")     \
    X(LEADS_PAGE_BY_STATUS, ONE, "nnnnnn",                                                         \
      "SELECT " LB_PG_LEAD_COLUMNS                                                                 \
      " FROM leadblock.lead WHERE workspace_id = $1 AND campaign = $2"                             \
      " AND no < $3 AND status = $6 ORDER BY no DESC LIMIT $5 OFFSET $4")                          \
    X(LEADS_SCHEDULED, ONE, "nnnn",                                                                \
      "SELECT " LB_PG_LEAD_COLUMNS " FROM leadblock.lead WHERE NOT set_aside AND status <= 1"      \
      " AND workspace_id = $1 AND campaign = $2 AND queue <> 1"                                    \
      " ORDER BY queue, step, since, no LIMIT $4 OFFSET $3")                                       \
    X(LEADS_SET_ASIDE, ONE, "nnnn",                                                                \
      "SELECT " LB_PG_LEAD_COLUMNS " FROM leadblock.lead WHERE set_aside AND status <= 2"          \
      " AND workspace_id = $1 AND campaign = $2 ORDER BY no DESC LIMIT $4 OFFSET $3")              \
    X(ACTIVITY_PUT, ONE, "nnnnnnntnnnnt",                                                          \
      "INSERT INTO leadblock.activity (" LB_PG_ACTIVITY_COLUMNS ") VALUES"                         \
      " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"                                  \
      " ON CONFLICT (workspace_id, lead, step) DO UPDATE SET campaign = EXCLUDED.campaign,"        \
      " state = EXCLUDED.state, attempts = EXCLUDED.attempts, retries = EXCLUDED.retries,"         \
      " lease_token = EXCLUDED.lease_token, lease_until = EXCLUDED.lease_until,"                   \
      " claimed_at = EXCLUDED.claimed_at, completed_at = EXCLUDED.completed_at,"                   \
      " changed_at = EXCLUDED.changed_at, detail = EXCLUDED.detail")                               \
    X(ACTIVITY, ONE, "nnn",                                                                        \
      "SELECT " LB_PG_ACTIVITY_COLUMNS                                                             \
      " FROM leadblock.activity WHERE workspace_id = $1 AND lead = $2 AND step = $3")              \
    X(ACTIVITIES_EXPECTED, ONE, "nNn",                                                             \
      "SELECT " LB_PG_ACTIVITY_COLUMNS                                                             \
      " FROM leadblock.activity WHERE workspace_id = $1 AND lead = ANY ($2) AND step = $3")        \
    X(ACTIVITIES_PAGE, ONE, "nnnnn",                                                               \
      LB_PG_ACTIVITIES_IN(0) " UNION ALL " LB_PG_ACTIVITIES_IN(                                    \
          1) " UNION "                                                                             \
             "ALL " LB_PG_ACTIVITIES_IN(2) " UNION ALL " LB_PG_ACTIVITIES_IN(                      \
                 3) " UNION "                                                                      \
                    "ALL"                                                                          \
                    " " LB_PG_ACTIVITIES_IN(                                                       \
                        4) " ORDER BY changed_at DESC, lead DESC, step DESC LIMIT $5 OFFSET $4")

/* LOG_APPEND_MANY appends so many rows. */
#define LB_PG_ROWS_TOGETHER 8
#define LB_PG_LOG_ROW_TYPES "nnnnbnnnnttt"

#define LB_PG_LOG_STATEMENTS(X)                                                                    \
    X(LOG_APPEND_MANY, ONE,                                                                        \
      LB_PG_LOG_ROW_TYPES LB_PG_LOG_ROW_TYPES LB_PG_LOG_ROW_TYPES LB_PG_LOG_ROW_TYPES              \
          LB_PG_LOG_ROW_TYPES LB_PG_LOG_ROW_TYPES LB_PG_LOG_ROW_TYPES LB_PG_LOG_ROW_TYPES,         \
      "INSERT INTO leadblock.blocklist_log (" LB_PG_LOG_COLUMNS ") VALUES"                         \
      " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12),"                                      \
      " ($13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24),"                             \
      " ($25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36),"                             \
      " ($37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48),"                             \
      " ($49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60),"                             \
      " ($61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72),"                             \
      " ($73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84),"                             \
      " ($85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96)")                             \
    X(LOG_APPEND, ONE, LB_PG_LOG_ROW_TYPES,                                                        \
      "INSERT INTO leadblock.blocklist_log (" LB_PG_LOG_COLUMNS ")"                                \
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")                               \
    X(LOG_ROW_OF, ONE, "nn",                                                                       \
      "SELECT " LB_PG_LOG_COLUMNS " FROM leadblock.blocklist_log"                                  \
      " WHERE workspace_id = $1 AND id <= $2 ORDER BY id DESC LIMIT 1")                            \
    X(ENTRIES_EXPECTED, ONE, "nN",                                                                 \
      "SELECT " LB_PG_LOG_COLUMNS " FROM leadblock.blocklist_log"                                  \
      " WHERE workspace_id = $1 AND id IN (SELECT"                                                 \
      " (SELECT id FROM leadblock.blocklist_log WHERE workspace_id = $1 AND id <= e.entry"         \
      " ORDER BY id DESC LIMIT 1) FROM unnest($2) AS e (entry)) ORDER BY id")                      \
    X(ENTRIES_BETWEEN, ONE, "nnn",                                                                 \
      "SELECT " LB_PG_LOG_COLUMNS " FROM leadblock.blocklist_log"                                  \
      " WHERE workspace_id = $1 AND id >= $2 AND id <= $3 ORDER BY id")                            \
    X(LOG_UNDONE, ONE, "nn",                                                                       \
      "SELECT 1 FROM leadblock.blocklist_log WHERE workspace_id = $1 AND undoes = $2 LIMIT 1")     \
    X(LOG_SCAN, ONE, "nnnn",                                                                       \
      "SELECT " LB_PG_REPLAYED_COLUMNS " FROM leadblock.blocklist_log"                             \
      " WHERE workspace_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4")

#define LB_PG_STATEMENTS(X)                                                                        \
    LB_PG_TRANSACTION_STATEMENTS(X)                                                                \
    LB_PG_ACCESS_STATEMENTS(X)                                                                     \
    LB_PG_ACCOUNT_STATEMENTS(X)                                                                    \
    LB_PG_AUDIT_STATEMENTS(X)                                                                      \
    LB_PG_CAMPAIGN_STATEMENTS(X)                                                                   \
    LB_PG_LEAD_STATEMENTS(X)                                                                       \
    LB_PG_LOG_STATEMENTS(X)

enum lb_pg_statement {
#define LB_PG_ENUM(name, reach, types, sql) PG_##name,
    LB_PG_STATEMENTS(LB_PG_ENUM)
#undef LB_PG_ENUM
        PG_COUNT
};

struct lb_pg_statement_text {
    const char *name;
    const char *types;
    const char *sql;
    enum lb_pg_reach reach;
};

/* By enum lb_pg_statement. */
extern const struct lb_pg_statement_text lb_pg_statements[PG_COUNT];

#endif
