"""Writes the list of common passwords as a C string, one a line, in the order of their bytes.

usage: embed_passwords.py OUTPUT LIST
"""
import sys
from pathlib import Path

output, source = sys.argv[1:]
words = [line for line in Path(source).read_text().splitlines()
         if line != "#" and not line.startswith("# ")]
if words != sorted(set(words)) or any(word != word.lower() or not word for word in words):
    sys.exit(f"{source}: must be in lower case, in order, and without duplicates")
escaped = (word.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") for word in words)
lines = "".join(f'\n    "{word}\\n"' for word in escaped)
Path(output).write_text(
    '#include "domain/access/password_rules.h"\n\n'
    f"const char lb_common_passwords[] ={lines};\n"
    "const size_t lb_common_passwords_len = sizeof lb_common_passwords - 1;\n"
)
