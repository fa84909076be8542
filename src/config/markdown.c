/* docs/configuration.md, made from the table of settings. */
#include "config/config.h"

static const char intro[] =
    "# Configuration\n"
    "\n"
    "Every setting of `leadblock serve` is an option and an environment variable. The option "
    "wins,\n"
    "then the variable, then the default. `leadblock serve --help` shows the same list.\n"
    "\n"
    "```sh\n"
    "leadblock serve --listen 0.0.0.0:8080 --trusted-proxy 10.0.0.0/8\n"
    "LEADBLOCK_LISTEN=0.0.0.0:8080 LEADBLOCK_TRUSTED_PROXY=10.0.0.0/8 leadblock serve\n"
    "```\n"
    "\n"
    "Sizes are bytes, times are seconds, and a flag is `true` or `false` as a variable. An "
    "unknown\n"
    "option or a value out of range stops the program with exit code 2 before it opens anything.\n"
    "A list is separated by commas; an option that is repeated adds to it.\n"
    "\n"
    "| option | environment variable | default | range | what it does |\n"
    "|---|---|---|---|---|\n";

static const char outro[] =
    "\n"
    "The commands that speak to a running server (`block`, `unblock`, `check`, `list`) read two\n"
    "more variables:\n"
    "\n"
    "| option | environment variable | default | what it does |\n"
    "|---|---|---|---|\n"
    "| `--url URL` | `LEADBLOCK_URL` | `http://127.0.0.1:8080` | Where the server answers. |\n"
    "| `--key KEY` | `LEADBLOCK_KEY` | | The key. Prefer the variable: other users of the machine "
    "can read a process's options. |\n"
    "\n"
    "This file is made by the program: `build/leadblock help --settings-markdown > "
    "docs/configuration.md`.\n";

static void append_row(struct lb_buf *out, const struct lb_setting *setting)
{
    char environment[LB_SETTING_ENVIRONMENT_SIZE];
    lb_setting_environment(setting, environment);
    lb_buf_printf(out, "| `--%s%s%s` | `%s` |", setting->option, setting->value ? " " : "",
                  setting->value ? setting->value : "", environment);
    if (*setting->initial)
        lb_buf_printf(out, " `%s` |", setting->initial);
    else
        lb_buf_append_lit(out, " |");
    if (setting->type == LB_TYPE_u32 || setting->type == LB_TYPE_u64)
        lb_buf_printf(out, " %llu to %llu | %s |\n", (unsigned long long)setting->least,
                      (unsigned long long)setting->most, setting->help);
    else
        lb_buf_printf(out, " | %s |\n", setting->help);
}

void lb_config_markdown(struct lb_buf *out)
{
    lb_buf_append_lit(out, intro);
    for (size_t i = 0; i < LB_SETTING_COUNT; i++)
        append_row(out, &lb_settings[i]);
    lb_buf_append_lit(out, outro);
}
