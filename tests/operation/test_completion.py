"""What completes words in bash, zsh and fish, tried in the shells themselves."""

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time

import pytest

from support.server import binary, run


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """The folder with the script of each shell, and the program on the PATH under its own name."""
    folder = tmp_path_factory.mktemp("completion")
    for shell, name in (("bash", "leadblock.bash"), ("zsh", "_leadblock"), ("fish", "leadblock.fish")):
        result = run("completion", shell)
        assert result.code == 0 and not result.err, result
        (folder / name).write_text(result.out)
    (folder / "bin").mkdir()
    (folder / "bin" / "leadblock").symlink_to(binary())
    (folder / "list.csv").write_text("")
    (folder / "data").mkdir()
    return folder


def in_bash(scripts, line):
    """What bash would offer at the end of `line`, as its own function does: words as readline splits them."""
    words = re.findall(r"[^\s=]+|=", line) + ([""] if line[-1] in " " else [])
    assigned = " ".join(shlex.quote(word) for word in words)
    script = (f"source leadblock.bash; COMP_WORDS=({assigned}); COMP_CWORD={len(words) - 1}; "
              f"COMP_LINE={shlex.quote(line)}; COMP_POINT={len(line)}; "
              "$(complete -p leadblock | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' \"${COMPREPLY[@]}\"")
    result = subprocess.run(["bash", "--norc", "-cu", script], cwd=scripts, capture_output=True, text=True,
                            timeout=10, check=True)
    assert not result.stderr, result.stderr
    return set(result.stdout.split())


def in_fish(scripts, line):
    script = f"source leadblock.fish; complete -C {shlex.quote(line)}"
    result = subprocess.run(["fish", "--no-config", "-c", script], cwd=scripts, capture_output=True, text=True,
                            timeout=20, check=True, env={**os.environ, "HOME": str(scripts)})
    assert not result.stderr, result.stderr
    return {offer.split("\t")[0] for offer in result.stdout.splitlines()}


def read_until(terminal, mark, limit=20):
    seen = ""
    end = time.monotonic() + limit
    while mark not in seen:
        left = end - time.monotonic()
        assert left > 0 and select.select([terminal], [], [], left)[0], f"no {mark!r} in {seen!r}"
        seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


class Zsh:
    """An interactive zsh at a terminal of its own, without colours: reading its completions takes seconds. Of what
    it does with a key, it prints a mark at the end."""

    def __init__(self, scripts):
        (scripts / ".zshrc").write_text(
            f"fpath=({scripts} $fpath)\nautoload -Uz compinit\ncompinit -D -u\n"
            "PS1='ready> '\nunset zle_bracketed_paste\nunsetopt beep\nLISTMAX=0\n"
            "list-and-say() { zle list-choices; zle -R; print -rn -- \"<listed>\" >$TTY }\n"
            "give-up-and-say() { BUFFER=; zle -R; print -rn -- \"<given up>\" >$TTY }\n"
            "zle -N list-and-say\nzle -N give-up-and-say\n"
            "bindkey '^I' list-and-say\nbindkey '^X' give-up-and-say\n")
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(scripts)
            os.environ.update(ZDOTDIR=str(scripts), HOME=str(scripts), TERM="dumb", COLUMNS="200", LINES="100",
                              PATH=f"{scripts}/bin:{os.environ['PATH']}")
            os.execvp("zsh", ["zsh", "-i", "-o", "no_global_rcs"])
        read_until(self.terminal, "ready> ")

    def offers(self, line):
        """Types the line, a tab for the list, and gives the line up."""
        os.write(self.terminal, line.encode() + b"\t")
        seen = read_until(self.terminal, "<listed>").split("<listed>")[0]
        os.write(self.terminal, b"\x18")
        read_until(self.terminal, "<given up>")
        return set(re.findall(r"[^\s\x1b\[\]]+", seen)) - set(line.split())

    def end(self):
        os.close(self.terminal)
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)


@pytest.fixture(scope="module")
def zsh(scripts):
    shell = Zsh(scripts)
    yield shell
    shell.end()


SHELLS = {"bash": in_bash, "fish": in_fish}

# (line, what must be offered, what must not)
CASES = [
    ("leadblock ", {"serve", "workspace", "block", "completion"}, {"create", "--data"}),
    ("leadblock key ", {"create", "list", "revoke"}, {"set-plan", "serve"}),
    ("leadblock workspace create Acme --pl", {"--plan"}, {"--role", "--data"}),
    ("leadblock workspace create Acme --plan ", {"starter", "pro", "agency"}, {"list.csv"}),
    ("leadblock user create a@b.example --role ", {"operator", "member", "viewer"}, set()),
    ("leadblock serve --log-", {"--log-level"}, {"--plan"}),
    ("leadblock serve --log-level ", {"error", "warn", "info", "debug"}, set()),
    ("leadblock workspace set-plan Acme ", {"agency"}, {"list.csv"}),
    ("leadblock help ", {"block", "workspace"}, {"list.csv"}),
    ("leadblock completion ", {"bash", "zsh", "fish"}, {"list.csv"}),
    ("leadblock block q1 --file li", {"list.csv"}, {"data"}),
]


def judge(words, offered, left_out):
    assert {word.split("=")[0] for word in words} >= offered, words
    assert not left_out & words, words


@pytest.mark.parametrize("line,offered,left_out", CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("shell", SHELLS)
def test_words_are_completed(scripts, shell, line, offered, left_out):
    judge(SHELLS[shell](scripts, line), offered, left_out)


@pytest.mark.parametrize("line,offered,left_out", CASES, ids=[case[0] for case in CASES])
def test_zsh_completes_words(zsh, line, offered, left_out):
    judge(zsh.offers(line), offered, left_out)


def test_bash_completes_what_is_after_an_equals_sign(scripts):
    assert in_bash(scripts, "leadblock workspace create Acme --plan=") == {"starter", "pro", "agency"}
    assert in_bash(scripts, "leadblock workspace create Acme --plan=ag") == {"agency"}


def test_bash_completes_folders_alone_where_one_is_meant(scripts):
    assert in_bash(scripts, "leadblock verify ") >= {"data"}
    assert "list.csv" not in in_bash(scripts, "leadblock verify ")
    assert in_bash(scripts, "leadblock serve --data da") == {"data"}


def test_every_command_and_option_is_in_every_script(scripts):
    """The overview and the help of each command say what there is."""
    overview = run("help").out
    commands = re.findall(r"^  ([a-z]+(?: [a-z-]+)?)  +[A-Z]", overview, re.MULTILINE)
    texts = {path: path.read_text() for path in scripts.iterdir() if path.is_file() and "leadblock" in path.name}
    assert len(commands) > 25 and len(texts) == 3
    for command in commands:
        options = re.findall(r"^  --([a-z-]+)", run("help", *command.split()).out, re.MULTILINE)
        assert options
        for path, text in texts.items():
            for word in [*command.split(), *options]:
                assert re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z-])", text), f"{path.name}: {command} {word}"


@pytest.mark.parametrize("line", [
    ["bash", "-n", "leadblock.bash"], ["zsh", "-n", "_leadblock"], ["fish", "-n", "leadblock.fish"],
    ["shellcheck", "-s", "bash", "leadblock.bash"]], ids=lambda line: " ".join(line[:2]))
def test_the_scripts_are_clean(scripts, line):
    result = subprocess.run(line, cwd=scripts, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0 and not result.stdout + result.stderr, result


def test_an_unknown_shell_is_wrong_usage():
    result = run("completion", "tcsh")
    assert result.code == 2 and "bash, zsh or fish" in result.err, result
