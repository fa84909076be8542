"""Prints those of the profiles on standard input that CAMPAIGN may contact. check_before_sending.py CAMPAIGN"""
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

people = sys.stdin.read().split()
campaign = urllib.parse.quote(sys.argv[1], safe="")
for start in range(0, len(people), 10000):
    body = json.dumps({"publicIdentifiers": people[start:start + 10000]}).encode()
    request = urllib.request.Request(
        f"{os.environ['LEADBLOCK_URL']}/v1/campaigns/{campaign}/blocked-leads/check", body,
        {"x-api-key": os.environ["LEADBLOCK_KEY"], "content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            for name in json.load(answer)["allowed"]:
                print(name)
    except urllib.error.HTTPError as error:  # none of them may be contacted; invalid ones are listed
        sys.exit(error.read().decode())
    except OSError as error:
        sys.exit(f"no answer: {error}")
