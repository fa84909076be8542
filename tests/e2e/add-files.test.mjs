// Files as people have them (tests/vectors/files), dropped onto Add: what the page says about them, and who is blocked.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { screen, useServer } from './lib/harness.mjs';
import { drop, fileFor, figures, notTaken, reading } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace } from './lib/blocklists.mjs';
import { root } from './lib/server.mjs';
import { isDue } from './lib/thinned.mjs';

const allowed = [/status of 400 /]; // no column is certain, or the file cannot be read
const encodings = { 'utf-8': 'UTF-8', 'utf-16': 'UTF-16', 'windows-1252': 'Windows-1252' };

let client;
let member;
let campaigns = 0;

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
});

const contentOf = (folder, name) => readFileSync(join(root, 'tests', 'vectors', folder, name));
const expectedIn = (folder) => JSON.parse(contentOf(folder, 'expected.json'));
const button = (page, name) => page.getByRole('button', { name });

// Opens Add for a campaign that is made for it.
async function addToNewCampaign({ page, context }) {
  const id = `files-${++campaigns}`;
  await client.campaign(id, id);
  await member.open({ page, context }, `#/add?list=campaign:${id}`);
  return campaignList(id);
}

// Validates a file; what the page says came of it.
async function validate(page, name, content) {
  await drop(page, fileFor(page, name, content));
  await page.getByText(`File: ${name}`).waitFor();
  await button(page, 'Validate').click();
  const end = page.getByRole('heading', { level: 2, name: /^(Ready to block|Choose the column|Stopped)$/ });
  await end.waitFor();
  return end.textContent();
}

async function assertSeen(page, name, wanted, end) {
  if (wanted.refused || (end !== 'Ready to block' && wanted.blocked?.length === 0)) {
    if (wanted.refused) assert.equal(end, wanted.refused === 'column_unknown' ? 'Choose the column' : 'Stopped', name);
    assert.equal(await button(page, /^Block /).count(), 0, name);
    return;
  }
  assert.equal(end, 'Ready to block', name);
  const counts = await figures(page);
  assert.equal(counts.New, wanted.blocked_count ?? wanted.blocked.length, name);
  assert.equal(counts['Already blocked'], 0, name);
  const left = counts['Invalid rows'] + counts['Blank rows'];
  if ('left_out' in wanted) assert.equal(left, wanted.left_out, name);
  if (left) assert.equal((await notTaken(page)).length, Math.min(left, 100), name);
  if (wanted.encoding) assert.equal((await reading(page)).Encoding, encodings[wanted.encoding], name);
}

screen('the page says of every file what the server does with it', shared, { allowed, width: 390, timeout: 240_000 }, async ({ page, context }) => {
  const list = await addToNewCampaign({ page, context });
  const files = Object.entries(expectedIn('files')).filter((_, number) => isDue(number));
  for (const [name, wanted] of files) {
    await assertSeen(page, name, wanted, await validate(page, name, contentOf('files', name)));
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= window, `${name}: ${wide} px of content in ${window} px`);
    await button(page, 'Back').click();
  }
  assert.equal(await client.total(list), 0);
});

for (const [what, folder, name] of [
  ["LinkedIn's own export", 'files', '01-linkedin-connections.csv'],
  ['a German spreadsheet with semicolons', 'files', '53-german-header.csv'],
  ['a German spreadsheet in an old encoding', 'more-files', 'de-excel.csv'],
  ['a text file in UTF-16', 'files', '30-utf16le-tab.txt'],
  ['a mail', 'more-files', 'mail-outlook.txt'],
  ['a list typed with commas', 'files', '83-lines-comma.txt'],
]) {
  screen(`the right people of ${what} are blocked`, shared, {}, async ({ page, context }) => {
    const wanted = expectedIn(folder)[name];
    const list = await addToNewCampaign({ page, context });
    await assertSeen(page, name, wanted, await validate(page, name, contentOf(folder, name)));
    await button(page, /^Block /).click();
    await page.getByRole('heading', { level: 2, name: 'Done' }).waitFor();
    assert.equal((await figures(page)).Blocked, wanted.blocked.length);
    const entries = await client.entries(list);
    assert.deepEqual(entries.map(({ publicIdentifier }) => publicIdentifier).sort(), [...wanted.blocked].sort());
    for (const { publicIdentifier, reason } of entries)
      if (wanted.reasons) assert.equal(reason ?? '', wanted.reasons[publicIdentifier], publicIdentifier);
  });
}

screen('a mail and a list typed with commas can be pasted', shared, {}, async ({ page, context }) => {
  for (const [folder, name] of [['more-files', 'mail-outlook.txt'], ['files', '83-lines-comma.txt']]) {
    const wanted = expectedIn(folder)[name];
    const list = await addToNewCampaign({ page, context });
    await page.getByLabel('Leads, one per line').fill(contentOf(folder, name).toString());
    await button(page, 'Validate').click();
    await button(page, /^Block /).click();
    await page.getByRole('heading', { level: 2, name: 'Done' }).waitFor();
    assert.deepEqual((await client.entries(list)).map(({ publicIdentifier }) => publicIdentifier).sort(), [...wanted.blocked].sort());
    await button(page, 'Add more').click();
  }
});

screen('names that an address in their line hides are said to be left out', shared, {}, async ({ page, context }) => {
  await addToNewCampaign({ page, context });
  await page.getByLabel('Leads, one per line').fill('zack-z, zara-z, https://www.linkedin.com/in/zoe-z\n');
  await button(page, 'Validate').click();
  await page.getByText(/^Line 1: left out zack-z and others: where there are profile addresses/).waitFor();
});

screen('nobody of a table without addresses is blocked by chance', shared, { allowed }, async ({ page, context }) => {
  await addToNewCampaign({ page, context });
  assert.equal(await validate(page, 'de-no-linkedin.csv', contentOf('more-files', 'de-no-linkedin.csv')), 'Choose the column');
  const options = await page.locator('.column-option').evaluateAll((labels) => labels.map((label) => label.textContent));
  assert.deepEqual(options.map((text) => text.slice(0, 1)), ['1', '2', '3']);
  assert.match(options[0], /Ann · Bob/);
  assert.equal(await page.getByRole('radio', { checked: true }).count(), 0);
});

for (const of of ['leads', 'names']) {
  screen(`of two columns in a form one is chosen, for ${of}`, shared, { allowed, width: 390 }, async ({ page, context }) => {
    const id = `files-${++campaigns}`;
    await client.campaign(id, id);
    await member.open({ page, context }, `#/add?list=campaign:${id}&of=${of}`);
    assert.equal(await validate(page, 'form-thanks.csv', contentOf('doubtful-files', 'form-thanks.csv')), 'Choose the column');
    await page.getByText(/^Columns 2 and 3 may both be meant: .* which are to be taken(; choose one by its number)?\.$/).waitFor();
    assert.equal(await page.getByText(/belong under|list of names/).count(), 0);
    await page.getByRole('radio', { name: /^2/ }).check();
    await button(page, 'Validate again').click();
    await button(page, 'Block 2').click();
    await page.getByRole('heading', { level: 2, name: 'Done' }).waitFor();
    const names = (await client.entries(campaignList(id))).map(({ publicIdentifier }) => publicIdentifier);
    assert.deepEqual(names.sort(), ['ann-example-0001', 'bob-example-0002']);
  });
}
