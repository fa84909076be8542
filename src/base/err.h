/* Error codes: one enum, one table that pairs each code with its public name and HTTP status.
 *
 * Failures travel by return value. Where a person will read the reason, the caller owns a
 * `struct lb_reason` and passes it down. Threads: everything here is stateless. */
#ifndef LB_BASE_ERR_H
#define LB_BASE_ERR_H

/* X(enumerator, HTTP status, code in the error body). The codes are part of the contract
 * (docs/api.md, section 1): never rename one. */
#define LB_ERR_TABLE(X)                                                                            \
    X(LB_OK, 200, "ok")                                                                            \
    X(LB_ERR_BAD_REQUEST, 400, "bad_request")                                                      \
    X(LB_ERR_INVALID_JSON, 400, "invalid_json")                                                    \
    X(LB_ERR_INVALID_BODY, 400, "invalid_body")                                                    \
    X(LB_ERR_EMPTY_IDENTIFIERS, 400, "empty_identifiers")                                          \
    X(LB_ERR_TOO_MANY_IDENTIFIERS, 400, "too_many_identifiers")                                    \
    X(LB_ERR_INVALID_IDENTIFIER, 400, "invalid_identifier")                                        \
    X(LB_ERR_INVALID_PARAMETER, 400, "invalid_parameter")                                          \
    X(LB_ERR_INVALID_TEMPLATE, 400, "invalid_template")                                            \
    X(LB_ERR_UNSUPPORTED_FILE, 400, "unsupported_file")                                            \
    X(LB_ERR_EMPTY_FILE, 400, "empty_file")                                                        \
    X(LB_ERR_COLUMN_UNKNOWN, 400, "column_unknown")                                                \
    X(LB_ERR_WORKSPACE_REQUIRED, 400, "workspace_required")                                        \
    X(LB_ERR_MISSING_API_KEY, 401, "missing_api_key")                                              \
    X(LB_ERR_INVALID_API_KEY, 401, "invalid_api_key")                                              \
    X(LB_ERR_INVALID_CREDENTIALS, 401, "invalid_credentials")                                      \
    X(LB_ERR_INVALID_SESSION, 401, "invalid_session")                                              \
    X(LB_ERR_INVALID_LINK, 401, "invalid_link")                                                    \
    X(LB_ERR_SECOND_FACTOR_REQUIRED, 401, "second_factor_required")                                \
    X(LB_ERR_INVALID_CODE, 401, "invalid_code")                                                    \
    X(LB_ERR_ENROLMENT_REQUIRED, 401, "enrolment_required")                                        \
    X(LB_ERR_NOT_SET_UP, 401, "not_set_up")                                                        \
    X(LB_ERR_LICENSE_REQUIRED, 403, "license_required")                                            \
    X(LB_ERR_LICENSE_EXPIRED, 403, "license_expired")                                              \
    X(LB_ERR_FORBIDDEN, 403, "forbidden")                                                          \
    X(LB_ERR_CSRF_FAILED, 403, "csrf_failed")                                                      \
    X(LB_ERR_WRONG_PASSWORD, 403, "wrong_password")                                                \
    X(LB_ERR_WRONG_CODE, 403, "wrong_code")                                                        \
    X(LB_ERR_NOT_FOUND, 404, "not_found")                                                          \
    X(LB_ERR_WORKSPACE_NOT_FOUND, 404, "workspace_not_found")                                      \
    X(LB_ERR_USER_NOT_FOUND, 404, "user_not_found")                                                \
    X(LB_ERR_KEY_NOT_FOUND, 404, "key_not_found")                                                  \
    X(LB_ERR_CAMPAIGN_NOT_FOUND, 404, "campaign_not_found")                                        \
    X(LB_ERR_LEAD_NOT_FOUND, 404, "lead_not_found")                                                \
    X(LB_ERR_STEP_NOT_FOUND, 404, "step_not_found")                                                \
    X(LB_ERR_VARIANT_NOT_FOUND, 404, "variant_not_found")                                          \
    X(LB_ERR_ACTIVITY_NOT_FOUND, 404, "activity_not_found")                                        \
    X(LB_ERR_HOOK_NOT_FOUND, 404, "hook_not_found")                                                \
    X(LB_ERR_DELIVERY_NOT_FOUND, 404, "delivery_not_found")                                        \
    X(LB_ERR_METHOD_NOT_ALLOWED, 405, "method_not_allowed")                                        \
    X(LB_ERR_ALREADY_EXISTS, 409, "already_exists")                                                \
    X(LB_ERR_LAST_OPERATOR, 409, "last_operator")                                                  \
    X(LB_ERR_CAMPAIGN_NOT_READY, 409, "campaign_not_ready")                                        \
    X(LB_ERR_LAST_VARIANT, 409, "last_variant")                                                    \
    X(LB_ERR_LEASE_LOST, 409, "lease_lost")                                                        \
    X(LB_ERR_LIMIT_REACHED, 409, "limit_reached")                                                  \
    X(LB_ERR_HOOK_ENDED, 409, "hook_ended")                                                        \
    X(LB_ERR_CURSOR_GONE, 410, "cursor_gone")                                                      \
    X(LB_ERR_PAYLOAD_TOO_LARGE, 413, "payload_too_large")                                          \
    X(LB_ERR_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type")                                \
    X(LB_ERR_RATE_LIMITED, 429, "rate_limited")                                                    \
    X(LB_ERR_WORKSPACE_OVERLOADED, 429, "overloaded")                                              \
    X(LB_ERR_OVERLOADED, 503, "overloaded")                                                        \
    X(LB_ERR_CONFLICT, 503, "overloaded") /* the store's: to be tried again; the writer does */    \
    X(LB_ERR_LOCKED, 503, "overloaded")   /* the store's: the next attempt would wait as well */   \
    X(LB_ERR_STORAGE_UNAVAILABLE, 503, "storage_unavailable")                                      \
    X(LB_ERR_OUTCOME_UNKNOWN, 503, "outcome_unknown")                                              \
    X(LB_ERR_STARTING, 503, "starting")                                                            \
    X(LB_ERR_STORAGE_FULL, 507, "storage_full")                                                    \
    X(LB_ERR_INTERNAL, 500, "internal")

typedef enum lb_err {
#define LB_ERR_ENUM(name, status, code) name,
    LB_ERR_TABLE(LB_ERR_ENUM)
#undef LB_ERR_ENUM
        LB_ERR_COUNT
} lb_err;

/* The code of the error body, such as "campaign_not_found". Static storage. */
const char *lb_err_code(lb_err err);

/* The HTTP status that goes with the code. */
unsigned lb_err_status(lb_err err);

/* A reason in words, owned by the caller; always NUL-terminated once set. */
struct lb_reason {
    char text[256];
};

/* Sets the reason and returns `err`, so that `return lb_fail(reason, LB_ERR_..., "...")` reads
 * well. `reason` may be NULL. A string that is too long is cut. */
lb_err lb_fail(struct lb_reason *reason, lb_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
