/* People who were erased, and stay blocked: the log, memory and all that compares names know them
 * by a tag in place of the name. The tag is a hash of the workspace and the key of the name
 * (item.h), keyed with a secret of the installation; as a key it is `~` and the tag in base64url,
 * with the type of the name. No name that can be blocked begins so.
 *
 * Who is given a name, by a request or a lead, asks for the key under which the workspace has it:
 * that of the name itself, unless the name was erased. Tags are learnt from the log's rows and
 * never forgotten, also when the person is unblocked.
 *
 * Threads: looking up on any thread that is registered with RCU and online; the rest is the
 * writer's, or before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_ERASED_H
#define LB_DOMAIN_BLOCKLIST_ERASED_H

#include "base/registry.h"
#include "domain/access/directory.h"
#include "domain/blocklist/item.h"
#include "store/store.h"

#define LB_ERASED_KEY_LENGTH 33                         /* without the type */
#define LB_ERASED_KEY_SIZE   (LB_ERASED_KEY_LENGTH + 3) /* with it, and the NUL */

/* Is it the key of an erased name? */
bool lb_erased_is_tag(struct lb_str key);
static inline bool lb_erased_is_key(struct lb_str key)
{
    return key.len && key.ptr[0] == '~' && lb_erased_is_tag(key);
}

/* Can a name of this type be a person's? Others are never erased. */
static inline bool lb_erased_is_personal(enum lb_name_type type)
{
    return type <= LB_NAME_PHONE;
}

struct lb_erased;

/* NULL when out of memory. */
struct lb_erased *lb_erased_create(struct lb_directory *directory, struct lb_store *store);
void lb_erased_destroy(struct lb_erased *erased);

/* Reads the installation's key, if there is one. */
lb_err lb_erased_load(struct lb_erased *erased, struct lb_store_reader *reader);

/* The tag of a key; needs the installation's key. */
void lb_erased_tag(const struct lb_erased *erased, struct lb_str workspace_id, struct lb_str key,
                   uint8_t out[LB_ERASED_TAG_SIZE]);

/* How many tags the workspace has: whether lb_erased_find has anything to find. When it has grown
 * since a name was looked up, the name may have been erased meanwhile. */
unsigned lb_erased_count(const struct lb_erased *erased, uint32_t workspace);
static inline unsigned lb_erased_count_of(const struct lb_workspace *workspace)
{
    return workspace ? atomic_load_explicit(&workspace->erased, memory_order_acquire) : 0;
}

/* The key under which a workspace has the name of this key: that of its tag, which lives for ever,
 * or `key`. */
struct lb_str lb_erased_find(const struct lb_erased *erased, uint32_t workspace, struct lb_str key);

/* The same for the writer, with what the open batch erases. */
struct lb_str lb_erased_find_in_batch(const struct lb_erased *erased, uint32_t workspace,
                                      struct lb_str key);

/* --- The writer's --- */

/* The installation's key, which is made in the open transaction if it is missing. */
lb_err lb_erased_make_key(struct lb_erased *erased, struct lb_store *store);

/* The name of this key is erased by the open batch: its key from now on, which lives for ever if
 * the batch is committed. NULL ptr: out of memory. */
struct lb_str lb_erased_add(struct lb_erased *erased, uint32_t workspace, struct lb_str key);

/* A row of the log has a name under this key of a tag; false when out of memory. */
bool lb_erased_note(struct lb_erased *erased, uint32_t workspace, struct lb_str tag_key);

/* What the batch has erased is so for all; or not at all. */
void lb_erased_publish(struct lb_erased *erased);
void lb_erased_roll_back(struct lb_erased *erased);

#endif
