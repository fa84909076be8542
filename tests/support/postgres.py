#!/usr/bin/env python3
"""Throw-away PostgreSQL clusters: one alone, or a primary with a synchronous standby.

usage: postgres.py run [--fsync] -- COMMAND...

`run` starts a cluster, runs the command and removes the cluster; the exit code is the command's.
In the command's environment LEADBLOCK_TEST_POSTGRES names the cluster as "host=... port=...", for
the tests in C, and LEADBLOCK_TEST_POSTGRES_URI as "postgresql://...", for those in Python.

On a cluster of your own, of PostgreSQL or Citus, every suite runs whose tests only make databases:

  LEADBLOCK_TEST_CREATE_DATABASE=COMMAND  run as `COMMAND NAME`: makes an empty database and prints how
                                          to connect to it as a role that may make schemas, roles and
                                          extensions there, as a URI
  LEADBLOCK_TEST_DROP_DATABASE=COMMAND    run as `COMMAND NAME` when it is not wanted any more

Tests that stop, kill or fail over a server start clusters of their own all the same.

All in a temporary folder, on 127.0.0.1, as a user other than root. Nothing is left behind when the
program ends, however it ends but by SIGKILL.
"""

import atexit
import getpass
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.ports import Port  # noqa: E402

ADMIN = "postgres"
OWNER = "leadblock"  # of the databases; what the server connects as has no special rights
URI = "LEADBLOCK_TEST_POSTGRES_URI"
KEYWORDS = "LEADBLOCK_TEST_POSTGRES"
CREATE, DROP = "LEADBLOCK_TEST_CREATE_DATABASE", "LEADBLOCK_TEST_DROP_DATABASE"
START_LIMIT = 60.0  # seconds
STOP_LIMIT = 30.0
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SETTINGS = {"shared_buffers": "32MB", "max_wal_size": "512MB", "wal_keep_size": "256MB",
            "listen_addresses": "127.0.0.1", "timezone": "UTC", "lc_messages": "C"}
NO_FSYNC = {"fsync": "off", "full_page_writes": "off"}
EVERYBODY = "'*'"  # as synchronous_standby_names

_databases = itertools.count(1)
_clusters = set()  # to be removed when the program ends


class PostgresFailed(Exception):
    pass


@cache
def tool(name):
    """The path of a program of PostgreSQL's; Debian keeps most of them off the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                      key=lambda path: float(path.parts[-3]))
    path = versions[-1].with_name(name) if versions else shutil.which(name)
    if not path:
        raise PostgresFailed(f"no {name}: is PostgreSQL installed?")
    return str(path)


@cache
def user():
    """Who runs it: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return getpass.getuser()
    with open("/etc/passwd", encoding="utf-8") as file:
        names = {line.split(":")[0] for line in file}
    return "postgres" if "postgres" in names else "nobody"


def as_user(name, *args):
    """The command line of a tool that runs as that user."""
    command = [tool(name), *map(str, args)]
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={user()}", "--regid", group(), "--clear-groups", "--", *command]


@cache
def group():
    return subprocess.run(["id", "-g", user()], check=True, capture_output=True,
                          text=True).stdout.strip()


def run_tool(name, *args):
    result = subprocess.run(as_user(name, *args), capture_output=True, text=True, cwd="/")
    if result.returncode != 0:
        raise PostgresFailed(f"{name}: {result.stdout}{result.stderr}")


def reachable():
    """A folder for temporary files that PostgreSQL's user can get to: root's own may be private."""
    folder = Path(tempfile.gettempdir()).resolve()
    if os.geteuid() != 0 or all(path.stat().st_mode & 1 for path in (folder, *folder.parents)):
        return folder
    return "/tmp"


class Address:
    """A cluster that somebody has started, as its administrator."""

    def __init__(self, host, port):
        self.host = host
        self.port = port

    def uri(self, database=ADMIN, role=ADMIN):
        return f"postgresql://{role}@{self.host}:{self.port}/{database}"

    def psql(self, statement, database=ADMIN):
        """What a statement prints: a line for each row, `|` between its columns."""
        result = subprocess.run(
            [tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.uri(database),
             "-c", statement], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            raise PostgresFailed(f"{statement}: {result.stderr.strip()}")
        return result.stdout.rstrip("\n")

    @contextmanager
    def session(self, uri):
        """Somebody at psql, who may keep a transaction open."""
        process = subprocess.Popen(
            [tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", uri], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            yield Session(process)
        finally:
            process.kill()
            process.communicate()

    def create_database(self, template="template0"):
        """The URI of a fresh database, or of a copy of the one with that name."""
        name = f"leadblock_{os.getpid()}_{next(_databases)}"
        if not self.psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{OWNER}'"):
            self.psql(f"CREATE ROLE {OWNER} LOGIN")
        # Files are copied as they are: the default writes each page to the log, which takes four
        # times as long.
        self.psql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy")
        return self.uri(name, OWNER)

    def drop_database(self, uri):
        self.psql(f"DROP DATABASE IF EXISTS {database_of(uri)} WITH (FORCE)")


def database_of(uri):
    return urlsplit(uri).path.removeprefix("/")


class Session:
    """See Address.session."""

    END = "that is all"

    def __init__(self, process):
        self.process = process

    def run(self, statements):
        """Returns what they print when they are done."""
        self.process.stdin.write(f"{statements}\n\\echo {self.END}\n")
        self.process.stdin.flush()
        printed = []
        for line in self.process.stdout:
            if line.rstrip() == self.END:
                return "\n".join(printed)
            printed.append(line.rstrip("\n"))
        raise PostgresFailed(f"{statements}: psql has ended: {' '.join(printed)}")


class Shared(Address):
    """A cluster that many tests share: its administrator stays connected, because a psql and a
    connection for each statement take longer than most statements."""

    def __init__(self, host, port):
        super().__init__(host, port)
        self.lock = threading.Lock()  # servers are also started by several threads

    @cached_property
    def kept(self):
        # Held here as well: since Python 3.13 a forked process drops what was to be done at the end, and
        # what nothing else holds would be closed then, which waits for our psql.
        self.at_end = ExitStack()
        atexit.register(self.at_end.close)
        return self.at_end.enter_context(self.session(self.uri()))

    def psql(self, statement, database=ADMIN):
        if database != ADMIN:
            return super().psql(statement, database)
        with self.lock:
            try:
                return self.kept.run(f"{statement};")
            except PostgresFailed:
                del self.kept  # it ends with the first error
                raise


class Cluster(Address):
    """A cluster of its own. May be stopped or killed and started again, on the same port."""

    def __init__(self, fsync=False, max_connections=100, **settings):
        self.place = Port()
        super().__init__("127.0.0.1", self.place.number)
        self.settings = {**SETTINGS, **({} if fsync else NO_FSYNC),
                         "max_connections": max_connections, **settings}
        self.process = None
        self.root = Path(tempfile.mkdtemp(prefix="leadblock-postgres-", dir=reachable()))
        self.data = self.root / "data"
        self.log = self.root / "log"
        if os.geteuid() == 0:
            shutil.chown(self.root, user(), int(group()))
        _remove_at_the_end(self)

    def __enter__(self):
        try:
            self.initialize()
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *_):
        self.remove()

    def initialize(self):
        run_tool("initdb", "--auth=trust", "--username", ADMIN, "--encoding=UTF8",
                 "--locale=C.UTF-8", "--no-sync", "--no-instructions", "-D", self.data)

    def copy(self, primary):
        """Becomes a standby of that cluster."""
        shutil.rmtree(self.data, ignore_errors=True)
        run_tool("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
                 "-D", self.data, "-d", primary.uri())
        with open(self.data / "postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write("synchronous_standby_names = ''\n")  # nobody follows it yet

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self):
        """Returns when it takes connections."""
        assert self.process is None
        limit = time.monotonic() + START_LIMIT
        while not self._start_once(limit):
            if time.monotonic() > limit:
                raise PostgresFailed(f"did not start:\n{self.log_text()}")
            time.sleep(0.1)  # what is left of a killed one is about to end
        return self

    def _start_once(self, limit):
        command = as_user("postgres", "-D", self.data, "-p", self.port, "-k", self.root)
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/", start_new_session=True)
        while self.process.poll() is None and time.monotonic() < limit:
            if self._is_ready():
                return True
            time.sleep(0.01)
        self.kill()
        return False

    def _is_ready(self):
        """As the postmaster's own file says: line 1 is the process, line 8 the state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return (len(lines) > 7 and int(lines[0]) == self.process.pid
                and lines[7].strip() in ("ready", "standby"))

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, mode="fast"):
        """As pg_ctl stop -m MODE."""
        self.process.send_signal(STOP_SIGNALS[mode])
        try:
            self.process.wait(STOP_LIMIT)
            self.process = None
        except subprocess.TimeoutExpired:
            self.kill()
            raise PostgresFailed(f"still running {STOP_LIMIT} s after a {mode} stop")

    def kill(self):
        """SIGKILL; its children notice and end by themselves."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def promote(self):
        """Returns when it takes writes."""
        if self.psql("SELECT pg_promote(true, 30)") != "t":
            raise PostgresFailed(f"not promoted:\n{self.log_text()}")

    def remove(self):
        if self.runs():
            try:
                self.stop("immediate")
            except PostgresFailed:
                pass  # it has been killed then
        self.kill()
        limit = time.monotonic() + STOP_LIMIT
        while self.root.exists() and time.monotonic() < limit:
            shutil.rmtree(self.root, ignore_errors=True)  # orphans may still write into it
        self.place.leave()
        _clusters.discard(self)


class Pair:
    """A primary and a synchronous standby: what is committed is on both."""

    def __init__(self, **options):
        self.primary = Cluster(**options)
        self.standby = Cluster(**options)
        self.addresses = [f"{cluster.host}:{cluster.port}"
                          for cluster in (self.primary, self.standby)]

    def __enter__(self):
        try:
            self.primary.initialize()
            self.primary.start()
            self.rebuild()
            return self
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *_):
        self.remove()

    def create_database(self):
        """The URI of a fresh database, which names both and finds the one that takes writes."""
        name = database_of(self.primary.create_database())
        return (f"postgresql://{OWNER}@{','.join(self.addresses)}/{name}"
                "?target_session_attrs=read-write")

    def switch(self):
        """The primary fails, the standby takes over and is alone until `rebuild`."""
        self.primary.stop("immediate")
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rebuild(self):
        """Makes a synchronous standby of the one that is not running."""
        self.standby.copy(self.primary)
        self.standby.start()
        self.primary.psql(f"ALTER SYSTEM SET synchronous_standby_names = {EVERYBODY}")
        self.primary.psql("SELECT pg_reload_conf()")
        self._wait("SELECT sync_state = 'sync' FROM pg_stat_replication WHERE state = 'streaming'")
        # Commits wait for it from when the checkpointer, too, has read the new setting, as it does before its work.
        self.primary.psql("CHECKPOINT")

    def replay(self):
        """Waits until who asks the standby sees all that is committed: it applies it after it has it."""
        written = self.primary.psql("SELECT pg_current_wal_lsn()")
        self._wait(f"SELECT replay_lsn >= '{written}' FROM pg_stat_replication WHERE state = 'streaming'")

    def _wait(self, condition):
        limit = time.monotonic() + START_LIMIT
        while self.primary.psql(condition) != "t":
            if time.monotonic() > limit:
                raise PostgresFailed(f"the standby does not follow:\n{self.standby.log_text()}")
            time.sleep(0.05)

    def fail_over(self):
        self.switch()
        self.rebuild()

    def remove(self):
        self.standby.remove()
        self.primary.remove()


class Somebodys(Address):
    """A cluster of somebody's own, by the commands of the environment."""

    def __init__(self, create, drop):
        super().__init__(None, None)
        self.create = create
        self.drop = drop
        self.uris = {}  # by name

    def uri(self, database=ADMIN, role=ADMIN):
        if database not in self.uris:
            raise PostgresFailed(f"{CREATE} makes databases and no administrator of a cluster")
        return self.uris[database]

    def create_database(self, template="template0"):
        if template != "template0":
            raise PostgresFailed(f"{CREATE} copies no database")
        name = f"leadblock_{os.getpid()}_{next(_databases)}"
        uri = command_output(self.create, name)
        self.uris[database_of(uri)] = uri
        return uri

    def drop_database(self, uri):
        self.uris.pop(database_of(uri), None)
        if self.drop:
            command_output(self.drop, database_of(uri))


def command_output(command, name):
    result = subprocess.run(f"{command} {name}", shell=True, capture_output=True, text=True,
                            stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise PostgresFailed(f"{command} {name}: {result.stdout}{result.stderr}")
    return result.stdout.strip()


@cache
def shared():
    """The cluster that the tests of this run share: somebody's own, the one in the environment, or
    its own."""
    if CREATE in os.environ:
        return Somebodys(os.environ[CREATE], os.environ.get(DROP))
    if URI in os.environ:
        parts = urlsplit(os.environ[URI])
        return Shared(parts.hostname, parts.port)
    return Cluster().__enter__()


def _remove_at_the_end(cluster):
    if not _clusters:
        atexit.register(_remove_all, os.getpid())
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
    _clusters.add(cluster)


def _remove_all(pid):
    if os.getpid() == pid:  # and not in a child
        for cluster in list(_clusters):
            cluster.remove()


def run(command, **options):
    """The exit code of a command that has a cluster in its environment."""
    if CREATE in os.environ:
        return subprocess.run(command).returncode
    with Cluster(**options) as cluster:
        env = {**os.environ, URI: cluster.uri(),
               KEYWORDS: f"host={cluster.host} port={cluster.port} user={ADMIN} dbname={ADMIN}"}
        process = None
        stopped = False

        def stop(*_):
            nonlocal stopped
            stopped = True
            if process:
                process.terminate()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        process = subprocess.Popen(command, env=env)
        if stopped:  # while it was being started
            process.terminate()
        code = process.wait()
        return 130 if stopped else code


def main(args):
    if args[:1] != ["run"] or "--" not in args or args[-1] == "--":
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    split = args.index("--")
    return run(args[split + 1 :], fsync="--fsync" in args[1:split])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
