/* The description of the API, docs/openapi.yaml, as it is built into the program: openapi.py writes
 * it as JSON when the program is built. Threads: constant. */
#ifndef LB_API_SYSTEM_OPENAPI_H
#define LB_API_SYSTEM_OPENAPI_H

#include "http/assets.h"

extern const struct lb_asset lb_openapi;

#endif
