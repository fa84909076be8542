"""Server processes: started, pinned, watched, weighed and ended by the id they were given here."""

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import time


class BenchError(Exception):
    pass


def say(text):
    print(f"bench: {text}", flush=True)


# --- processes ---


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    """The process and all its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(name))
            except OSError:
                pass
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += parents.get(p, [])
    return found


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_bytes(pids):
    """Proportional set size, so that shared memory counts once."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                for line in f:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def peak_bytes(pids):
    """The most that each had resident, added up."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                for line in f:
                    if line.startswith("VmHWM:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def disk_bytes(path):
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                pass
    return total


def parse_cpus(text):
    cpus = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return cpus


class Process:
    """A server process of ours, pinned, with its output in a file."""

    def __init__(self, bench, name, argv, env=None, stop_signal=signal.SIGTERM):
        self.bench = bench
        self.name, self.stop_signal = name, stop_signal
        self.log_path = os.path.join(bench.run_dir, f"{name}.log")
        with open(self.log_path, "ab") as log:
            self.log_start = log.tell()
            self.popen = subprocess.Popen(
                ["taskset", "-c", bench.server_cpus, *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                cwd=bench.run_dir,
                preexec_fn=end_with_parent,
            )
        bench.processes.append(self)

    def log(self):
        with open(self.log_path, "r", encoding="utf-8", errors="replace") as f:
            f.seek(self.log_start)
            return f.read()

    def tree(self):
        return children(self.popen.pid) if self.popen.poll() is None else []

    def pin(self):
        """With all its threads, to the processors that servers now have."""
        cpus = parse_cpus(self.bench.server_cpus)
        for pid in self.tree():
            try:
                for thread in os.listdir(f"/proc/{pid}/task"):
                    os.sched_setaffinity(int(thread), cpus)
            except (FileNotFoundError, ProcessLookupError):
                pass

    def signal_all(self, number):
        for pid in self.tree():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def check_alive(self):
        if self.popen.poll() is not None:
            tail = self.log()[-2000:]
            raise BenchError(f"{self.name} ended with {self.popen.returncode}:\n{tail}")

    def stop(self):
        if self.popen.poll() is not None:
            return
        self.signal_all(signal.SIGCONT)
        self.popen.send_signal(self.stop_signal)
        try:
            self.popen.wait(60)
        except subprocess.TimeoutExpired:
            self.signal_all(signal.SIGKILL)
            self.popen.wait()


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def wait_until(what, test, process, seconds=60, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        process.check_alive()
        try:
            if test():
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(step)
    raise BenchError(f"{what} did not become ready; see {process.log_path}")


def http_get(port, path, headers=None, timeout=10, method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()
