#include "cli/front_check.h"

#include "base/clock.h"
#include "cli/trust.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_S      10L
#define CERT_WARN_S (14 * 86400)
#define SKEW_WARN_S 60
#define CHECK       "public address"

struct front {
    char error[CURL_ERROR_SIZE];
    CURLcode code;
    long status;
    time_t cert_ends; /* 0: not known */
    time_t date;      /* of the answer, 0: not known */
    bool request_id;  /* leadblock's header is there */
};

static size_t take_header(char *bytes, size_t one, size_t len, void *context)
{
    struct front *front = context;
    char line[128];
    snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), bytes);
    if (strncasecmp(line, "x-request-id:", 13) == 0)
        front->request_id = true;
    if (strncasecmp(line, "date:", 5) == 0)
        front->date = curl_getdate(line + 5, NULL);
    return len;
}

static size_t drop(char *bytes, size_t one, size_t len, void *context)
{
    return len;
}

static void take_certificate(CURL *curl, struct front *front)
{
    struct curl_certinfo *info = NULL;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
        info->num_of_certs < 1)
        return;
    for (struct curl_slist *each = info->certinfo[0]; each; each = each->next) {
        time_t ends =
            strncmp(each->data, "Expire date:", 12) == 0 ? curl_getdate(each->data + 12, NULL) : -1;
        if (ends > 0)
            front->cert_ends = ends;
    }
}

/* `trusting`: also an address whose certificate is wrong. */
static void ask(const char *url, const char *path, bool trusting, struct front *out)
{
    char whole[2048];
    size_t len = strlen(url);
    CURL *curl = curl_easy_init();
    *out = (struct front){.code = CURLE_OUT_OF_MEMORY};
    while (len && url[len - 1] == '/')
        len--;
    snprintf(whole, sizeof whole, "%.*s%s", (int)len, url, path);
    if (!curl)
        return;
    curl_easy_setopt(curl, CURLOPT_URL, whole);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "leadblock-doctor");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, WAIT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, out->error);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, out);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    lb_trust(curl);
    if (trusting) { /* nothing secret is sent, and nothing that comes is believed */
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    out->code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    take_certificate(curl, out);
    curl_easy_cleanup(curl);
}

static const char *day_of(time_t at, char out[32])
{
    struct tm when;
    if (!gmtime_r(&at, &when) || !strftime(out, 32, "%Y-%m-%d", &when))
        return "?";
    return out;
}

/* Nothing answered that can be trusted. */
static void say_unreachable(const struct lb_checkup *checkup, const char *url,
                            const struct front *front)
{
    char day[32];
    struct front again = {.cert_ends = 0};
    const char *why = front->error[0] ? front->error : curl_easy_strerror(front->code);
    if (front->code == CURLE_PEER_FAILED_VERIFICATION)
        ask(url, "/livez", true, &again);
    if (again.cert_ends && again.cert_ends < time(NULL))
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_ERROR,
                       "Renew the certificate, and see why that did not happen by itself (certbot "
                       "renew --dry-run).",
                       "the certificate of %s ended on %s", url, day_of(again.cert_ends, day));
    else if (front->code == CURLE_PEER_FAILED_VERIFICATION)
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_ERROR,
                       "Let the proxy send a certificate of this name, with the certificates "
                       "between it and its root (fullchain.pem).",
                       "the certificate of %s is not accepted: %s", url, why);
    else
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_ERROR,
                       "See that the proxy runs and listens there, and that the name and the "
                       "firewall lead to it.",
                       "%s does not answer: %s", url, why);
}

static void say_status(const struct lb_checkup *checkup, const char *url, const struct front *front)
{
    if (front->status == 200 && front->request_id)
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_OK, NULL, "leadblock answers at %s", url);
    else if (front->status == 200)
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_WARNING,
                       "Let the proxy pass answers on as they are (docs/reverse-proxy.md); if this "
                       "is another program, correct the address.",
                       "%s answers without leadblock's header X-Request-Id", url);
    else if (front->status == 502 || front->status == 504 ||
             (front->status == 503 && !front->request_id))
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_ERROR,
                       "Start the server, and let the proxy send requests to the address of "
                       "LEADBLOCK_LISTEN.",
                       "the proxy at %s does not reach the server (status %ld)", url,
                       front->status);
    else if (front->status == 503)
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_ERROR,
                       "The other findings, and the server's log, say why.",
                       "the server at %s is not ready", url);
    else
        lb_checkup_say(checkup, CHECK, LB_CHECKUP_ERROR,
                       "Give the address that clients use, without a path, and let the proxy pass "
                       "all paths on.",
                       "%s/readyz is answered with status %ld, not as leadblock does", url,
                       front->status);
}

/* An address that only this machine reaches: nothing is read on the way, and there is no proxy. */
static bool is_own(const char *url)
{
    char *host = NULL;
    struct in_addr address = {0};
    CURLU *parts = curl_url();
    bool own = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
               curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
               (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127));
    curl_free(host);
    curl_url_cleanup(parts);
    return own;
}

static void say_certificate(const struct lb_checkup *checkup, const char *url,
                            const struct front *front)
{
    char day[32];
    bool plain = strncasecmp(url, "https://", 8) != 0;
    if (plain && is_own(url)) {
        lb_checkup_say(checkup, "https", LB_CHECKUP_NOTE,
                       "Users elsewhere need a proxy with a certificate (docs/reverse-proxy.md).",
                       "only this machine reaches %s, which needs no https", url);
        return;
    }
    if (plain) {
        lb_checkup_say(checkup, "https", LB_CHECKUP_WARNING,
                       "Put a proxy with a certificate in front (docs/reverse-proxy.md), and name "
                       "its address in LEADBLOCK_PUBLIC_URL.",
                       "%s is not https: keys and passwords can be read on the way", url);
        return;
    }
    if (!front->cert_ends)
        return;
    long days = (long)(front->cert_ends - time(NULL)) / 86400;
    bool soon = front->cert_ends < time(NULL) + CERT_WARN_S;
    lb_checkup_say(checkup, "https", soon ? LB_CHECKUP_WARNING : LB_CHECKUP_OK,
                   soon ? "Renew the certificate: it should be renewed by itself, weeks before."
                        : NULL,
                   "the certificate is accepted, and ends on %s (in %ld days)",
                   day_of(front->cert_ends, day), days);
}

/* Whom the server takes the client for: this machine's own address may read the metrics. */
static void check_forwarding(const struct lb_checkup *checkup, const char *url)
{
    struct front front;
    ask(url, "/metrics", false, &front);
    if (front.code == CURLE_OK && front.status == 200)
        lb_checkup_say(checkup, "forwarding", LB_CHECKUP_WARNING,
                       "Set LEADBLOCK_TRUSTED_PROXY to the proxy's address, and let the proxy send "
                       "X-Forwarded-For; or refuse /metrics in the proxy.",
                       "%s/metrics is readable through the public address: the server takes the "
                       "proxy for the client, or this address is in metrics-allow",
                       url);
    else if (strncasecmp(url, "https://", 8) == 0 && !checkup->config->trusted_proxy.count)
        lb_checkup_say(checkup, "forwarding", LB_CHECKUP_WARNING,
                       "Set LEADBLOCK_TRUSTED_PROXY to the proxy's address (with --env-file, the "
                       "service's settings are looked at).",
                       "trusted-proxy is not set: all clients of a proxy count as one address, "
                       "which wrong passwords of one of them lock out");
    else
        lb_checkup_say(checkup, "forwarding", LB_CHECKUP_OK, NULL,
                       "the server tells clients of the proxy apart");
}

void lb_front_check(const struct lb_checkup *checkup, const char *url)
{
    struct front front;
    ask(url, "/readyz", false, &front);
    if (front.code != CURLE_OK) {
        say_unreachable(checkup, url, &front);
        return;
    }
    say_status(checkup, url, &front);
    say_certificate(checkup, url, &front);
    bool proxied = strncasecmp(url, "https://", 8) == 0 || !is_own(url);
    if (front.status == 200 && front.request_id && proxied)
        check_forwarding(checkup, url);
    if (front.date > 0 && labs((long)(front.date - time(NULL))) > SKEW_WARN_S)
        lb_checkup_say(checkup, "clock", LB_CHECKUP_WARNING, "Set both clocks by a time service.",
                       "the clock at %s differs from this machine's by %ld s", url,
                       labs((long)(front.date - time(NULL))));
}
