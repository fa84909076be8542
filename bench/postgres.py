"""PostgreSQL for the systems that store in it: each has a cluster of its own, all with the same
settings, in a folder of the benchmark and over a Unix socket."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from processes import BenchError, Process, wait_until

CONF = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
max_connections = 100
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 16GB
checkpoint_timeout = 30min
random_page_cost = 1.1
maintenance_work_mem = 512MB
jit = off
timezone = 'UTC'
# Of a cluster that is stopped while another is measured: it must find its standby again.
wal_sender_timeout = 0
wal_receiver_timeout = 0
"""

BOUNCER_CONF = """
[databases]
* = host={sockets} user={user}
[pgbouncer]
listen_addr =
unix_socket_dir = {sockets}
listen_port = 6432
auth_type = any
pool_mode = session
default_pool_size = 50
log_connections = 0
log_disconnections = 0
logfile =
pidfile =
"""


def as_postgres():
    """Who runs it, and how: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name, []
    return "postgres", ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Cluster:
    def __init__(self, bench, name):
        self.bench = bench
        self.name = f"postgres-{name}"
        self.data = os.path.join(bench.run_dir, self.name)
        self.sockets = None
        self.process = self.bouncer = None
        self.user, self.as_user = as_postgres()

    def processes(self):
        return [p for p in (self.process, self.bouncer) if p]

    def tool(self, name):
        """Debian keeps most of PostgreSQL's programs off the PATH; the newest version's is taken."""
        found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"),
                       key=lambda path: float(path.split("/")[4]))
        return self.bench.tool(name, os.path.dirname(found[-1]) if found else None)

    def uri(self, database="bench"):
        if self.bouncer:
            return f"postgresql://{self.user}@/{database}?host={self.sockets}&port=6432"
        return f"postgresql://{self.user}@/{database}?host={self.sockets}"

    def sql(self, text, database="bench", input_path=None):
        argv = [self.tool("psql"), "-h", self.sockets, "-U", self.user, "-XAtq"]
        argv += ["-v", "ON_ERROR_STOP=1", "-d", database]
        if input_path:
            done = subprocess.run(
                [*argv, "-c", text], stdin=input_path, capture_output=True, check=False
            )
        else:
            done = subprocess.run(argv, input=text.encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"psql: {done.stderr.decode().strip()}")
        return done.stdout.decode().strip()

    # --- the cluster ---

    def as_user_run(self, name, *args):
        done = subprocess.run([*self.as_user, self.tool(name), *args], capture_output=True,
                              text=True, check=False, cwd="/")
        if done.returncode != 0:
            raise BenchError(f"{name}: {done.stderr.strip()}")

    def make_folders(self):
        self.sockets = tempfile.mkdtemp(prefix="leadblock-bench-")
        self.bench.temporary.append(self.sockets)
        os.makedirs(self.data, mode=0o700)
        if self.as_user:
            for path in (self.sockets, self.data):
                shutil.chown(path, "postgres", "postgres")

    def configure(self):
        """What is said last in the file counts."""
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
        conf = CONF.format(
            sockets=self.sockets,
            buffers=max(128, min(memory_mb // 4, 2048)),
            cache=max(256, memory_mb // 2),
        )
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as f:
            f.write(conf)

    def make(self):
        self.make_folders()
        self.as_user_run("initdb", "-D", self.data, "-U", self.user, "-A", "trust", "-E", "UTF8",
                         "--locale=C.UTF-8", "--no-sync")
        self.configure()

    def follow(self, primary):
        """Becomes that cluster's synchronous standby: a commit is then on both disks."""
        self.make_folders()
        self.as_user_run("pg_basebackup", "-h", primary.sockets, "-U", self.user, "-D", self.data,
                         "--write-recovery-conf", "--checkpoint=fast")
        self.configure()
        self.start()
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'", "postgres")
        primary.sql("SELECT pg_reload_conf()", "postgres")
        state = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
        wait_until(self.name, lambda: primary.sql(state, "postgres") == "sync", self.process)

    def start(self):
        """Returns the seconds until it answers."""
        began = time.monotonic()
        argv = [*self.as_user, self.tool("postgres"), "-D", self.data]
        self.process = Process(self.bench, self.name, argv, stop_signal=signal.SIGINT)
        path = os.path.join(self.sockets, ".s.PGSQL.5432")

        def ready():
            if not os.path.exists(path):
                return False
            try:
                return self.sql("SELECT 1", "postgres") == "1"
            except BenchError:
                return False

        wait_until(self.name, ready, self.process)
        return time.monotonic() - began

    def start_bouncer(self):
        """pgbouncer in session mode, between the cluster and whoever takes `uri` from now on."""
        conf = os.path.join(self.sockets, "pgbouncer.ini")
        with open(conf, "w", encoding="ascii") as f:
            f.write(BOUNCER_CONF.format(sockets=self.sockets, user=self.user))
        argv = [*self.as_user, self.bench.tool("pgbouncer"), "-q", conf]
        self.bouncer = Process(self.bench, f"{self.name}-bouncer", argv)
        path = os.path.join(self.sockets, ".s.PGSQL.6432")
        wait_until("pgbouncer", lambda: os.path.exists(path), self.bouncer)

    def stop_bouncer(self):
        if self.bouncer:
            self.bouncer.stop()
            self.bouncer = None

    # --- its database `bench`, and the copy `base` ---

    def make_database(self):
        """An empty one."""
        if self.process is None:
            self.make()
            self.start()
        self.drop()
        self.sql("CREATE DATABASE bench TEMPLATE template0", "postgres")

    def drop(self):
        self.sql("DROP DATABASE IF EXISTS bench WITH (FORCE)", "postgres")

    def keep_base(self):
        self.sql("VACUUM (ANALYZE, FREEZE)")
        self.sql("DROP DATABASE IF EXISTS base", "postgres")
        self.sql("ALTER DATABASE bench RENAME TO base", "postgres")

    def restore_base(self):
        self.drop()
        self.sql("CREATE DATABASE bench TEMPLATE base STRATEGY file_copy", "postgres")
        self.sql("CHECKPOINT", "postgres")

    def version(self):
        done = subprocess.run([self.tool("postgres"), "--version"], capture_output=True, text=True,
                              check=False)
        return done.stdout.strip()
