"""The manual pages: made from the program's tables, whole, and clean for those who read them."""

import re
import subprocess
from pathlib import Path

import pytest

from support.server import run

PAGES = ["leadblock.1", "leadblock.env.5", "leadblock-serve.1", "leadblock-workspace-set-plan.1", "leadblock-version.1"]
MESON = Path(__file__).resolve().parents[2] / "packaging" / "manual" / "meson.build"


@pytest.fixture(scope="module", params=PAGES)
def page(request, tmp_path_factory):
    result = run("help", "--man", request.param)
    assert result.code == 0 and not result.err, result
    path = tmp_path_factory.mktemp("manual") / request.param
    path.write_text(result.out)
    return path


def shown(path):
    """As a terminal of 100 columns shows it, without the letters struck twice."""
    env = {"MANWIDTH": "100", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MAN_KEEP_FORMATTING": ""}
    out = subprocess.run(["man", "-l", str(path)], capture_output=True, text=True, env=env, check=True).stdout
    return re.sub(r"\x1b\[[0-9;]*m", "", re.sub(".\b", "", out)).replace("‐", "-")


def test_mandoc_and_groff_find_nothing_wrong(page):
    lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True).stdout
    # No date: the same program always makes the same page.
    assert [line for line in lint.splitlines() if "missing date" not in line] == []
    groff = subprocess.run(["groff", "-man", "-ww", "-b", "-z", "-Tutf8", page], capture_output=True, text=True)
    assert groff.returncode == 0 and groff.stderr == ""
    pages = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True,
                           env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    assert pages.returncode == 0 and pages.stderr == ""


def test_apropos_can_read_the_name(page):
    name = subprocess.run(["lexgrog", page], capture_output=True, text=True)
    assert name.returncode == 0 and f'"{page.name.rsplit(".", 1)[0]} - ' in name.stdout, name


def test_commands_have_their_summary_options_and_examples():
    text = run("help", "--man", "leadblock.1")
    path_free = re.sub(r"\\\(rs|\\-", "-", text.out)
    overview = run("help").out
    commands = re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  +([A-Z].*)$", overview, re.MULTILINE)
    assert len(commands) > 25
    for command, summary in commands:
        assert f'.SS "leadblock {command}' in path_free, command
        assert path_free.count(summary.replace("'", r"\(aq")) >= 2, summary  # in the overview, too
        for option in re.findall(r"^  --([a-z-]+)", run("help", *command.split()).out, re.MULTILINE):
            if command != "serve" and option != "help":
                assert rf"\fB--{option}\fR" in path_free, (command, option)
    assert "  leadblock serve --demo" not in path_free  # examples are indented by the page itself
    assert "\nleadblock serve --demo\n" in path_free


def test_every_setting_is_in_the_page_of_settings(tmp_path):
    path = tmp_path / "leadblock.env.5"
    path.write_text(run("help", "--man", "leadblock.env.5").out)
    text = shown(path)
    settings = re.findall(r"(LEADBLOCK_[A-Z_]+)$", run("serve", "--help").out, re.MULTILINE)
    assert len(settings) > 40
    for setting in settings:
        assert re.search(rf"^ +{setting}=", text, re.MULTILINE), setting


def test_what_a_terminal_shows_has_no_markup(page):
    text = shown(page)
    assert not re.search(r"\\[&(f]|^\.[A-Z]", text, re.MULTILINE), text
    assert "`" not in text


def commands():
    """{command: summary}, as `leadblock help` has them."""
    return dict(re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  +([A-Z].*)$", run("help").out, re.MULTILINE))


def test_every_command_has_a_page_of_its_own_with_its_options(tmp_path):
    """Which `man leadblock key create` finds, too."""
    found = commands()
    assert len(found) > 25
    for command, summary in found.items():
        name = f"leadblock-{command.replace(' ', '-')}"
        page = run("help", "--man", f"{name}.1")
        assert page.code == 0, page
        text = re.sub(r"\\(?:f[A-Z]|\(rs)", "", page.out.replace("\\-", "-").replace("\\(aq", "'"))
        assert f".TH {name.upper()} 1 " in text and f"\n{name} - {summary.removesuffix('.')}\n" in text, text
        assert f"\n.B leadblock {command}\n" in text and ".BR leadblock (1)" in text, text
        for option in re.findall(r"^  --([a-z-]+)", run("help", *command.split()).out, re.MULTILINE):
            assert command == "serve" or f"--{option}" in text, (command, option)


def test_the_pages_of_all_commands_are_installed():
    listed = re.search(r"^commands = \[(.*?)\]", MESON.read_text(), re.MULTILINE | re.DOTALL)[1]
    pages, known = set(re.findall(r"'([^']+)'", listed)), set(commands())
    assert pages == known, (
        f"packaging/manual/meson.build: add {sorted(known - pages)}, take out {sorted(pages - known)}")


@pytest.mark.parametrize("page", ["leadblock.9", "leadblock-.1", "leadblock-key.1", "leadblock-serve.2", "serve.1"])
def test_an_unknown_page_is_wrong_usage(page):
    result = run("help", "--man", page)
    assert result.code == 2 and "leadblock.env.5" in result.err, result
