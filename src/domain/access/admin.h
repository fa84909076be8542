/* Changes that operators make: workspaces, licenses and keys.
 * Threads: filled on any thread, submitted to the writer, applied there. */
#ifndef LB_DOMAIN_ACCESS_ADMIN_H
#define LB_DOMAIN_ACCESS_ADMIN_H

#include "domain/access/directory.h"
#include "domain/access/actor.h"
#include "domain/access/key_text.h"
#include "writer/writer.h"

/* Embedded in its owner's struct. Fill `write` as for any write, and the fields that the kind
 * names, then prepare it with the function of the kind and submit `write`. */
struct lb_admin_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_directory *directory;
    struct lb_actor actor;
    struct lb_workspace *workspace;
    struct lb_key *key;
    struct lb_workspace_row workspace_row;
    struct lb_key_row key_row;
    uint32_t max_keys;               /* of the workspace; 0, here and below: any number */
    uint32_t max_maker_keys;         /* of them, of one user */
    char key_text[LB_KEY_TEXT_SIZE]; /* to be shown once */
    /* Its own: made in the open transaction, added to the directory when that is committed. */
    struct lb_workspace *made_workspace;
    struct lb_key *made_key;
};

/* workspace_row: name, plan, expires_at. Result: workspace_row. */
void lb_admin_create_workspace(struct lb_admin_change *change);

/* workspace; workspace_row: plan, expires_at. */
void lb_admin_set_plan(struct lb_admin_change *change);

/* workspace; workspace_row: default_country. */
void lb_admin_set_country(struct lb_admin_change *change);

/* workspace; key_row: name, read_only, rate_limit, expires_at. Result: key_row and key_text.
 * LB_ERR_LIMIT_REACHED when there are max_keys, or of a user max_maker_keys. */
void lb_admin_create_key(struct lb_admin_change *change);

/* key. From the completion on it is refused. */
void lb_admin_revoke_key(struct lb_admin_change *change);

/* Writes down what memory has noticed since the last time: when keys were last used, and how many
 * people were checked. */
void lb_admin_note(struct lb_admin_change *change);

#endif
