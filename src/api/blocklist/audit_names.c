#include "api/blocklist/audit_names.h"

#include <string.h>

#define KEPT (sizeof names->users / sizeof *names->users)

static struct lb_str user_name(struct lb_audit_names *names, const struct lb_call *call,
                               struct lb_store_reader *reader, struct lb_str id)
{
    struct lb_user_row user;
    for (size_t i = 0; i < KEPT; i++)
        if (names->users[i].id[0] && lb_str_equal(lb_str(names->users[i].id), id))
            return lb_str(names->users[i].email);
    if (call->app->store->ops->user_ever(reader, id, &user))
        return (struct lb_str){0};
    size_t place = names->next++ % KEPT;
    lb_str_copy(lb_str(user.id), names->users[place].id, sizeof names->users[place].id);
    lb_str_copy(lb_str(user.email), names->users[place].email, sizeof names->users[place].email);
    return lb_str(names->users[place].email);
}

/* The host alone: who may read the audit need not know the whole URL, which may be a secret. */
static struct lb_str hook_name(struct lb_audit_names *names, const struct lb_call *call,
                               struct lb_store_reader *reader, struct lb_str id)
{
    const struct lb_store_ops *ops = call->app->store->ops;
    if (!id.len || !call->workspace ||
        (!lb_str_equal(lb_str(names->hook.id), id) &&
         ops->hook(reader, call->workspace->row.no, id, &names->hook))) {
        names->hook.id[0] = 0;
        return (struct lb_str){0};
    }
    struct lb_str url = lb_str(names->hook.url);
    const char *host = url.len ? strstr(url.ptr, "://") : NULL;
    if (!host)
        return (struct lb_str){0};
    return (struct lb_str){host + 3, strcspn(host + 3, "/?#")};
}

static bool is_about(struct lb_str action, struct lb_str kind)
{
    return action.len > kind.len && memcmp(action.ptr, kind.ptr, kind.len) == 0;
}

struct lb_str lb_audit_campaign_name(const struct lb_call *call, struct lb_str id)
{
    const struct lb_campaign *campaign =
        call->workspace && id.len
            ? lb_directory_campaign(call->app->directory, call->workspace->row.no, id)
            : NULL;
    return campaign ? lb_str(campaign->row.name) : (struct lb_str){0};
}

struct lb_str lb_audit_name_of(struct lb_audit_names *names, const struct lb_call *call,
                               struct lb_store_reader *reader, struct lb_str action,
                               struct lb_str target)
{
    const struct lb_directory *directory = call->app->directory;
    if (is_about(action, LB_STR("user.")))
        return user_name(names, call, reader, target);
    if (is_about(action, LB_STR("campaign.")))
        return lb_audit_campaign_name(call, target);
    if (is_about(action, LB_STR("key."))) {
        const struct lb_key *key = lb_directory_key(directory, target);
        return key ? lb_str(key->row.name) : (struct lb_str){0};
    }
    if (is_about(action, LB_STR("hook.")))
        return hook_name(names, call, reader, target);
    if (is_about(action, LB_STR("workspace."))) {
        const struct lb_workspace *workspace = lb_directory_workspace(directory, target);
        return workspace ? lb_str(workspace->row.name) : (struct lb_str){0};
    }
    return (struct lb_str){0};
}
