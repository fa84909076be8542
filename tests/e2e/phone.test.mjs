// On a phone: one bar of one height, navigation in its menu, rows that can be read, nothing wider than the window.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { heading } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace, workspaceList } from './lib/blocklists.mjs';

let member;
const shared = useServer({}, async (server) => {
  const client = await makeWorkspace(server, 'A workspace whose name is far too long for the bar of a phone');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'Spring webinar');
  await client.block(workspaceList, Array.from({ length: 30 }, (_, n) => `somebody-with-a-long-name-${n}`), 'Asked not to be contacted');
});

const sizes = (page) => page.evaluate(() => ({
  bar: document.querySelector('.top-bar')?.offsetHeight,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  rows: [...document.querySelectorAll('main tbody tr')].map((row) => row.offsetHeight),
}));

screen('the bar is one row of one height on every screen', shared, { width: 375, height: 740 }, async ({ page, context }) => {
  for (const name of ['check', 'blocklist', 'add', 'campaigns', 'campaign/q1', 'overview', 'audit', 'keys', 'account']) {
    await member.open({ page, context }, `#/${name}`);
    await page.locator('h1').waitFor();
    const { bar, wide } = await sizes(page);
    assert.deepEqual({ name, bar, wide }, { name, bar: 56, wide: 0 });
  }
});

screen('navigation is in the menu, and rows are low', shared, { width: 375, height: 740 }, async ({ page, context }) => {
  await member.open({ page, context });
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('dialog', { name: 'Menu' }).getByRole('link', { name: 'Blocklist' }).click();
  await heading(page, 'Blocklist');
  await page.getByRole('row', { name: /somebody-with-a-long-name-29/ }).waitFor();
  const { rows } = await sizes(page);
  assert.ok(Math.max(...rows) <= 110, `rows of ${rows} px`);
});

screen('on a desk a row has 36 to 40 px', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/blocklist');
  await page.getByRole('row', { name: /somebody-with-a-long-name-29/ }).waitFor();
  for (const height of (await sizes(page)).rows)
    assert.ok(height >= 36 && height <= 40, `${height} px`);
  assert.equal(await page.locator('.selection-bar').count(), 0);
  await page.getByRole('checkbox').nth(1).check();
  await page.locator('.selection-bar').waitFor();
});

screen('a phone zooms in on no field, and what has to be typed can be typed', shared, { width: 375, height: 740, hasTouch: true, isMobile: true }, async ({ page, context }) => {
  await member.open({ page, context });
  const small = () => page.locator('input:not([type="checkbox"], [type="file"]), select, textarea')
    .evaluateAll((fields) => fields.filter((one) => parseFloat(getComputedStyle(one).fontSize) < 16).map((one) => one.outerHTML));
  for (const name of ['check', 'blocklist', 'add', 'add?of=names', 'campaign/q1?tab=settings', 'audit', 'account']) {
    await page.goto(`/#/${name}`);
    await page.locator('main :is(input, textarea):visible').first().waitFor();
    assert.deepEqual(await small(), [], name);
  }
  const keys = (field) => field.evaluate(({ inputMode, autocapitalize }) => ({ inputMode, autocapitalize }));
  await page.goto('/#/person/somebody-with-a-long-name-1');
  await page.getByRole('button', { name: 'Erase…' }).click();
  assert.deepEqual(await keys(page.getByLabel('Type somebody-with-a-long-name-1 to confirm')), { inputMode: 'text', autocapitalize: 'none' });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.goto('/#/blocklist');
  await page.getByRole('row', { name: /somebody-with-a-long-name-29/ }).waitFor();
  await page.getByLabel('Select all on this page').check();
  await page.getByRole('button', { name: 'Unblock selected' }).click();
  assert.equal((await keys(page.getByLabel('Type 25 to confirm'))).inputMode, 'numeric');
});
