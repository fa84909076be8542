// Leads that are pasted or in a file are looked at before anybody is blocked.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { drop, eventually, fileFor, figures, heading, leads, notTaken, reading, shows } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, namesOf, workspaceList } from './lib/blocklists.mjs';

const LARGEST = 1_000_000;
const refused = (status) => new RegExp(`status of ${status} `);

let client;
let member;

const shared = useServer({ args: ['--max-import-bytes', LARGEST] }, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'First quarter');
});

const step = (page, name) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
const button = (page, name) => page.getByRole('button', { name });
const done = (page, text) => page.locator('.notice.ok').getByText(text).waitFor();
const namesIn = async (list) => (await client.entries(list)).map(({ publicIdentifier }) => publicIdentifier).sort();

async function validate(page, lines, end = 'Ready to block') {
  await page.getByLabel('Leads, one per line').fill(lines.join('\n'));
  await button(page, 'Validate').click();
  await step(page, end);
}

async function dropAndValidate(page, name, content, end = 'Ready to block') {
  await drop(page, fileFor(page, name, content));
  await page.getByText(`File: ${name}`).waitFor();
  await button(page, 'Validate').click();
  await step(page, end);
}

screen('pasted lines are sorted into new, known, repeated and bad', shared, {}, async ({ page, context }) => {
  await client.block(workspaceList, ['known-one', 'known-two'], 'Before');
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Reason (optional)').fill('Existing client');
  await validate(page, [
    'https://linkedin.com/in/new-one', // 1
    'https://www.linkedin.com/in/New-Two/?trk=x', // 2
    'linkedin.com/in/KNOWN-ONE', // 3
    'two words', // 4
    '', // 5: no row
    'Ann <www.linkedin.com/in/new-one>', // 6: as line 1
    'HTTPS://LINKEDIN.COM/IN/NEW-ONE', // 7: as line 1
    'ada@example.com', // 8
    'https://de.linkedin.com/in/known-two and linkedin.com/in/new-three', // 9: two
    'two words', // 10
  ]);
  assert.deepEqual(await figures(page), { New: 3, 'Already blocked': 2, Repeated: 2, 'Invalid rows': 3, 'Blank rows': 0, 'Heading rows': 0 });
  assert.deepEqual(await reading(page), { Column: 'none: the leads are not in a table', Encoding: 'UTF-8', Rows: '9, 6 of them with leads' });
  assert.deepEqual(await notTaken(page), [
    ['4', 'two words', 'no profile address in this line'], ['8', 'ada@example.com', 'no profile address in this line'],
    ['10', 'two words', 'no profile address in this line']]);
  assert.equal(await client.total(workspaceList), 2, 'validating changes nothing');

  await button(page, 'Block 3 new leads').click();
  await step(page, 'Done');
  await done(page, '3 leads blocked in the whole workspace, 2 already blocked.');
  const entries = await client.entries(workspaceList);
  assert.deepEqual(entries.map(({ publicIdentifier, reason, by }) => [publicIdentifier, reason, by.name]).sort(), [
    ['known-one', 'Before', 'CRM'], ['known-two', 'Before', 'CRM'], ['new-one', 'Existing client', 'ada@example.com'],
    ['new-three', 'Existing client', 'ada@example.com'], ['new-two', 'Existing client', 'ada@example.com']]);

  await button(page, 'Undo').click();
  await step(page, 'Undone');
  await done(page, 'Undone: 3 leads unblocked.');
  assert.deepEqual(await namesIn(workspaceList), ['known-one', 'known-two']);
});

screen('the campaign that is chosen gets the leads', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Block in').selectOption({ label: 'Campaign: First quarter' });
  await validate(page, ['for-the-campaign']);
  await button(page, 'Block 1 new lead').click();
  await done(page, '1 lead blocked in campaign First quarter.');
  await page.getByRole('link', { name: 'Open the blocklist' }).click();
  await heading(page, 'Blocklist');
  await shows(page, 'for-the-campaign');
  assert.deepEqual(await leads(page), ['for-the-campaign']);
  assert.deepEqual(await namesIn(campaignList('q1')), ['for-the-campaign']);
});

screen('going back keeps what was pasted, or the file', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await validate(page, ['kept-one', 'kept two']);
  await button(page, 'Back').click();
  assert.equal(await page.getByLabel('Leads, one per line').inputValue(), 'kept-one\nkept two');
  await page.getByRole('link', { name: 'Check', exact: true }).click();
  await heading(page, 'Check');
  await page.goBack();
  await heading(page, 'Add');
  assert.equal(await page.getByLabel('Leads, one per line').inputValue(), 'kept-one\nkept two');
  await dropAndValidate(page, 'kept.txt', 'kept-three\n');
  await button(page, 'Back').click();
  await page.getByText('File: kept.txt').waitFor();
});

screen('nothing to block is said', shared, {}, async ({ page, context }) => {
  await client.block(workspaceList, ['known-three']);
  await member.open({ page, context }, '#/add');
  await button(page, 'Validate').click();
  await page.getByRole('alert').getByText('Paste at least one lead, or choose a file.').waitFor();
  await validate(page, ['known-three', 'not a name']);
  await shows(page, 'There is nothing new to block.');
  assert.equal(await button(page, /^Block /).count(), 0);
});

screen('repeats are found however far apart and however they are spelt', shared, {}, async ({ page, context }) => {
  const names = namesOf('apart', 6000).map((name) => `linkedin.com/in/${name}`);
  const again = [names.slice(0, 50), names.slice(0, 30).map((name) => `https://www.${name.toUpperCase()}/`)];
  await member.open({ page, context }, '#/add');
  await dropAndValidate(page, 'names.txt', [...names, ...again.flat()].join('\n'));
  const counts = await figures(page);
  assert.deepEqual([counts.New, counts.Repeated], [6000, 80]);
});

screen('another column can be chosen, by what is in it', shared, {}, async ({ page, context }) => {
  const table = ['Lead,Referred,Note', 'linkedin.com/in/first-a,linkedin.com/in/second-a,asked to stop',
    'linkedin.com/in/first-b,linkedin.com/in/second-a,', 'linkedin.com/in/first-c,,'].join('\r\n');
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Reason (optional)').fill('Of the file');
  await dropAndValidate(page, 'two.csv', table);
  assert.deepEqual(await reading(page), {
    Column: '1 (Lead)', Reasons: 'from column 3 (Note), where a row has one', Encoding: 'UTF-8', Delimiter: 'comma', Rows: '4, 3 of them with leads' });
  await page.getByText('Take another column').click();
  assert.ok(await page.getByRole('radio', { name: '1 (Lead)' }).isChecked());
  await page.getByText('linkedin.com/in/second-a').first().waitFor();
  await page.getByRole('radio', { name: '2 (Referred)' }).check();
  await button(page, 'Validate again').click();
  await eventually(async () => assert.equal((await reading(page)).Column, '2 (Referred)'));
  assert.deepEqual(await figures(page), { New: 1, 'Already blocked': 0, Repeated: 1, 'Invalid rows': 0, 'Blank rows': 1, 'Heading rows': 1 });
  assert.deepEqual(await notTaken(page), [['4', 'linkedin.com/in/first-c', 'nothing in column 2 (Referred); column 1 has one, which was not taken']]);
  await button(page, 'Block 1 new lead').click();
  await step(page, 'Done');
  const [entry] = (await client.entries(workspaceList)).filter(({ publicIdentifier }) => /^(first|second)-/.test(publicIdentifier));
  assert.deepEqual([entry.publicIdentifier, entry.reason], ['second-a', 'asked to stop']);
});

screen('a column that is not certain has to be chosen', shared, { allowed: [refused(400)] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await dropAndValidate(page, 'handles.csv', 'Team;Handle\r\nSales;chosen-one\r\nBuyers;chosen-two\r\n', 'Choose the column');
  await page.getByText('No column is certain to hold LinkedIn names or addresses').waitFor();
  await page.getByText('chosen-one · chosen-two').waitFor();
  await button(page, 'Validate again').click();
  await page.getByRole('alert').getByText('Choose a column.').waitFor();
  await page.getByRole('radio', { name: /Handle/ }).check();
  await button(page, 'Validate again').click();
  await step(page, 'Ready to block');
  assert.deepEqual([(await reading(page)).Column.slice(0, 1), (await figures(page)).New], ['2', 2]);
});

screen('what cannot be read is said, with what to do', shared, { allowed: [refused(400), refused(413), /ERR_CONNECTION_RESET/] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  for (const [name, content, ...texts] of [
    ['people.xlsx', 'PK\x03\x04 and so on', 'The file is a workbook', 'copy the cells with the leads'],
    ['empty.csv', '', 'There is nothing in the file.', 'Choose another file'],
    ['large.csv', 'linkedin.com/in/one\n'.repeat(LARGEST / 10), 'The body may have 1000000 bytes at most.', 'Split the file'],
  ]) {
    await dropAndValidate(page, name, content, 'Stopped');
    for (const text of texts) await page.getByRole('alert').getByText(text).waitFor();
    await page.getByText('Nothing was changed.').waitFor();
    assert.equal(await button(page, 'Continue').count(), 0, name);
    await button(page, 'Back').click();
  }
});

screen('a server that cannot take the file now is asked again', shared, { allowed: [refused(429), refused(507)] }, async ({ page, context }) => {
  const answers = [
    { status: 429, json: { code: 'overloaded', message: 'This workspace is importing another file.' }, headers: { 'Retry-After': '1' } },
    { status: 507, json: { code: 'storage_full', message: 'The disk has no room for this file.' } },
  ];
  await page.route('**/v1/blocked-leads/import?*', (route) => (answers.length ? route.fulfill(answers.shift()) : route.continue()));
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Leads, one per line').fill('asked-again');
  await button(page, 'Validate').click();
  await page.getByText('This workspace is importing another file. Retrying in 1 second.').first().waitFor();
  await step(page, 'Stopped');
  await page.getByRole('alert').getByText('Ask an operator to free disk space.').waitFor();
  await button(page, 'Continue').click();
  await step(page, 'Ready to block');
  assert.equal((await figures(page)).New, 1);
});

screen('who stops while the file is being sent blocks nobody', shared, {}, async ({ page, context }) => {
  let held;
  const asked = new Promise((known) => {
    page.route(/import\?.*importId=/, (route) => { held = route; known(); });
  });
  await member.open({ page, context }, '#/add');
  await validate(page, ['stopped-one']);
  await button(page, 'Block 1 new lead').click();
  await asked;
  await button(page, 'Stop').click();
  await page.getByRole('dialog').getByText('Nobody is blocked as long as it has not arrived whole.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
  await step(page, 'Stopped');
  await held.abort().catch(() => {});
  await button(page, 'Validate again').click();
  await step(page, 'Ready to block');
  assert.equal((await figures(page)).New, 1);
  assert.ok(!(await namesIn(workspaceList)).includes('stopped-one'));
});

screen('a file that has arrived is blocked also when nobody waits for it', shared, {}, async ({ page, context, server }) => {
  await member.open({ page, context }, '#/add');
  await validate(page, ['arrived-one']);
  await page.route(/import\?.*importId=/, async (route) => {
    await server.freeze(); // or it may have answered before anybody can say not to wait
    return route.continue();
  });
  await button(page, 'Block 1 new lead').click();
  try {
    await button(page, 'Stop').click();
    await page.getByRole('dialog').getByText('The server has the whole file').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Do not wait' }).click();
    await button(page, 'Validate').waitFor();
  } finally {
    server.thaw();
  }
  await eventually(async () => assert.ok((await namesIn(workspaceList)).includes('arrived-one')));
});
