#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* sched_getaffinity */
#endif
#include "config/config.h"

#include "base/suggest.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const struct lb_setting lb_settings[LB_SETTING_COUNT] = {
#define LB_SETTING_ROW(type, field, option, initial, value, least, most, help)                     \
    {LB_TYPE_##type, option, initial, value, least, most, help, offsetof(struct lb_config, field)},
    LB_SETTING_TABLE(LB_SETTING_ROW)
#undef LB_SETTING_ROW
};

void lb_setting_environment(const struct lb_setting *setting, char out[LB_SETTING_ENVIRONMENT_SIZE])
{
    size_t len =
        (size_t)snprintf(out, LB_SETTING_ENVIRONMENT_SIZE, "LEADBLOCK_%s", setting->option);
    for (size_t i = 0; i < len; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

const struct lb_setting *lb_setting_find(const char *option)
{
    for (size_t i = 0; i < LB_SETTING_COUNT; i++) {
        if (strcmp(lb_settings[i].option, option) == 0)
            return &lb_settings[i];
    }
    return NULL;
}

static void *field_of(struct lb_config *config, const struct lb_setting *setting)
{
    return (char *)config + setting->offset;
}

static void list_clear(struct lb_config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct lb_config_list){0};
}

/* An address, or an address and the length of its prefix. */
static bool is_network(const char *text)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (!lb_str_copy((struct lb_str){text, len}, address, sizeof address))
        return false;
    uint64_t bits = 0;
    bool v4 = inet_pton(AF_INET, address, bytes) == 1;
    if (!v4 && inet_pton(AF_INET6, address, bytes) != 1)
        return false;
    return !slash || lb_str_to_u64(lb_str(slash + 1), v4 ? 32 : 128, &bits);
}

/* scheme://host or scheme://host:port, just as browsers write it in the header Origin. */
static bool is_origin(const char *text)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    const char *colon = strstr(text, "://");
    const char *host = colon ? colon + 3 : "";
    size_t scheme_len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
    size_t host_len = *host == '[' ? strcspn(host, "]") + 1
                                   : strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._");
    uint64_t port = 0;
    if (!*host || !strchr(lower, *text) || text + scheme_len != colon || !host_len ||
        host_len > strlen(host) ||
        (*host == '[' && host[strspn(host, "[0123456789abcdef:.")] != ']'))
        return false;
    const char *rest = host + host_len;
    if (!*rest)
        return true;
    /* A port that goes without saying is not written. */
    return *rest == ':' && lb_str_to_id(lb_str(rest + 1), 65535, &port) &&
           !(port == 443 && strncmp(text, "https:", 6) == 0) &&
           !(port == 80 && strncmp(text, "http:", 5) == 0);
}

static bool list_add(struct lb_config_list *list, const char *text, size_t len)
{
    char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return false;
    list->items = items;
    items[list->count] = strndup(text, len);
    if (!items[list->count])
        return false;
    list->count++;
    return true;
}

static lb_err set_list(const struct lb_setting *setting, struct lb_config_list *list,
                       const char *name, const char *value, struct lb_reason *reason)
{
    bool origins = setting == &lb_settings[LB_SETTING_cors_origin];
    for (const char *p = value; *p;) {
        size_t len = strcspn(p, ",");
        const char *item = p + strspn(p, " ");
        size_t item_len = item < p + len ? (size_t)(p + len - item) : 0;
        while (item_len && item[item_len - 1] == ' ')
            item_len--;
        p += len + (p[len] == ',');
        if (item_len == 0)
            continue;
        if (!list_add(list, item, item_len))
            return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
        const char *added = list->items[list->count - 1];
        if (origins && !is_origin(added))
            return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                           "%s: '%.64s' is not an origin such as https://app.example.com: scheme, "
                           "host in lower case and a port that is not the usual one, no path, no *",
                           name, added);
        if (!origins && !is_network(added))
            return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                           "%s: '%.64s' is neither an address nor a network such as 10.0.0.0/8",
                           name, added);
    }
    return LB_OK;
}

static lb_err set_flag(bool *out, const char *name, const char *value, struct lb_reason *reason)
{
    static const char *const on[] = {"", "1", "true", "yes", "on"};
    static const char *const off[] = {"0", "false", "no", "off"};
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        if (strcasecmp(value, on[i]) == 0) {
            *out = true;
            return LB_OK;
        }
    }
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        if (strcasecmp(value, off[i]) == 0) {
            *out = false;
            return LB_OK;
        }
    }
    return lb_fail(reason, LB_ERR_INVALID_PARAMETER, "%s: say true or false, not '%.64s'", name,
                   value);
}

static lb_err set_number(const struct lb_setting *setting, void *out, const char *name,
                         const char *value, struct lb_reason *reason)
{
    uint64_t number = 0;
    if (!lb_str_to_u64(lb_str(value), setting->most, &number) || number < setting->least)
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                       "%s: '%.64s' is not a whole number from %llu to %llu", name, value,
                       (unsigned long long)setting->least, (unsigned long long)setting->most);
    if (setting->type == LB_TYPE_u32)
        *(uint32_t *)out = (uint32_t)number;
    else
        *(uint64_t *)out = number;
    return LB_OK;
}

bool lb_config_is_postgres(const char *database)
{
    return strncmp(database, "postgresql://", 13) == 0 ||
           strncmp(database, "postgres://", 11) == 0 || strchr(database, '=') != NULL;
}

static lb_err set_text(const struct lb_setting *setting, const char **out, const char *name,
                       const char *value, struct lb_reason *reason)
{
    if (!*value && *setting->initial)
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER, "%s: the value is empty", name);
    if (setting == &lb_settings[LB_SETTING_database] && strcmp(value, "sqlite") != 0 &&
        !lb_config_is_postgres(value)) /* which may hold a password: it is not shown */
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                       "%s: must be sqlite or a PostgreSQL database: postgresql://USER@HOST/NAME",
                       name);
    *out = value;
    return LB_OK;
}

static lb_err set_field(struct lb_config *config, const struct lb_setting *setting,
                        enum lb_setting_source source, const char *name, const char *value,
                        struct lb_reason *reason)
{
    void *field = field_of(config, setting);
    enum lb_setting_source *set_by = &config->sources[setting - lb_settings];
    lb_err err = LB_ERR_INTERNAL;
    switch (setting->type) {
    case LB_TYPE_text:
        err = set_text(setting, field, name, value, reason);
        break;
    case LB_TYPE_u32:
    case LB_TYPE_u64:
        err = set_number(setting, field, name, value, reason);
        break;
    case LB_TYPE_flag:
        err = set_flag(field, name, value, reason);
        break;
    case LB_TYPE_level:
        err = lb_log_level_parse(value, field)
                  ? LB_OK
                  : lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                            "%s: say error, warn, info or debug, not '%.64s'", name, value);
        break;
    case LB_TYPE_list:
        if (*set_by != source)
            list_clear(field);
        err = set_list(setting, field, name, value, reason);
        break;
    }
    *set_by = source;
    return err;
}

bool lb_config_init(struct lb_config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < LB_SETTING_COUNT; i++) {
        const struct lb_setting *setting = &lb_settings[i];
        if (set_field(config, setting, LB_FROM_DEFAULT, setting->option, setting->initial, NULL)) {
            lb_config_fini(config);
            return false;
        }
    }
    return true;
}

void lb_config_fini(struct lb_config *config)
{
    for (size_t i = 0; i < LB_SETTING_COUNT; i++) {
        if (lb_settings[i].type == LB_TYPE_list)
            list_clear(field_of(config, &lb_settings[i]));
    }
}

lb_err lb_config_environment(struct lb_config *config, char *(*look_up)(const char *name),
                             struct lb_reason *reason)
{
    for (size_t i = 0; i < LB_SETTING_COUNT; i++) {
        const struct lb_setting *setting = &lb_settings[i];
        char name[LB_SETTING_ENVIRONMENT_SIZE];
        lb_setting_environment(setting, name);
        const char *value = look_up(name);
        if (!value || (!*value && setting->type != LB_TYPE_list))
            continue;
        lb_err err = set_field(config, setting, LB_FROM_ENVIRONMENT, name, value, reason);
        if (err)
            return err;
    }
    return LB_OK;
}

void lb_config_unknown(char *const *environment, void *context,
                       void (*each)(void *context, const char *name, const char *meant))
{
    static const char prefix[] = "LEADBLOCK_";
    char names[LB_SETTING_COUNT][LB_SETTING_ENVIRONMENT_SIZE];
    /* After the prefix, which all have in common. The last are those of commands that call a
     * server. */
    const char *known[LB_SETTING_COUNT + 2] = {[LB_SETTING_COUNT] = "KEY",
                                               [LB_SETTING_COUNT + 1] = "URL"};
    size_t count = sizeof known / sizeof *known;
    for (size_t i = 0; i < LB_SETTING_COUNT; i++) {
        lb_setting_environment(&lb_settings[i], names[i]);
        known[i] = names[i] + sizeof prefix - 1;
    }
    for (; *environment; environment++) {
        char name[128];
        char meant[LB_SETTING_ENVIRONMENT_SIZE];
        size_t i = 0;
        size_t len = strcspn(*environment, "=");
        if (strncmp(*environment, prefix, sizeof prefix - 1) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)len, *environment);
        while (i < count && strcmp(known[i], name + sizeof prefix - 1) != 0)
            i++;
        if (i < count)
            continue;
        const char *near = lb_suggest(name + sizeof prefix - 1, known, count);
        snprintf(meant, sizeof meant, "%s%s", prefix, near ? near : "");
        each(context, name, near ? meant : NULL);
    }
}

lb_err lb_config_set(struct lb_config *config, const struct lb_setting *setting, const char *value,
                     struct lb_reason *reason)
{
    char name[LB_SETTING_ENVIRONMENT_SIZE];
    snprintf(name, sizeof name, "--%s", setting->option);
    return set_field(config, setting, LB_FROM_OPTION, name, value, reason);
}

unsigned lb_config_threads(const struct lb_config *config)
{
    if (config->threads)
        return config->threads;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    /* Fails on machines with more processors than the set holds; those can say --threads. */
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 1;
    unsigned count = (unsigned)CPU_COUNT(&allowed);
    if (count > LB_THREADS_MAX)
        return LB_THREADS_MAX;
    return count > 2 ? count - 1 : count;
}
