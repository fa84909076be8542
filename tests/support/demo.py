"""What a server that was started with --demo prints."""

import re
import subprocess


def try_demo(server):
    """Runs the first line that the demo printed as it stands."""
    line = re.search(r"curl -X POST(?:.*\\\n)*.*", server.log_text()).group()
    result = subprocess.run(["sh", "-c", line + " -s"], capture_output=True, text=True, timeout=10)
    assert result.returncode == 0 and '"success":true' in result.stdout, (line, result)
