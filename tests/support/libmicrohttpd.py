"""Which libmicrohttpd the program under test runs with."""

import ctypes
import re
import subprocess

from .server import binary


def version():
    """As numbers: (0, 9, 75), or (1, 0, 1)."""
    shown = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
    library = ctypes.CDLL(re.search(r"libmicrohttpd\S* => (\S+)", shown).group(1))
    library.MHD_get_version.restype = ctypes.c_char_p
    return tuple(map(int, library.MHD_get_version().decode().split(".")))
