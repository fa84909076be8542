/* The methods of a store, each once: from this table come struct lb_store_ops and struct
 * lb_store_shared (store.h), and the prototypes and tables of functions of both backends. A new
 * method is a line here, a function lb_sqlite_NAME and one lb_pg_NAME, and a test in
 * tests/store. It is included, not expanded, so that each method has a line of its own: who
 * includes it defines what a line becomes,
 *
 *     LB_METHOD(return type, name, arguments...)         what every store does
 *     LB_SHARED_METHOD(return type, name, arguments...)  and what shared stores do in addition
 *
 * either or both; the other lines become nothing. Hence no include guard.
 *
 * Threads: the write methods belong to the writer thread alone, the read methods to the reader
 * thread that opened the `struct lb_store_reader`. Open, load and close happen before the threads
 * start and after they ended.
 *
 * Failures of every method: LB_ERR_STORAGE_UNAVAILABLE (nothing was recorded),
 * LB_ERR_STORAGE_FULL (nothing was recorded, works again when there is room), and from `commit`
 * alone LB_ERR_OUTCOME_UNKNOWN. After a write method failed the transaction can only be rolled
 * back. A store may return the failure of a write method from a later call of the transaction, at
 * the latest from its commit (SQLite: that of log_append); and any call may fail with
 * LB_ERR_CONFLICT: another transaction was in the way, nothing was recorded, and the same one may
 * be tried again; or LB_ERR_LOCKED: one was, and is likely to be when it is tried again at once,
 * as rows are being moved. Neither says by which of the transaction's writes it was met. */

#ifndef LB_METHOD
#define LB_METHOD(type, name, ...)
#endif
#ifndef LB_SHARED_METHOD
#define LB_SHARED_METHOD(type, name, ...)
#endif

/* --- Transactions ----------------------------------------------------------------------------- */

/* Writer thread. One transaction at a time: begin, then any of the writes below, then commit or
 * rollback. */
LB_METHOD(lb_err, begin, struct lb_store *store)
LB_METHOD(lb_err, commit, struct lb_store *store)
LB_METHOD(void, rollback, struct lb_store *store)

/* --- Writes: workspaces, keys and campaigns --------------------------------------------------- */

/* Inserts and sets row->no. */
LB_METHOD(lb_err, workspace_insert, struct lb_store *store, struct lb_workspace_row *row)
LB_METHOD(lb_err, workspace_set_plan, struct lb_store *store, uint32_t no, enum lb_plan plan,
          int64_t expires_at)
LB_METHOD(lb_err, workspace_set_country, struct lb_store *store, uint32_t no, uint16_t country)
LB_METHOD(lb_err, key_insert, struct lb_store *store, struct lb_key_row *row)
LB_METHOD(lb_err, key_revoke, struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
LB_METHOD(lb_err, key_touch, struct lb_store *store, uint32_t workspace, uint32_t no,
          int64_t last_used_at)
/* LB_ERR_ALREADY_EXISTS when the workspace has a campaign of that id; the transaction stays
 * usable. */
LB_METHOD(lb_err, campaign_insert, struct lb_store *store, struct lb_campaign_row *row)
LB_METHOD(lb_err, campaign_set_status, struct lb_store *store, uint32_t workspace, uint32_t no,
          enum lb_campaign_status status)
/* Its blocklist is kept. */
LB_METHOD(lb_err, campaign_delete, struct lb_store *store, uint32_t workspace, uint32_t no,
          int64_t at)
/* The blocklist of a campaign that was deleted ends, and is history from then on. */
LB_METHOD(lb_err, campaign_end_list, struct lb_store *store, uint32_t workspace, uint32_t no,
          int64_t at)
/* A campaign that was deleted, whose blocklist is kept and which has no leads and steps any more,
 * is there again: with name and status of the row, and as new. */
LB_METHOD(lb_err, campaign_revive, struct lb_store *store, const struct lb_campaign_row *row)
/* Notes that the campaign was activated. */
LB_METHOD(lb_err, campaign_activated, struct lb_store *store, uint32_t workspace, uint32_t no,
          int64_t at)
LB_METHOD(lb_err, campaign_set_name, struct lb_store *store, uint32_t workspace, uint32_t no,
          struct lb_str name)
/* Sets its custom variables, packed. */
LB_METHOD(lb_err, campaign_set_variables, struct lb_store *store, uint32_t workspace, uint32_t no,
          struct lb_str variables)
LB_METHOD(lb_err, campaign_set_settings, struct lb_store *store, uint32_t workspace, uint32_t no,
          const struct lb_campaign_settings *settings)
/* Adds to its counts. */
LB_METHOD(lb_err, campaign_count, struct lb_store *store, uint32_t workspace, uint32_t no,
          const struct lb_counts *change)

/* --- Writes: steps, leads and activities ------------------------------------------------------ */

/* Inserts and sets row->no. */
LB_METHOD(lb_err, step_insert, struct lb_store *store, struct lb_step_row *row)
/* Replaces all but no, workspace and campaign. */
LB_METHOD(lb_err, step_update, struct lb_store *store, const struct lb_step_row *row)
/* Sets the position alone. */
LB_METHOD(lb_err, step_place, struct lb_store *store, uint32_t workspace, uint64_t no,
          uint32_t position)
/* Removes all steps of a campaign that is gone. */
LB_METHOD(lb_err, steps_drop, struct lb_store *store, uint32_t workspace, uint32_t campaign)

/* Inserts and sets row->no, which is above all others. */
LB_METHOD(lb_err, variant_insert, struct lb_store *store, struct lb_variant_row *row)
/* Sets body, icp and disabled. */
LB_METHOD(lb_err, variant_update, struct lb_store *store, const struct lb_variant_row *row)
LB_METHOD(lb_err, variant_delete, struct lb_store *store, uint32_t workspace, uint64_t no)
/* Adds to its counts; of one that is gone nothing is counted. */
LB_METHOD(lb_err, variant_count, struct lb_store *store, uint32_t workspace, uint64_t no,
          const struct lb_variant_counts *more)
/* Removes those of a step, or with step 0 of a campaign. */
LB_METHOD(lb_err, variants_drop, struct lb_store *store, uint32_t workspace, uint32_t campaign,
          uint64_t step)

/* Inserts with its names, which are not in the campaign yet, and sets row->no. */
LB_METHOD(lb_err, lead_insert, struct lb_store *store, struct lb_lead_row *row)
/* Sets identifier and member id from the row, and adds `name`, which is new. */
LB_METHOD(lb_err, lead_learn, struct lb_store *store, const struct lb_lead_row *row,
          struct lb_str name)
/* Takes its identifier from the lead as a name, so that another one of the campaign, the same
 * person, can have it; the lead is still found by leads_that_gave_way and contacts. */
LB_METHOD(lb_err, lead_give_way, struct lb_store *store, const struct lb_lead_row *row)
/* Sets status, set_aside, queue, step, since and marks of a row that was read. */
LB_METHOD(lb_err, lead_move, struct lb_store *store, const struct lb_lead_row *row)
/* Sets contacted_at and set_aside. */
LB_METHOD(lb_err, lead_set_contacted, struct lb_store *store, const struct lb_lead_row *row)
/* One that is there already stays as it is. */
LB_METHOD(lb_err, stopped_company_put, struct lb_store *store,
          const struct lb_stopped_company_row *row)
/* Those of a campaign. */
LB_METHOD(lb_err, stopped_companies_drop, struct lb_store *store, struct lb_list list)
/* Sets what the lead is found by, from row->forms. */
LB_METHOD(lb_err, lead_set_forms, struct lb_store *store, const struct lb_lead_row *row)
/* Notes a key whose leads are to be looked at, or gives it another token; and that they have been.
 */
LB_METHOD(lb_err, lead_pending_put, struct lb_store *store, const struct lb_pending_row *row)
LB_METHOD(lb_err, lead_pending_drop, struct lb_store *store, const struct lb_pending_row *row)
/* With its names and activities. */
LB_METHOD(lb_err, lead_delete, struct lb_store *store, const struct lb_lead_row *row)
/* Inserts, or replaces the one of the same lead and step. */
LB_METHOD(lb_err, activity_put, struct lb_store *store, const struct lb_activity_row *row)

/* --- Writes: what people read ----------------------------------------------------------------- */

LB_METHOD(lb_err, audit_append, struct lb_store *store, const struct lb_audit_row *row)
/* Adds to what is counted of that workspace and day. */
LB_METHOD(lb_err, checks_add, struct lb_store *store, const struct lb_checks_row *row)

/* --- Writes: users, sessions and links -------------------------------------------------------- */

/* Inserts and sets row->no. LB_ERR_ALREADY_EXISTS when a user has that e-mail address; the
 * transaction stays usable. */
LB_METHOD(lb_err, user_insert, struct lb_store *store, struct lb_user_row *row)
LB_METHOD(lb_err, user_set_password, struct lb_store *store, uint32_t no, struct lb_str hash)
LB_METHOD(lb_err, user_signed_in, struct lb_store *store, uint32_t no, int64_t at)
/* The address is free again; the row stays, for the logs. Ends the user's sessions and links. */
LB_METHOD(lb_err, user_delete, struct lb_store *store, uint32_t no, int64_t at)
LB_METHOD(lb_err, session_insert, struct lb_store *store, const struct lb_session_row *row)
LB_METHOD(lb_err, session_delete, struct lb_store *store, const uint8_t *token_hash)
/* That it was used, from that address ("": unknown); nothing when it has ended. */
LB_METHOD(lb_err, session_touch, struct lb_store *store, const uint8_t *token_hash, int64_t at,
          struct lb_str source)
/* All sessions of a user but for that many, the last ones that began. */
LB_METHOD(lb_err, sessions_trim, struct lb_store *store, uint32_t user, uint32_t keep)
/* All sessions of a user. */
LB_METHOD(lb_err, sessions_end, struct lb_store *store, uint32_t user)
/* Replaces all others of that user. */
LB_METHOD(lb_err, link_insert, struct lb_store *store, const struct lb_link_row *row)
/* Removes a link. LB_ERR_NOT_FOUND when it does not exist (any more): of two requests that take the
 * same one only one gets it. The transaction stays usable. */
LB_METHOD(lb_err, link_take, struct lb_store *store, const uint8_t *token_hash)
/* Ends the links of a user. */
LB_METHOD(lb_err, links_end, struct lb_store *store, uint32_t user)
/* What is stored of the user's second factor, which no other node changes until the transaction
 * ends. LB_ERR_NOT_FOUND when there is nothing; the transaction stays usable. */
LB_METHOD(lb_err, factor_lock, struct lb_store *store, uint32_t user, struct lb_factor_row *out)
/* In place of what was there. */
LB_METHOD(lb_err, factor_put, struct lb_store *store, const struct lb_factor_row *row)
LB_METHOD(lb_err, factor_delete, struct lb_store *store, uint32_t user)
/* Removes sessions and links that ended before that time. */
LB_METHOD(lb_err, accounts_sweep, struct lb_store *store, int64_t before)

/* --- Writes: signing -------------------------------------------------------------------------- */

/* LB_ERR_ALREADY_EXISTS when there is a key; the transaction stays usable. */
LB_METHOD(lb_err, signing_key_insert, struct lb_store *store, const struct lb_signing_key_row *row)

/* --- Writes: the blocklist log ---------------------------------------------------------------- */

/* Appends one row as it is. Its number is above all of its workspace, whose chain it continues
 * (chain.h). Its id is the number in a shared store; else the caller gives ids upwards, without
 * overlap, starting from log_next_id. */
LB_METHOD(lb_err, log_append, struct lb_store *store, const struct lb_log_row *row)
/* Inserts it when its `no` is 0, which is set, and then leaves out those of the workspace that are
 * LB_IMPORTS_KEPT older; else replaces the one of that number. */
LB_METHOD(lb_err, import_put, struct lb_store *store, struct lb_blocklist_import_row *row)
/* Gives it the next number of its workspace. In a shared store it changes the workspace's
 * access_version, so that other nodes notice. */
LB_METHOD(lb_err, event_append, struct lb_store *store, const struct lb_event_row *row)
/* Of the first `max` events of a workspace, removes those before the last that is older than
 * `before`: that one stays, as the place from which a reader goes on. `*out_count`: how many. */
LB_METHOD(lb_err, events_drop, struct lb_store *store, uint32_t workspace, int64_t before,
          size_t max, size_t *out_count)

/* --- Writes: erasure -------------------------------------------------------------------------- */

/* LB_ERR_ALREADY_EXISTS when there is a key; the transaction stays usable. */
LB_METHOD(lb_err, erasure_key_insert, struct lb_store *store, const struct lb_erasure_key_row *row)
/* Nothing when the workspace has it already. */
LB_METHOD(lb_err, erased_name_put, struct lb_store *store, const struct lb_erased_name_row *row)
/* Sets reason, items, source, import and salts of the row of this id, which lb_chain_erase made:
 * its digest stays. Also notes, where the store has files of its own, that they are to be
 * overwritten. */
LB_METHOD(lb_err, log_rewrite, struct lb_store *store, const struct lb_log_row *row)
/* Removes a name from what else has texts of the workspace: keys whose leads are to be looked at,
 * and headings of imports, with `ids` also their ids. `value`: the key without its type. */
LB_METHOD(lb_err, name_forget, struct lb_store *store, uint32_t workspace, struct lb_str key,
          struct lb_str value, bool ids)
/* The same note, for a transaction that removes texts otherwise. */
LB_METHOD(lb_err, erasure_note, struct lb_store *store)
/* Of the nodes that share a store one ends histories (domain/blocklist/retention.h): the one that
 * has asked first, until its connection ends. LB_ERR_OVERLOADED: it is another one. */
LB_METHOD(lb_err, retention_lock, struct lb_store *store)

/* --- Writes: subscriptions -------------------------------------------------------------------- */

LB_METHOD(lb_err, hook_insert, struct lb_store *store, const struct lb_hook_row *row)
/* Sets secrets, state, tries, failing_since and next_at; place and missed as well, unless place is
 * "": another node may be delivering. LB_ERR_NOT_FOUND: it does not exist (any more); the
 * transaction stays usable. */
LB_METHOD(lb_err, hook_update, struct lb_store *store, const struct lb_hook_row *row)
/* With its deliveries. */
LB_METHOD(lb_err, hook_delete, struct lb_store *store, uint32_t workspace, struct lb_str id)
/* Records progress of several; sets `lost` of those that could not. No lock is needed. */
LB_METHOD(lb_err, hooks_progress, struct lb_store *store, struct lb_hook_progress *progress,
          size_t count)
/* Inserts, or replaces the one of that number, and leaves out those of the subscription that are
 * LB_DELIVERIES_KEPT older. */
LB_METHOD(lb_err, delivery_put, struct lb_store *store, const struct lb_delivery_row *row)

/* --- Writes: the log's numbers ---------------------------------------------------------------- */

/* One above the last entry id; 0 after a failure. In a shared store: one more than about how many
 * entries there are. */
LB_METHOD(uint64_t, log_next_id, struct lb_store *store)

/* --- Between transactions --------------------------------------------------------------------- */

/* Between transactions: writes and commits something that changes nothing. LB_OK: the store
 * takes writes. */
LB_METHOD(lb_err, probe, struct lb_store *store)

/* Between transactions: overwrites what files of the store still have of texts that were erased.
 * LB_ERR_OVERLOADED: a reader is in the way, try again. LB_OK where the store has no files of its
 * own, and where nothing was erased since. */
LB_METHOD(lb_err, overwrite, struct lb_store *store)

/* Between transactions: bounded upkeep such as a checkpoint. `idle`: nothing is waiting. */
LB_METHOD(void, maintain, struct lb_store *store, bool idle)

/* The thread that opened the store, at any time. Are the store's files where they were opened, and
 * has no damage been found in them? Looks at the folder, not at the data. Otherwise
 * LB_ERR_STORAGE_UNAVAILABLE with a reason: the process must end. LB_OK where the store has no
 * files of its own. */
LB_METHOD(lb_err, intact, struct lb_store *store, struct lb_reason *reason)

/* Before the threads start. Reads all of the store's files, and compares what they have of
 * checksums and of order. LB_ERR_CONFLICT with a reason when something is wrong. LB_OK where the
 * store has no files of its own. */
LB_METHOD(lb_err, check_files, struct lb_store *store, struct lb_reason *reason)

/* --- Loading ---------------------------------------------------------------------------------- */

/* Loading, before the threads start. Each calls `each` for every row and stops at its first
 * failure, which it returns. */
LB_METHOD(lb_err, load_workspaces, struct lb_store *store, void *context,
          lb_err (*each)(void *context, const struct lb_workspace_row *row))
LB_METHOD(lb_err, load_keys, struct lb_store *store, void *context,
          lb_err (*each)(void *context, const struct lb_key_row *row))
/* In order of creation, with those that were deleted and whose blocklist is kept. */
LB_METHOD(lb_err, load_campaigns, struct lb_store *store, void *context,
          lb_err (*each)(void *context, const struct lb_campaign_row *row))
/* Campaigns that were deleted and still have leads or steps. */
LB_METHOD(lb_err, load_deleted_campaigns, struct lb_store *store, void *context,
          lb_err (*each)(void *context, uint32_t workspace, uint32_t campaign))

/* Names of leads that may have another form than when they were stored (lb_identifier_held in the
 * domain); each once in a workspace. An index finds them. */
LB_METHOD(lb_err, load_lead_names, struct lb_store *store, void *context,
          lb_err (*each)(void *context, uint32_t workspace, struct lb_str name))

/* The log was read to its end: it has `all`, and up to the row `last_id` of what the store has in
 * `recorded` it has `found`. LB_ERR_STORAGE_UNAVAILABLE, with a reason that says what is lost at
 * most and what to do, when that is not the same. Not called for a shared store, whose workspaces
 * have their versions. */
LB_METHOD(lb_err, log_loaded, struct lb_store *store, const struct lb_log_extent *found,
          const struct lb_log_extent *all, struct lb_reason *reason)

/* --- Readers ---------------------------------------------------------------------------------- */

/* Reading. A reader sees all that was committed before its call began. */
LB_METHOD(lb_err, reader_open, struct lb_store *store, struct lb_store_reader **out)
/* The writer thread's own reader: sees the open transaction. Never NULL, not to be closed. */
LB_METHOD(struct lb_store_reader *, writer_reader, struct lb_store *store)
LB_METHOD(void, reader_close, struct lb_store_reader *reader)
/* After a piece of work: lets go of the strings of the last row and of its snapshot, which
 * would keep the log from being written back. */
LB_METHOD(void, reader_rest, struct lb_store_reader *reader)

/* --- Reads: the blocklist log ----------------------------------------------------------------- */

/* The row that holds entry `id` of a workspace: the one with the greatest id not above it
 * (which may be another workspace's where these share a log). LB_ERR_NOT_FOUND when there is
 * such row. Without seed and digest. The row's strings live until the reader's next call.
 */
LB_METHOD(lb_err, log_row_of, struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
          struct lb_log_row *out)
/* Which change has undone this one, both by their numbers: the first row that names it in `undoes`
 * (a change is undone once; that undo may be undone, too). 0: none has. */
LB_METHOD(lb_err, log_undone, struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
          uint64_t *out)
/* An import by its id; LB_ERR_NOT_FOUND when the workspace has none of it. */
LB_METHOD(lb_err, import, struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
          struct lb_blocklist_import_row *out)
/* A page of a workspace's imports, newest first, below that number (0: all); as log_scan. */
LB_METHOD(lb_err, imports_page, struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
          size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_blocklist_import_row *row))
/* The number of the last change of an import below `below` that no change undoes, or one which was
 * undone itself: then more may have followed (undone.h). LB_ERR_NOT_FOUND without one. */
LB_METHOD(lb_err, import_change, struct lb_store_reader *reader, uint32_t workspace,
          struct lb_str id, uint64_t below, uint64_t *out)
/* The event of the greatest number up to that one; LB_ERR_NOT_FOUND without one. */
LB_METHOD(lb_err, event, struct lb_store_reader *reader, uint32_t workspace, uint64_t number,
          struct lb_event_row *out)
/* Events of a workspace above that number whose `log` is not above `log`, up to `take`, by number;
 * as log_scan. */
LB_METHOD(lb_err, events_page, struct lb_store_reader *reader, uint32_t workspace, uint64_t above,
          uint64_t log, size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_event_row *row))
/* Calls `each` for the rows of a workspace (0: of all, if they share a log) with first <= id <
 * end, in order; stops at its first failure. Without source, import and seed, which a replay does
 * not need. */
LB_METHOD(lb_err, log_scan, struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
          uint64_t end, void *context, lb_err (*each)(void *context, const struct lb_log_row *row))

/* As log_scan, with all that the rows have: to look through chains. */
LB_METHOD(lb_err, log_read, struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
          uint64_t end, void *context, lb_err (*each)(void *context, const struct lb_log_row *row))

/* Says which rows will be asked for soon, so that a store that is far away can fetch them at
 * once; until the reader rests or the transaction ends. Optional: a backend may do nothing, and a
 * failure is returned by the read that the row was fetched for. Entries of the log by id; leads by
 * number, with their activities of one step (0: none); leads by name (for leads_named). */
LB_METHOD(void, prefetch_entries, struct lb_store_reader *reader, uint32_t workspace,
          const uint64_t *ids, size_t count)
LB_METHOD(void, prefetch_leads, struct lb_store_reader *reader, uint32_t workspace,
          const uint64_t *leads, size_t count, uint64_t step)
LB_METHOD(void, prefetch_names, struct lb_store_reader *reader, uint32_t workspace,
          const struct lb_str *names, size_t count)
/* The same for leads_due and leads_ahead, which mostly find nothing: called for each queue of a
 * campaign that will be looked into, with the same time. */
LB_METHOD(void, prefetch_due, struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
          enum lb_lead_queue queue, uint64_t step, int64_t before)
LB_METHOD(void, prefetch_ahead, struct lb_store_reader *reader, uint32_t workspace,
          uint32_t campaign, enum lb_lead_queue queue, uint64_t step, int64_t after)

/* --- Reads: campaigns, steps, leads and activities -------------------------------------------- */

/* LB_ERR_NOT_FOUND when there is no such campaign, step, lead or activity. */
LB_METHOD(lb_err, campaign_state, struct lb_store_reader *reader, uint32_t workspace, uint32_t no,
          struct lb_campaign_state *out)
/* How many leads the workspace's campaigns have. */
LB_METHOD(lb_err, leads_total, struct lb_store_reader *reader, uint32_t workspace, uint64_t *out)
/* The campaign of that id which was deleted and whose blocklist is kept: its number, and when it
 * was created. There is one at most, and none when a campaign has the id. */
LB_METHOD(lb_err, campaign_kept, struct lb_store_reader *reader, uint32_t workspace,
          struct lb_str id, uint32_t *out_no, int64_t *out_created_at)
LB_METHOD(lb_err, lead, struct lb_store_reader *reader, uint32_t workspace, uint64_t no,
          struct lb_lead_row *out)
LB_METHOD(lb_err, activity, struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
          uint64_t step, struct lb_activity_row *out)
/* All steps of a campaign by position, deleted ones too; as log_scan. `texts`: the step whose body
 * is read, LB_TEXTS_ALL or LB_TEXTS_NONE; other bodies are left out. */
LB_METHOD(lb_err, steps, struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
          int64_t texts, void *context,
          lb_err (*each)(void *context, const struct lb_step_row *row))
/* All variants of a campaign, by step and number; as log_scan. `texts`: the same. */
LB_METHOD(lb_err, variants, struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
          int64_t texts, void *context,
          lb_err (*each)(void *context, const struct lb_variant_row *row))
/* Leads that are found by a form up to `last`, after `place`, which is moved: by form and number.
 * Up to `max`. */
LB_METHOD(lb_err, leads_by_form, struct lb_store_reader *reader, uint32_t workspace,
          enum lb_lead_form form, struct lb_str last, struct lb_lead_place *place, size_t max,
          struct lb_lead_ref *out, size_t *out_count)
/* How many leads of the workspace, or of one campaign, are found by a form from `first` to `last`;
 * by either host when LB_LEAD_FORM_MAIL_HOST is asked for. */
LB_METHOD(lb_err, leads_by_form_count, struct lb_store_reader *reader, struct lb_list list,
          enum lb_lead_form form, struct lb_str first, struct lb_str last, uint64_t *out)
/* Some leads of one workspace, up to `max`, that earlier versions stored without their forms. */
LB_METHOD(lb_err, leads_without_forms, struct lb_store_reader *reader, size_t max,
          uint32_t *out_workspace, uint64_t *out, size_t *out_count)
/* One of the keys that were noted, but for those of the installation's list: of the next workspace
 * after number `after` that has any, and after the last workspace of the first. The key `~links`,
 * which may be much work, comes after all other keys. LB_ERR_NOT_FOUND: no key is noted. */
LB_METHOD(lb_err, lead_pending_next, struct lb_store_reader *reader, uint32_t after,
          struct lb_pending_row *out)
/* Those of the installation's list, up to `max`. */
LB_METHOD(lb_err, lead_pending_everywhere, struct lb_store_reader *reader, size_t max,
          struct lb_pending_row *out, size_t *out_count)
/* The latest contact of each of these names by another campaign than the list's, after `since`:
 * an invitation or a message that was claimed, and was not reported failed: one that failed and is
 * not completed was out, and could then not be handed out again. Leads that gave the name away
 * count, campaigns that were deleted do not.
 *
 * Each name is a look-up, and so is each activity of a lead of that name, or the lead without one.
 * Answers the first of the names, one at least, until `*left` look-ups are used up, and takes from
 * `*left` what they were. */
LB_METHOD(lb_err, contacts, struct lb_store_reader *reader, struct lb_list list, int64_t since,
          const struct lb_str *names, size_t count, size_t *left, struct lb_contact *out,
          size_t *out_count)
/* The leads that stopped the companies of these keys; 0: it is not stopped. */
LB_METHOD(lb_err, stopped_companies, struct lb_store_reader *reader, struct lb_list list,
          const struct lb_str *keys, size_t count, uint64_t *out)
/* The first campaign after `after`, by workspace, with skipped leads whose contact was longer ago
 * than its days, at `now`; and when those days began. LB_ERR_NOT_FOUND when none is left. */
LB_METHOD(lb_err, campaign_skipping, struct lb_store_reader *reader, struct lb_list after,
          int64_t now, struct lb_list *out_list, int64_t *out_over)
/* Skipped leads of a campaign whose contact was at `over` or before, from behind `*place` on, up to
 * `max`; the place is that of the last one then. */
LB_METHOD(lb_err, leads_skipped, struct lb_store_reader *reader, struct lb_list list, int64_t over,
          size_t max, struct lb_skipped_place *place, uint64_t *out, size_t *out_count)
/* The leads of that name in campaigns above `after`, up to `max`, by campaign. */
LB_METHOD(lb_err, leads_named, struct lb_store_reader *reader, uint32_t workspace,
          struct lb_str name, uint32_t after, size_t max, struct lb_lead_ref *out,
          size_t *out_count)
/* Leads that gave this name to another one of their campaign, by campaign and number, behind
 * `after`, up to `max`. */
LB_METHOD(lb_err, leads_that_gave_way, struct lb_store_reader *reader, uint32_t workspace,
          struct lb_str name, struct lb_lead_ref after, size_t max, struct lb_lead_ref *out,
          size_t *out_count)
/* Leads that a claim may take: waiting or active, not set aside, in this queue and at this
 * step, with `since` not above `before`; up to `max`, those that wait longest first. */
LB_METHOD(lb_err, leads_due, struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
          enum lb_lead_queue queue, uint64_t step, int64_t before, size_t max, uint64_t *out,
          size_t *out_count)
/* The same the other way round: with `since` above `after`, those furthest ahead first. */
LB_METHOD(lb_err, leads_ahead, struct lb_store_reader *reader, uint32_t workspace,
          uint32_t campaign, enum lb_lead_queue queue, uint64_t step, int64_t after, size_t max,
          uint64_t *out, size_t *out_count)
/* Pages, as log_scan. Leads newest first, below lead `below` (0: all), of a status or all
 * (-1). */
LB_METHOD(lb_err, leads_page, struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
          int status, uint64_t below, uint64_t skip, size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_lead_row *row))
/* Waiting or active leads that are not set aside and not claimed, by queue, step and since. */
LB_METHOD(lb_err, leads_scheduled, struct lb_store_reader *reader, uint32_t workspace,
          uint32_t campaign, uint64_t skip, size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_lead_row *row))
/* Waiting, active and paused leads that are set aside, newest first: blocked ones, or those that
 * another campaign has contacted. */
LB_METHOD(lb_err, leads_set_aside, struct lb_store_reader *reader, uint32_t workspace,
          uint32_t campaign, bool contacted, uint64_t skip, size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_lead_row *row))
/* Activities of the states whose bits are set, latest change first. */
LB_METHOD(lb_err, activities_page, struct lb_store_reader *reader, uint32_t workspace,
          uint32_t campaign, unsigned states, uint64_t skip, size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_activity_row *row))

/* --- Reads: users, sessions and links --------------------------------------------------------- */

/* LB_ERR_NOT_FOUND when there is no such user; by e-mail and by id only those that were not
 * deleted. */
LB_METHOD(lb_err, user, struct lb_store_reader *reader, uint32_t no, struct lb_user_row *out)
LB_METHOD(lb_err, user_by_email, struct lb_store_reader *reader, struct lb_str email,
          struct lb_user_row *out)
LB_METHOD(lb_err, user_by_id, struct lb_store_reader *reader, struct lb_str id,
          struct lb_user_row *out)
/* Those that were not deleted, in order of creation; as log_scan. Not `placed`: the ids of their
 * workspaces, which another server may have, may be left out. */
LB_METHOD(lb_err, users, struct lb_store_reader *reader, bool placed, void *context,
          lb_err (*each)(void *context, const struct lb_user_row *row))
/* A session with its user, or a link. LB_ERR_NOT_FOUND when it does not exist; one that is found
 * may have ended: see expires_at. */
LB_METHOD(lb_err, session, struct lb_store_reader *reader, const uint8_t *token_hash,
          struct lb_session_row *out, struct lb_user_row *out_user)
/* The sessions of a user, those that ended included, the newest first; as log_scan. */
LB_METHOD(lb_err, sessions, struct lb_store_reader *reader, uint32_t user, void *context,
          lb_err (*each)(void *context, const struct lb_session_row *row))
LB_METHOD(lb_err, link, struct lb_store_reader *reader, const uint8_t *token_hash,
          struct lb_link_row *out)
/* LB_ERR_NOT_FOUND when nothing is stored of a second factor. */
LB_METHOD(lb_err, factor, struct lb_store_reader *reader, uint32_t user, struct lb_factor_row *out)

/* --- Reads: subscriptions --------------------------------------------------------------------- */

LB_METHOD(lb_err, hook, struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
          struct lb_hook_row *out)
/* Those of a workspace in the order of their creation, or of all (0), each workspace's together; as
 * log_scan. */
LB_METHOD(lb_err, hooks, struct lb_store_reader *reader, uint32_t workspace, void *context,
          lb_err (*each)(void *context, const struct lb_hook_row *row))
LB_METHOD(lb_err, delivery, struct lb_store_reader *reader, uint32_t workspace, struct lb_str hook,
          uint64_t no, struct lb_delivery_row *out)
/* Newest first, below that number (0: all); as log_scan. */
LB_METHOD(lb_err, deliveries_page, struct lb_store_reader *reader, uint32_t workspace,
          struct lb_str hook, uint64_t below, size_t take, void *context,
          lb_err (*each)(void *context, const struct lb_delivery_row *row))

/* --- Reads: signing --------------------------------------------------------------------------- */

/* LB_ERR_NOT_FOUND when there is no key yet. */
LB_METHOD(lb_err, signing_key, struct lb_store_reader *reader, struct lb_signing_key_row *out)

/* --- Reads: erasure --------------------------------------------------------------------------- */

/* LB_ERR_NOT_FOUND when no person was erased yet. */
LB_METHOD(lb_err, erasure_key, struct lb_store_reader *reader, struct lb_erasure_key_row *out)
/* Those of a workspace; as log_scan. */
LB_METHOD(lb_err, erased_names, struct lb_store_reader *reader, uint32_t workspace, void *context,
          lb_err (*each)(void *context, const struct lb_erased_name_row *row))

/* --- Reads: what people read ------------------------------------------------------------------ */

/* What was counted from that day on, in order; as log_scan. */
LB_METHOD(lb_err, checks, struct lb_store_reader *reader, uint32_t workspace, uint32_t first_day,
          void *context, lb_err (*each)(void *context, const struct lb_checks_row *row))
/* A page of the audit log of a workspace (0: of the installation), newest first, below that id
 * (0: all); as log_scan. */
LB_METHOD(lb_err, audit_page, struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
          size_t take, void *context, lb_err (*each)(void *context, const struct lb_audit_row *row))
/* The numbers of the last changes of an import below `below`, latest first, up to `max`; those that
 * were undone, too. */
LB_METHOD(lb_err, import_changes, struct lb_store_reader *reader, uint32_t workspace,
          struct lb_str id, uint64_t below, size_t max, uint64_t *out, size_t *out_count)
/* The user of that id, also one who was deleted: only number, id and e-mail address.
 * LB_ERR_NOT_FOUND when there never was one. */
LB_METHOD(lb_err, user_ever, struct lb_store_reader *reader, struct lb_str id,
          struct lb_user_row *out)

/* --- The whole store -------------------------------------------------------------------------- */

/* A consistent copy into a new file; `path` must not exist. `*out_bytes`: its size. */
LB_METHOD(lb_err, backup, struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
          struct lb_reason *reason)

LB_METHOD(void, close, struct lb_store *store)

/* --- Stores that several nodes share ---------------------------------------------------------- */

/* The first call of a transaction: locks these workspaces (ascending, without duplicates) until the
 * commit, and reads the version of each, which no other transaction can change meanwhile. One that
 * does not exist has LB_WORKSPACE_NONE in `out`. A patient call waits for other transactions that
 * locked them, and fails with LB_ERR_CONFLICT after about a second; an impatient one does not wait,
 * and a workspace that another transaction has locked has LB_WORKSPACE_NONE as well. So has, in any
 * call, one whose rows are being moved, if the call knows: an earlier one has waited for it.
 * `out_installation`: NULL, or gets the version of the installation's list, which is not locked, as
 * it is when all others are. */
LB_SHARED_METHOD(lb_err, lock, struct lb_store *store, const uint32_t *workspaces, size_t count,
                 bool patient, struct lb_workspace_version *out,
                 struct lb_workspace_version *out_installation)

/* Reading. The versions of these workspaces, in any order; with count 0 of all of them. */
LB_SHARED_METHOD(lb_err, versions, struct lb_store_reader *reader, const uint32_t *workspaces,
                 size_t count, void *context,
                 lb_err (*each)(void *context, const struct lb_workspace_version *version))
/* From its next question on the reader gives each up after so long, for callers that ask many
 * parts of the store of which some may be silent. */
LB_SHARED_METHOD(void, reader_hurries, struct lb_store_reader *reader, unsigned patience_ms)
/* No workspace has a higher number. Lower ones may be unused. */
LB_SHARED_METHOD(lb_err, highest_workspace, struct lb_store_reader *reader, uint32_t *out)
/* LB_ERR_NOT_FOUND when it does not exist. */
LB_SHARED_METHOD(lb_err, workspace, struct lb_store_reader *reader, uint32_t no,
                 struct lb_workspace_row *out)
/* The workspaces of keys by their ids, 0 for one that does not exist. */
LB_SHARED_METHOD(lb_err, workspaces_of_keys, struct lb_store_reader *reader,
                 const struct lb_str *key_ids, size_t count, uint32_t *out)
/* Keys, or campaigns, that changed after that access version; as log_scan. */
LB_SHARED_METHOD(lb_err, keys_since, struct lb_store_reader *reader, uint32_t workspace,
                 uint64_t version, void *context,
                 lb_err (*each)(void *context, const struct lb_key_row *row))
LB_SHARED_METHOD(lb_err, campaigns_since, struct lb_store_reader *reader, uint32_t workspace,
                 uint64_t version, void *context,
                 lb_err (*each)(void *context, const struct lb_campaign_row *row))

/* load_lead_names of one workspace. */
LB_SHARED_METHOD(lb_err, lead_names, struct lb_store_reader *reader, uint32_t workspace,
                 void *context,
                 lb_err (*each)(void *context, uint32_t workspace, struct lb_str name))

/* The rows of all workspaces from one number to another, by workspace and id, as log_scan; in one
 * answer, so the caller sees to it that there are not too many. */
LB_SHARED_METHOD(lb_err, logs_scan, struct lb_store_reader *reader, uint32_t first, uint32_t last,
                 void *context, lb_err (*each)(void *context, const struct lb_log_row *row))

#undef LB_METHOD
#undef LB_SHARED_METHOD
