#include "domain/blocklist/erased.h"

#include "base/array.h"
#include "base/clock.h"

#include <sodium.h>
#include <stdlib.h>

/* A tag of a workspace, as a key. */
struct tag {
    struct lb_registry_node node;
    char text[LB_ERASED_KEY_SIZE];
};

struct lb_erased {
    struct lb_directory *directory;
    struct lb_store *store;
    struct lb_registry *tags;
    bool has_key;
    bool made_key; /* by the open batch */
    uint8_t key[LB_ERASURE_KEY_SIZE];
    struct tag **batch; /* of the open batch */
    size_t batch_count;
    size_t batch_capacity;
};

struct lb_erased *lb_erased_create(struct lb_directory *directory, struct lb_store *store)
{
    struct lb_erased *erased = calloc(1, sizeof *erased);
    if (!erased)
        return NULL;
    erased->directory = directory;
    erased->store = store;
    erased->tags = lb_registry_create();
    if (erased->tags)
        return erased;
    free(erased);
    return NULL;
}

static void free_tag(struct lb_registry_node *node)
{
    free((char *)node - offsetof(struct tag, node));
}

void lb_erased_destroy(struct lb_erased *erased)
{
    if (!erased)
        return;
    lb_erased_roll_back(erased);
    lb_registry_destroy(erased->tags, free_tag);
    free(erased->batch);
    sodium_memzero(erased->key, sizeof erased->key);
    free(erased);
}

bool lb_erased_is_tag(struct lb_str key)
{
    return key.len >= LB_ERASED_KEY_LENGTH &&
           (key.len == LB_ERASED_KEY_LENGTH ||
            (key.len == LB_ERASED_KEY_LENGTH + 2 && key.ptr[LB_ERASED_KEY_LENGTH] == ';')) &&
           !memchr(key.ptr, '@', key.len); /* which an address has */
}

/* --- Tags ------------------------------------------------------------------------------------- */

void lb_erased_tag(const struct lb_erased *erased, struct lb_str workspace_id, struct lb_str key,
                   uint8_t out[LB_ERASED_TAG_SIZE])
{
    static const unsigned char use[crypto_generichash_blake2b_PERSONALBYTES] = "leadblock erased";
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init_salt_personal(&state, erased->key, sizeof erased->key,
                                                  LB_ERASED_TAG_SIZE, NULL, use);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)workspace_id.ptr,
                                      workspace_id.len);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)"", 1);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)key.ptr, key.len);
    crypto_generichash_blake2b_final(&state, out, LB_ERASED_TAG_SIZE);
}

/* The tag, as a key of the same type. */
static struct lb_str key_of_tag(const uint8_t tag[LB_ERASED_TAG_SIZE], struct lb_str key,
                                char out[LB_ERASED_KEY_SIZE])
{
    size_t len = LB_ERASED_KEY_LENGTH;
    out[0] = '~';
    sodium_bin2base64(out + 1, LB_ERASED_KEY_SIZE - 1, tag, LB_ERASED_TAG_SIZE,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (!lb_key_is_linkedin(key)) {
        out[len++] = ';';
        out[len++] = key.ptr[key.len - 1];
    }
    out[len] = '\0';
    return (struct lb_str){out, len};
}

static struct lb_str make_key(const struct lb_erased *erased, const struct lb_workspace *workspace,
                              struct lb_str key, char out[LB_ERASED_KEY_SIZE])
{
    uint8_t tag[LB_ERASED_TAG_SIZE];
    lb_erased_tag(erased, lb_str(workspace->row.id), key, tag);
    return key_of_tag(tag, key, out);
}

/* --- Looking up ------------------------------------------------------------------------------- */

static struct lb_workspace *workspace_of(const struct lb_erased *erased, uint32_t workspace)
{
    return lb_directory_workspace_no(erased->directory, workspace);
}

unsigned lb_erased_count(const struct lb_erased *erased, uint32_t workspace)
{
    return lb_erased_count_of(workspace_of(erased, workspace));
}

static bool may_be_erased(struct lb_str key)
{
    return key.ptr && lb_erased_is_personal(lb_key_type(key)) && !lb_erased_is_key(key);
}

struct lb_str lb_erased_find(const struct lb_erased *erased, uint32_t workspace, struct lb_str key)
{
    char room[LB_ERASED_KEY_SIZE];
    const struct lb_workspace *of = workspace_of(erased, workspace);
    if (!lb_erased_count_of(of) || !may_be_erased(key))
        return key;
    struct lb_registry_node *found =
        lb_registry_find(erased->tags, workspace, make_key(erased, of, key, room));
    return found ? found->key : key;
}

struct lb_str lb_erased_find_in_batch(const struct lb_erased *erased, uint32_t workspace,
                                      struct lb_str key)
{
    char room[LB_ERASED_KEY_SIZE];
    if (erased->batch_count && may_be_erased(key)) {
        struct lb_str tag = make_key(erased, workspace_of(erased, workspace), key, room);
        for (size_t i = 0; i < erased->batch_count; i++)
            if (erased->batch[i]->node.scope == workspace &&
                lb_str_equal(erased->batch[i]->node.key, tag))
                return erased->batch[i]->node.key;
    }
    return lb_erased_find(erased, workspace, key);
}

/* --- The writer's ----------------------------------------------------------------------------- */

lb_err lb_erased_load(struct lb_erased *erased, struct lb_store_reader *reader)
{
    struct lb_erasure_key_row row;
    if (erased->has_key)
        return LB_OK;
    lb_err err = erased->store->ops->erasure_key(reader, &row);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    memcpy(erased->key, row.key, sizeof erased->key);
    erased->has_key = true;
    return LB_OK;
}

/* Another node may be quicker. */
lb_err lb_erased_make_key(struct lb_erased *erased, struct lb_store *store)
{
    struct lb_erasure_key_row row = {.created_at = lb_clock_wall_ms()};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    lb_err err = lb_erased_load(erased, reader);
    if (err || erased->has_key)
        return err;
    randombytes_buf(row.key, sizeof row.key);
    err = store->ops->erasure_key_insert(store, &row);
    if (err == LB_ERR_ALREADY_EXISTS)
        return lb_erased_load(erased, reader);
    if (err)
        return err;
    memcpy(erased->key, row.key, sizeof erased->key);
    erased->has_key = erased->made_key = true;
    return LB_OK;
}

static struct tag *make_tag(uint32_t workspace, struct lb_str text)
{
    struct tag *tag = calloc(1, sizeof *tag);
    if (!tag)
        return NULL;
    lb_str_copy(text, tag->text, sizeof tag->text);
    tag->node.key = (struct lb_str){tag->text, text.len};
    tag->node.scope = workspace;
    return tag;
}

/* The count after the tag: who sees it finds that. */
static void add_tag(struct lb_erased *erased, struct tag *tag)
{
    struct lb_workspace *workspace = workspace_of(erased, tag->node.scope);
    lb_registry_add(erased->tags, &tag->node);
    atomic_fetch_add_explicit(&workspace->erased, 1, memory_order_release);
}

struct lb_str lb_erased_add(struct lb_erased *erased, uint32_t workspace, struct lb_str key)
{
    char room[LB_ERASED_KEY_SIZE];
    struct lb_str none = {0};
    struct lb_str there = lb_erased_find_in_batch(erased, workspace, key);
    if (there.ptr != key.ptr || lb_erased_is_key(key))
        return there;
    if (!lb_array_reserve(erased->batch, erased->batch_capacity, erased->batch_count + 1))
        return none;
    struct tag *tag =
        make_tag(workspace, make_key(erased, workspace_of(erased, workspace), key, room));
    if (!tag)
        return none;
    erased->batch[erased->batch_count++] = tag;
    return tag->node.key;
}

bool lb_erased_note(struct lb_erased *erased, uint32_t workspace, struct lb_str tag_key)
{
    if (lb_registry_find(erased->tags, workspace, tag_key))
        return true;
    struct tag *tag = make_tag(workspace, tag_key);
    if (!tag)
        return false;
    add_tag(erased, tag);
    return true;
}

void lb_erased_publish(struct lb_erased *erased)
{
    for (size_t i = 0; i < erased->batch_count; i++)
        add_tag(erased, erased->batch[i]);
    erased->batch_count = 0;
    erased->made_key = false;
}

void lb_erased_roll_back(struct lb_erased *erased)
{
    for (size_t i = 0; i < erased->batch_count; i++)
        free(erased->batch[i]);
    erased->batch_count = 0;
    if (erased->made_key)
        erased->has_key = false;
    erased->made_key = false;
}
