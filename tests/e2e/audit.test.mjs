// The audit with its filters and its file; the page of a change and of an import, and the undo there.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, saved } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, namesOf, workspaceList } from './lib/blocklists.mjs';

let acme;
let member;
let viewer;
let operator;

async function importFile(list, text, query = '') {
  const response = await fetch(`${acme.server.url}${list}/import${query}`, {
    method: 'POST', headers: { 'x-api-key': acme.key, 'Content-Type': 'text/plain' }, body: text });
  assert.equal(response.status, 200);
}

const change = async (list, leads, reason) => (await acme.block(list, leads, reason)).headers.get('x-change-id');

const shared = useServer({}, async (server) => {
  acme = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'mia@example.com', 'member', acme.workspace);
  viewer = await makePerson(server, 'vic@example.com', 'viewer', acme.workspace);
  operator = await makePerson(server, 'otto@example.com', 'operator');
  await acme.campaign('q1', 'First quarter');
  await acme.block(campaignList('q1'), ['ann-doe', 'bob-roe'], 'Existing client');
  await member.call('POST', '/v1/blocked-leads', { leads: [{ publicIdentifier: 'ann-doe' }] });
  await acme.call('DELETE', campaignList('q1'), { publicIdentifiers: ['bob-roe'] });
});

const table = (page, name) => page.getByRole('table', { name });
/** [what, who] of the actions that are shown. */
const actions = (page) => table(page, 'Actions').locator('tbody tr:not(.skeleton)')
  .evaluateAll((rows) => rows.map((row) => [...row.children].slice(1, 3).map((cell) => cell.textContent)));
const shown = (page, expected) => eventually(async () => assert.deepEqual(await actions(page), expected));

const unblocked = ['Unblocked 1 name in campaign First quarter', 'API key CRM'];
const inWorkspace = ['Blocked 1 name in the workspace', 'mia@example.com'];
const inCampaign = ['Blocked 2 names in campaign First quarter', 'API key CRM'];

screen('filters by who, what, when and whom, which the address keeps', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/audit');
  await eventually(async () => assert.deepEqual((await actions(page)).slice(0, 4), [unblocked, inWorkspace, inCampaign, ['Created campaign First quarter', 'API key CRM']]));
  const names = (await actions(page)).map(([what]) => what);
  for (const what of ['Created API key CRM', 'Added user vic@example.com', 'Set a password']) assert.ok(names.includes(what), `${what} in ${names}`);
  assert.ok(!names.some((what) => /us_|q1/.test(what)), 'names in place of ids');

  await page.getByLabel('What').selectOption({ label: 'Blocklists: any change' });
  await shown(page, [unblocked, inWorkspace, inCampaign]);
  await page.getByLabel('Who', { exact: true }).selectOption({ label: 'mia@example.com' });
  await shown(page, [inWorkspace]);
  await page.getByLabel('Who', { exact: true }).selectOption({ label: 'Anyone' });
  await page.getByRole('searchbox', { name: 'Whom' }).fill('linkedin.com/in/Bob-Roe');
  await page.keyboard.press('Enter');
  await shown(page, [unblocked, inCampaign]);
  await page.reload();
  await shown(page, [unblocked, inCampaign]);
  const { text, name } = await saved(page, () => page.getByRole('button', { name: 'Export as CSV' }).click());
  assert.match(name, /^audit-\d{4}-\d\d-\d\d\.csv$/);
  assert.deepEqual(text.trim().split('\r\n').slice(1).map((line) => line.split(',')[2]), ['leads.unblock', 'leads.block']);
  await page.getByRole('dialog').getByText('Close', { exact: true }).click();

  const before = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10); // also when midnight passes meanwhile
  await page.getByLabel('To').fill(before);
  await page.getByText('Nothing found', { exact: true }).waitFor();
  await page.locator('.empty').getByRole('button', { name: 'Remove the filters' }).click();
  await eventually(async () => assert.ok((await actions(page)).length > 5));
  await page.getByLabel('From').fill(before);
  await eventually(async () => assert.ok((await actions(page)).length > 5));
  await page.getByRole('link', { name: 'Operator (command line)' }).first().click();
  await eventually(async () => assert.ok((await actions(page)).every(([, who]) => who === 'Operator (command line)')));
});

screen('a viewer looks, on a phone, too; an operator sees the installation', shared, { width: 375, height: 740 }, async ({ page, context, another }) => {
  await viewer.open({ page, context }, '#/audit');
  await table(page, 'Actions').getByText('Created campaign').waitFor();
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window, `${wide} px in ${window} px`);
  assert.equal(await page.getByRole('link', { name: 'Installation', exact: true }).count(), 0);
  await page.getByRole('link', { name: inCampaign[0].split(' in ')[0] }).click();
  await heading(page, 'Blocked 2 names');
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
  const other = await another();
  await operator.open(other, '#/audit?of=installation');
  await table(other.page, 'Actions').getByText('Added user otto@example.com').waitFor();
});

screen('a change is undone, and says who stays blocked and why', shared, {}, async ({ page, context }) => {
  const old = await change(workspaceList, ['cid-one', 'dan-two'], 'Old list');
  await acme.block(workspaceList, ['dan-two'], 'Asked to stop');
  await member.open({ page, context }, `#/change/${old}`);
  await heading(page, 'Blocked 2 names');
  for (const text of ['Old list', 'API key CRM', '127.0.0.1']) await page.locator('.facts').getByText(text).waitFor();
  const leads = table(page, 'Names of the change').locator('.lead > a:first-child');
  await leads.first().waitFor();
  assert.deepEqual(await leads.allTextContents(), ['cid-one', 'dan-two']);

  await page.getByRole('button', { name: 'Undo' }).click();
  const dialog = page.getByRole('dialog', { name: 'Undo this change?' });
  await dialog.getByText('Blocked 2 names in the workspace. All of that is taken back; what others did stays.').waitFor();
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone: 1 lead unblocked, 1 blocked still by another request.').waitFor();
  await page.getByRole('heading', { name: '1 name stays blocked' }).waitFor();
  const stayed = table(page, 'Names that stay blocked');
  for (const text of ['dan-two', 'Asked to stop', 'API key CRM']) await stayed.getByText(text).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0);
  assert.equal((await acme.get('/v1/blocked-leads/cid-one')).blocked, false);
  assert.equal((await acme.get('/v1/blocked-leads/dan-two')).blocked, true);

  await page.getByRole('link', { name: 'Show this undo' }).click();
  await heading(page, 'Undid a change: 2 names');
  await page.getByRole('link', { name: 'Show the change that it took back' }).click();
  await page.getByRole('link', { name: 'Show the undo' }).waitFor();
  await stayed.waitFor({ state: 'detached' });
});

screen('names that were linked are a change of their own', shared, {}, async ({ page, context }) => {
  const { headers } = await acme.call('POST', '/v1/people/link', { links: [{ memberId: `ACoAA${'7'.repeat(35)}`, publicIdentifier: 'ida-one' }] });
  await member.open({ page, context }, '#/audit');
  await page.getByRole('link', { name: 'Linked names of people: 1 link' }).click();
  await heading(page, 'Linked names of people: 1 link');
  assert.equal(new URL(page.url()).hash, `#/change/${headers.get('x-change-id')}`);
  await table(page, 'Names of the change').getByText('ida-one').first().waitFor();
});

screen('a change of many comes in pages, and one that is not there is said', shared, { allowed: [/status of 404 /] }, async ({ page, context }) => {
  const many = await change(workspaceList, namesOf('many', 150));
  await member.open({ page, context }, `#/change/${many}`);
  await page.getByRole('heading', { name: 'Names (150)' }).waitFor();
  const leads = table(page, 'Names of the change').locator('.lead');
  await eventually(async () => assert.equal(await leads.count(), 100));
  await page.getByRole('button', { name: 'More' }).click();
  await eventually(async () => assert.equal(await leads.count(), 150));
  await page.goto('/#/change/ch_1');
  await page.getByRole('alert').getByText('No change with this id').waitFor();
});

screen('an import has its file, its people in parts and its undo', shared, {}, async ({ page, context }) => {
  await importFile(campaignList('q1'), 'eve-one\nfay-two\n', '?importId=own-1');
  await importFile(campaignList('q1'), 'gil-three\n', '?importId=own-1');
  await acme.block(campaignList('q1'), ['fay-two'], 'Asked to stop');
  await member.open({ page, context }, '#/audit?of=imports');
  await page.getByRole('link', { name: 'Blocked 3 entries in campaign First quarter' }).click();
  await heading(page, 'Import');
  await page.locator('.facts').getByText('Done').waitFor();
  const leads = table(page, 'Names of the change').locator('.lead > a:first-child');
  await eventually(async () => assert.deepEqual(await leads.allTextContents(), ['gil-three']));
  const part = page.getByLabel('Part');
  await part.selectOption({ index: 1 });
  await eventually(async () => assert.deepEqual(await leads.allTextContents(), ['eve-one', 'fay-two']));
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('dialog', { name: 'Undo this import?' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('heading', { name: '1 name stays blocked' }).waitFor();
  await table(page, 'Names that stay blocked').getByText('fay-two').first().waitFor();
  await page.locator('.facts').getByText('Undone').first().waitFor();
  const left = (await acme.entries(campaignList('q1'))).map((entry) => entry.publicIdentifier);
  assert.ok(left.includes('fay-two') && !left.includes('eve-one') && !left.includes('gil-three'), String(left));
});

screen('an address in place of a person leads to what is known of it', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await acme.call('POST', '/v1/blocklist', { entries: [{ email: 'joe@example.com', reason: 'Asked by mail' }] });
  await viewer.open({ page, context }, '#/audit');
  await page.getByRole('searchbox', { name: 'Whom' }).fill('Joe@Example.com');
  await page.keyboard.press('Enter');
  await page.getByText('This is not a LinkedIn profile').waitFor();
  await page.getByRole('link', { name: 'Check it as something else' }).click();
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await page.locator('.verdict').getByRole('link', { name: 'joe@example.com' }).click();
  await heading(page, 'joe@example.com');
  await table(page, 'History').getByText('Asked by mail').waitFor();
});
