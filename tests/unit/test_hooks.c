/* Where deliveries may be sent, and how they are signed. */
#include "hooks/guard.h"
#include "hooks/signature.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
/* After the above. */
#include <cmocka.h>

static struct in6_addr address_of(const char *text)
{
    struct lb_cidr cidr;
    assert_true(lb_cidr_parse(text, &cidr));
    return cidr.address;
}

static void only_public_addresses_are_public(void **state)
{
    static const char *const not_public[] = {"0.0.0.0",
                                             "0.1.2.3",
                                             "10.0.0.1",
                                             "10.255.255.255",
                                             "100.64.0.1",
                                             "100.127.255.255",
                                             "100.100.100.200",
                                             "127.0.0.1",
                                             "127.255.255.254",
                                             "168.63.129.16",
                                             "169.254.0.1",
                                             "169.254.169.254",
                                             "172.16.0.1",
                                             "172.31.255.255",
                                             "192.0.0.1",
                                             "192.0.2.1",
                                             "192.88.99.1",
                                             "192.168.0.1",
                                             "198.18.0.1",
                                             "198.19.255.255",
                                             "198.51.100.1",
                                             "203.0.113.1",
                                             "224.0.0.1",
                                             "239.255.255.255",
                                             "240.0.0.1",
                                             "255.255.255.255",
                                             "::",
                                             "::1",
                                             "::7f00:1",
                                             "::8.8.8.8",
                                             "::ffff:127.0.0.1",
                                             "::ffff:10.0.0.1",
                                             "::ffff:169.254.169.254",
                                             "64:ff9b::7f00:1",
                                             "64:ff9b::a9fe:a9fe",
                                             "64:ff9b::10.0.0.1",
                                             "64:ff9b:1::8.8.8.8",
                                             "100::1",
                                             "2001::1",
                                             "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                                             "2001:10::1",
                                             "2001:db8::1",
                                             "2002:7f00:1::",
                                             "2002:808:808::1",
                                             "3fff::1",
                                             "4000::1",
                                             "5f00::1",
                                             "fc00::1",
                                             "fd00:ec2::254",
                                             "fdff::1",
                                             "fe80::1",
                                             "febf::1",
                                             "fec0::1",
                                             "ff02::1",
                                             "ff0e::1"};
    static const char *const public[] = {"1.1.1.1",         "8.8.8.8",
                                         "9.255.255.255",   "11.0.0.0",
                                         "100.63.255.255",  "100.128.0.0",
                                         "126.255.255.255", "128.0.0.1",
                                         "169.253.255.255", "169.255.0.0",
                                         "172.15.255.255",  "172.32.0.0",
                                         "192.0.1.1",       "192.167.255.255",
                                         "192.169.0.0",     "198.17.255.255",
                                         "198.20.0.0",      "223.255.255.255",
                                         "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8",
                                         "2001:200::1",     "2001:4860:4860::8888",
                                         "2003::1",         "2600::1",
                                         "2a00:1450::1",    "3ffe::1"};
    for (size_t i = 0; i < sizeof not_public / sizeof *not_public; i++) {
        struct in6_addr address = address_of(not_public[i]);
        if (!lb_guard_not_public(&address))
            fail_msg("%s is public", not_public[i]);
    }
    for (size_t i = 0; i < sizeof public / sizeof *public; i++) {
        struct in6_addr address = address_of(public[i]);
        if (lb_guard_not_public(&address))
            fail_msg("%s is %s", public[i], lb_guard_not_public(&address));
    }
}

static void own_networks_are_open_and_nothing_else(void **state)
{
    struct lb_cidr own[1];
    assert_true(lb_cidr_parse("10.1.0.0/16", &own[0]));
    struct lb_guard open = {own, 1};
    struct in6_addr inside = address_of("10.1.2.3"), outside = address_of("10.2.2.3"),
                    public = address_of("8.8.8.8");
    assert_null(lb_guard_judge(&open, &inside, 80, false));
    assert_null(lb_guard_judge(&open, &inside, 22, true));
    assert_non_null(lb_guard_judge(&open, &outside, 443, true));
    assert_non_null(lb_guard_judge(&open, &public, 443, false));
    assert_null(lb_guard_judge(&open, &public, 443, true));
    assert_null(lb_guard_judge(&open, &public, 8443, true));
    assert_non_null(lb_guard_judge(&open, &public, 25, true));
    assert_non_null(lb_guard_judge(&open, &public, 80, true));
}

static lb_err read_url(const struct lb_guard *guard, const char *text, struct lb_hook_url *out)
{
    struct lb_reason reason = {""};
    lb_err err = lb_hook_url_read(guard, lb_str(text), out, &reason);
    assert_true((err != LB_OK) == (reason.text[0] != '\0'));
    return err;
}

static void urls_that_lead_inside_or_can_be_read_in_two_ways_are_refused(void **state)
{
    static const char *const refused[] = {"",
                                          "x",
                                          "/",
                                          "//example.com/",
                                          "http://example.com/",
                                          "ftp://example.com/",
                                          "file:///etc/passwd",
                                          "gopher://127.0.0.1/",
                                          "https:/example.com",
                                          "https:///example.com",
                                          "https://",
                                          "https://:443/",
                                          "https://user@example.com/",
                                          "https://user:pw@example.com/",
                                          "https://example.com@127.0.0.1/",
                                          "https://127.0.0.1#@example.com/",
                                          "https://example.com:0/",
                                          "https://example.com:65536/",
                                          "https://example.com:x/",
                                          "https://example.com./",
                                          "https://.example.com/",
                                          "https://a..example.com/",
                                          "https://exa mple.com/",
                                          "https://example.com\\@127.0.0.1/",
                                          "https://exam\tple.com/",
                                          "https://example.com/\r\nX: y",
                                          "https://b\xc3\xbc"
                                          "cher.example/",
                                          "https://%31%32%37.0.0.1/",
                                          "https://127.0.0.1/",
                                          "https://127.1/",
                                          "https://127.0.1/",
                                          "https://0x7f.1/",
                                          "https://0x7f000001/",
                                          "https://2130706433/",
                                          "https://0177.0.0.1/",
                                          "https://017700000001/",
                                          "https://127.0.0.1./",
                                          "https://1.2.3/",
                                          "https://8.8.2056/",
                                          "https://example.0x7f/",
                                          "https://0/",
                                          "https://0.0.0.0/",
                                          "https://10.0.0.1/",
                                          "https://169.254.169.254/latest/",
                                          "https://192.168.1.1:8443/",
                                          "https://[::1]/",
                                          "https://[::]/",
                                          "https://[::ffff:127.0.0.1]/",
                                          "https://[::ffff:7f00:1]/",
                                          "https://[::127.0.0.1]/",
                                          "https://[64:ff9b::7f00:1]/",
                                          "https://[2002:7f00:1::]/",
                                          "https://[fe80::1%25eth0]/",
                                          "https://[fe80::1]/",
                                          "https://[fd00:ec2::254]/",
                                          "https://[::1",
                                          "https://[zz]/",
                                          "https://8.8.8.8:22/",
                                          "https://8.8.8.8:80/",
                                          "https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/",
                                          "https://127\xe3\x80\x82"
                                          "0\xe3\x80\x82"
                                          "0\xe3\x80\x82"
                                          "1/"};
    static const char *const taken[] = {"https://example.com",
                                        "https://example.com/",
                                        "HTTPS://Example.COM/x?y=z",
                                        "https://example.com:443/",
                                        "https://example.com:8443/a/../b",
                                        "https://8.8.8.8/",
                                        "https://[2001:4860:4860::8888]/x",
                                        "https://a-b_c.example.co.uk/%20?q=%41#f",
                                        "https://xn--bcher-kva.example/",
                                        "https://n8n/",
                                        "https://1.example.com/"};
    struct lb_guard guard = {0};
    struct lb_hook_url url;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (read_url(&guard, refused[i], &url) != LB_ERR_INVALID_BODY)
            fail_msg("taken: %s as %s", refused[i], url.host);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (read_url(&guard, taken[i], &url) != LB_OK)
            fail_msg("refused: %s", taken[i]);
}

static void a_url_is_taken_apart(void **state)
{
    struct lb_cidr own[1];
    assert_true(lb_cidr_parse("127.0.0.0/8", &own[0]));
    struct lb_guard guard = {own, 1};
    struct lb_hook_url url;
    assert_int_equal(read_url(&guard, "http://127.0.0.1:5678/x", &url), LB_OK);
    assert_true(url.literal && !url.https && url.port == 5678);
    assert_string_equal(url.host, "127.0.0.1");
    assert_int_equal(read_url(&guard, "http://0x7f.1/", &url), LB_ERR_INVALID_BODY);
    assert_int_equal(read_url(&guard, "http://Example.com", &url), LB_OK);
    assert_true(!url.literal && url.port == 80);
    assert_string_equal(url.host, "example.com");
}

/* Made with Python's hmac: see tests/support/receiver.py, which verifies all deliveries so. */
static void a_signature_is_as_standard_webhooks_have_it(void **state)
{
    uint8_t secret[LB_HOOK_SECRET_SIZE];
    char text[LB_HOOK_SECRET_TEXT_SIZE], signature[LB_HOOK_SIGNATURE_SIZE];
    for (unsigned i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    lb_hook_secret_write(secret, text);
    assert_string_equal(text, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    lb_hook_sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                 LB_STR("{\"test\": 2432232314}"), signature);
    assert_string_equal(signature, "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=");
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_public_addresses_are_public),
        cmocka_unit_test(own_networks_are_open_and_nothing_else),
        cmocka_unit_test(urls_that_lead_inside_or_can_be_read_in_two_ways_are_refused),
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(a_signature_is_as_standard_webhooks_have_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
