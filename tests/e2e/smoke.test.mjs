// The page is there, runs, and makes no faults.
import assert from 'node:assert/strict';

import { assertAccessible, screen, useServer } from './lib/harness.mjs';

// Nobody is signed in, and the page asks who is.
const allowed = [/status of 401 .*\/v1\/session\)/];
const shared = useServer();

screen('the page loads and runs', shared, { allowed }, async ({ page }) => {
  const response = await page.goto('/');
  assert.equal(response.status(), 200);
  assert.match(await page.title(), /leadblock/);
  await page.locator('h1').first().waitFor();
});

screen('the page is accessible in every look', shared, { allowed }, async ({ page }) => {
  await page.goto('/');
  await page.locator('h1').first().waitFor();
  await assertAccessible(page, 'the first page');
});

screen('the page comes back after kill -9', shared, { allowed }, async ({ page, server, watch }) => {
  await page.goto('/');
  // What the browser was about to fetch, or was fetching: who is signed in, its icon.
  watch.allow(/ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)/);
  await server.kill();
  await server.start();
  await page.reload();
  await page.locator('h1').first().waitFor();
});
