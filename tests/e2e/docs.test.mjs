// The documentation at /docs: the search finds, every page is accessible in every look and no wider than a phone, and
// the pages are readable without scripts.
import assert from 'node:assert/strict';

import { assertAccessible, screen, useServer } from './lib/harness.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';
import { eventually } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';

let viewer;

const shared = useServer({}, async (server) => {
  const { workspace } = await makeWorkspace(server, 'Acme');
  viewer = await makePerson(server, 'vic@example.com', 'viewer', workspace);
});
const permissions = ['clipboard-read', 'clipboard-write'];
const results = (page) => page.locator('#found li a');
const search = (page) => page.getByRole('searchbox', { name: 'Search' });

async function pages(server) {
  const start = await (await fetch(`${server.url}/docs/`)).text();
  const names = [...start.matchAll(/<a href="([\w-]+)"/g)].map(([, name]) => `/docs/${name}`);
  return [...new Set(['/docs/', ...names, '/docs/nothing'])];
}

const missing = [/status of 404 .*\/docs\/(nothing|a\/b)\)/];

screen('every page fits a phone of 375 px, and tables and code scroll', shared, { allowed: missing }, async ({ page, server }) => {
  await page.setViewportSize({ width: 375, height: 740 });
  const all = await pages(server);
  assert.ok(all.length > 15, `${all}`);
  for (const path of all) {
    await page.goto(path);
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `${path} is ${wide} px wide`);
  }
  await page.goto('/docs/configuration');
  const table = page.locator('.table').first();
  assert.ok(await table.evaluate((box) => box.scrollWidth > box.clientWidth));
  await eventually(async () => assert.equal(await table.getAttribute('tabindex'), '0'));
});

for (const path of ['/docs/', '/docs/readme', '/docs/scale-out', '/docs/nothing']) {
  screen(`${path} is accessible in every look`, shared, { allowed: missing }, async ({ page }) => {
    await page.goto(path);
    await page.locator('h1').waitFor();
    await assertAccessible(page, path);
  });
}

screen('the search finds a section by words of its text, and leads there', shared, {}, async ({ page }) => {
  await page.goto('/docs/');
  await page.keyboard.press('/');
  await page.keyboard.type('thundering retry-after');
  await page.getByText('Nothing found.').waitFor();
  await search(page).fill('trusted-proxy forwarded');
  await results(page).first().waitFor();
  assert.match(await results(page).first().getAttribute('href'), /\/docs\/reverse-proxy/);
  await assertAccessible(page, 'results of the search');
  await search(page).fill('cursor_gone');
  await eventually(async () => assert.equal(await page.locator('#found a[href$="/docs/api#10-events"]').count(), 1));
  await page.keyboard.press('Enter');
  await eventually(() => page.evaluate(() => document.activeElement.matches('#found a') || Promise.reject(new Error('not there'))));
  const title = (await results(page).first().textContent()).trim();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/docs\/[a-z-]+#/);
  const heading = page.locator(`[id="${decodeURIComponent(new URL(page.url()).hash.slice(1))}"]`);
  assert.ok((await heading.textContent()).startsWith(title));
});

screen('an address with q= searches, Escape ends it', shared, {}, async ({ page }) => {
  await page.goto('/docs/limits?q=leadblock+doctor');
  await results(page).first().waitFor();
  assert.ok(await page.locator('#found mark').count() > 1);
  await page.keyboard.press('Escape');
  await page.locator('#found').waitFor({ state: 'hidden' });
});

screen('what was searched for is shown as text', shared, {}, async ({ page }) => {
  await page.goto('/docs/?q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E');
  await page.locator('#found').waitFor();
  await page.getByText(/Nothing found|section/).first().waitFor();
  assert.equal(await page.locator('#found img').count(), 0);
});

screen('a search whose index does not come says so, and the next one works', shared, { allowed: [/status of 503/] }, async ({ page }) => {
  await page.goto('/docs/');
  await page.route('**/words-*', (route) => route.fulfill({ status: 503, body: '' }));
  await search(page).fill('claim');
  await page.getByText('The search failed').waitFor();
  await page.unroute('**/words-*');
  await search(page).fill('claims');
  await results(page).first().waitFor();
});

screen('the search works on the page of a path that does not exist', shared, { allowed: missing }, async ({ page }) => {
  await page.goto('/docs/a/b');
  await search(page).fill('guarantee');
  await results(page).first().click();
  await page.waitForURL(/\/docs\/[a-z-]+(#|$)/);
  await page.locator('h1').waitFor();
});

screen('a block of code is copied', shared, { permissions }, async ({ page }) => {
  await page.goto('/docs/readme');
  const block = page.locator('.block').first();
  await block.hover();
  await block.getByRole('button', { name: 'Copy' }).click();
  await block.getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await block.locator('code').textContent());
});

screen('without scripts the pages are read, and lead to each other', shared, { javaScriptEnabled: false }, async ({ page }) => {
  await page.goto('/docs');
  assert.ok(page.url().endsWith('/docs/'));
  await page.getByRole('main').getByRole('link', { name: 'Operation' }).click();
  await page.waitForURL('**/docs/operations');
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.waitForURL('**/docs/configuration');
  assert.equal(await page.getByRole('searchbox').count(), 0);
  await page.getByRole('link', { name: /^Next/ }).click();
  await page.waitForURL('**/docs/reverse-proxy');
});

screen('on paper there is the document alone', shared, {}, async ({ page }) => {
  await page.goto('/docs/operations');
  await page.emulateMedia({ media: 'print' });
  for (const part of ['header', 'nav', 'footer', 'form']) assert.equal(await page.locator(part).isVisible(), false);
  assert.ok(await page.locator('article').isVisible());
});

screen('the dashboard leads to the documentation, and back', shared, {}, async ({ page, context }) => {
  await viewer.open({ page, context }, '#/api');
  await page.getByRole('link', { name: 'Rules, errors and examples' }).click();
  await page.waitForURL(/\/docs\/api$/);
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await page.getByRole('button', { name: 'vic@example.com' }).click();
  await page.getByRole('button', { name: 'Shortcuts' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Documentation' }).click();
  await page.waitForURL(/\/docs\/$/);
});
