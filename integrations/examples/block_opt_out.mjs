// A person asked to stop: block them everywhere. node block_opt_out.mjs PROFILE [REASON]
const { LEADBLOCK_URL, LEADBLOCK_KEY } = process.env;
const [person, reason = 'Opted out'] = process.argv.slice(2);
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

for (let tries = 0; tries < 20; tries++) { // repeating it is safe
  const response = await fetch(`${LEADBLOCK_URL}/v1/blocked-leads`, {
    method: 'POST',
    headers: { 'x-api-key': LEADBLOCK_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ leads: [{ publicIdentifier: person, reason }] }),
    signal: AbortSignal.timeout(60000),
  }).catch((error) => console.error(error.message)); // no answer: it may or may not be recorded
  if (response?.ok) {
    console.log((await response.json()).message);
    process.exit();
  }
  if (response && response.status !== 429 && response.status !== 503) { // it will not be better the next time
    console.error(await response.text());
    process.exit(1);
  }
  await sleep(Number(response?.headers.get('retry-after') ?? 1));
}
console.error('gave up: the person may not be blocked');
process.exit(1);
