#!/usr/bin/env python3
"""Writes what an OCI runtime needs to run an image with a root that is read-only and without any capability:
container_config.py IMAGE.json ROOT DATA, the first from `buildah inspect --type image`."""

import json
import sys

image, root, data = sys.argv[1:]
with open(image, encoding="utf-8") as file:
    config = json.load(file)["Docker"]["config"]
uid, gid = (int(number) for number in config["User"].split(":"))
assert uid and gid, "the image runs as root"
assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/leadblock", "ready"], config
assert list(config["Volumes"]) == ["/data"], config
json.dump({
    "ociVersion": "1.0.2",
    "root": {"path": root, "readonly": True},
    "hostname": "leadblock",
    "process": {
        "terminal": False,
        "user": {"uid": uid, "gid": gid},
        "args": config["Entrypoint"] + config["Cmd"],
        "env": config["Env"],
        "cwd": "/",
        "capabilities": {kind: [] for kind in ("bounding", "effective", "permitted")},
        "noNewPrivileges": True,
    },
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        {"destination": "/data", "type": "bind", "source": data, "options": ["bind", "rw"]},
    ],
    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")]},
}, sys.stdout)
