// Prints what happens in the workspace, and goes on where it stopped. node follow_feed.mjs FILE
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const { LEADBLOCK_URL, LEADBLOCK_KEY } = process.env;
const place = process.argv[2]; // the cursor: what was printed is before it
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

for (;;) {
  const after = existsSync(place) ? readFileSync(place, 'utf8') : '0';
  const response = await fetch(`${LEADBLOCK_URL}/v1/events?wait=30&after=${after}`, {
    headers: { 'x-api-key': LEADBLOCK_KEY }, signal: AbortSignal.timeout(90000),
  }).catch(() => undefined);
  if (response?.ok) {
    const { events, cursor } = await response.json();
    for (const event of events) console.log(JSON.stringify(event));
    writeFileSync(`${place}.new`, cursor);
    renameSync(`${place}.new`, place); // after the work: what was done twice is better than what was not done
  } else if (!response || response.status === 429 || response.status === 503) {
    await sleep(Number(response?.headers.get('retry-after') ?? 1));
  } else { // 410: the cursor is too old; read your lists again, then begin with "now"
    console.error(await response.text());
    process.exit(1);
  }
}
