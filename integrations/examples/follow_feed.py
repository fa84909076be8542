"""Prints what happens in the workspace, and goes on where it stopped. follow_feed.py FILE"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

place = Path(sys.argv[1])  # the cursor: what was printed is before it
while True:
    after = place.read_text() if place.exists() else "0"
    request = urllib.request.Request(f"{os.environ['LEADBLOCK_URL']}/v1/events?wait=30&after={after}",
                                     headers={"x-api-key": os.environ["LEADBLOCK_KEY"]})
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            page = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code not in (429, 503):  # 410: the cursor is too old; read your lists again, then begin with "now"
            sys.exit(error.read().decode())
        time.sleep(int(error.headers["Retry-After"]))
    except OSError:
        time.sleep(1)
    else:
        for event in page["events"]:
            print(json.dumps(event), flush=True)
        new = place.with_suffix(".new")
        new.write_text(page["cursor"])
        new.replace(place)  # after the work: what was done twice is better than what was not done
