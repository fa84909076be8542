#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/postgres/postgres.h"

#include <string.h>

static void a_database_is_described_without_its_password(void **state)
{
    static const char *const cases[][2] = {
        {"postgresql://ada:s3cret@db.example:5433/lists", "postgresql://ada@db.example:5433/lists"},
        {"postgresql://db.example/lists?password=s3cret&sslmode=require",
         "postgresql://db.example/lists"},
        {"host=/run/postgresql dbname=lists user=ada password='s3 cret'",
         "postgresql://ada@/run/postgresql/lists"},
        {"postgresql://ada:s3cret@one,two/lists", "postgresql://ada@one,two/lists"},
        {"postgresql:///lists?passfile=/x/s3cret", "postgresql:///lists"},
        {"postgresql://ada:s3cret@[broken", "postgresql:///"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[128];
        lb_postgres_describe(cases[i][0], out, sizeof out);
        assert_string_equal(out, cases[i][1]);
        assert_null(strstr(out, "s3"));
    }
}

static void a_description_that_does_not_fit_is_cut(void **state)
{
    char out[16];
    lb_postgres_describe("postgresql://ada:s3cret@db.example/lists", out, sizeof out);
    assert_string_equal(out, "postgresql://ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_is_described_without_its_password),
        cmocka_unit_test(a_description_that_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
