// Open screens follow what others do, without being loaded again.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, leads } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace, workspaceList } from './lib/blocklists.mjs';

let client;
let member;
const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.block(workspaceList, ['first-one']);
});

const isEvents = (request) => new URL(request.url()).pathname.endsWith('/v1/events');
const waiting = (page) => page.waitForRequest((request) => isEvents(request) && request.url().includes('wait='));

screen('a list shows who is blocked elsewhere, with one request at a time', shared, {}, async ({ page, context }) => {
  // Counted in the page: the browser's own word of an end may come after that of the next request.
  await page.addInitScript(() => {
    const { fetch } = window;
    let open = 0;
    window.mostEvents = 0;
    window.fetch = async (...asked) => {
      const counts = new URL(asked[0], location.href).pathname.endsWith('/v1/events');
      if (counts) window.mostEvents = Math.max(window.mostEvents, ++open);
      try {
        return await fetch(...asked);
      } finally {
        if (counts) open -= 1;
      }
    };
  });
  const follows = waiting(page);
  await member.open({ page, context }, '#/blocklist');
  await follows;
  await client.block(workspaceList, ['blocked-elsewhere']);
  await eventually(async () => assert.deepEqual(await leads(page), ['blocked-elsewhere', 'first-one']));
  assert.equal(await page.evaluate(() => window.mostEvents), 1);
});

screen('what is selected is not pulled away', shared, {}, async ({ page, context }) => {
  const follows = waiting(page);
  await member.open({ page, context }, '#/blocklist');
  await follows;
  await page.getByRole('checkbox', { name: 'Select first-one' }).check();
  const next = page.waitForResponse((response) => isEvents(response.request()));
  await client.block(workspaceList, ['while-selected']);
  await next;
  await page.waitForTimeout(900);
  assert.ok(!(await leads(page)).includes('while-selected'));
});

screen('a page that is not looked at asks nothing, and catches up', shared, {}, async ({ page, context }) => {
  const follows = waiting(page);
  await member.open({ page, context }, '#/check?q=seen-later');
  await follows;
  await page.getByRole('heading', { name: 'Not blocked' }).waitFor();
  const show = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await show(true);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await client.block(workspaceList, ['seen-later']);
  await page.waitForTimeout(700);
  assert.deepEqual(asked, []);
  await show(false);
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
});

screen('without a place to wait it asks now and then, and goes on', shared, { allowed: [/status of 429 /] }, async ({ page, context }) => {
  let refuses = true;
  await page.route('**/v1/events?*wait=*', (route) => (refuses
    ? route.fulfill({ status: 429, contentType: 'application/json', headers: { 'Retry-After': '1' }, body: '{"success":false,"code":"overloaded","message":"Too many wait."}' })
    : route.continue()));
  await member.open({ page, context }, '#/check?q=asked-again');
  await page.getByRole('heading', { name: 'Not blocked' }).waitFor();
  await page.waitForResponse((response) => isEvents(response.request()) && response.status() === 429);
  await client.block(workspaceList, ['asked-again']);
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  refuses = false;
});
