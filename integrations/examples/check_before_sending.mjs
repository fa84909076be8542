// Prints those of the profiles on standard input that CAMPAIGN may contact. node check_before_sending.mjs CAMPAIGN
import { readFileSync } from 'node:fs';

const { LEADBLOCK_URL, LEADBLOCK_KEY } = process.env;
const people = readFileSync(0, 'utf8').split(/\s+/).filter(Boolean);
const url = `${LEADBLOCK_URL}/v1/campaigns/${encodeURIComponent(process.argv[2])}/blocked-leads/check`;

for (let start = 0; start < people.length; start += 10000) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-api-key': LEADBLOCK_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ publicIdentifiers: people.slice(start, start + 10000) }),
    signal: AbortSignal.timeout(60000),
  });
  if (!response.ok) { // none of them may be contacted; invalid ones are listed
    console.error(await response.text());
    process.exit(1);
  }
  for (const name of (await response.json()).allowed) console.log(name);
}
