"""What a program wrote to a terminal."""

import os


def all_of(terminal):
    """Until no process has the other end open: what was written comes in pieces. Closes our end."""
    shown = b""
    try:
        while piece := os.read(terminal, 65536):
            shown += piece
    except OSError:  # how a terminal says that it is the end
        pass
    os.close(terminal)
    return shown.decode()
