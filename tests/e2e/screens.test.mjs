// The pictures in docs/screens: taken anew with --update-screens, else compared with what the screens are made of.
import { readdirSync, statSync } from 'node:fs';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { screen, screenshot, useServer } from './lib/harness.mjs';
import { assertOutline } from './lib/outline.mjs';
import { drop, fileFor } from './lib/pages.mjs';
import { root } from './lib/server.mjs';
import { fillShowcase } from './lib/showcase.mjs';

const LARGEST = 120_000;
const LARGEST_IN_ALL = 2_500_000;
const allowed = [/status of 401 .*\/v1\/session\)/];

let people;
const shared = useServer({}, async (server) => { people = await fillShowcase(server); });

const table = ['Name;Profile URL;Note', 'Ada Lovelace;linkedin.com/in/ada-lovelace;', 'Emmy Noether;https://www.linkedin.com/in/emmy-noether/;',
  'Rosalind Franklin;linkedin.com/in/rosalind-franklin;', 'Dorothy Vaughan;linkedin.com/in/dorothy-vaughan;asked to stop', 'Emmy N.;LINKEDIN.COM/in/EMMY-NOETHER;',
  'Chien-Shiung Wu;linkedin.com/in/chien-shiung-wu;', 'Sales;sales@example.com;', 'Contoso;https://www.linkedin.com/company/contoso;', 'Lise Meitner;;'].join('\n');

const row = (page) => page.locator('tbody tr:not(.skeleton)').first().waitFor();

// Tables whose rows are one line of text on a desk.
const low = ['blocklist', 'person', 'campaigns', 'campaign', 'keys', 'overview', 'audit', 'installation', 'workspaces', 'people', 'account'];

// What each screen shows in its picture: [name, address, what to wait for and do].
const screens = [
  ['check', '#/check?q=linkedin.com%2Fin%2FAda-Lovelace', (page) => page.getByRole('heading', { name: 'Blocked' }).waitFor()],
  ['blocklist', '#/blocklist', row],
  ['add', '#/add', async (page) => {
    await page.getByLabel('Reason (optional)').fill('Speakers of our conference');
    await drop(page, fileFor(page, 'speakers.csv', table));
    await page.getByText('speakers.csv').waitFor();
    await page.getByRole('button', { name: 'Validate' }).click();
    await page.getByRole('heading', { name: 'Ready to block' }).waitFor();
  }],
  ['person', '#/person/dennis-wirth', (page) => page.getByRole('table', { name: 'History' }).locator('time').first().waitFor()],
  ['campaigns', '#/campaigns', row],
  ['campaign', '#/campaign/spring-webinar', row],
  ['keys', '#/keys', row],
  ['hooks', '#/hooks', row],
  ['api', '#/api?q=%2Fv1%2Fblocked-leads%2F%7B&op=lookUp', (page) => page.locator('.operation-body').waitFor()],
  ['overview', '#/overview', async (page) => {
    await page.locator('.plot svg').waitFor();
    await row(page);
  }],
  ['audit', '#/audit', row],
  ['change', '#/audit?action=leads.block', async (page) => {
    await page.getByRole('link', { name: /^Blocked [5-9] names/ }).first().click();
    await page.getByRole('table', { name: 'Names of the change' }).locator('.lead').first().waitFor();
  }],
  ['import', '#/audit?of=imports', async (page) => {
    await page.getByRole('link', { name: /^Blocked/ }).first().click();
    await page.getByRole('table', { name: 'Names of the change' }).locator('.lead').first().waitFor();
  }],
  ['installation', '#/installation', row],
  ['workspaces', '#/workspaces', row],
  ['people', '#/people', row],
  ['account', '#/account', row],
];

async function picture(page, name) {
  // No blinking ring around what has the focus, and no message that goes away by itself.
  await page.evaluate(() => document.activeElement?.blur());
  const wide = await page.locator('.table-frame').evaluateAll((frames) => frames.filter((one) => one.scrollWidth > one.clientWidth).length);
  assert.equal(wide, 0, `${name}: tables that have to be scrolled sideways`);
  if (low.includes(name)) {
    const rows = await page.locator('main tbody tr').evaluateAll((all) => all.map((one) => one.offsetHeight));
    assert.ok(Math.max(...rows) <= 40, `${name}: rows of ${rows} px`);
  }
  await assertOutline(page, name);
  await screenshot(page, name);
}

// The same screen at the width of a phone: one bar of one height, and nothing wider than the window.
async function phonePicture(page, name) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 375, height: 740 });
  if (name !== 'sign-in') {
    await page.locator('.top-bar').waitFor();
    assert.equal(await page.locator('.top-bar').evaluate((bar) => bar.offsetHeight), 56);
  }
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} is too wide`);
  await screenshot(page, `${name}-phone`);
  await page.setViewportSize(before);
}

for (const [name, address, ready] of screens) {
  screen(`the picture of ${name} is there and up to date`, shared, {}, async ({ page, context }) => {
    await people.operator.let(context);
    await page.goto(`/${address}`);
    await ready(page);
    await picture(page, name);
    if (name === 'check') await assertOutline(page, 'frame', 'header');
    await phonePicture(page, name);
  });
}

screen('the picture of sign-in is there and up to date', shared, { allowed }, async ({ page }) => {
  await page.goto('/');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await picture(page, 'sign-in');
  await phonePicture(page, 'sign-in');
});

test('the pictures are small, and there are no others', () => {
  const folder = join(root, 'docs', 'screens');
  const files = readdirSync(folder).filter((name) => name.endsWith('.png'));
  const named = [...screens.map(([name]) => name), 'sign-in']
    .flatMap((name) => [name, `${name}-phone`]).flatMap((name) => [`${name}-dark.png`, `${name}-light.png`]);
  assert.deepEqual(files.sort(), named.sort());
  let all = 0;
  for (const name of files) {
    const { size } = statSync(join(folder, name));
    assert.ok(size <= LARGEST, `${name} has ${size} bytes, more than ${LARGEST}`);
    all += size;
  }
  assert.ok(all <= LARGEST_IN_ALL, `all pictures have ${all} bytes, more than ${LARGEST_IN_ALL}`);
});
