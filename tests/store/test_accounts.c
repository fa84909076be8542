/* The contract of store.h about people who sign in, the audit log and counts of checks, against
 * each backend: through its methods alone. */
#include "support/backend.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WS           BACKEND_WORKSPACE
#define OTHER        BACKEND_OTHER_WORKSPACE
#define LISTED_MAX   16

static bool same_text(struct lb_str a, struct lb_str b)
{
    return !a.ptr == !b.ptr && lb_str_equal(a, b);
}

/* --- Users ------------------------------------------------------------------------------------ */

static struct lb_user_row user_named(const char *name)
{
    struct lb_user_row row = {.role = LB_ROLE_MEMBER, .workspace = WS, .created_at = 7};
    snprintf(row.id, sizeof row.id, "us_%s", name);
    snprintf(row.email, sizeof row.email, "%s@example.com", name);
    return row;
}

static uint32_t add_user(struct backend *backend, const char *name)
{
    struct lb_user_row row = user_named(name);
    assert_int_equal(backend->ops->user_insert(backend->store, &row), LB_OK);
    return row.no;
}

static lb_err find_user(struct backend *backend, uint32_t no, struct lb_user_row *out)
{
    return backend->ops->user(backend->reader, no, out);
}

static lb_err find_email(struct lb_store_reader *reader, struct backend *backend, const char *name,
                         struct lb_user_row *out)
{
    struct lb_user_row wanted = user_named(name);
    return backend->ops->user_by_email(reader, lb_str(wanted.email), out);
}

static void expect_same(const struct lb_user_row *got, const struct lb_user_row *wanted)
{
    assert_int_equal(got->no, wanted->no);
    assert_string_equal(got->id, wanted->id);
    assert_string_equal(got->email, wanted->email);
    assert_int_equal(got->role, wanted->role);
    assert_int_equal(got->workspace, wanted->workspace);
    assert_string_equal(got->workspace_id, wanted->workspace_id);
    assert_string_equal(got->password_hash, wanted->password_hash);
    assert_int_equal(got->created_at, wanted->created_at);
    assert_int_equal(got->deleted_at, wanted->deleted_at);
    assert_int_equal(got->signed_in_at, wanted->signed_in_at);
    assert_int_equal(got->has_maker, wanted->has_maker);
    assert_int_equal(got->made_by, wanted->made_by);
}

static void a_user_is_found_by_number_email_and_id(void **state)
{
    static const enum lb_role roles[] = {LB_ROLE_OPERATOR, LB_ROLE_MEMBER, LB_ROLE_VIEWER};
    struct backend *backend = *state;
    struct lb_user_row rows[COUNT(roles)];
    for (size_t i = 0; i < COUNT(roles); i++) {
        char name[8];
        snprintf(name, sizeof name, "u%zu", i);
        rows[i] = user_named(name);
        rows[i].role = roles[i];
        rows[i].workspace = (uint32_t)i; /* 0 for the operator */
        if (i)
            memset(rows[i].password_hash, 'h', sizeof rows[i].password_hash - 1); /* the longest */
        assert_int_equal(backend->ops->user_insert(backend->store, &rows[i]), LB_OK);
        snprintf(rows[i].workspace_id, sizeof rows[i].workspace_id, i ? "ws_%zu" : "", i);
    }
    backend_commit(backend);
    backend_reopen(backend);
    for (size_t i = 0; i < COUNT(roles); i++) {
        struct lb_user_row got;
        assert_true(rows[i].no >= LB_USER_NO_MIN);
        assert_int_equal(find_user(backend, rows[i].no, &got), LB_OK);
        expect_same(&got, &rows[i]);
        assert_int_equal(backend->ops->user_by_email(backend->reader, lb_str(rows[i].email), &got),
                         LB_OK);
        expect_same(&got, &rows[i]);
        assert_int_equal(backend->ops->user_by_id(backend->reader, lb_str(rows[i].id), &got),
                         LB_OK);
        expect_same(&got, &rows[i]);
    }
    struct lb_user_row got;
    assert_int_equal(find_user(backend, LB_USER_NO_MIN + 99, &got), LB_ERR_NOT_FOUND);
    assert_int_equal(find_user(backend, 0, &got), LB_ERR_NOT_FOUND);
    assert_int_equal(find_email(backend->reader, backend, "nobody", &got), LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->user_by_id(backend->reader, LB_STR("us_"), &got),
                     LB_ERR_NOT_FOUND);
}

static void an_email_address_is_free_again_once_its_user_is_deleted(void **state)
{
    struct backend *backend = *state;
    struct lb_user_row twin = user_named("ada");
    struct lb_user_row got;
    uint32_t first = add_user(backend, "ada");
    strcpy(twin.id, "us_twin");
    twin.workspace = OTHER; /* no workspace has addresses of its own */
    assert_int_equal(backend->ops->user_insert(backend->store, &twin), LB_ERR_ALREADY_EXISTS);
    add_user(backend, "bob"); /* still usable */
    backend_commit(backend);
    backend_begin(backend);
    assert_int_equal(backend->ops->user_insert(backend->store, &twin), LB_ERR_ALREADY_EXISTS);
    assert_int_equal(backend->ops->user_set_password(backend->store, first, LB_STR("h")), LB_OK);
    assert_int_equal(backend->ops->user_delete(backend->store, first, 9), LB_OK);
    assert_int_equal(backend->ops->user_insert(backend->store, &twin), LB_OK);
    assert_true(twin.no > first);
    backend_commit(backend);
    backend_reopen(backend);
    assert_int_equal(find_email(backend->reader, backend, "ada", &got), LB_OK);
    assert_true(got.no == twin.no && got.workspace == OTHER);
    assert_int_equal(backend->ops->user_by_id(backend->reader, LB_STR("us_ada"), &got),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->user_ever(backend->reader, LB_STR("us_ada"), &got), LB_OK);
    assert_true(got.no == first);
    assert_string_equal(got.email, "ada@example.com");
    assert_int_equal(backend->ops->user_ever(backend->reader, LB_STR("us_none"), &got),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(find_user(backend, first, &got), LB_OK); /* for the logs */
    assert_string_equal(got.email, "ada@example.com");
    assert_int_equal(got.deleted_at, 9);
    assert_string_equal(got.password_hash, "");
}

struct listed {
    struct lb_user_row rows[LISTED_MAX];
    size_t count, stop_after;
};

static lb_err list_user(void *context, const struct lb_user_row *row)
{
    struct listed *listed = context;
    assert_true(listed->count < LISTED_MAX);
    listed->rows[listed->count++] = *row;
    return listed->count == listed->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static void users_are_listed_as_they_came(void **state)
{
    struct backend *backend = *state;
    struct listed listed = {0};
    struct lb_user_row operator= user_named("zoe");
    struct lb_user_row other = user_named("abe");
    operator.role = LB_ROLE_OPERATOR;
    operator.workspace = 0;
    other.workspace = OTHER;
    assert_int_equal(backend->ops->user_insert(backend->store, &operator), LB_OK);
    uint32_t gone = add_user(backend, "gone");
    uint32_t member = add_user(backend, "mia");
    assert_int_equal(backend->ops->user_insert(backend->store, &other), LB_OK);
    assert_int_equal(backend->ops->user_delete(backend->store, gone, 9), LB_OK);
    backend_commit(backend);
    assert_int_equal(backend->ops->users(backend->reader, true, &listed, list_user), LB_OK);
    assert_int_equal(listed.count, 3);
    assert_true(listed.rows[0].no == operator.no && listed.rows[1].no == member);
    assert_int_equal(listed.rows[2].no, other.no);
    assert_string_equal(listed.rows[0].workspace_id, "");
    assert_string_equal(listed.rows[1].workspace_id, "ws_1");
    assert_string_equal(listed.rows[2].workspace_id, "ws_2");
    listed = (struct listed){.stop_after = 2};
    assert_int_equal(backend->ops->users(backend->reader, true, &listed, list_user),
                     LB_ERR_OVERLOADED);
    assert_int_equal(listed.count, 2);
}

static void listed_users_have_their_workspaces(void **state)
{
    struct backend *backend = *state;
    struct listed listed = {0};
    for (uint32_t i = 0; i < 9; i++) {
        struct lb_workspace_row workspace = {.name = "Test", .created_at = 5};
        struct lb_user_row user;
        char name[8];
        snprintf(name, sizeof name, "u%u", i);
        snprintf(workspace.id, sizeof workspace.id, "ws_%u", i + 3);
        assert_int_equal(backend->ops->workspace_insert(backend->store, &workspace), LB_OK);
        assert_int_equal(workspace.no, i + 3);
        user = user_named(name);
        user.workspace = 11 - i; /* some of them not there yet */
        assert_int_equal(backend->ops->user_insert(backend->store, &user), LB_OK);
    }
    backend_commit(backend);
    assert_int_equal(backend->ops->users(backend->reader, true, &listed, list_user), LB_OK);
    assert_int_equal(listed.count, 9);
    for (uint32_t i = 0; i < 9; i++) {
        char wanted[8];
        snprintf(wanted, sizeof wanted, "ws_%u", 11 - i);
        assert_string_equal(listed.rows[i].workspace_id, wanted);
    }
}

static void passwords_and_sign_ins_are_kept(void **state)
{
    struct backend *backend = *state;
    struct lb_user_row got;
    uint32_t ada = add_user(backend, "ada");
    uint32_t bob = add_user(backend, "bob");
    assert_int_equal(find_email(backend->ops->writer_reader(backend->store), backend, "ada", &got),
                     LB_OK); /* within the transaction */
    assert_int_equal(got.no, ada);
    assert_int_equal(find_user(backend, ada, &got), LB_ERR_NOT_FOUND); /* not elsewhere */
    backend_commit(backend);
    backend_begin(backend);
    assert_int_equal(
        backend->ops->user_set_password(backend->store, ada, LB_STR("$argon2id$v=19$x")), LB_OK);
    assert_int_equal(backend->ops->user_signed_in(backend->store, ada, 1700000000123), LB_OK);
    backend_commit(backend);
    assert_int_equal(find_user(backend, ada, &got), LB_OK);
    assert_string_equal(got.password_hash, "$argon2id$v=19$x");
    assert_int_equal(got.signed_in_at, 1700000000123);
    assert_int_equal(find_user(backend, bob, &got), LB_OK);
    assert_string_equal(got.password_hash, "");
    assert_int_equal(got.signed_in_at, 0);
}

/* --- Sessions and links ----------------------------------------------------------------------- */

/* Of a token: with NULs, and another for each number. */
static void hash_of(unsigned number, uint8_t out[LB_SECRET_HASH_SIZE])
{
    for (unsigned i = 0; i < LB_SECRET_HASH_SIZE; i++)
        out[i] = (uint8_t)(i * 9);
    out[LB_SECRET_HASH_SIZE - 1] = (uint8_t)number;
}

static void add_session(struct backend *backend, unsigned number, uint32_t user, int64_t expires_at)
{
    struct lb_session_row row = {.user = user, .created_at = 11, .expires_at = expires_at};
    hash_of(number, row.token_hash);
    assert_int_equal(backend->ops->session_insert(backend->store, &row), LB_OK);
}

static void add_link(struct backend *backend, unsigned number, uint32_t user, int64_t expires_at)
{
    struct lb_link_row row = {.user = user, .expires_at = expires_at};
    hash_of(number, row.token_hash);
    assert_int_equal(backend->ops->link_insert(backend->store, &row), LB_OK);
}

static lb_err take_link(struct backend *backend, unsigned number)
{
    uint8_t hash[LB_SECRET_HASH_SIZE];
    hash_of(number, hash);
    return backend->ops->link_take(backend->store, hash);
}

/* The user of that session, 0: it does not exist. */
static uint32_t session_of(struct backend *backend, struct lb_store_reader *reader, unsigned number)
{
    uint8_t hash[LB_SECRET_HASH_SIZE];
    struct lb_session_row session;
    struct lb_user_row user;
    hash_of(number, hash);
    lb_err err = backend->ops->session(reader, hash, &session, &user);
    if (err == LB_ERR_NOT_FOUND)
        return 0;
    assert_int_equal(err, LB_OK);
    assert_memory_equal(session.token_hash, hash, sizeof hash);
    assert_int_equal(session.user, user.no);
    assert_int_equal(session.created_at, 11);
    return session.user;
}

static lb_err find_link(struct backend *backend, unsigned number, struct lb_link_row *out)
{
    uint8_t hash[LB_SECRET_HASH_SIZE];
    hash_of(number, hash);
    lb_err err = backend->ops->link(backend->reader, hash, out);
    if (!err)
        assert_memory_equal(out->token_hash, hash, sizeof hash);
    return err;
}

static void a_session_is_found_with_its_user(void **state)
{
    struct backend *backend = *state;
    struct lb_user_row row = user_named("ada");
    struct lb_session_row session;
    struct lb_user_row user;
    uint8_t hash[LB_SECRET_HASH_SIZE];
    strcpy(row.password_hash, "secret");
    row.workspace = OTHER;
    assert_int_equal(backend->ops->user_insert(backend->store, &row), LB_OK);
    add_session(backend, 1, row.no, 99);
    assert_int_equal(session_of(backend, backend->ops->writer_reader(backend->store), 1), row.no);
    assert_int_equal(session_of(backend, backend->reader, 1), 0); /* not committed yet */
    backend_commit(backend);
    backend_reopen(backend);
    hash_of(1, hash);
    assert_int_equal(backend->ops->session(backend->reader, hash, &session, &user), LB_OK);
    strcpy(row.workspace_id, "ws_2");
    expect_same(&user, &row);
    assert_true(session.user == row.no && session.created_at == 11 && session.expires_at == 99);
    assert_int_equal(session_of(backend, backend->reader, 2), 0);
}

static void the_oldest_sessions_of_a_user_are_trimmed(void **state)
{
    struct backend *backend = *state;
    uint32_t ada = add_user(backend, "ada");
    uint32_t bob = add_user(backend, "bob");
    for (unsigned number = 0; number < 6; number++) {
        struct lb_session_row row = {.user = number == 0 ? bob : ada,
                                     .created_at = 100 - number, /* the last is the oldest */
                                     .expires_at = 200};
        hash_of(number, row.token_hash);
        assert_int_equal(backend->ops->session_insert(backend->store, &row), LB_OK);
    }
    assert_int_equal(backend->ops->sessions_trim(backend->store, ada, 3), LB_OK);
    assert_int_equal(backend->ops->sessions_trim(backend->store, bob, 1), LB_OK);
    backend_commit(backend);
    for (unsigned number = 0; number < 6; number++) {
        struct lb_session_row row;
        struct lb_user_row user;
        uint8_t hash[LB_SECRET_HASH_SIZE];
        hash_of(number, hash);
        assert_int_equal(backend->ops->session(backend->reader, hash, &row, &user),
                         number < 4 ? LB_OK : LB_ERR_NOT_FOUND);
    }
}

static void a_session_ends_in_each_of_its_ways(void **state)
{
    struct backend *backend = *state;
    struct lb_store_reader *reader = backend->reader;
    uint8_t hash[LB_SECRET_HASH_SIZE];
    uint32_t ada = add_user(backend, "ada");
    uint32_t bob = add_user(backend, "bob");
    uint32_t cleo = add_user(backend, "cleo");
    for (unsigned number = 0; number < 6; number++)
        add_session(backend, number, (uint32_t[]){ada, bob, cleo}[number % 3], 40);
    hash_of(0, hash);
    assert_int_equal(backend->ops->session_delete(backend->store, hash), LB_OK);
    assert_int_equal(backend->ops->sessions_end(backend->store, bob), LB_OK);
    assert_int_equal(backend->ops->user_delete(backend->store, cleo, 9), LB_OK);
    backend_commit(backend);
    assert_int_equal(session_of(backend, reader, 0), 0);
    assert_int_equal(session_of(backend, reader, 3), ada); /* her other one */
    assert_int_equal(session_of(backend, reader, 1) + session_of(backend, reader, 4), 0);
    assert_int_equal(session_of(backend, reader, 2) + session_of(backend, reader, 5), 0);
    backend_begin(backend);
    assert_int_equal(backend->ops->session_delete(backend->store, hash), LB_OK); /* again */
    add_session(backend, 6, cleo, 99); /* of a user who was deleted meanwhile */
    add_session(backend, 7, ada, 41);
    assert_int_equal(backend->ops->accounts_sweep(backend->store, 41), LB_OK);
    backend_commit(backend);
    assert_int_equal(session_of(backend, reader, 3), 0);
    assert_int_equal(session_of(backend, reader, 6), 0);
    assert_int_equal(session_of(backend, reader, 7), ada); /* ends at that time, not before */
}

struct kept_sessions {
    struct lb_session_row rows[4];
    size_t count;
};

static lb_err keep_session(void *context, const struct lb_session_row *row)
{
    struct kept_sessions *kept = context;
    assert_true(kept->count < COUNT(kept->rows));
    kept->rows[kept->count++] = *row;
    return LB_OK;
}

static void sessions_of_a_user_say_from_where_and_when_they_were_used(void **state)
{
    struct backend *backend = *state;
    struct kept_sessions kept = {.count = 0};
    uint32_t ada = add_user(backend, "ada");
    struct lb_session_row row = {
        .user = ada, .created_at = 12, .expires_at = 99, .source = "::1", .user_agent = "Firefox"};
    add_session(backend, 1, ada, 99);
    add_session(backend, 2, add_user(backend, "bob"), 99);
    hash_of(3, row.token_hash);
    assert_int_equal(backend->ops->session_insert(backend->store, &row), LB_OK);
    assert_int_equal(backend->ops->session_touch(backend->store, row.token_hash, 40, lb_str("::2")),
                     LB_OK);
    assert_int_equal(backend->ops->session_touch(backend->store, row.token_hash, 30, lb_str("")),
                     LB_OK); /* later than the other: nothing is set back */
    backend_commit(backend);
    assert_int_equal(backend->ops->sessions(backend->reader, ada, &kept, keep_session), LB_OK);
    assert_int_equal(kept.count, 2);
    const struct lb_session_row *first = &kept.rows[0]; /* the newest */
    assert_memory_equal(first->token_hash, row.token_hash, sizeof row.token_hash);
    assert_true(first->user == ada && first->created_at == 12 && first->expires_at == 99);
    assert_int_equal(first->last_used_at, 40);
    assert_string_equal(first->source, "::2");
    assert_string_equal(first->user_agent, "Firefox");
    assert_int_equal(kept.rows[1].last_used_at, 0);
}

static void a_list_of_users_says_who_made_them_and_when_their_links_end(void **state)
{
    struct backend *backend = *state;
    struct listed list = {.count = 0};
    struct lb_user_row made = user_named("ada");
    made.has_maker = true;
    made.made_by = LB_USER_NO_MIN + 5;
    assert_int_equal(backend->ops->user_insert(backend->store, &made), LB_OK);
    uint32_t bob = add_user(backend, "bob");
    add_link(backend, 1, made.no, 50);
    add_link(backend, 2, bob, 60);
    assert_int_equal(backend->ops->links_end(backend->store, bob), LB_OK);
    backend_commit(backend);
    assert_int_equal(backend->ops->users(backend->reader, true, &list, list_user), LB_OK);
    assert_int_equal(list.count, 2);
    assert_true(list.rows[0].has_maker && list.rows[0].made_by == made.made_by);
    assert_int_equal(list.rows[0].link_expires_at, 50);
    assert_false(list.rows[1].has_maker);
    assert_int_equal(list.rows[1].link_expires_at, 0);
}

static void a_link_replaces_the_one_before(void **state)
{
    struct backend *backend = *state;
    struct lb_link_row link;
    uint32_t ada = add_user(backend, "ada");
    uint32_t bob = add_user(backend, "bob");
    add_link(backend, 1, ada, 50);
    add_link(backend, 2, bob, 50);
    add_link(backend, 3, 0, 50); /* for the first operator */
    backend_commit(backend);
    backend_begin(backend);
    add_link(backend, 4, ada, 60);
    add_link(backend, 5, 0, 60);
    backend_commit(backend);
    assert_int_equal(find_link(backend, 1, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_link(backend, 3, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_link(backend, 2, &link), LB_OK);
    assert_true(link.user == bob && link.expires_at == 50);
    assert_int_equal(find_link(backend, 4, &link), LB_OK);
    assert_true(link.user == ada && link.expires_at == 60);
    assert_int_equal(find_link(backend, 5, &link), LB_OK);
    assert_int_equal(link.user, 0);
    backend_begin(backend);
    assert_int_equal(backend->ops->accounts_sweep(backend->store, 60), LB_OK);
    assert_int_equal(backend->ops->user_delete(backend->store, ada, 9), LB_OK);
    backend_commit(backend);
    assert_int_equal(find_link(backend, 2, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_link(backend, 4, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_link(backend, 5, &link), LB_OK);
}

static void a_link_is_taken_once(void **state)
{
    struct backend *backend = *state;
    struct lb_link_row link;
    add_link(backend, 1, add_user(backend, "ada"), 50);
    add_link(backend, 2, add_user(backend, "bob"), 50);
    backend_commit(backend);
    backend_begin(backend);
    assert_int_equal(take_link(backend, 1), LB_OK);
    backend->ops->rollback(backend->store);
    backend_begin(backend);
    assert_int_equal(take_link(backend, 1), LB_OK); /* it was not */
    assert_int_equal(take_link(backend, 1), LB_ERR_NOT_FOUND);
    add_user(backend, "cleo"); /* still usable */
    backend_commit(backend);
    backend_begin(backend);
    assert_int_equal(take_link(backend, 1), LB_ERR_NOT_FOUND);
    backend_commit(backend);
    assert_int_equal(find_link(backend, 1, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_link(backend, 2, &link), LB_OK);
    assert_int_equal(find_email(backend->reader, backend, "cleo", &(struct lb_user_row){0}), LB_OK);
}

/* --- Signing ---------------------------------------------------------------------------------- */

static void there_is_one_signing_key(void **state)
{
    struct backend *backend = *state;
    struct lb_signing_key_row first = {.created_at = INT64_C(1) << 40};
    struct lb_signing_key_row second = {.created_at = 2};
    struct lb_signing_key_row found;
    for (size_t i = 0; i < sizeof first.seed; i++)
        first.seed[i] = (uint8_t)(i * 9);
    assert_int_equal(backend->ops->signing_key(backend->reader, &found), LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->signing_key_insert(backend->store, &first), LB_OK);
    assert_int_equal(backend->ops->signing_key_insert(backend->store, &second),
                     LB_ERR_ALREADY_EXISTS);
    add_link(backend, 1, 0, 9); /* the transaction stays usable */
    backend_commit(backend);
    backend_reopen(backend);
    assert_int_equal(backend->ops->signing_key(backend->reader, &found), LB_OK);
    assert_memory_equal(found.seed, first.seed, sizeof found.seed);
    assert_int_equal(found.created_at, first.created_at);
    backend_begin(backend);
    assert_int_equal(backend->ops->signing_key_insert(backend->store, &second),
                     LB_ERR_ALREADY_EXISTS);
    backend->ops->rollback(backend->store);
}

/* --- Second factors --------------------------------------------------------------------------- */

static struct lb_factor_row factor_of(uint32_t user, uint32_t recovery_count)
{
    struct lb_factor_row row = {.user = user,
                                .created_at = INT64_C(1) << 40,
                                .confirmed_at = (INT64_C(1) << 40) + 1,
                                .last_step = 59000000,
                                .wrong = 3,
                                .wrong_at = (INT64_C(1) << 40) + 2,
                                .recovery_count = recovery_count};
    for (size_t i = 0; i < sizeof row.sealed; i++)
        row.sealed[i] = (uint8_t)(i * 5);
    memset(row.recovery, 0xa5, (size_t)recovery_count * LB_SECRET_HASH_SIZE);
    return row;
}

static void expect_factor(struct backend *backend, const struct lb_factor_row *wanted)
{
    struct lb_factor_row got;
    assert_int_equal(backend->ops->factor(backend->reader, wanted->user, &got), LB_OK);
    assert_memory_equal(&got, wanted, sizeof got);
}

static void a_second_factor_is_kept_as_it_is(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = backend->ops;
    uint32_t ada = add_user(backend, "ada");
    struct lb_factor_row all = factor_of(ada, LB_RECOVERY_CODES);
    struct lb_factor_row found;
    assert_int_equal(ops->factor_lock(backend->store, ada, &found), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->factor_put(backend->store, &all), LB_OK);
    assert_int_equal(ops->factor_lock(backend->store, ada, &found), LB_OK);
    assert_memory_equal(&found, &all, sizeof found);
    backend_commit(backend);
    backend_reopen(backend);
    expect_factor(backend, &all);
    struct lb_factor_row none = factor_of(ada, 0);
    none.wrong = 0;
    none.wrong_at = 0;
    backend_begin(backend);
    assert_int_equal(ops->factor_put(backend->store, &none), LB_OK);
    backend_commit(backend);
    expect_factor(backend, &none);
    backend_begin(backend);
    assert_int_equal(ops->factor_delete(backend->store, ada), LB_OK);
    backend_commit(backend);
    assert_int_equal(ops->factor(backend->reader, ada, &found), LB_ERR_NOT_FOUND);
}

/* --- Logs ------------------------------------------------------------------------------------- */

struct counted {
    struct lb_checks_row rows[LISTED_MAX];
    size_t count;
};

static lb_err list_checks(void *context, const struct lb_checks_row *row)
{
    struct counted *counted = context;
    assert_true(counted->count < LISTED_MAX);
    counted->rows[counted->count++] = *row;
    return counted->count == LISTED_MAX ? LB_ERR_OVERLOADED : LB_OK;
}

static struct counted counted_since(struct backend *backend, uint32_t workspace, uint32_t day)
{
    struct counted counted = {0};
    assert_int_equal(backend->ops->checks(backend->reader, workspace, day, &counted, list_checks),
                     LB_OK);
    return counted;
}

static void count_checks(struct backend *backend, uint32_t workspace, uint32_t day, uint64_t checks)
{
    struct lb_checks_row row = {
        .workspace = workspace, .day = day, .checks = checks, .blocked = checks / 2};
    assert_int_equal(backend->ops->checks_add(backend->store, &row), LB_OK);
}

static void checks_add_up_by_workspace_and_day(void **state)
{
    struct backend *backend = *state;
    count_checks(backend, WS, 20001, 10);
    count_checks(backend, WS, 20000, UINT64_C(1) << 40);
    count_checks(backend, WS, 20001, 4);
    count_checks(backend, OTHER, 20001, 100);
    backend_commit(backend);
    backend_begin(backend);
    count_checks(backend, WS, 20001, 6);
    backend_commit(backend);
    backend_begin(backend);
    count_checks(backend, WS, 20001, 1000);
    backend->ops->rollback(backend->store);
    backend_reopen(backend);
    struct counted counted = counted_since(backend, WS, 0);
    assert_int_equal(counted.count, 2);
    assert_true(counted.rows[0].workspace == WS && counted.rows[0].day == 20000);
    assert_true(counted.rows[0].checks == UINT64_C(1) << 40);
    assert_true(counted.rows[0].blocked == UINT64_C(1) << 39);
    assert_true(counted.rows[1].day == 20001 && counted.rows[1].checks == 20);
    assert_int_equal(counted.rows[1].blocked, 10);
    counted = counted_since(backend, WS, 20001);
    assert_true(counted.count == 1 && counted.rows[0].checks == 20);
    counted = counted_since(backend, OTHER, 0);
    assert_true(counted.count == 1 && counted.rows[0].checks == 100);
    assert_int_equal(counted_since(backend, WS, 20002).count, 0);
}

struct audited {
    uint64_t ids[LISTED_MAX];
    int64_t times[LISTED_MAX];
    size_t count, stop_after;
    const struct lb_audit_row *wanted; /* of the first */
};

static lb_err list_audit(void *context, const struct lb_audit_row *row)
{
    struct audited *audited = context;
    const struct lb_audit_row *wanted = audited->wanted;
    assert_true(audited->count < LISTED_MAX);
    audited->ids[audited->count] = row->id;
    audited->times[audited->count++] = row->at;
    if (wanted) {
        assert_true(row->workspace == wanted->workspace && row->actor == wanted->actor);
        assert_true(same_text(row->action, wanted->action));
        assert_true(same_text(row->target, wanted->target));
        assert_true(same_text(row->source, wanted->source));
        audited->wanted = NULL;
    }
    return audited->count == audited->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static struct audited audit_page(struct backend *backend, uint32_t workspace, uint64_t below,
                                 size_t take, const struct lb_audit_row *wanted)
{
    struct audited audited = {.wanted = wanted};
    assert_int_equal(
        backend->ops->audit_page(backend->reader, workspace, below, take, &audited, list_audit),
        LB_OK);
    return audited;
}

static void the_audit_log_is_read_newest_first(void **state)
{
    struct backend *backend = *state;
    static const uint32_t workspaces[] = {WS, OTHER, WS, 0, WS};
    struct lb_audit_row row = {.action = LB_STR("key.revoke"), .target = LB_STR("zoë")};
    for (size_t i = 0; i < COUNT(workspaces); i++) {
        row.workspace = workspaces[i];
        row.at = (int64_t)i + 100;
        row.actor = i == 4 ? UINT32_MAX : 3;
        row.source = i == 4 ? LB_STR("2001:db8::1") : (struct lb_str){0};
        assert_int_equal(backend->ops->audit_append(backend->store, &row), LB_OK);
    }
    backend_commit(backend);
    backend_reopen(backend);
    struct audited page = audit_page(backend, WS, 0, 2, &row);
    assert_int_equal(page.count, 2);
    assert_true(page.times[0] == 104 && page.times[1] == 102);
    assert_true(page.ids[0] > page.ids[1]);
    page = audit_page(backend, WS, page.ids[1], 2, NULL);
    assert_true(page.count == 1 && page.times[0] == 100);
    assert_int_equal(audit_page(backend, WS, page.ids[0], 2, NULL).count, 0);
    row = (struct lb_audit_row){
        .workspace = OTHER, .actor = 3, .action = row.action, .target = row.target};
    page = audit_page(backend, OTHER, 0, 9, &row); /* from the command line */
    assert_true(page.count == 1 && page.times[0] == 101);
    page = audit_page(backend, 0, 0, 9, NULL);
    assert_true(page.count == 1 && page.times[0] == 103);
    struct audited stopped = {.stop_after = 2};
    assert_int_equal(backend->ops->audit_page(backend->reader, WS, 0, 9, &stopped, list_audit),
                     LB_ERR_OVERLOADED);
    assert_int_equal(stopped.count, 2);
}

/* --- Rolled back ------------------------------------------------------------------------------ */

static void change_everything(struct backend *backend, uint32_t ada)
{
    struct lb_audit_row audit = {
        .workspace = WS, .at = 3, .action = LB_STR("a"), .target = LB_STR("b")};
    uint8_t hash[LB_SECRET_HASH_SIZE];
    uint32_t bob = add_user(backend, "bob");
    add_session(backend, 3, bob, 50);
    add_link(backend, 4, bob, 50);
    assert_int_equal(backend->ops->audit_append(backend->store, &audit), LB_OK);
    count_checks(backend, WS, 20000, 1);
    assert_int_equal(backend->ops->user_set_password(backend->store, ada, LB_STR("h")), LB_OK);
    assert_int_equal(backend->ops->user_signed_in(backend->store, ada, 5), LB_OK);
    hash_of(1, hash);
    assert_int_equal(backend->ops->session_delete(backend->store, hash), LB_OK);
    add_link(backend, 5, ada, 50);
    assert_int_equal(backend->ops->accounts_sweep(backend->store, 1000), LB_OK);
    assert_int_equal(backend->ops->user_delete(backend->store, ada, 5), LB_OK);
}

static void of_what_is_rolled_back_nothing_remains(void **state)
{
    struct backend *backend = *state;
    struct lb_user_row before;
    struct lb_user_row after;
    struct lb_link_row link;
    uint32_t ada = add_user(backend, "ada");
    add_session(backend, 1, ada, 50);
    add_link(backend, 2, ada, 50);
    backend_commit(backend);
    assert_int_equal(find_user(backend, ada, &before), LB_OK);
    backend_begin(backend);
    change_everything(backend, ada);
    backend->ops->rollback(backend->store);
    backend_reopen(backend);
    assert_int_equal(find_user(backend, ada, &after), LB_OK);
    expect_same(&after, &before);
    assert_int_equal(session_of(backend, backend->reader, 1), ada);
    assert_int_equal(session_of(backend, backend->reader, 3), 0);
    assert_int_equal(find_link(backend, 2, &link), LB_OK);
    assert_int_equal(find_link(backend, 4, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_link(backend, 5, &link), LB_ERR_NOT_FOUND);
    assert_int_equal(find_email(backend->reader, backend, "bob", &after), LB_ERR_NOT_FOUND);
    assert_int_equal(audit_page(backend, WS, 0, 9, NULL).count, 0);
    assert_int_equal(counted_since(backend, WS, 0).count, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_user_is_found_by_number_email_and_id),
        BACKEND_TEST(an_email_address_is_free_again_once_its_user_is_deleted),
        BACKEND_TEST(users_are_listed_as_they_came),
        BACKEND_TEST(listed_users_have_their_workspaces),
        BACKEND_TEST(passwords_and_sign_ins_are_kept),
        BACKEND_TEST(a_session_is_found_with_its_user),
        BACKEND_TEST(the_oldest_sessions_of_a_user_are_trimmed),
        BACKEND_TEST(a_session_ends_in_each_of_its_ways),
        BACKEND_TEST(sessions_of_a_user_say_from_where_and_when_they_were_used),
        BACKEND_TEST(a_list_of_users_says_who_made_them_and_when_their_links_end),
        BACKEND_TEST(a_link_replaces_the_one_before),
        BACKEND_TEST(a_link_is_taken_once),
        BACKEND_TEST(there_is_one_signing_key),
        BACKEND_TEST(a_second_factor_is_kept_as_it_is),
        BACKEND_TEST(checks_add_up_by_workspace_and_day),
        BACKEND_TEST(the_audit_log_is_read_newest_first),
        BACKEND_TEST(of_what_is_rolled_back_nothing_remains),
    };
    return backend_run_all("accounts", tests, COUNT(tests));
}
