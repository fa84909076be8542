/* The items of a row that blocks, as the domain means them: who it is, by a name of which type, why
 * in one word (the kind), and until when. How an item stands in its row is in store/log_items.h.
 *
 * Everything that compares names compares their keys: of a LinkedIn name or member id the key is
 * the name, so that rows of them are what they always were; of another type it is the canonical
 * form, a semicolon and the number of the type. No name holds a semicolon, so that names of two
 * types are never the same key. The index, the open batch and the rows all know entries by their
 * keys.
 *
 * Threads: stateless. */
#ifndef LB_DOMAIN_BLOCKLIST_ITEM_H
#define LB_DOMAIN_BLOCKLIST_ITEM_H

#include "base/buf.h"
#include "domain/blocklist/identifier.h"
#include "domain/blocklist/typed_name.h"

#define LB_KEY_SIZE (LB_TYPED_NAME_SIZE + 2) /* with the NUL */

/* Why a person is blocked. The numbers are final: the log stores them. */
enum lb_block_kind {
    LB_BLOCK_KIND_NONE,
    LB_BLOCK_OPT_OUT,
    LB_BLOCK_CLIENT,
    LB_BLOCK_COMPETITOR,
    LB_BLOCK_PARTNER,
    LB_BLOCK_BOUNCED,
    LB_BLOCK_LEGAL,
    LB_BLOCK_OTHER
};
#define LB_BLOCK_KINDS "opt_out, client, competitor, partner, bounced, legal or other"

/* "opt_out", ...; NULL for LB_BLOCK_KIND_NONE and for what no version knows. */
const char *lb_block_kind_name(enum lb_block_kind kind);
/* False for a word that is none of them. */
bool lb_block_kind_parse(struct lb_str word, enum lb_block_kind *out);

/* Is the key that of a LinkedIn name or member id? Else its name is of another type. */
static inline bool lb_key_is_linkedin(struct lb_str key)
{
    return key.len < 2 || key.ptr[key.len - 2] != ';';
}

/* Takes a key apart. LinkedIn names and member ids are told from each other by their form. */
enum lb_name_type lb_key_type(struct lb_str key);
static inline struct lb_str lb_key_value(struct lb_str key)
{
    if (!lb_key_is_linkedin(key))
        key.len -= 2;
    return key;
}

/* The key of a canonical form, in `out`; or `value` itself, where that is the key. */
struct lb_str lb_key_make(enum lb_name_type type, struct lb_str value, char out[LB_KEY_SIZE]);

/* Room for the key of a name that has another form today. */
struct lb_held_key {
    struct lb_identifier linkedin;
    char company[LB_KEY_SIZE];
};

/* The key under which a stored one holds today: that of the name's form of today, in `room`, or
 * itself. */
struct lb_str lb_key_held(struct lb_str stored, struct lb_held_key *room);

struct lb_item {
    struct lb_str key; /* in the item, or in `held` */
    enum lb_block_kind kind;
    int64_t end; /* 0: none */
    struct lb_held_key held;
};

/* Reads an item of a row that blocks. False when it is not what any version writes, and when it was
 * erased (lb_chain_is_bare). A name that was stored under earlier rules has the key that it has
 * under those of today. */
bool lb_item_read(struct lb_str stored, struct lb_item *out);

/* The key as it stands in the item. */
struct lb_str lb_item_stored_key(struct lb_str stored);

/* Appends an item with this key. */
void lb_item_put(struct lb_buf *out, struct lb_str key, enum lb_block_kind kind, int64_t end);

/* Has an item more to say than its key? Nearly all have not. */
static inline bool lb_item_is_plain(struct lb_str stored)
{
    return memchr(stored.ptr, ';', stored.len) == NULL;
}

#endif
