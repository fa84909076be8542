/* Whose certificates a command accepts: those of the system's authorities, or of the file that
 * SSL_CERT_FILE names, as other programs on OpenSSL take it. Threads: one. */
#ifndef LB_CLI_TRUST_H
#define LB_CLI_TRUST_H

#include <curl/curl.h>
#include <stdlib.h>

static inline void lb_trust(CURL *curl)
{
    const char *file = getenv("SSL_CERT_FILE");
    if (file && *file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, file);
}

#endif
