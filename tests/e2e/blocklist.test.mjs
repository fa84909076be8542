// A list page by page: search, order, unblock and undo, export; the workspace's and a campaign's.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, leads, saved, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, namesOf, workspaceList } from './lib/blocklists.mjs';

const names = namesOf('lead', 60); // 001 was blocked first
const newest = [...names].reverse();
let client;
let member;

const lists = [
  { name: 'workspace', path: workspaceList, hash: '#/blocklist', file: 'workspace' },
  { name: 'campaign', path: campaignList('q1'), hash: '#/blocklist?list=campaign%3Aq1', file: 'q1' },
];

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'First quarter');
  for (const { path } of lists) {
    for (const name of names) await client.block(path, [name], `Reason of ${name}`);
  }
});

const hash = (page) => new URL(page.url()).hash;
const shown = (page, expected) => eventually(async () => assert.deepEqual(await leads(page), expected));
const pager = (page) => page.getByRole('navigation', { name: 'Pages of the blocklist' });

// Holds the answers to requests for a page of the list until `open()`.
async function holdPages(page) {
  const gate = { open: () => {}, shut: () => { gate.opened = new Promise((done) => { gate.open = done; }); } };
  gate.shut();
  await page.route(/\/v1\/blocklist\?/, async (route) => {
    await gate.opened;
    await route.continue();
  });
  return gate;
}

screen('nothing can be selected until the rows of the page are there', shared, {}, async ({ page, context }) => {
  const gate = await holdPages(page);
  const all = page.getByLabel('Select all on this page');
  const stale = page.locator('table[aria-busy="true"]');
  await member.open({ page, context }, '#/blocklist');
  await stale.waitFor();
  assert.ok(await all.isDisabled());
  gate.open();
  await shown(page, newest.slice(0, 25));
  await all.check();
  await page.getByText('25 selected').waitFor();
  assert.ok(await page.getByLabel(`Select ${newest[24]}`).isChecked());

  gate.shut();
  await pager(page).getByRole('button', { name: 'Next' }).click();
  await stale.waitFor();
  await page.getByText('25 selected').waitFor({ state: 'detached' });
  assert.ok(await all.isDisabled(), 'the rows are of the page before');
  assert.ok(await page.getByLabel(`Select ${newest[0]}`, { exact: true }).isDisabled());
  gate.open();
  await shown(page, newest.slice(25, 50));
  await all.check();
  await page.getByText('25 selected').waitFor();
  assert.ok(await page.getByLabel(`Select ${newest[25]}`, { exact: true }).isChecked());
});

screen('the last page has no next one, from when it is asked for', shared, {}, async ({ page, context }) => {
  const gate = await holdPages(page);
  gate.open();
  await member.open({ page, context }, '#/blocklist?page=2');
  await shown(page, newest.slice(25, 50));
  gate.shut();
  const next = pager(page).getByRole('button', { name: 'Next' });
  await next.click();
  await page.waitForURL(/page=3/);
  await page.locator('table[aria-busy="true"]').waitFor();
  assert.ok(await next.isDisabled());
  gate.open();
  await shown(page, newest.slice(50));
  assert.match(hash(page), /page=3$/);
});

screen('a search has a next page only when it says so', shared, {}, async ({ page, context }) => {
  const gate = await holdPages(page);
  gate.open();
  await member.open({ page, context }, '#/blocklist?search=lead-0');
  const searched = newest.filter((name) => name.startsWith('lead-0'));
  await shown(page, searched.slice(0, 25));
  gate.shut();
  const next = pager(page).getByRole('button', { name: 'Next' });
  await next.click();
  await page.waitForURL(/page=2/);
  await page.locator('table[aria-busy="true"]').waitFor();
  await next.click({ force: true });
  gate.open();
  await shown(page, searched.slice(25, 50));
  assert.match(hash(page), /page=2$/);
  assert.equal(await next.evaluate((one) => document.activeElement === one), true, 'the keyboard stays there');
});

screen('a page that did not come can select nothing of the one before', shared, { allowed: [/status of 503 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/blocklist');
  await shown(page, newest.slice(0, 25));
  await page.route(/\/v1\/campaigns\/q1\/blocklist\?/, (route) => route.fulfill({ status: 503, json: { code: 'starting', message: 'Not yet.' } }));
  await page.getByLabel('List', { exact: true }).selectOption({ label: 'Campaign: First quarter' });
  await page.getByRole('alert').getByText('Not yet.').waitFor();
  assert.ok(await page.getByLabel('Select all on this page').isDisabled());
  assert.ok(await page.getByLabel(`Select ${newest[0]}`, { exact: true }).isDisabled());
});

for (const { name, path, hash: start } of lists) {
  screen(`${name} list: a search for a name whose person is blocked by another name says so, and has no row to unblock`, shared, {}, async ({ page, context }) => {
    const [memberId, old, fresh] = [`ACoAA${name[0].repeat(35)}`, `old-${name}`, `fresh-${name}`];
    await client.call('POST', '/v1/people/link', { links: [old, fresh].map((publicIdentifier) => ({ memberId, publicIdentifier })) });
    await client.block(path, [old], 'Asked to stop');
    const search = page.getByLabel('Search');
    await member.open({ page, context }, `${start}${start.includes('?') ? '&' : '?'}search=${fresh}`);
    await page.getByRole('status').getByText(`Nothing found. Blocked here by the other name ${old}`).waitFor();
    assert.deepEqual(await leads(page), []);
    await search.fill(old);
    await shown(page, [old]);
    await page.getByText('Blocked here by the other name').waitFor({ state: 'detached' });
    await page.getByLabel(`Select ${old}`).check();
    await page.getByRole('button', { name: 'Unblock selected' }).click();
    await page.getByRole('button', { name: 'Unblock', exact: true }).click();
    await toast(page).getByText('1 entry unblocked.').waitFor();
    await page.getByText(`Nothing in this list has “${old}” in its name or reason.`).waitFor();
    assert.equal((await client.get(`/v1/blocked-leads/${fresh}`)).blocked, false);
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await shown(page, [old]);
    await page.getByLabel(`Select ${old}`).check();
    await page.getByRole('button', { name: 'Unblock selected' }).click();
    await page.getByRole('button', { name: 'Unblock', exact: true }).click();
    await page.getByText(`Nothing in this list has “${old}” in its name or reason.`).waitFor();
  });
}

for (const { name, path, hash: start, file } of lists) {
  const and = start.includes('?') ? '&' : '?';

  screen(`${name} list: pages live in the address`, shared, {}, async ({ page, context }) => {
    await member.open({ page, context }, start);
    await shown(page, newest.slice(0, 25));
    await pager(page).getByText('1–25 of 60').waitFor();
    assert.ok(await pager(page).getByRole('button', { name: 'Previous' }).isDisabled());
    await pager(page).getByRole('button', { name: 'Next' }).click();
    await shown(page, newest.slice(25, 50));
    await pager(page).getByRole('button', { name: 'Next' }).click();
    await shown(page, newest.slice(50));
    await pager(page).getByText('51–60 of 60').waitFor();
    assert.ok(await pager(page).getByRole('button', { name: 'Next' }).isDisabled());
    assert.equal(hash(page), `${start}${and}page=3`);
    await page.reload();
    await shown(page, newest.slice(50));
    await page.goBack();
    await shown(page, newest.slice(25, 50));
    await page.goBack();
    await shown(page, newest.slice(0, 25));
    await page.goForward();
    await shown(page, newest.slice(25, 50));
    await page.getByLabel('Order').selectOption('ASC');
    await shown(page, names.slice(0, 25));
    await page.getByLabel('Rows').selectOption('100');
    await shown(page, names);
    await page.goto(`/${start}${and}page=9`);
    await page.getByText('This page is empty').waitFor();
    await page.getByRole('button', { name: 'Go to the first page' }).click();
    await shown(page, newest.slice(0, 25));
  });

  screen(`${name} list: search`, shared, {}, async ({ page, context }) => {
    await member.open({ page, context }, start);
    await page.getByLabel('Search').fill('LEAD-03');
    await shown(page, newest.filter((lead) => lead.startsWith('lead-03')));
    await page.getByRole('status').getByText('Search finished.').waitFor();
    await page.reload();
    await shown(page, newest.filter((lead) => lead.startsWith('lead-03')));
    assert.equal(await page.getByLabel('Search').inputValue(), 'LEAD-03');
    await page.getByLabel('Search').fill('https://www.linkedin.com/in/Lead-017/');
    await shown(page, ['lead-017']);
    await page.getByLabel('Search').fill('nobody-of-that-name');
    await page.getByText('Nothing in this list has “nobody-of-that-name” in its name or reason.').waitFor();
    await page.getByLabel('Search').fill('');
    await shown(page, newest.slice(0, 25));
  });

  screen(`${name} list: more than ten are unblocked when the number is typed, and come back as they were`, shared, {}, async ({ page, context }) => {
    const before = await client.entries(path);
    await member.open({ page, context }, start);
    await shown(page, newest.slice(0, 25));
    for (const lead of newest.slice(3, 15)) await page.getByLabel(`Select ${lead}`).check();
    await page.getByRole('status').getByText('12 selected').waitFor();
    await page.getByRole('button', { name: 'Unblock selected' }).click();
    const dialog = page.getByRole('dialog', { name: 'Unblock 12 entries?' });
    await dialog.waitFor();
    const confirm = dialog.getByRole('button', { name: 'Unblock', exact: true });
    assert.ok(await confirm.isDisabled());
    await dialog.getByLabel('Type 12 to confirm').fill('11');
    assert.ok(await confirm.isDisabled());
    await dialog.getByLabel('Type 12 to confirm').fill('12');
    await confirm.click();
    await toast(page).getByText('12 entries unblocked.').waitFor();
    const rest = newest.filter((lead) => !newest.slice(3, 15).includes(lead));
    await shown(page, rest.slice(0, 25));
    assert.deepEqual((await client.entries(path)).map((entry) => entry.publicIdentifier), rest);
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await toast(page).getByText('Undone.').waitFor();
    await shown(page, newest.slice(0, 25));
    assert.deepEqual(await client.entries(path), before);
  });

  screen(`${name} list: up to ten are unblocked with a click`, shared, {}, async ({ page, context }) => {
    await member.open({ page, context }, `${start}${and}page=3`);
    await shown(page, newest.slice(50));
    await page.getByLabel('Select all on this page').check();
    await page.getByRole('button', { name: 'Unblock selected' }).click();
    await page.getByRole('button', { name: 'Unblock', exact: true }).click();
    await toast(page).getByText('10 entries unblocked.').waitFor();
    assert.equal(await client.total(path), 50);
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await toast(page).getByText('Undone.').waitFor();
    await shown(page, newest.slice(50));
    assert.equal(await client.total(path), 60);
  });

  screen(`${name} list: the export holds what the list holds`, shared, {}, async ({ page, context }) => {
    const odd = { 'odd-formula': '=1+1', 'odd-quotes': 'said "no", twice', 'odd-lines': 'one\ntwo', 'odd-minus': '-5 %', 'odd-plain': undefined };
    for (const [lead, reason] of Object.entries(odd)) await client.block(path, [lead], reason);
    const cells = { 'odd-formula': "'=1+1", 'odd-quotes': '"said ""no"", twice"', 'odd-lines': '"one\ntwo"', 'odd-minus': "'-5 %", 'odd-plain': '' };
    const scope = file === 'workspace' ? 'workspace' : 'campaign';
    const expected = (entries) => ['type,value,reason,kind,expiresAt,createdAt,by,scope,profileUrl', ...entries.map((entry) => (
      ['publicIdentifier', entry.publicIdentifier, cells[entry.publicIdentifier] ?? entry.reason, '', '', entry.createdAt, 'CRM', scope,
        `https://www.linkedin.com/in/${encodeURIComponent(entry.publicIdentifier)}/`].join(','))), ''].join('\r\n');
    await member.open({ page, context }, start);
    await shown(page, [...Object.keys(odd).reverse(), ...newest].slice(0, 25));
    const all = await saved(page, () => page.getByRole('button', { name: 'Export as CSV' }).click());
    assert.match(all.name, new RegExp(`^blocklist-${file}-\\d{4}-\\d\\d-\\d\\d\\.csv$`));
    assert.equal(all.text, `\uFEFF${expected(await client.entries(path))}`);
    await page.getByRole('status').getByText('Saved 65 rows.').waitFor({ state: 'attached' });
    await page.getByRole('dialog').getByText('Close', { exact: true }).click();
    await page.getByLabel('Search').fill('odd-');
    await shown(page, Object.keys(odd).reverse());
    const some = await saved(page, () => page.getByRole('button', { name: 'Export as CSV' }).click());
    assert.equal(some.text, `\uFEFF${expected((await client.entries(path)).slice(0, 5))}`);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
}
