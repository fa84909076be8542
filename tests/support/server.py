"""Starts the real program on a data folder of its own and runs its commands.

The binary is taken from LEADBLOCK_BIN, else build/leadblock below the root of the repository. With
LEADBLOCK_TEST_BACKEND=postgresql every server has a fresh PostgreSQL database, of the cluster that
LEADBLOCK_TEST_POSTGRES_URI names or else of one that the tests of this run share.
"""

import itertools
import json as jsonlib
import os
import re
import signal
import subprocess
import tempfile
import time
import shutil
from datetime import datetime, timezone
from pathlib import Path

from . import postgres
from .client import Api, Connection

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(rb"^leadblock: ready on http://(.+):(\d+)\s*$", re.MULTILINE)
CONTROL = "control.sock"  # in the data folder
# Settings of every server. Hashing passwords as well as it is done for people takes long by design.
QUICK = {"LEADBLOCK_PASSWORD_MEMORY": "19"}
START_LIMIT = 60.0  # seconds, on a machine that is slow and busy
STOP_LIMIT = 40.0

_counter = itertools.count(1)
_addresses = itertools.count(1)


def binary():
    # Absolute, since some tests run it from another folder.
    return os.path.abspath(os.environ.get("LEADBLOCK_BIN") or ROOT / "build" / "leadblock")


def on_postgresql():
    return os.environ.get("LEADBLOCK_TEST_BACKEND") == "postgresql"


def unique(stem="lead"):
    """An identifier that no other test uses, in canonical form."""
    return f"{stem}-{os.getpid():x}-{next(_counter)}"


def fresh_address():
    """An IPv4 address that no other request has come from, for X-Forwarded-For."""
    number = next(_addresses)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def clean_environment(extra=None):
    env = {name: value for name, value in os.environ.items() if not name.startswith("LEADBLOCK_")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(extra or {})
    return env


class CommandFailed(Exception):
    pass


class Result:
    """How a command ended."""

    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    def json(self):
        return jsonlib.loads(self.out)

    def __repr__(self):
        return f"<exit {self.code}\nout: {self.out}\nerr: {self.err}>"


def run(*args, stdin=None, env=None, cwd=None, timeout=30):
    """Runs the program with these arguments until it ends. What it leaves allocated then is not looked
    for, which takes a third of its time: what runs on, servers and `send`, is checked for leaks."""
    env = clean_environment(env)
    if "ASAN_OPTIONS" in env:
        env["ASAN_OPTIONS"] += ":detect_leaks=0"
    process = subprocess.run([binary(), *map(str, args)], input=stdin if stdin is not None else "",
                             capture_output=True, text=True, env=env, cwd=cwd, timeout=timeout)
    return Result(process)


class Tenant:
    """A workspace with a key."""

    def __init__(self, server, workspace, key):
        self.server = server
        self.workspace = workspace
        self.key = key
        self.api = server.api(key)

    def campaign(self, name="A campaign", **fields):
        response = self.api.post("/campaigns", {"name": name, **fields})
        assert response.status == 201, response
        return response.json()["id"]

    def new_key(self, *args):
        """Another key of the same workspace."""
        return self.server.key(self.workspace, *args)


class Server:
    """One server process on one data folder. May be stopped or killed and started again.

    database: the URI of a PostgreSQL database that somebody else makes and drops.
    copy_of: the URI of one whose copy the server gets in place of an empty one."""

    def __init__(self, *args, data=None, listen="127.0.0.1:0", env=None, database=None,
                 copy_of=None):
        self.args = [str(arg) for arg in args]
        self.root = Path(tempfile.mkdtemp(prefix="leadblock-test-"))
        self.data = Path(data) if data else self.root / "data"
        self.database = database
        self.own_database = None
        if on_postgresql() and not database:
            template = postgres.database_of(copy_of) if copy_of else "template0"
            self.database = self.own_database = postgres.shared().create_database(template)
        self.listen = listen
        self.env = env
        self.process = None
        self.port = None
        self.starts = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        try:
            if self.process and kind is None:
                self.stop()
            else:
                self.kill()
        finally:
            self.remove()

    @property
    def place(self):
        """The options that say where its data are."""
        return ["--data", str(self.data), *(["--database", self.database] if self.database else [])]

    @property
    def log(self):
        """Standard error of the present or last run."""
        return self.root / f"stderr-{self.starts}"

    def log_text(self):
        return self.log.read_text(errors="replace")

    def all_logs(self):
        return "".join(path.read_text(errors="replace")
                       for path in sorted(self.root.glob("std*-*")))

    def spawn(self):
        """Starts the process without waiting until it is ready."""
        assert self.process is None
        self.starts += 1
        command = [binary(), "serve", *self.place, "--listen", self.listen, *self.args]
        with open(self.log, "wb") as err, open(self.root / f"stdout-{self.starts}", "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err,
                                            env=clean_environment({**QUICK, **(self.env or {})}))
        return self

    def wait_ready(self, patience=START_LIMIT):
        limit = time.monotonic() + patience
        while True:
            match = READY.search(self.log.read_bytes())
            if match:
                self.port = int(match.group(2))
                return self
            code = self.process.poll()
            if code is not None:
                self.process = None
                raise CommandFailed(f"the server ended with {code}:\n{self.log_text()}")
            if time.monotonic() > limit:
                raise CommandFailed(f"not ready after {patience} s:\n{self.log_text()}")
            time.sleep(0.002)

    def start(self):
        self.spawn()
        try:
            return self.wait_ready()
        except BaseException:
            self.kill()
            raise

    def wait_end(self, timeout=STOP_LIMIT):
        """Waits for the process to end by itself and returns its exit code."""
        code = self.process.wait(timeout)
        self.process = None
        return code

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """SIGTERM; the server must end by itself with exit code 0."""
        self.terminate()
        try:
            code = self.wait_end()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {STOP_LIMIT} s after SIGTERM:\n{self.log_text()}")
        assert code == 0, f"exit code {code} after SIGTERM:\n{self.log_text()}"

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
        if self.own_database:
            postgres.shared().drop_database(self.own_database)
            self.own_database = None

    def empty(self):
        """Takes all data away from a server that is stopped."""
        shutil.rmtree(self.data)
        if self.own_database:
            postgres.shared().drop_database(self.own_database)
            self.database = self.own_database = postgres.shared().create_database()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def connect(self, **options):
        return Connection(self.port, **options)

    def api(self, key=None, **options):
        return Api(self.port, key, **options)

    def metric(self, name):
        """What /metrics says of leadblock_NAME."""
        with self.connect() as connection:
            text = connection.request("GET", "/metrics").body.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"leadblock_{name} "))

    def run(self, *args, **options):
        """Runs a command on this server's data, whatever its exit code."""
        return run(*args, *self.place, **options)

    def cli(self, *args, **options):
        """Runs a command that must succeed; its standard output without the line end."""
        result = self.run(*args, **options)
        if result.code != 0:
            raise CommandFailed(f"leadblock {' '.join(map(str, args))}: {result}")
        return result.out.strip()

    def run_beside(self, *args, **options):
        """Runs a command that needs the running server, which knows its database, whatever its exit code."""
        return run(*args, "--data", str(self.data), **options)

    def cli_beside(self, *args, **options):
        """Runs such a command that must succeed; its standard output without the line end."""
        result = self.run_beside(*args, **options)
        if result.code != 0:
            raise CommandFailed(f"leadblock {' '.join(map(str, args))}: {result}")
        return result.out.strip()

    def admin(self, method, path, body):
        """What a command asks of the running server, without the command, whose process costs 90 ms of
        processor time where this costs 3, and more with a sanitizer. Commands have their own tests."""
        with Connection(str(self.data / CONTROL)) as connection:
            response = connection.request(method, path, [("Content-Type", "application/json")],
                                          body)
        if response.status not in (200, 201):
            raise CommandFailed(f"{method} {path}: {response}")
        return response.json()

    def workspace(self, plan="pro", *args, name=None):
        name = name or unique("Workspace")
        if args or not self.alive():
            return self.cli("workspace", "create", name, "--plan", plan, *args)
        body = {"name": name, "plan": plan, "expiresAt": None}
        return self.admin("POST", "/admin/workspaces", body)["id"]

    def key(self, workspace, *args, name="test"):
        if args or not self.alive():
            return self.cli("key", "create", workspace, "--name", name, *args)
        return self.admin("POST", f"/admin/workspaces/{workspace}/keys",
                          {"name": name, "expiresAt": None})["key"]

    def end_license(self, workspace, plan="pro"):
        """Gives the workspace a license that has ended when this returns."""
        def set_plan(end):
            if not self.alive():
                return self.cli("workspace", "set-plan", workspace, plan, "--expires", end)
            return self.admin("PUT", f"/admin/workspaces/{workspace}/plan",
                              {"plan": plan, "expiresAt": end})

        ended(set_plan)

    def tenant(self, plan="pro", *args):
        workspace = self.workspace(plan, *args)
        return Tenant(self, workspace, self.key(workspace))


def ended(call):
    """What `call` returns for an end date, which is over when this returns. One that lies in the past
    is refused, so the date is near, and further away the next time when it came too late."""
    for ahead in (0.03, 0.1, 0.5, 2.5, 10):
        end = time.time() + ahead
        stamp = datetime.fromtimestamp(end, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
        try:
            result = call(stamp[:-3] + "Z")
        except CommandFailed as failure:
            if "lies in the past" not in str(failure):
                raise
            continue
        time.sleep(max(0, end - time.time()) + 0.002)
        return result
    raise AssertionError("no end date came in time")


def key_id(key):
    """The public part of a key: lb_<keyId>_<secret><checksum>."""
    prefix, identity, secret = key.split("_", 2)
    assert prefix == "lb" and identity and len(secret) > 20, "not a key"
    return identity
