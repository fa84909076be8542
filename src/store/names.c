#include "store/names.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const plans[] = {
    [LB_PLAN_STARTER] = "starter",
    [LB_PLAN_PRO] = "pro",
    [LB_PLAN_AGENCY] = "agency",
};

static const char *const campaign_statuses[] = {
    [LB_CAMPAIGN_DRAFT] = "draft",   [LB_CAMPAIGN_ACTIVE] = "active",
    [LB_CAMPAIGN_PAUSED] = "paused", [LB_CAMPAIGN_COMPLETED] = "completed",
    [LB_CAMPAIGN_ERROR] = "error",
};

static const char *const step_types[LB_STEP_TYPE_COUNT] = {
    [LB_STEP_VISIT_PROFILE] = "visit_profile",
    [LB_STEP_INVITATION] = "invitation",
    [LB_STEP_MESSAGE] = "message",
};

static const char *const lead_statuses[LB_LEAD_STATUS_COUNT] = {
    [LB_LEAD_WAITING] = "waiting",     [LB_LEAD_ACTIVE] = "active", [LB_LEAD_PAUSED] = "paused",
    [LB_LEAD_COMPLETED] = "completed", [LB_LEAD_ERROR] = "error",
};

static const char *const activity_states[] = {
    [LB_ACTIVITY_RETRY] = "scheduled", [LB_ACTIVITY_CLAIMED] = "claimed",
    [LB_ACTIVITY_DONE] = "done",       [LB_ACTIVITY_REPLIED] = "replied",
    [LB_ACTIVITY_FAILED] = "failed",
};

static const char *const roles[] = {
    [LB_ROLE_OPERATOR] = "operator",
    [LB_ROLE_MEMBER] = "member",
    [LB_ROLE_VIEWER] = "viewer",
};

static const char *const log_kinds[] = {
    [LB_LOG_BLOCK] = "block",
    [LB_LOG_UNBLOCK] = "unblock",
    [LB_LOG_RESTORE] = "restore",
    [LB_LOG_BLOCK_AGAIN] = "block_again",
    [LB_LOG_EXPIRED] = "expired",
    [LB_LOG_CARRIED_OVER] = "carried_over",
    [LB_LOG_ERASED] = "erased",
    [LB_LOG_LINK] = "link",
    [LB_LOG_LINK_END] = "link_end",
    [LB_LOG_LEFT_OUT] = "left_out",
    [LB_LOG_LINK_REFUSED] = "link_refused",
};

static const char *const lead_fields[LB_LEAD_FIELD_COUNT] = {
    [LB_LEAD_FIRST_NAME] = "firstName",
    [LB_LEAD_LAST_NAME] = "lastName",
    [LB_LEAD_COMPANY_NAME] = "companyName",
    [LB_LEAD_EMAIL] = "email",
    [LB_LEAD_PHONE] = "phone",
    [LB_LEAD_HEADLINE] = "headline",
    [LB_LEAD_WEBSITE] = "website",
    [LB_LEAD_COMPANY_URL] = "companyUrl",
};

/* `otherwise` when it is not among them. */
static int index_of(struct lb_str name, const char *const *names, int count, int otherwise)
{
    for (int i = 0; i < count; i++)
        if (lb_str_equal(name, lb_str(names[i])))
            return i;
    return otherwise;
}

const char *lb_plan_name(enum lb_plan plan)
{
    return plans[plan];
}

const char *lb_campaign_status_name(enum lb_campaign_status status)
{
    return campaign_statuses[status];
}

const char *lb_step_type_name(enum lb_step_type type)
{
    return step_types[type];
}

const char *lb_lead_status_name(enum lb_lead_status status)
{
    return lead_statuses[status];
}

const char *lb_activity_state_name(enum lb_activity_state state)
{
    return activity_states[state];
}

const char *lb_role_name(enum lb_role role)
{
    return roles[role];
}

const char *lb_log_kind_name(enum lb_log_kind kind)
{
    return (size_t)kind < sizeof log_kinds / sizeof *log_kinds ? log_kinds[kind] : "unknown";
}

const char *lb_lead_field_name(enum lb_lead_field field)
{
    return lead_fields[field];
}

bool lb_plan_parse(struct lb_str name, enum lb_plan *out)
{
    int found = index_of(name, plans, COUNT(plans), -1);
    if (found >= 0)
        *out = (enum lb_plan)found;
    return found >= 0;
}

bool lb_campaign_status_parse(struct lb_str name, enum lb_campaign_status *out)
{
    int found = index_of(name, campaign_statuses, COUNT(campaign_statuses), -1);
    if (found >= 0)
        *out = (enum lb_campaign_status)found;
    return found >= 0;
}

bool lb_step_type_parse(struct lb_str name, enum lb_step_type *out)
{
    int found = index_of(name, step_types, COUNT(step_types), -1);
    if (found >= 0)
        *out = (enum lb_step_type)found;
    return found >= 0;
}

bool lb_lead_status_parse(struct lb_str name, enum lb_lead_status *out)
{
    int found = index_of(name, lead_statuses, COUNT(lead_statuses), -1);
    if (found >= 0)
        *out = (enum lb_lead_status)found;
    return found >= 0;
}

bool lb_role_parse(struct lb_str name, enum lb_role *out)
{
    int found = index_of(name, roles, COUNT(roles), -1);
    if (found >= 0)
        *out = (enum lb_role)found;
    return found >= 0;
}

enum lb_plan lb_plan_stored(struct lb_str name)
{
    return (enum lb_plan)index_of(name, plans, COUNT(plans), LB_PLAN_STARTER);
}

enum lb_campaign_status lb_campaign_status_stored(struct lb_str name)
{
    return (enum lb_campaign_status)index_of(name, campaign_statuses, COUNT(campaign_statuses),
                                             LB_CAMPAIGN_ERROR);
}

enum lb_step_type lb_step_type_stored(struct lb_str name)
{
    return (enum lb_step_type)index_of(name, step_types, COUNT(step_types), LB_STEP_VISIT_PROFILE);
}

enum lb_role lb_role_stored(struct lb_str name)
{
    return (enum lb_role)index_of(name, roles, COUNT(roles), LB_ROLE_VIEWER);
}

uint16_t lb_country_number(struct lb_str letters)
{
    return letters.len == 2
               ? (uint16_t)((unsigned char)letters.ptr[0] << 8 | (unsigned char)letters.ptr[1])
               : 0;
}

struct lb_str lb_country_letters(uint16_t number, char room[3])
{
    room[0] = (char)(number >> 8);
    room[1] = (char)(number & 0xff);
    room[2] = '\0';
    return number ? (struct lb_str){room, 2} : (struct lb_str){0};
}
