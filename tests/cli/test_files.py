"""Which people the commands take from a file, and when they take nobody: never a wrong column, never
half of a line, never half of a file."""

import json
import os
import re
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest

from fake import Fake, blocked_all
from tests.support.server import run

FILES = Path(__file__).resolve().parents[1] / "vectors" / "files"
EXPECTED = json.loads((FILES / "expected.json").read_text())


def sent(fake):
    return [name for request in fake.requests for name in request["json"]["publicIdentifiers"]]


def block(path, *args, env):
    return run("block", "q1", "--file", path, *args, env=env)


@pytest.fixture
def fake():
    with Fake(blocked_all) as server:
        yield server


@pytest.fixture
def write(tmp_path):
    def make(content):
        path = tmp_path / "people.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
    return make


@pytest.fixture
def refused(fake, write):
    """The file is refused as a whole: nothing is sent, and the message has these words."""
    def check(content, *words, args=()):
        path = write(content)
        fake.requests.clear()
        for extra in ((), ("--skip-invalid",)):
            result = block(path, *args, *extra, env=fake.env)
            assert result.code == 1, result
            for word in words:
                assert word in result.err, (word, result)
        assert fake.requests == []
        return result.err
    return check


@pytest.fixture
def bad_line(fake, write):
    """The line is refused and so is the file; with --skip-invalid only the line is."""
    def check(content, line, rest, *words, args=()):
        path = write(content)
        result = block(path, *args, env=fake.env)
        assert result.code == 1 and fake.requests == [], result
        assert f"line {line}: " in result.err, result
        for word in words:
            assert word in result.err, (word, result)
        result = block(path, *args, "--skip-invalid", "--json", env=fake.env)
        assert result.code == 0, result
        assert sent(fake) == rest
        assert [item["line"] for item in result.json()["invalid"]] == [line]
    return check


@pytest.fixture
def taken(fake, write):
    def check(content, *names, args=()):
        fake.requests.clear()
        result = block(write(content), *args, env=fake.env)
        assert result.code == 0, result
        assert sent(fake) == list(names)
        return result.err
    return check


def name_of(spelling):
    """Of the spellings in these files, as a server names the person."""
    found = re.search(r"/in/([^/?#]+)", "/" + spelling)
    name = unquote(found[1] if found else spelling.strip())
    return name if name.startswith("AC") else name.lower()


# Files as people have them. 08: the column holds the member id of the same person.


@pytest.mark.parametrize("name", [name for name in EXPECTED if not name.startswith("08")])
def test_a_file_is_taken_right_or_not_at_all(name):
    def answer(request):
        names = dict.fromkeys(map(name_of, request["json"]["publicIdentifiers"]))
        return 200, {"blocked": [], "allowed": list(names)}, {}

    wanted = EXPECTED[name]
    with Fake(answer) as fake:
        strict = run("check", "q1", "--file", FILES / name, "--json", env=fake.env)
        assert strict.code in (0, 1), strict
        if strict.code == 0:
            assert strict.json()["allowed"] == wanted["blocked"], strict
        else:
            assert fake.requests == [] and strict.err, strict
        lenient = run("check", "q1", "--file", FILES / name, "--json", "--skip-invalid",
                      env=fake.env)
        names = lenient.json()["allowed"] if lenient.code == 0 else []
        if "blocked_count" in wanted:
            assert len(names) == wanted["blocked_count"], lenient
        else:
            assert set(names) <= set(wanted.get("blocked", [])), lenient


# The column


TABLE = "Vorname;Nachname;LinkedIn-Profil\nAnn;Doe;in/ann\nBob;Roe;in/bob\n"


def test_without_a_known_heading_the_columns_are_listed_and_nothing_is_sent(refused):
    err = refused(TABLE, "people.csv", "--column", "semicolons")
    for number, heading, sample in ((1, "Vorname", "Ann"), (2, "Nachname", "Doe"),
                                    (3, "LinkedIn-Profil", "in/ann")):
        assert any(line.split()[0] == str(number) and heading in line and sample in line
                   for line in err.splitlines() if line.startswith("  ")), err
    assert "--column 3" in err, "the column with addresses is suggested"


def test_without_a_heading_the_first_column_is_not_taken(refused):
    refused("john,1\njane,2\n", "--column", "john", "jane")
    refused("Ann,Doe,in/ann\nBob,Roe,in/bob\n", "--column 3")


@pytest.mark.parametrize("column", ["3", "LinkedIn-Profil", "linkedin profil"])
def test_a_column_is_taken_by_number_or_heading(taken, column):
    taken(TABLE, "in/ann", "in/bob", args=["--column", column])


def test_column_works_for_all_three_commands_and_standard_input(fake):
    for command in ("block", "check", "unblock"):
        fake.requests.clear()
        run(command, "q1", "-", "--column", "3", stdin=TABLE, env=fake.env)
        assert [name.removeprefix("in/") for name in sent(fake)] == ["ann", "bob"], command


def test_a_number_without_any_heading_takes_the_first_row_too(taken):
    taken("Ann,in/ann\nBob,in/bob\n", "in/ann", "in/bob", args=["--column", "2"])
    taken("x1,ann\nx2,bob\n", "ann", "bob", args=["--column", "2"])


def test_a_number_leaves_out_what_can_only_be_a_heading(taken):
    err = taken("Email,Handle\na@b.c,ann\nc@d.e,bob\n", "ann", "bob", args=["--column", "2"])
    assert "line 1 is its heading: 'Handle'" in err
    taken("Who,Where\nx,in/ann\ny,in/bob\n", "in/ann", "in/bob", args=["--column", "2"])


def test_a_column_that_does_not_exist_is_refused_with_those_that_do(refused):
    refused(TABLE, "no column", "'4'", "Vorname", args=["--column", "4"])
    refused(TABLE, "no column", "Profil", "Vorname", args=["--column", "Profil"])
    refused("ann\nbob\n", "no column", "'2'", args=["--column", "2"])


def test_two_columns_of_one_heading_are_refused(refused, taken):
    table = "url,Name,url\nin/ann,Ann,in/boss\nin/bob,Bob,in/boss\n"
    refused(table, "more than one column", "'url'")
    refused(table, "more than one column", "'url'", args=["--column", "url"])
    taken(table, "in/ann", "in/bob", args=["--column", "1"])


def test_of_several_known_headings_the_taken_one_is_named(taken):
    err = taken("url,publicIdentifier\nhttp://x,ann\n", "ann")
    assert "column 2 is taken" in err and "publicIdentifier" in err


def test_a_row_that_lacks_the_better_of_two_columns_is_not_dropped(bad_line):
    bad_line("url,profileUrl\nin/ann,in/ann\nin/bob,\n", 3, ["in/ann"], "another column")


@pytest.mark.parametrize("args", [["--column", "0"], ["--column", ""]])
def test_a_column_that_makes_no_sense_is_wrong_usage(fake, write, args):
    assert block(write(TABLE), *args, env=fake.env).code == 2
    assert run("block", "q1", "ann", "--column", "1", env=fake.env).code == 2
    assert fake.requests == []


def test_titles_above_the_heading_are_named_and_left_out(taken, refused):
    err = taken("Our list,\n\nName,LinkedIn URL\nAnn,in/ann\n", "in/ann")
    assert "line 3 is its heading" in err
    refused("in/boss,\nName,LinkedIn URL\nAnn,in/ann\n", "--column")


@pytest.mark.parametrize("width", [65, 300, 1024])
def test_a_wide_table_is_read_to_its_last_column(taken, refused, width):
    def table(heading):
        cells = [f"x{number}" for number in range(1, width)]
        return "".join(",".join([*cells, last]) + "\n" for last in (heading, "in/ann", "in/bob"))

    taken(table("LinkedIn URL"), "in/ann", "in/bob")
    taken(table("Where"), "in/ann", "in/bob", args=["--column", "where"])
    taken(table("Where"), "in/ann", "in/bob", args=["--column", str(width)])
    err = refused(table("Where"), f"and {width - 64} more", f"--column {width}")
    assert len(err.splitlines()) < 80, "the list of columns has an end"


# Rows


def test_a_row_without_the_column_is_named(bad_line):
    bad_line("a,b,publicIdentifier\nx,y\nx,y,john\n", 2, ["john"], "'x'", "ends before the column")


def test_a_row_with_a_cell_too_many_is_named(bad_line):
    """John is no LinkedIn name here: it is what a comma without quotation marks cuts off."""
    bad_line("name,publicIdentifier\nDoe, John,jd\nRoe,jane\n", 2, ["jane"], "more cells")


def test_a_row_of_empty_cells_is_no_row(taken):
    err = taken("publicIdentifier,x\n,\nann,1\n  , \n\nbob,2\n,,,\n", "ann", "bob")
    assert err == ""


def test_a_row_with_an_empty_cell_in_the_column_is_counted(taken):
    err = taken("publicIdentifier,name\nann,A\n,B\nbob,C\n", "ann", "bob")
    assert "1 row has nothing in column 1: line 3" in err


@pytest.mark.parametrize("text", [
    "Doe, Name;publicIdentifier\nA;ann\nB;bob\n",
    "Name;publicIdentifier\nDoe, A;ann\nRoe, B, C;bob\n",
    "Name\tpublicIdentifier\nDoe, A\tann\nRoe; B\tbob\n",
    "Name|publicIdentifier\nA|ann\nB|bob\n",
    "sep=;\nName;publicIdentifier\nA,1;ann\nB,2;bob\n",
    "\"sep=\t\"\nName\tpublicIdentifier\nA\tann\nB\tbob\n",
], ids=["a comma in a heading", "commas in names", "tabs", "|", "sep=;", "sep= and a tab"])
def test_the_delimiter_is_the_one_by_which_the_file_makes_sense(taken, text):
    taken(text, "ann", "bob")


def test_line_ends_of_all_kinds(taken):
    for end in ("\r", "\n", "\r\n"):
        taken(end.join(["publicIdentifier,x", "ann,1", "bob,2", ""]), "ann", "bob")
        taken(end.join(["ann", "bob"]), "ann", "bob")


def test_a_column_of_addresses_holds_no_names(bad_line):
    bad_line("Name,LinkedIn URL\nA,in/ann\nB,null\nC,in/bob\n", 3, ["in/ann", "in/bob"], "'null'")


@pytest.mark.parametrize("word", ["name", "Username", "E-mail", "publicIdentifier"])
def test_a_list_that_begins_with_a_heading_blocks_nobody_of_that_name(taken, word):
    taken(f"{word}\nann\nbob\n", "ann", "bob")


# Several names in a line


def test_all_names_of_a_line_are_taken(taken, fake):
    taken("ann, bob;carl\tdora\n", "ann", "bob", "carl", "dora")
    taken("ann\nbob, carl,\ndora\n", "ann", "bob", "carl", "dora")
    taken("ann|bob\ncarl\n|dora|\n", "ann", "bob", "carl", "dora")
    taken("ann，bob；carl、dora\n", "ann", "bob", "carl", "dora")
    for args in (["ann, bob;carl"], ["-"]):
        fake.requests.clear()
        assert run("block", "q1", *args, stdin="ann, bob;carl", env=fake.env).code == 0
        assert sent(fake) == ["ann", "bob", "carl"]


@pytest.mark.parametrize("line", [
    "bob carl", "bob, Carl Roe", "in/bob, in/carl", "in/bob/,in/carl/",
    "https://linkedin.com/in/bob/,carl", "https://linkedin.com/in/bob/;carl",
    "https://linkedin.com/in/bob/https://linkedin.com/in/carl",
    "https://linkedin.com/in/bob/linkedin.com/in/carl", "in/bob/in/carl",
    "https://linkedin.com/in/bob?x=1,https://linkedin.com/in/carl",
    "in/bob/|carl", "in/bob|in/carl", "https://linkedin.com/in/bob|carl",
])
def test_a_line_of_which_not_all_can_be_taken_is_refused_as_a_whole(bad_line, fake, line):
    bad_line(f"ann\n{line}\ndora\nemil\n", 2, ["ann", "dora", "emil"])


def test_that_holds_for_arguments_and_cells_too(fake, bad_line):
    result = run("block", "q1", "ann", "https://linkedin.com/in/bob/,carl", env=fake.env)
    assert result.code == 1 and "more than one" in result.err and fake.requests == []
    bad_line("x,LinkedIn\n1,in/ann\n2,\"in/bob/,in/carl\"\n3,in/dora\n", 3, ["in/ann", "in/dora"],
             "more than one")
    fake.requests.clear()
    bad_line("x,publicIdentifier\n1,ann\n2,bob|carl\n3,dora\n", 3, ["ann", "dora"],
             "more than one")


def test_a_comma_in_the_query_of_an_address_is_part_of_it(taken):
    taken("https://linkedin.com/in/ann?x=1,2\nbob\n", "https://linkedin.com/in/ann?x=1,2", "bob")


# Files that are broken, or no text


UNCLOSED = {
    "in a table": ("publicIdentifier,x\nann,\"open\nbob,1\ncarl,2\n", 2),
    "in a list": ("ann\n\"bob\ncarl\n", 2),
    "over too many lines": ("publicIdentifier,x\nann,1\nbob,\"" + "\n" * 150 + "\"\ncarl,2\n", 3),
    "over too many bytes": ("publicIdentifier,x\nann,1\nbob,\"" + "y" * 70_000 + "\"\nc,2\n", 3),
}


@pytest.mark.parametrize("text, line", UNCLOSED.values(), ids=UNCLOSED)
def test_an_unclosed_quotation_mark_is_named_with_its_line(refused, text, line):
    refused(text, f"line {line} has a quotation mark that is never closed")


def test_text_after_a_closing_quotation_mark_is_named(refused):
    """Else a mark that was never closed takes the rows before the next one with it."""
    refused("publicIdentifier,x\nann,\"open\nbob,\"closed\"\ncarl,2\n", "line 2", "quotation mark")


def test_a_cell_is_never_cut(refused):
    refused("publicIdentifier,x\nann," + "y" * 70_000 + "\n", "line 2", "64 KiB")


NO_TEXT = {
    "workbook": (b"PK\x03\x04 and so on", ["workbook", "CSV UTF-8"]),
    "PDF": (b"%PDF-1.7\nann\n", ["PDF"]),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ["Excel", "CSV UTF-8"]),
    "UTF-16": ("publicIdentifier\nann\n".encode("utf-16"), ["UTF-16", "CSV UTF-8"]),
    "UTF-16 without a mark": ("publicIdentifier\nann\n".encode("utf-16-be"),
                              ["line 1", "NUL", "CSV UTF-8"]),
    "NUL": (b"ann\nbob\0\n", ["line 2", "NUL"]),
    "rich text": (b"{\\rtf1 ann}", ["rich text"]),
}


@pytest.mark.parametrize("content, words", NO_TEXT.values(), ids=NO_TEXT)
def test_what_is_no_text_is_refused_with_what_to_do(refused, fake, content, words):
    refused(content, *words)


def test_a_fault_in_the_last_line_leaves_nothing_half_done(fake, write):
    """Though what comes before it would fill requests of its own."""
    names = "\n".join(f"p-{number}" for number in range(2500))
    for last in ("not a name", "\"open"):
        for result in (block(write(f"{names}\n{last}"), env=fake.env),
                       run("block", "q1", "-", stdin=f"{names}\n{last}", env=fake.env)):
            assert result.code == 1 and "line 2501" in result.err, result
    assert fake.requests == []


def test_skip_invalid_is_not_advised_for_the_wrong_column(fake, write):
    result = block(write("publicIdentifier,x\nann@b.c,1\nbob@b.c,2\ncarl,3\n"), env=fake.env)
    assert result.code == 1 and "--skip-invalid" not in result.err, result
    assert "2 of 3" in result.err and "--column" in result.err, result
    result = block(write("publicIdentifier,x\nann@b.c,1\nbob,2\ncarl,3\n"), env=fake.env)
    assert result.code == 1 and "--skip-invalid" in result.err, result
    assert "line 2: 'ann@b.c'" in result.err, result


def test_a_second_file_is_wrong_usage(fake, write):
    """One of them would be left out without a word."""
    path = write("ann\n")
    result = block(path, "--file", path, env=fake.env)
    assert result.code == 2 and "--file is given twice" in result.err, result
    assert fake.requests == []


def test_with_nobody_left_skip_invalid_is_a_failure(fake, write):
    result = block(write("a b\nc d\n"), "--skip-invalid", env=fake.env)
    assert result.code == 1 and "nothing was sent" in result.err, result
    assert fake.requests == []


def test_messages_hold_no_bytes_that_steer_a_terminal(fake, write):
    result = block(write(b"\x1b[2J;\xc2\x9bx;\xff\nann y;b;c\n"), env=fake.env)
    assert result.code == 1, result
    assert not any(c in result.err for c in "\x1b\x9b")


def test_a_named_pipe_is_read_and_a_folder_refused(fake, tmp_path):
    assert "directory" in block(tmp_path, env=fake.env).err.lower()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_text, args=(TABLE,), daemon=True)
    thread.start()
    result = block(pipe, "--column", "3", env=fake.env)
    thread.join(10)
    assert result.code == 0 and sent(fake) == ["in/ann", "in/bob"], result
