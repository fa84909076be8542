/* The names of the enumerations in rows.h, as the API says them and as both backends store plans,
 * statuses of campaigns, types of steps and roles. Other values are stored as numbers.
 *
 * Threads: stateless. */
#ifndef LB_STORE_NAMES_H
#define LB_STORE_NAMES_H

#include "store/hook_rows.h"

const char *lb_plan_name(enum lb_plan plan);
const char *lb_campaign_status_name(enum lb_campaign_status status);
const char *lb_step_type_name(enum lb_step_type type);
const char *lb_lead_status_name(enum lb_lead_status status);
/* An activity that is to be tried again is "scheduled" again. */
const char *lb_activity_state_name(enum lb_activity_state state);
const char *lb_role_name(enum lb_role role);
const char *lb_log_kind_name(enum lb_log_kind kind);
const char *lb_lead_field_name(enum lb_lead_field field);

/* False, and `out` untouched, when no value has that name. */
bool lb_plan_parse(struct lb_str name, enum lb_plan *out);
bool lb_campaign_status_parse(struct lb_str name, enum lb_campaign_status *out);
bool lb_step_type_parse(struct lb_str name, enum lb_step_type *out);
bool lb_lead_status_parse(struct lb_str name, enum lb_lead_status *out);
bool lb_role_parse(struct lb_str name, enum lb_role *out);

/* The value of a name that was read from the database. One that this version does not know counts
 * as the value that allows least. */
enum lb_plan lb_plan_stored(struct lb_str name);
enum lb_campaign_status lb_campaign_status_stored(struct lb_str name);
enum lb_step_type lb_step_type_stored(struct lb_str name);
enum lb_role lb_role_stored(struct lb_str name);

/* The two letters of a country as one number, which is read and set at once, and back. 0, and no
 * string: none, or not two letters. `room` is for the letters and their NUL. */
uint16_t lb_country_number(struct lb_str letters);
struct lb_str lb_country_letters(uint16_t number, char room[3]);

#endif
