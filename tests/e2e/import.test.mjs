// A file of 100,000 lines: exact counts, a page that stays alive, and a server that goes away in between.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { drop, eventually, fileFor, figures, heading, reading, saved } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, workspaceList } from './lib/blocklists.mjs';
import { bigFile } from './lib/big-file.mjs';

const timeout = 240_000;
const patience = { timeout: 120_000 };
// The longest that the page may be deaf to somebody who types.
const DEAF_LIMIT_MS = 1000;

// Counts, and whether the page stays alive, are seen at the largest file; where an import goes on after a pause is seen
// at one that takes eight requests.
const LARGE = 100_000;
const SMALL = 40_000;
let number = 0;
const shared = useServer();

async function prepared(server) {
  const client = await makeWorkspace(server, `Team ${++number}`);
  const member = await makePerson(server, `member-${number}@example.com`, 'member', client.workspace);
  return { client, member };
}

// Watches how long timers of the page are kept waiting, in milliseconds, and where the bar stood.
async function watch(page) {
  await page.evaluate(() => {
    let last = performance.now();
    window.longestStall = 0;
    window.progressSeen = {};
    const tick = () => {
      const now = performance.now();
      window.longestStall = Math.max(window.longestStall, now - last);
      last = now;
      const bar = document.querySelector('main progress');
      if (bar) (window.progressSeen[bar.labels[0].textContent] ??= new Set()).add(`${bar.value} of ${bar.max}`);
      setTimeout(tick, 10);
    };
    tick();
  });
}

const progressSeen = (page, label) => page.evaluate((name) => [...window.progressSeen[name] ?? []], label);
const longestStall = (page) => page.evaluate(() => window.longestStall);
const step = (page, name, options) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor(options);
// A cell as the server writes it: guarded where a spreadsheet would see a formula, quoted where RFC 4180 asks for it.
const cellOf = (value) => {
  const guarded = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replace(/"/g, '""')}"` : guarded;
};

const peopleOf = (page, file) => fileFor(page, 'people.csv', file.text);

async function dropAndValidate(page, people) {
  await drop(page, people);
  await page.getByText('File: people.csv').waitFor(patience);
  await page.getByRole('button', { name: 'Validate' }).click();
  await step(page, 'Ready to block', patience);
  assert.equal((await reading(page)).Column, '3 (LinkedIn URL)');
}

// Every new name once, and the ones from before.
async function assertAllBlocked(client, list, file) {
  const names = (await client.entries(list)).map((entry) => entry.publicIdentifier);
  assert.equal(new Set(names).size, names.length, 'nobody twice');
  assert.deepEqual(names.sort(), [...file.names, ...file.known].sort());
}

screen('100,000 lines are counted, blocked and taken back exactly', shared, { timeout }, async ({ page, context, server }) => {
  const { client, member } = await prepared(server);
  const file = bigFile(LARGE);
  await client.block(workspaceList, file.known, 'Before');
  await member.open({ page, context }, '#/add');
  const people = await peopleOf(page, file);
  await watch(page);
  await dropAndValidate(page, people);
  const { counts } = file;
  const rows = { 'Invalid rows': counts.bad, 'Blank rows': 0, 'Heading rows': 1 };
  assert.deepEqual(await figures(page), { New: counts.new, 'Already blocked': counts.known, Repeated: counts.repeated, ...rows });
  assert.equal(counts.bad, LARGE / 100);

  const { name, text } = await saved(page, () => page.getByRole('button', { name: 'Download these rows' }).click());
  assert.equal(name, 'rows-not-taken.csv');
  const [head, ...lines] = text.replace(/^\uFEFF/, '').split('\r\n');
  assert.equal(head, 'line,value,reason');
  assert.equal(lines.pop(), '');
  const begins = file.bad.map(([line, value]) => `${line},${cellOf(value)},`);
  assert.deepEqual(lines.map((line, index) => line.slice(0, begins[index]?.length)), begins);
  assert.ok(lines.every((line, index) => line.length > begins[index].length + 5), 'each has a reason');

  await page.getByRole('button', { name: `Block ${counts.new.toLocaleString('en-GB')} new leads` }).click();
  await step(page, 'Done', patience);
  assert.deepEqual(await figures(page), { Blocked: counts.new, 'Already blocked': counts.known, Repeated: counts.repeated, ...rows });
  assert.ok(await longestStall(page) < DEAF_LIMIT_MS, `the page was deaf for ${await longestStall(page)} ms`);
  await assertAllBlocked(client, workspaceList, file);

  await page.getByRole('button', { name: 'Undo' }).click();
  await step(page, 'Undone', patience);
  assert.deepEqual((await client.entries(workspaceList)).map((entry) => entry.publicIdentifier).sort(), [...file.known].sort());
});

screen('the import goes on while another screen is looked at', shared, { timeout }, async ({ page, context, server }) => {
  const { client, member } = await prepared(server);
  const file = bigFile(SMALL);
  await client.block(workspaceList, file.known);
  await member.open({ page, context }, '#/add');
  await dropAndValidate(page, peopleOf(page, file));
  await page.getByRole('button', { name: /^Block / }).click();
  await page.getByRole('link', { name: 'Check', exact: true }).click();
  await heading(page, 'Check');
  await page.getByRole('link', { name: 'Add', exact: true }).click();
  await step(page, 'Done', patience);
  await assertAllBlocked(client, workspaceList, file);
});

const gone = [/ERR_CONNECTION_REFUSED/, /ERR_EMPTY_RESPONSE/, /ERR_CONNECTION_RESET/, /ERR_SOCKET_NOT_CONNECTED/, /status of 503/];

screen('a server that is killed in the middle loses nothing', shared, { timeout, allowed: gone }, async ({ page, context, server }) => {
  const { client, member } = await prepared(server);
  const file = bigFile(LARGE);
  const list = campaignList('q1');
  await client.campaign('q1', 'First quarter');
  await client.block(list, file.known);
  await member.open({ page, context }, '#/add?list=campaign:q1');
  await dropAndValidate(page, peopleOf(page, file));
  await watch(page);
  await page.getByRole('button', { name: /^Block / }).click();
  for (let seen = 0; seen <= file.known.length;) seen = await client.total(list);
  await server.kill();
  await step(page, 'Stopped', patience);
  await page.getByRole('alert').getByText('The server does not answer. Check the network connection and whether leadblock is running, then try again.').waitFor();
  await page.getByText('Nothing is lost. “Continue” resumes where it stopped.').waitFor();

  // Nobody answers yet: it says so again.
  await page.getByRole('button', { name: 'Continue' }).click();
  await step(page, 'Stopped', patience);

  await server.start();
  const soFar = await eventually(() => client.total(list));
  assert.ok(soFar > file.known.length && soFar < file.counts.new, `${soFar} are there`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await step(page, 'Done', patience);
  assert.deepEqual([(await figures(page)).Blocked, (await figures(page))['Already blocked']], [file.counts.new, file.known.length]);
  await assertAllBlocked(client, list, file);

  await page.getByRole('button', { name: 'Undo' }).click();
  await step(page, 'Undone', patience);
  assert.deepEqual((await client.entries(list)).map((entry) => entry.publicIdentifier).sort(), [...file.known].sort());
});
