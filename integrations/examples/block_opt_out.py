"""A person asked to stop: block them everywhere. block_opt_out.py PROFILE [REASON]"""
import json
import os
import sys
import time
import urllib.error
import urllib.request


def block(person, reason):
    body = json.dumps({"leads": [{"publicIdentifier": person, "reason": reason}]}).encode()
    request = urllib.request.Request(os.environ["LEADBLOCK_URL"] + "/v1/blocked-leads", body, {
        "x-api-key": os.environ["LEADBLOCK_KEY"], "content-type": "application/json"})
    for _ in range(20):  # repeating it is safe
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["message"]
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):  # it will not be better the next time
                sys.exit(error.read().decode())
            time.sleep(int(error.headers["Retry-After"]))
        except OSError as error:  # no answer: it may or may not be recorded
            print(error, file=sys.stderr)
            time.sleep(1)
    sys.exit("gave up: the person may not be blocked")


print(block(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "Opted out"))
