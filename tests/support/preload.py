"""A small library in C that stands before the server's own functions: environment variables for `Server(env=...)`."""

import os
import shutil
import subprocess

import pytest


def preloaded(folder, source):
    """Compiles it into the folder. Skips the test where there is no compiler."""
    library = folder / "preloaded.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", library],
                   input=source, text=True, check=True)
    options = os.environ.get("ASAN_OPTIONS", "")  # a checked build wants to be first
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0".lstrip(":")}
