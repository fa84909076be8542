"""Writes the numbered SQL files given on the command line as a C array.

usage: embed.py NAME OUTPUT FILE...
"""
import sys
from pathlib import Path

name, output, *files = sys.argv[1:]
for number, file in enumerate(sorted(files), start=1):
    if not Path(file).name.startswith(f"{number:04}_"):
        sys.exit(f"{file}: migrations are numbered from 0001 without gaps")

entries = []
for file in sorted(files):
    text = "".join(
        '\n     "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'
        for line in Path(file).read_text().splitlines()
    )
    entries.append(f'    {{"{Path(file).stem[5:]}",{text}}},\n')
Path(output).write_text(
    '#include "store/migrations.h"\n\n'
    f"const struct lb_migration {name}s[] = {{\n{''.join(entries)}}};\n"
    f"const size_t {name}_count = sizeof {name}s / sizeof *{name}s;\n"
)
