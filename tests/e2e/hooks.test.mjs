// Events to a receiver of the test's own, subscribed to in the dashboard: signed, tried, paused, ended.
import assert from 'node:assert/strict';

import { makeWorkspace, workspaceList } from './lib/blocklists.mjs';
import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { isSignedBy, subscribe, useReceiver } from './lib/receiver.mjs';

let acme;
let member;

const receiver = useReceiver();
const { got } = receiver;
const shared = useServer({ args: ['--hooks-allow', '127.0.0.0/8', '--hooks-backoff', '1', '--hooks-give-up', '1'] }, async (server) => {
  acme = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'mia@example.com', 'member', acme.workspace);
});

const button = (page, name) => page.getByRole('button', { name, exact: true });
const states = (page) => page.getByRole('table', { name: 'Last deliveries' }).locator('tbody tr:not(.skeleton)')
  .evaluateAll((rows) => rows.map((row) => ['What', 'State'].map((label) => row.querySelector(`[data-label="${label}"]`).textContent)));

screen('a block arrives, signed, at a receiver that was subscribed on a phone', shared, { width: 375, height: 740 }, async ({ page, context }) => {
  await member.open({ page, context }, '#/hooks');
  await subscribe(page, await receiver.url());
  const secret = await page.getByLabel('Secret', { exact: true }).inputValue();
  assert.match(secret, /^whsec_/);
  await button(page, 'Done').click();
  await acme.block(workspaceList, ['ann-one'], 'Asked to stop');
  await eventually(() => assert.equal(got.length, 1));
  assert.ok(isSignedBy(secret, got[0]));
  assert.equal(JSON.parse(got[0].body).data.publicIdentifier, 'ann-one');

  await page.getByRole('link', { name: await receiver.url() }).click();
  await heading(page, 'Subscription');
  await eventually(async () => {
    await page.reload();
    await heading(page, 'Subscription');
    await page.getByText('Delivered').waitFor({ timeout: 2000 });
  });
  await button(page, 'Send a test').click();
  await toast(page).getByText('The receiver has accepted the test.').waitFor();
  await eventually(async () => assert.deepEqual(await states(page), [['Test', 'Delivered'], ['Event', 'Delivered']]));
  await page.getByRole('button', { name: /once more$/ }).click();
  await eventually(async () => assert.equal((await states(page))[0][0], 'Event, once more'));
  assert.equal(got[2].headers['webhook-id'], got[0].headers['webhook-id']);
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window, `${wide} px in ${window} px`);

  await button(page, 'New secret').click();
  await button(page, 'Make a new secret').click();
  const rotated = await page.getByLabel('Secret', { exact: true }).inputValue();
  await button(page, 'Done').click();
  await button(page, 'Pause').click();
  await page.locator('.facts').getByText('Paused').waitFor();
  await acme.block(workspaceList, ['bob-two']);
  await button(page, 'Resume').click();
  await eventually(() => assert.equal(got.length, 4));
  for (const one of [secret, rotated]) assert.ok(isSignedBy(one, got[3]), 'both sign for a day');

  await button(page, 'End').click();
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await heading(page, 'Hooks');
  await page.getByText('There are no subscriptions yet').waitFor();
});

screen('a pause whose outcome could not be looked up says so, and is not pressed once more', shared, { allowed: [/status of 503 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/hooks');
  await subscribe(page, await receiver.url());
  await button(page, 'Done').click();
  await page.getByRole('link', { name: await receiver.url() }).click();
  await button(page, 'Pause').waitFor();
  let turns = 0;
  page.on('request', (request) => { if (request.method() === 'PUT') turns += 1; });
  await page.route('**/v1/hooks/list', (route) => route.fulfill({ status: 503, json: { code: 'starting', message: 'Not yet.' } }));
  await button(page, 'Pause').click();
  const alert = page.getByRole('alert');
  await alert.getByText('Not yet.').waitFor();
  await button(page, 'Pause').click({ force: true });
  await page.unroute('**/v1/hooks/list');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await button(page, 'Resume').waitFor();
  await alert.waitFor({ state: 'detached' });
  assert.equal(turns, 1);
  await button(page, 'End').click();
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await heading(page, 'Hooks');
});

screen('a pause is not pressed once more before its state is there', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/hooks');
  await subscribe(page, await receiver.url());
  await button(page, 'Done').click();
  await page.getByRole('link', { name: await receiver.url() }).click();
  const turn = page.getByRole('button', { name: /^(Pause|Resume)$/ });
  await turn.waitFor();
  const turns = [];
  page.on('request', (request) => { if (request.method() === 'PUT') turns.push(request.postDataJSON().action); });
  let asked = 0;
  let open;
  const opened = new Promise((done) => { open = done; });
  await page.route('**/v1/hooks/list', async (route) => {
    asked += 1;
    await opened;
    await route.continue();
  });
  await turn.click();
  await eventually(() => assert.equal(asked, 1)); // the pause is done, and its outcome asked for
  assert.equal(await turn.getAttribute('aria-busy'), 'true', 'its state is not known yet');
  await turn.click({ force: true });
  open();
  await button(page, 'Resume').waitFor();
  await page.locator('.facts').getByText('Paused').waitFor();
  await eventually(async () => assert.equal(await turn.getAttribute('aria-busy'), null));
  await turn.click();
  await button(page, 'Pause').waitFor();
  assert.deepEqual(turns, ['pause', 'resume']);
  await button(page, 'End').click();
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await heading(page, 'Hooks');
});

screen('a subscription that fails is told on Overview, with what was answered, and resumed', shared, {}, async ({ page, context }) => {
  receiver.status = 500;
  await member.open({ page, context }, '#/hooks');
  await subscribe(page, await receiver.url());
  await button(page, 'Done').click();
  await acme.block(workspaceList, ['cid-three']);
  await eventually(async () => {
    await page.goto('/#/overview');
    await page.reload();
    await page.getByText('Events are no longer sent to 1 receiver.').waitFor({ timeout: 2000 });
  });
  await page.locator('.notice').getByRole('link', { name: 'Hooks' }).click();
  await page.getByRole('link', { name: await receiver.url() }).click();
  await page.getByText('Events are no longer sent.').waitFor();
  await page.getByText('the receiver answered 500').first().waitFor();
  receiver.status = 200;
  const before = got.length;
  await button(page, 'Resume').click();
  await eventually(() => assert.ok(got.length > before));
  assert.equal(JSON.parse(got.at(-1).body).data.publicIdentifier, 'cid-three');
});

screen('an address of the own network is refused, with what to do', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/hooks');
  await subscribe(page, 'https://10.0.0.1/events');
  await page.getByRole('dialog').getByRole('alert').getByText(/10\.0\.0\.1 is a private address/).waitFor();
});
