// Leads that are pasted are looked at line by line before anybody is blocked.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { drop, fileFor, figures, heading, leads, shows } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, namesOf, workspaceList } from './lib/blocklists.mjs';

let client;
let member;

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'First quarter');
});

const step = (page, name) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor();

async function validate(page, lines) {
  await page.getByLabel('Leads, one per line').fill(lines.join('\n'));
  await page.getByRole('button', { name: 'Validate' }).click();
  await step(page, 'Ready to block');
}

const badLines = (page) => page.getByRole('table', { name: 'Invalid lines' }).locator('tbody tr')
  .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

screen('pasted lines are sorted into new, known, repeated and bad', shared, {}, async ({ page, context }) => {
  await client.block(workspaceList, ['known-one', 'known-two'], 'Before');
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Reason (optional)').fill('Existing client');
  await validate(page, [
    'new-one', // 1
    'https://www.linkedin.com/in/New-Two/?trk=x', // 2
    'KNOWN-ONE', // 3
    'two words', // 4
    '', // 5
    'in/new-one', // 6: as line 1
    'new-one', // 7: as line 1
    'ada@example.com', // 8
    'https://de.linkedin.com/in/known-two', // 9
    'two words', // 10: as bad as line 4
    'new-three', // 11
  ]);
  assert.deepEqual(await figures(page), { New: 3, 'Already blocked': 2, Repeated: 2, Invalid: 3 });
  const seen = await badLines(page);
  assert.deepEqual(seen.map(([line, value]) => [line, value]), [['4', 'two words'], ['8', 'ada@example.com'], ['10', 'two words']]);
  assert.match(seen[0][2], /white space/);
  assert.match(seen[1][2], /e-mail address/);
  assert.equal(await client.total(workspaceList), 2, 'validating changes nothing');

  await page.getByRole('button', { name: 'Block 3 new leads' }).click();
  await step(page, 'Done');
  await page.locator('.notice.ok').getByText('3 leads blocked in the whole workspace.').waitFor();
  const entries = await client.entries(workspaceList);
  assert.deepEqual(entries.map(({ publicIdentifier, reason, by }) => [publicIdentifier, reason, by.name]).sort(), [
    ['known-one', 'Before', 'CRM'], ['known-two', 'Before', 'CRM'], ['new-one', 'Existing client', 'ada@example.com'],
    ['new-three', 'Existing client', 'ada@example.com'], ['new-two', 'Existing client', 'ada@example.com']]);

  await page.getByRole('button', { name: 'Undo' }).click();
  await step(page, 'Undone');
  await page.locator('.notice.ok').getByText('Undone: 3 leads unblocked.').waitFor();
  assert.deepEqual((await client.entries(workspaceList)).map(({ publicIdentifier }) => publicIdentifier).sort(), ['known-one', 'known-two']);
});

screen('the campaign that is chosen gets the leads', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Block in').selectOption({ label: 'Campaign: First quarter' });
  await validate(page, ['for-the-campaign']);
  await page.getByRole('button', { name: 'Block 1 new lead' }).click();
  await page.locator('.notice.ok').getByText('1 lead blocked in campaign First quarter.').waitFor();
  await page.getByRole('link', { name: 'Open the blocklist' }).click();
  await heading(page, 'Blocklist');
  await shows(page, 'for-the-campaign');
  assert.deepEqual(await leads(page), ['for-the-campaign']);
  assert.deepEqual((await client.entries(campaignList('q1'))).map(({ publicIdentifier }) => publicIdentifier), ['for-the-campaign']);
});

screen('going back keeps what was pasted', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await validate(page, ['kept-one', 'kept two']);
  await page.getByRole('button', { name: 'Back' }).click();
  assert.equal(await page.getByLabel('Leads, one per line').inputValue(), 'kept-one\nkept two');
  await page.getByRole('link', { name: 'Check', exact: true }).click();
  await heading(page, 'Check');
  await page.goBack();
  await heading(page, 'Add');
  assert.equal(await page.getByLabel('Leads, one per line').inputValue(), 'kept-one\nkept two');
});

screen('nothing to block is said', shared, {}, async ({ page, context }) => {
  await client.block(workspaceList, ['known-three']);
  await member.open({ page, context }, '#/add');
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByRole('alert').getByText('Paste at least one lead, or choose a file.').waitFor();
  await validate(page, ['known-three', 'not a name']);
  await shows(page, 'There is nothing new to block.');
  assert.equal(await page.getByRole('button', { name: /^Block / }).count(), 0);
});

screen('repeats are found however far apart and however they are spelt', shared, {}, async ({ page, context }) => {
  const names = namesOf('apart', 6000);
  const again = [names.slice(0, 50), names.slice(0, 30).map((name) => `https://www.linkedin.com/in/${name.toUpperCase()}/`)];
  await member.open({ page, context }, '#/add');
  await drop(page, fileFor(page, 'names.txt', [...names, ...again.flat()].join('\n')));
  await page.getByText('6,080 leads:').waitFor();
  await page.getByRole('button', { name: 'Validate' }).click();
  await step(page, 'Ready to block');
  assert.deepEqual(await figures(page), { New: 6000, 'Already blocked': 0, Repeated: 80, Invalid: 0 });
});
