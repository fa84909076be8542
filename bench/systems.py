"""The systems that are compared: how each is started, filled, put back and asked.

Every system runs on loopback, on the same processors, with its data in the same folder, and is
ended by the process id that was started here.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time

from postgres import Cluster
from processes import BenchError, Process, disk_bytes, free_port, http_get, wait_until

SLOT = "\x01" * 13  # the generator puts an identifier here
SUFFIX = "-jane-smith"  # 13 + 11 = 24 bytes
IDENTIFIER = SLOT + SUFFIX
CAMPAIGN = "bench"
BULK = 1000


# --- requests as the generator wants them ---


def http_request(method, path, body=None, headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", body or ""]).encode("ascii")


def resp_command(*words):
    return f"*{len(words)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in words)


class Request:
    """A template for the generator and how to tell a good answer."""

    def __init__(self, template, expect=None, resp_lines=0):
        self.template, self.expect, self.resp_lines = template, expect, resp_lines


def json_list(k):
    return "[" + ",".join([f'"{IDENTIFIER}"'] * k) + "]"


class System:
    """What the cases need of a system. A request that it does not offer is None."""

    name = label = ""
    stores = True

    def __init__(self, bench):
        self.bench = bench
        self.port = 0

    @property
    def ports(self):
        """The generator's connections take them in turn."""
        return [self.port]

    def processes(self):
        return []

    def pids(self):
        return [pid for p in self.processes() for pid in p.tree()]

    def freeze(self):
        for p in self.processes():
            p.signal_all(signal.SIGSTOP)

    def thaw(self):
        for p in self.processes():
            p.signal_all(signal.SIGCONT)

    def stop(self):
        for p in reversed(self.processes()):
            p.stop()

    def restart(self):
        """On the processors that the benchmark now gives to servers, with as many threads."""
        self.stop()
        self.start()
        for p in self.processes():
            p.pin()

    def install_base(self):
        """Fills the empty system with the base entries and keeps a copy for reset()."""

    def reset(self):
        """Puts the system back to the base entries."""

    def check(self):
        return None

    def check_allowed(self):
        return self.check()

    def check_blocked(self):
        return self.check()

    def check_many(self, k):
        return None

    def block(self, k):
        return None

    def unblock(self, k):
        return None

    def page(self, number, take):
        return None


class JsonApi(System):
    """The paths and bodies that leadblock and the Fastify service share."""

    def headers(self):
        return [f"x-api-key: {self.key}"]

    def path(self, rest=""):
        return f"/v1/campaigns/{CAMPAIGN}/blocked-leads{rest}"

    def with_body(self, method, path, k):
        body = '{"publicIdentifiers":' + json_list(k) + "}"
        return http_request(
            method, path, body, [*self.headers(), "Content-Type: application/json"]
        )

    def check_allowed(self):
        template = http_request("GET", self.path(f"/{IDENTIFIER}"), None, self.headers())
        return Request(template, '"blocked":false')

    def check_blocked(self):
        return Request(self.check_allowed().template, '"blocked":true')

    def check_many(self, k):
        return Request(self.with_body("POST", self.path("/check"), k), '{"blocked":[')

    def block(self, k):
        return Request(self.with_body("POST", self.path(), k), f'"blocked":{k}')

    def unblock(self, k):
        return Request(self.with_body("DELETE", self.path(), k), f'"unblocked":{k}')

    def page(self, number, take):
        path = self.path(f"?skip={(number - 1) * take}&take={take}")
        return Request(http_request("GET", path, None, self.headers()), "-jane-smith")


class Leadblock(JsonApi):
    name, label = "leadblock", "leadblock"

    def __init__(self, bench):
        super().__init__(bench)
        self.binary = bench.options.leadblock
        self.data = os.path.join(bench.run_dir, "leadblock")
        self.base = os.path.join(bench.run_dir, "leadblock-base")
        self.process = None
        self.key = ""

    def processes(self):
        return [self.process] if self.process else []

    def servers(self):
        return self.processes()

    def place(self):
        """The options that say where its data are."""
        return ["--data", self.data]

    def admin(self, *args):
        done = subprocess.run(
            [self.binary, *args, *self.place()], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise BenchError(f"leadblock {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def make_empty(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data, mode=0o700)
        self.make_workspace()
        self.start()

    def make_workspace(self):
        workspace = self.admin("workspace", "create", "bench", "--plan", "agency")
        self.key = self.admin("key", "create", workspace, "--name", "bench")
        self.admin("campaign", "create", workspace, "Benchmark", "--id", CAMPAIGN)

    def serve(self, port, name, place):
        """Starts a server; returns it when /readyz says 200."""
        process = Process(
            self.bench,
            name,
            [
                self.binary,
                "serve",
                *place,
                *("--listen", f"127.0.0.1:{port}"),
                *self.bench.threads(),
                *("--log-level", "warn"),
            ],
        )
        ready = lambda: http_get(port, "/readyz")[0] == 200
        wait_until(name, ready, process, 300, 0.002)
        return process

    def start(self):
        """Returns the seconds from the start of the process to the first 200 of /readyz."""
        self.port = free_port()
        began = time.monotonic()
        self.process = self.serve(self.port, self.name, self.place())
        return time.monotonic() - began

    def add(self, first, count):
        self.bench.fill(self, self.block(BULK), first, count)

    def install_base(self):
        self.make_empty()
        self.add(0, self.bench.options.entries)
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)
        shutil.copytree(self.data, self.base, copy_function=shutil.copy2)
        self.start()

    def reset(self):
        self.stop()
        shutil.rmtree(self.data)
        shutil.copytree(self.base, self.data)
        self.start()

    def stored(self):
        _, headers, _ = http_get(
            self.port, self.path("?take=1"), {"x-api-key": self.key}
        )
        return int({k.lower(): v for k, v in headers}["x-total-count"])

    def disk(self):
        return disk_bytes(self.data)

    def verified(self):
        """What `leadblock verify` is told to look at."""
        return self.data

    def verify(self):
        """Of the system, stopped: the seconds that it takes, and the most memory that it had."""
        began = time.monotonic()
        process = subprocess.Popen([self.binary, "verify", "--quiet", self.verified()])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise BenchError("leadblock verify finds the list damaged")
        return time.monotonic() - began, used.ru_maxrss * 1024

    def version(self):
        done = subprocess.run([self.binary, "version"], capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip().split("\n")[0]


class LeadblockPostgres(Leadblock):
    """leadblock on PostgreSQL; the connections are spread over its nodes."""

    name, label = "leadblock-pg", "leadblock + PostgreSQL"
    count = 1
    bouncer = False

    def __init__(self, bench):
        super().__init__(bench)
        self.data = os.path.join(bench.run_dir, self.name)
        self.cluster = Cluster(bench, self.name)
        self.sql = self.cluster.sql
        self.nodes = []

    @property
    def ports(self):
        return [port for port, _ in self.nodes]

    def processes(self):
        return [*self.cluster.processes(), *self.servers()]

    def servers(self):
        return [process for _, process in self.nodes]

    def place(self):
        """Of the node that is started next."""
        data = f"{self.data}-{len(self.nodes)}"
        return ["--data", data, "--database", self.cluster.uri()]

    def stop(self):
        """The nodes; PostgreSQL goes on."""
        for process in self.servers():
            process.stop()
        self.nodes = []
        self.cluster.stop_bouncer()

    def make_empty(self):
        self.stop()
        self.cluster.make_database()
        self.make_workspace()
        self.start()

    def start(self):
        if self.bouncer:
            self.cluster.start_bouncer()
        return max(self.start_node() for _ in range(self.count))

    def start_node(self):
        """One more; returns the seconds until it is ready."""
        port, began = free_port(), time.monotonic()
        name = f"{self.name}-node-{len(self.nodes)}"
        self.nodes.append((port, self.serve(port, name, self.place())))
        self.port = self.nodes[0][0]
        return time.monotonic() - began

    def install_base(self):
        self.make_empty()
        self.add(0, self.bench.options.entries)
        self.stop()
        self.cluster.keep_base()
        self.reset()

    def reset(self):
        self.stop()
        self.cluster.restore_base()
        self.start()

    def verified(self):
        return self.cluster.uri()

    def disk(self):
        self.sql("CHECKPOINT", "postgres")
        return int(self.sql(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'leadblock'::regnamespace"
        ))

    def version(self):
        return f"{super().version()}; {self.cluster.version()}"


class LeadblockPostgres2(LeadblockPostgres):
    name, label = "leadblock-pg-2", "leadblock ×2 + PostgreSQL"
    count = 2


class LeadblockStandby(LeadblockPostgres):
    """A commit waits for the disk of a second cluster on the same machine."""

    name, label = "leadblock-pg-standby", "leadblock + PostgreSQL, synchronous standby"

    def __init__(self, bench):
        super().__init__(bench)
        self.standby = Cluster(bench, f"{self.name}-2")

    def processes(self):
        return [*self.standby.processes(), *super().processes()]

    def make_empty(self):
        super().make_empty()
        if not self.standby.process:
            self.standby.follow(self.cluster)


class LeadblockBouncer(LeadblockPostgres):
    name, label = "leadblock-pg-bouncer", "leadblock + pgbouncer + PostgreSQL"
    bouncer = True

    def version(self):
        bouncer = self.bench.output("pgbouncer", "--version")
        return f"{super().version()}; {bouncer.splitlines()[0]}"


class Nginx(System):
    """A reply of the right size without any work behind it: the floor of an HTTP request."""

    name, label = "nginx", "nginx static"
    stores = False

    CONF = """
daemon off;
worker_processes {workers};
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log error;
events {{ worker_connections 16384; multi_accept on; }}
http {{
    access_log off;
    server_tokens off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    default_type application/json;
    client_body_temp_path {dir}/nginx-temp;
    proxy_temp_path {dir}/nginx-temp; fastcgi_temp_path {dir}/nginx-temp;
    uwsgi_temp_path {dir}/nginx-temp; scgi_temp_path {dir}/nginx-temp;
    client_body_buffer_size 64k;
    server {{
        listen 127.0.0.1:{port} backlog=4096{reuseport};
        location / {{ return 200 '{reply}'; }}
    }}
}}
"""
    REPLY = '{"publicIdentifier":"abcdefghijklm-jane-smith","blocked":false}'

    def __init__(self, bench):
        super().__init__(bench)
        self.process = None

    def processes(self):
        return [self.process] if self.process else []

    def install_base(self):
        self.start()

    def start(self):
        self.port = free_port()
        conf = os.path.join(self.bench.run_dir, "nginx.conf")
        workers = self.bench.server_cpu_count
        with open(conf, "w", encoding="ascii") as f:
            f.write(
                self.CONF.format(
                    workers=workers,
                    reuseport=" reuseport" if workers > 1 else "",
                    dir=self.bench.run_dir,
                    port=self.port,
                    reply=self.REPLY,
                )
            )
        argv = [self.bench.tool("nginx"), "-e", "stderr", "-c", conf, "-p", self.bench.run_dir]
        self.process = Process(self.bench, "nginx", argv, stop_signal=signal.SIGQUIT)
        wait_until("nginx", lambda: http_get(self.port, "/")[0] == 200, self.process)

    def check_allowed(self):
        path = f"/v1/campaigns/{CAMPAIGN}/blocked-leads/{IDENTIFIER}"
        return Request(http_request("GET", path), '"blocked":false')

    def check_blocked(self):
        return self.check_allowed()

    def block(self, k):
        body = '{"publicIdentifiers":' + json_list(k) + "}"
        path = f"/v1/campaigns/{CAMPAIGN}/blocked-leads"
        headers = ["Content-Type: application/json"]
        return Request(http_request("POST", path, body, headers), '"blocked"')

    def version(self):
        return self.bench.output("nginx", "-v").replace("nginx version: ", "")


class RedisStack:
    """Redis with appendfsync always, and webdis in front of it. Two systems share it."""

    CONF = """
bind 127.0.0.1
port {port}
daemonize no
dir {dir}
appendonly yes
appendfsync always
save ""
auto-aof-rewrite-percentage 0
maxclients 20000
tcp-backlog 4096
loglevel warning
"""

    def __init__(self, bench):
        self.bench = bench
        self.data = os.path.join(bench.run_dir, "redis")
        self.base = os.path.join(bench.run_dir, "redis-base")
        self.redis = self.webdis = None
        self.redis_port = self.webdis_port = 0
        self.epoch = None

    def processes(self):
        return [p for p in (self.redis, self.webdis) if p]

    def command(self, *words):
        """One command; the reply as raw bytes of its first read."""
        with socket.create_connection(("127.0.0.1", self.redis_port), timeout=60) as s:
            s.sendall(resp_command(*words).encode())
            return s.recv(65536)

    def start(self):
        """Returns the seconds until Redis has loaded its data and answers."""
        self.redis_port, self.webdis_port = free_port(), free_port()
        os.makedirs(self.data, exist_ok=True)
        conf = os.path.join(self.bench.run_dir, "redis.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(self.CONF.format(port=self.redis_port, dir=self.data))
        began = time.monotonic()
        self.redis = Process(self.bench, "redis", [self.bench.tool("redis-server"), conf])
        ready = lambda: self.command("PING").startswith(b"+PONG")
        wait_until("redis", ready, self.redis, 300, 0.002)
        took = time.monotonic() - began
        self.start_webdis()
        return took

    def start_webdis(self):
        conf = os.path.join(self.bench.run_dir, "webdis.json")
        settings = {
            "redis_host": "127.0.0.1",
            "redis_port": self.redis_port,
            "http_host": "127.0.0.1",
            "http_port": self.webdis_port,
            # One thread per processor that it has; more are slower.
            "threads": self.bench.server_cpu_count,
            "pool_size": self.bench.options.webdis_pool,
            "daemonize": False,
            "websockets": False,
            "database": 0,
            "acl": [],
            "verbosity": 0,
            "logfile": "/dev/null",
        }
        with open(conf, "w", encoding="ascii") as f:
            json.dump(settings, f)
        self.webdis = Process(self.bench, "webdis", [self.bench.tool("webdis"), conf])
        ready = lambda: http_get(self.webdis_port, "/PING")[0] == 200
        wait_until("webdis", ready, self.webdis)

    def stop(self):
        for p in (self.webdis, self.redis):
            if p:
                p.stop()

    def make_empty(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        self.start()

    def install_base(self, add):
        if self.epoch is not None:
            return
        self.make_empty()
        add(0, self.bench.options.entries)
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)
        shutil.copytree(self.data, self.base)
        self.start()
        self.epoch = self.bench.epoch

    def reset(self):
        if self.epoch == self.bench.epoch:
            return
        self.epoch = self.bench.epoch
        self.stop()
        shutil.rmtree(self.data)
        shutil.copytree(self.base, self.data)
        self.start()

    def stored(self):
        return int(self.command("SCARD", "bl").strip()[1:])


class Redis(System):
    name, label = "redis", "Redis"

    def __init__(self, bench):
        super().__init__(bench)
        self.stack = bench.redis_stack

    @property
    def port(self):
        return self.stack.redis_port

    @port.setter
    def port(self, _):
        pass

    def processes(self):
        return self.stack.processes()

    def stop(self):
        self.stack.stop()

    def add(self, first, count):
        self.bench.fill(self, self.block(BULK), first, count)

    def install_base(self):
        self.stack.install_base(self.add)

    def reset(self):
        self.stack.reset()

    def stored(self):
        return self.stack.stored()

    def make_empty(self):
        self.stack.make_empty()

    def start(self):
        return self.stack.start()

    def disk(self):
        return disk_bytes(self.stack.data)

    def check_many(self, k):
        text = resp_command("SMISMEMBER", "bl", *[IDENTIFIER] * k)
        return Request(text.encode("ascii"), None, k + 1)

    def block(self, k):
        text = resp_command("SADD", "bl", *[IDENTIFIER] * k)
        return Request(text.encode("ascii"), None, 1)

    def block_pipelined(self, k):
        text = resp_command("SADD", "bl", IDENTIFIER) * k
        return Request(text.encode("ascii"), None, k)

    def unblock(self, k):
        text = resp_command("SREM", "bl", *[IDENTIFIER] * k)
        return Request(text.encode("ascii"), None, 1)

    def version(self):
        return self.bench.output("redis-server", "--version").split(" sha=")[0]


class Webdis(System):
    name, label = "webdis", "webdis + Redis"

    def __init__(self, bench):
        super().__init__(bench)
        self.stack = bench.redis_stack
        self.redis = Redis(bench)

    @property
    def port(self):
        return self.stack.webdis_port

    @port.setter
    def port(self, _):
        pass

    def processes(self):
        return self.stack.processes()

    def start(self):
        return self.stack.start()

    def stop(self):
        self.stack.stop()

    def add(self, first, count):
        self.redis.add(first, count)

    def install_base(self):
        self.stack.install_base(self.add)

    def reset(self):
        self.stack.reset()

    def stored(self):
        return self.stack.stored()

    def command(self, words, expect):
        body = "/".join(words)
        return Request(http_request("POST", "/", body), expect)

    def check_allowed(self):
        path = f"/SISMEMBER/bl/{IDENTIFIER}"
        return Request(http_request("GET", path), '{"SISMEMBER":0}')

    def check_blocked(self):
        return Request(self.check_allowed().template, '{"SISMEMBER":1}')

    def check_many(self, k):
        return self.command(["SMISMEMBER", "bl", *[IDENTIFIER] * k], '{"SMISMEMBER":[')

    def block(self, k):
        return self.command(["SADD", "bl", *[IDENTIFIER] * k], f'{{"SADD":{k}}}')

    def unblock(self, k):
        return self.command(["SREM", "bl", *[IDENTIFIER] * k], f'{{"SREM":{k}}}')

    def prepare_pages(self):
        """A set has no order: for pages the same entries go into a sorted set, by time."""
        entries = self.bench.options.entries
        words = []
        for i in range(BULK):
            words += [str(i), IDENTIFIER]
        request = Request(resp_command("ZADD", "blz", *words).encode("ascii"), None, 1)
        self.bench.fill(self.redis, request, 0, entries)

    def page(self, number, take):
        skip = (number - 1) * take
        path = f"/ZREVRANGE/blz/{skip}/{skip + take - 1}/WITHSCORES"
        return Request(http_request("GET", path), "-jane-smith")

    def version(self):
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "webdis ${Version}", "webdis"],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()


class FastifyPostgres(JsonApi):
    name, label = "fastify", "Fastify + PostgreSQL"

    def __init__(self, bench):
        super().__init__(bench)
        self.key = "lb_bench_0123456789abcdef0123456789abcdef"
        self.cluster = Cluster(bench, "fastify")
        self.sql = self.cluster.sql
        self.node = None

    def processes(self):
        return [*self.cluster.processes(), *([self.node] if self.node else [])]

    def start_node(self):
        self.port = free_port()
        env = {
            "PORT": str(self.port),
            "API_KEY": self.key,
            "READERS": str(self.bench.options.pg_readers),
            "WRITERS": str(self.bench.options.pg_writers),
            "WORKERS": str(self.bench.server_cpu_count),
            "PGHOST": self.cluster.sockets,
            "PGUSER": self.cluster.user,
            "PGDATABASE": "bench",
            "NODE_ENV": "production",
        }
        script = os.path.join(self.bench.fastify_dir, "server.js")
        self.node = Process(self.bench, "fastify", [self.bench.options.node, script], env)
        path = self.path("/nobody")
        headers = {"x-api-key": self.key}
        ready = lambda: http_get(self.port, path, headers)[0] == 200
        wait_until("fastify", ready, self.node)

    def stop_node(self):
        if self.node:
            self.node.stop()

    def make_empty(self):
        self.stop_node()
        self.cluster.make_database()
        with open(os.path.join(self.bench.fastify_dir, "schema.sql"), encoding="utf-8") as f:
            self.sql(f.read())
        self.sql(f"INSERT INTO campaigns (id) VALUES ('{CAMPAIGN}')")
        self.start_node()

    def add(self, first, count):
        """By COPY. An empty table gets its key afterwards, which makes the smallest index."""
        has_key = self.sql("SELECT count(*) FROM pg_constraint WHERE conname = 'blocked_pk'") == "1"
        generator = subprocess.Popen(
            [self.bench.load, "ids", str(first), str(count), SUFFIX], stdout=subprocess.PIPE
        )
        self.sql("ALTER TABLE blocked_leads ALTER campaign SET DEFAULT 1")
        self.sql(
            "COPY blocked_leads (public_identifier) FROM STDIN",
            input_path=generator.stdout,
        )
        generator.stdout.close()
        if generator.wait() != 0:
            raise BenchError("the generator could not print identifiers")
        if not has_key:
            self.sql(
                "ALTER TABLE blocked_leads ADD CONSTRAINT blocked_pk"
                " PRIMARY KEY (campaign, public_identifier)"
            )

    def install_base(self):
        self.make_empty()
        self.add(0, self.bench.options.entries)
        self.stop_node()
        self.cluster.keep_base()
        self.reset()

    def reset(self):
        self.stop_node()
        self.cluster.restore_base()
        self.start_node()

    def prepare_pages(self):
        self.sql("CREATE INDEX blocked_list ON blocked_leads (campaign, id DESC)")
        self.sql("VACUUM (ANALYZE) blocked_leads")

    def stored(self):
        return int(self.sql("SELECT count(*) FROM blocked_leads"))

    def start(self):
        took = self.cluster.start()
        self.start_node()
        return took

    def disk(self):
        self.sql("CHECKPOINT", "postgres")
        return int(self.sql("SELECT pg_total_relation_size('blocked_leads')"))

    def version(self):
        def package(name):
            path = os.path.join(self.bench.fastify_dir, "node_modules", name, "package.json")
            with open(path, encoding="utf-8") as f:
                return json.load(f)["version"]

        node = subprocess.run(
            [self.bench.options.node, "--version"], capture_output=True, text=True, check=False
        ).stdout.strip()
        return f"{self.cluster.version()}; Fastify {package('fastify')}, pg {package('pg')}, node {node}"


ALONE = (Leadblock, Nginx, Webdis, Redis, FastifyPostgres)
SHARED = (LeadblockPostgres, LeadblockPostgres2, LeadblockStandby, LeadblockBouncer)
ALL = {s.name: s for s in ALONE + SHARED}
