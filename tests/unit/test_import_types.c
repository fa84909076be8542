/* What strings and headings say of the type of a name, in files with names of every type. */
#include "import/guess.h"
#include "import/headings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct vector {
    const char *text;
    enum lb_import_type type;
};

static void assert_each(const struct vector *vectors, size_t count,
                        enum lb_import_type (*type_of)(struct lb_str))
{
    for (size_t i = 0; i < count; i++) {
        if (type_of(lb_str(vectors[i].text)) != vectors[i].type)
            print_error("%s: %d\n", vectors[i].text, type_of(lb_str(vectors[i].text)));
        assert_int_equal(type_of(lb_str(vectors[i].text)), vectors[i].type);
    }
}
#define ASSERT_EACH(vectors, type_of)                                                              \
    assert_each(vectors, sizeof vectors / sizeof *(vectors), type_of)

static void a_string_is_guessed_by_its_look(void **state)
{
    static const struct vector VECTORS[] = {
        {"jane@acme.com", LB_TYPE_EMAIL},
        {"Jane Doe <jane@acme.com>", LB_TYPE_EMAIL},
        {"jane@localhost", LB_TYPE_NONE},
        {"@acme.com", LB_TYPE_DOMAIN},
        {"*.acme.com", LB_TYPE_DOMAIN},
        {"acme.com", LB_TYPE_DOMAIN},
        {"http://acme.com", LB_TYPE_DOMAIN},
        {"https://www.acme.co.uk/a b?c=d", LB_TYPE_DOMAIN},
        {"münchen.example", LB_TYPE_DOMAIN},
        {"Acme Inc.", LB_TYPE_NONE},
        {"Node.js developers", LB_TYPE_NONE},
        {"1.5", LB_TYPE_NONE},
        {"v2.0", LB_TYPE_NONE},
        {"+49 170 1234567", LB_TYPE_PHONE},
        {"0049/170/1234567", LB_TYPE_NONE},
        {"(030) 123 456", LB_TYPE_NONE},
        {"0170-1234567", LB_TYPE_NONE},
        {"tel:+1-212-555-0100", LB_TYPE_PHONE},
        {"'+12125550100", LB_TYPE_PHONE},
        {"212.555.0100", LB_TYPE_NONE},
        {"0049 170 7654321", LB_TYPE_PHONE},
        {"'+34 612 345 678", LB_TYPE_PHONE},
        {"tel:+250 000 000", LB_TYPE_PHONE},
        {"+1.250.000", LB_TYPE_NONE},
        {"+12 500 000", LB_TYPE_NONE},
        {"1'250'000", LB_TYPE_NONE},
        {"1 250 000", LB_TYPE_NONE},
        {"2020-2024", LB_TYPE_NONE},
        {"0012345678", LB_TYPE_NONE},
        {"001 250 000", LB_TYPE_NONE},
        {"192.168.100.200", LB_TYPE_NONE},
        {"10123456789", LB_TYPE_NONE},
        {"2027-01-31", LB_TYPE_NONE},
        {"31.01.2027", LB_TYPE_NONE},
        {"12/31/2027", LB_TYPE_NONE},
        {"2024-01-01 10:00", LB_TYPE_NONE},
        {"12345678.90", LB_TYPE_NONE},
        {"12,345,678", LB_TYPE_NONE},
        {"linkedin.com/in/jane", LB_TYPE_PERSON},
        {"https://de.linkedin.com/in/jane?x=y", LB_TYPE_PERSON},
        {"urn:li:fsd_profile:ACoAAB1xYzQBmVnKp0aTqWcR7dEfGhIjKlMnOpQ", LB_TYPE_PERSON},
        {"in/jane", LB_TYPE_PERSON},
        {"https://www.linkedin.com/company/acme/about", LB_TYPE_COMPANY},
        {"linkedin.com/school/mit", LB_TYPE_COMPANY},
        {"urn:li:company:1441", LB_TYPE_COMPANY},
        {"jane-doe", LB_TYPE_NONE},
        {"", LB_TYPE_NONE},
        {"@", LB_TYPE_NONE},
        {".", LB_TYPE_NONE},
        {"a.", LB_TYPE_NONE},
        {"http://", LB_TYPE_NONE},
        {"tel:", LB_TYPE_NONE},
        {"'", LB_TYPE_NONE},
    };
    ASSERT_EACH(VECTORS, lb_import_guess);
}

static void a_heading_says_the_type_in_many_languages(void **state)
{
    static const struct vector VECTORS[] = {
        {"Company Domain Name", LB_TYPE_DOMAIN},
        {"Website URL", LB_TYPE_DOMAIN},
        {"Internetseite", LB_TYPE_DOMAIN},
        {"Nom de domaine", LB_TYPE_DOMAIN},
        {"Sitio web", LB_TYPE_DOMAIN},
        {"Domínio", LB_TYPE_DOMAIN},
        {"Sito web", LB_TYPE_DOMAIN},
        {"Domeinnaam", LB_TYPE_DOMAIN},
        {"Strona WWW", LB_TYPE_DOMAIN},
        {"ウェブサイト", LB_TYPE_DOMAIN},
        {"网站", LB_TYPE_DOMAIN},
        {"сайт", LB_TYPE_DOMAIN},
        {"E-mail 1 - Value", LB_TYPE_EMAIL},
        {"Work Email", LB_TYPE_EMAIL},
        {"E-Mail-Adresse", LB_TYPE_EMAIL},
        {"Adresse électronique", LB_TYPE_EMAIL},
        {"Dirección de correo", LB_TYPE_EMAIL},
        {"Indirizzo e-mail", LB_TYPE_EMAIL},
        {"メールアドレス", LB_TYPE_EMAIL},
        {"Mobile Phone Number", LB_TYPE_PHONE},
        {"Rufnummer", LB_TYPE_PHONE},
        {"Téléphone portable", LB_TYPE_PHONE},
        {"Teléfono móvil", LB_TYPE_PHONE},
        {"Telemóvel", LB_TYPE_PHONE},
        {"Numero di telefono", LB_TYPE_PHONE},
        {"Telefoonnummer", LB_TYPE_PHONE},
        {"Numer telefonu", LB_TYPE_PHONE},
        {"電話番号", LB_TYPE_PHONE},
        {"手机", LB_TYPE_PHONE},
        {"Account Name", LB_TYPE_COMPANY},
        {"Customer", LB_TYPE_COMPANY},
        {"Kunde", LB_TYPE_COMPANY},
        {"Raison sociale", LB_TYPE_COMPANY},
        {"Nombre de la empresa", LB_TYPE_COMPANY},
        {"Razão social", LB_TYPE_COMPANY},
        {"Ragione sociale", LB_TYPE_COMPANY},
        {"Bedrijfsnaam", LB_TYPE_COMPANY},
        {"Nazwa firmy", LB_TYPE_COMPANY},
        {"会社名", LB_TYPE_COMPANY},
        {"Company Linkedin Url", LB_TYPE_COMPANY},
        {"memberId", LB_TYPE_PERSON},
        {"Company owner", LB_TYPE_NONE},
        {"Owner email", LB_TYPE_NONE},
        {"Number", LB_TYPE_NONE},
        {"Email opt out", LB_TYPE_NONE},
        {"Name", LB_TYPE_NONE},
        {"Lead Status", LB_TYPE_NONE},
        {"acme.com", LB_TYPE_NONE},
    };
    ASSERT_EACH(VECTORS, lb_import_type_of_heading);
}

static void a_type_has_the_word_of_the_api(void **state)
{
    enum lb_import_type type;
    for (int i = LB_TYPE_PERSON; i < LB_IMPORT_TYPES; i++) {
        const char *word = lb_import_type_word((enum lb_import_type)i);
        assert_true(lb_import_type_parse(lb_str(word), &type));
        assert_int_equal(type, i);
    }
    assert_true(lb_import_type_parse(LB_STR("memberId"), &type));
    assert_int_equal(type, LB_TYPE_PERSON);
    assert_false(lb_import_type_parse(LB_STR("fax"), &type));
    assert_false(lb_import_type_parse(LB_STR(""), &type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_is_guessed_by_its_look),
        cmocka_unit_test(a_heading_says_the_type_in_many_languages),
        cmocka_unit_test(a_type_has_the_word_of_the_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
