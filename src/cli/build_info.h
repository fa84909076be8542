/* How this very program was built. Threads: stateless. */
#ifndef LB_CLI_BUILD_INFO_H
#define LB_CLI_BUILD_INFO_H

#include "daemon/versions.h"

extern const struct lb_build_info lb_build_info;

#endif
