// How fast the dashboard is when its lists are long: node bench/dashboard.mjs [--entries N] [--campaign N] [--repeats N]
//
// Starts the program (LEADBLOCK_BIN, else build/leadblock) on a folder of its own, fills the workspace's list and a
// campaign's over the API, and looks in Chromium at every screen and at searches. `npm ci --prefix tests/e2e` first.
import { parseArgs } from 'node:util';

import { Person } from '../tests/e2e/lib/api.mjs';
import { closeBrowser, openPage } from '../tests/e2e/lib/browser.mjs';
import { Server } from '../tests/e2e/lib/server.mjs';

const { values } = parseArgs({ options: {
  entries: { type: 'string', default: '10000000' },
  campaign: { type: 'string', default: '1000000' },
  repeats: { type: 'string', default: '5' },
} });
const [entries, campaignEntries, repeats] = [values.entries, values.campaign, values.repeats].map(Number);
const PER_REQUEST = 10_000;
const AT_ONCE = 4;
const NEEDLE = 'the-needle-of-them-all'; // the oldest entry
const FIRST = ['ada', 'grace', 'alan', 'katherine', 'edsger', 'barbara', 'donald', 'margaret', 'john', 'frances'];
const LAST = ['lovelace', 'hopper', 'turing', 'johnson', 'dijkstra', 'liskov', 'knuth', 'hamilton', 'backus', 'allen'];

const nameOf = (n) => `${FIRST[n % 10]}-${LAST[Math.floor(n / 10) % 10]}-${(n * 2_654_435_761 % 4_294_967_296).toString(36)}`;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const say = (text) => console.error(text);

async function fill(person, path, count, bodyOf) {
  const began = Date.now();
  let next = 0;
  const work = async () => {
    while (next < count) {
      const from = next;
      next += PER_REQUEST;
      await person.post(path, bodyOf(Array.from({ length: Math.min(PER_REQUEST, count - from) }, (_, at) => nameOf(from + at))));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  say(`${path}: ${count.toLocaleString('en')} in ${((Date.now() - began) / 1000).toFixed(0)} s`);
}

async function prepare(server) {
  const person = await Person.setUp(server);
  const { id } = await person.post('workspaces', { name: 'Acme', plan: 'agency' });
  person.workspace = id;
  const workspaceBody = (names) => ({ leads: names.map((publicIdentifier) => ({ publicIdentifier })) });
  await person.post('blocked-leads', workspaceBody([NEEDLE]));
  await fill(person, 'blocked-leads', entries - 1, workspaceBody);
  await person.post('campaigns', { id: 'long', name: 'A long list' });
  await fill(person, 'campaigns/long/blocked-leads', campaignEntries, (publicIdentifiers) => ({ publicIdentifiers }));
  await person.post('campaigns/long/leads', { leads: Array.from({ length: 1000 }, (_, n) => ({ publicIdentifier: nameOf(n * 7) })) });
  await person.post('keys', { name: 'CRM' });
  return person;
}

// In the page: when what is waited for was there, and painted; and how long the main thread was busy without a break.
function watchPage() {
  window.seen = (selector, text) => new Promise((done) => {
    const look = () => {
      const found = [...document.querySelectorAll(selector)].some((one) => !text || one.textContent.includes(text));
      if (!found) return false;
      requestAnimationFrame(() => done(performance.now()));
      return true;
    };
    if (look()) return;
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
  });
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ entryTypes: ['longtask'] });
}

const ROW = 'tbody tr:not(.skeleton)';
const SCREENS = [
  ['check, blocked', '#/check?q=' + NEEDLE, '.verdict.is-blocked'],
  ['check, not blocked', '#/check?q=nobody-we-know', '.verdict.is-free'],
  ['blocklist, page 1', '#/blocklist', ROW],
  ['blocklist, page in the middle', `#/blocklist?page=${Math.floor(entries / 50)}`, ROW],
  ['blocklist, last page', `#/blocklist?page=${Math.ceil(entries / 25)}`, ROW],
  ['blocklist, 100 rows', '#/blocklist?size=100', ROW],
  ['blocklist of the campaign', '#/blocklist?list=campaign:long', ROW],
  ['add', '#/add', '.lines'],
  ['campaigns', '#/campaigns', ROW],
  ['campaign', '#/campaign/long', ROW],
  ['API keys', '#/keys', ROW],
  ['overview: figures and chart', '#/overview', '.plot svg'],
  ['overview: actions', '#/overview', ROW],
  ['workspaces', '#/workspaces', ROW],
  ['people', '#/people', ROW],
];

async function measureScreens(page) {
  const rows = [];
  for (const [name, address, selector] of SCREENS) {
    const times = [];
    for (let turn = 0; turn <= repeats; turn++) {
      await page.goto('about:blank');
      await page.goto(`/${address}`, { waitUntil: 'commit' });
      times.push(await page.evaluate((wanted) => window.seen(wanted), selector));
    }
    times.shift(); // the first one fills the browser's cache
    rows.push([name, median(times), Math.max(...times)]);
    say(`${name}: ${median(times).toFixed(0)} ms`);
  }
  return rows;
}

// Types quickly, then waits for the first row that has what was sought, and for the end of the search; times count from
// the last character.
async function search(page, term, expected) {
  await page.goto('about:blank');
  await page.goto('/#/blocklist');
  await page.evaluate((wanted) => window.seen(wanted), ROW);
  await page.getByLabel('Search').focus();
  await page.evaluate(([row, text]) => {
    window.tasks.length = 0;
    const box = document.querySelector('main input[type=search]');
    let last = 0;
    box.addEventListener('input', () => { last = performance.now(); });
    const since = (time) => time - last;
    // Rows of the unsearched list may have it too: only those that come after the search began count.
    const begun = window.seen('.list-status', 'earching').then(() => {});
    const end = (words) => begun.then(() => window.seen('.list-status', words));
    window.ended = Promise.race([end('Search finished.'), end('Nothing found.')]).then(since);
    window.first = Promise.race([begun.then(() => text && window.seen('table:not(.stale) ' + row, text).then(since)), window.ended])
      .then((time) => time ?? window.ended);
  }, [ROW, expected]);
  await page.keyboard.type(term, { delay: 20 });
  const first = await page.evaluate(() => window.first);
  const end = await page.evaluate(() => window.ended);
  const stall = await page.evaluate(() => Math.max(0, ...window.tasks));
  return { first, end, stall };
}

const TERMS = [
  ['a common part of a name', 'lovelace-1', 'lovelace-1'],
  ['a whole name, the oldest of all', NEEDLE, NEEDLE],
  ['a part of the oldest name', 'needle-of-', NEEDLE],
  ['a part that nobody has', 'qzxqzxqzxq', null],
];

async function measureSearches(page) {
  const rows = [];
  for (const [name, term, expected] of TERMS) {
    const turns = [];
    for (let turn = 0; turn < Math.min(repeats, 3); turn++) turns.push(await search(page, term, expected));
    rows.push([name, ...['first', 'end'].map((what) => median(turns.map((one) => one[what]))), Math.max(...turns.map((one) => one.stall))]);
    say(`search for ${name}: ${rows.at(-1).slice(1).map((one) => one.toFixed(0)).join(' ')} ms`);
  }
  return rows;
}

function table(head, rows) {
  console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
  for (const [name, ...numbers] of rows) console.log(`| ${name} | ${numbers.map((one) => `${one.toFixed(0)} ms`).join(' | ')} |`);
  console.log('');
}

const server = await Server.start({ args: ['--log-level', 'warn'] });
try {
  const person = await prepare(server);
  const { context, page, watch } = await openPage(server.url, { allowed: [/status of 400 /] });
  await person.let(context);
  await context.addInitScript(watchPage);
  context.setDefaultTimeout(120_000);
  const screens = await measureScreens(page);
  const searches = await measureSearches(page);
  table(['screen', 'first data, median', 'greatest'], screens);
  table(['search for', 'first result', 'end of the search', 'longest stall while typing'], searches);
  if (watch.left().length > 0) throw new Error(watch.left().join('\n'));
} finally {
  await closeBrowser();
  await server.remove();
}
