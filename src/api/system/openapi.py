"""Writes the description of the API as JSON in a C table, for api/system/openapi.h.

usage: openapi.py FOLDER-OF-EMBED.PY DESCRIPTION.yaml VERSION OUTPUT
"""
import json
import sys
from pathlib import Path

import yaml


def to_json(source, version):
    """The same bytes whenever the source is the same."""
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    document["info"]["version"] = version
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def main(folder, source, version, output):
    sys.path.insert(0, folder)
    import embed

    arrays, row = embed.asset(0, to_json(source, version), "/v1/openapi.json", ".json")
    Path(output).write_text('#include "api/system/openapi.h"\n\n' + arrays +
                            f"const struct lb_asset lb_openapi =\n    {row};\n",
                            encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
