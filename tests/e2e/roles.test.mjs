// What a role may not do is not offered, is refused in words at its address, and refused by the server.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, leads } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, workspaceList } from './lib/blocklists.mjs';

let acme;
let other;
let viewer;
let member;
let operator;

const shared = useServer({}, async (server) => {
  acme = await makeWorkspace(server, 'Acme');
  other = await makeWorkspace(server, 'Other');
  operator = await makePerson(server, 'olga@example.com', 'operator');
  member = await makePerson(server, 'mia@example.com', 'member', acme.workspace);
  viewer = await makePerson(server, 'vic@example.com', 'viewer', acme.workspace);
  await acme.campaign('q1', 'First quarter');
  await acme.block(workspaceList, ['blocked-one'], 'Existing client');
  await other.block(workspaceList, ['theirs'], 'Their reason');
  await other.campaign('secret', 'Their campaign');
});

const buttons = async (page) => (await page.locator('main').getByRole('button').allTextContents()).filter(Boolean);
const menu = (page) => page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents();

async function refused(page, hash) {
  await page.goto(`/${hash}`);
  await heading(page, 'Page not found');
  await page.getByText('This page does not exist, or your role has no access to it.').waitFor();
}

screen('a viewer looks, and is offered nothing that changes', shared, {}, async ({ page, context }) => {
  await viewer.open({ page, context }, '#/check?q=blocked-one');
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await page.getByText('Existing client').waitFor();
  assert.deepEqual(await buttons(page), ['Check']);
  await page.goto('/#/check?q=somebody-else');
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  assert.deepEqual(await buttons(page), ['Check']);

  await page.goto('/#/blocklist');
  await eventually(async () => assert.deepEqual(await leads(page), ['blocked-one']));
  assert.deepEqual(await buttons(page), ['Export as CSV', 'Previous', 'Next']);
  assert.equal(await page.getByRole('checkbox').count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Add', exact: true }).count(), 0);

  await page.goto('/#/keys');
  await page.getByRole('row', { name: /^CRM / }).waitFor();
  assert.deepEqual(await buttons(page), []);
  await page.goto('/#/campaigns');
  await page.getByRole('link', { name: 'First quarter' }).waitFor();
  assert.deepEqual(await buttons(page), ['Previous', 'Next']);
  await page.goto('/#/campaign/q1');
  await heading(page, 'First quarter');
  await page.locator('main dl.figures').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Activate' }).count(), 0);

  assert.deepEqual(await menu(page), ['Check', 'Blocklist', 'Campaigns', 'Overview', 'Audit', 'API keys', 'API']);
  for (const hash of ['#/add', '#/people', '#/workspaces']) await refused(page, hash);
  await heading(page, 'Page not found');
  await page.keyboard.press('n');
  assert.equal(new URL(page.url()).hash, '#/workspaces');
});

screen('the server refuses whatever a viewer changes', shared, {}, async () => {
  const [{ id }] = await acme.entries(workspaceList);
  for (const [method, path, body] of [
    ['POST', workspaceList, { leads: [{ publicIdentifier: 'new-one' }] }],
    ['POST', campaignList('q1'), { publicIdentifiers: ['new-one'] }],
    ['DELETE', workspaceList, [id]],
    ['DELETE', campaignList('q1'), { publicIdentifiers: ['blocked-one'] }],
    ['POST', '/v1/changes/ch_1/undo'],
    ['POST', '/v1/imports/im_1/undo'],
    ['POST', '/v1/campaigns', { name: 'Mine' }],
    ['PUT', '/v1/campaigns/q1/activate'],
    ['DELETE', '/v1/campaigns/q1'],
    ['POST', '/v1/campaigns/q1/leads', { leads: [{ publicIdentifier: 'new-one' }] }],
    ['POST', '/v1/campaigns/q1/activities/claim', {}],
    ['POST', '/v1/keys', { name: 'Mine' }],
    ['DELETE', `/v1/keys/${(await viewer.call('GET', '/v1/keys')).body[0].id}`],
    ['GET', '/v1/users'],
    ['POST', '/v1/workspaces', { name: 'Mine', plan: 'pro' }],
  ]) {
    const { status, body: answer } = await viewer.call(method, path, body);
    assert.deepEqual([status, answer.code], [403, 'forbidden'], `${method} ${path}: ${JSON.stringify(answer)}`);
  }
  assert.deepEqual((await acme.entries(workspaceList)).map((entry) => entry.publicIdentifier), ['blocked-one']);
});

screen('a member has no operator screens, and no other workspace', shared, { allowed: [/status of 404 /] }, async ({ page, context }) => {
  await member.open({ page, context });
  assert.deepEqual(await menu(page), ['Check', 'Blocklist', 'Add', 'Campaigns', 'Overview', 'Audit', 'API keys', 'Hooks', 'API']);
  assert.equal(await page.getByRole('combobox', { name: 'Workspace' }).count(), 0);
  for (const hash of ['#/people', '#/workspaces', '#/workspaces?create=1', '#/no-such-screen']) await refused(page, hash);
  await page.goto('/#/campaign/secret');
  await page.getByRole('alert').getByText(/No campaign/).waitFor();
  const there = { 'X-Workspace-Id': other.workspace };
  for (const [method, path, body] of [
    ['GET', workspaceList], ['GET', '/v1/blocked-leads/theirs'], ['GET', '/v1/keys'], ['GET', '/v1/audit'],
    ['POST', workspaceList, { leads: [{ publicIdentifier: 'mine' }] }]]) {
    const { status, body: answer } = await member.call(method, path, body, there);
    assert.deepEqual([status, answer.code], [404, 'workspace_not_found'], `${method} ${path}`);
  }
  for (const [method, path, body] of [['GET', '/v1/users'], ['GET', '/v1/workspaces'], ['POST', '/v1/users', { email: 'x@example.com', role: 'operator' }]]) {
    assert.equal((await member.call(method, path, body)).status, 403, `${method} ${path}`);
  }
  assert.equal((await member.call('GET', '/v1/blocked-leads/theirs')).body.blocked, false);
});

screen('without the token of the session nothing is changed', shared, {}, async () => {
  const { status, body } = await member.call('POST', workspaceList, { leads: [{ publicIdentifier: 'forged' }] }, { 'X-CSRF-Token': 'x' });
  assert.deepEqual([status, body.code], [403, 'csrf_failed']);
  assert.equal((await acme.get('/v1/blocked-leads/forged')).blocked, false);
});

screen('an operator sees one workspace at a time', shared, {}, async ({ page, context }) => {
  await operator.open({ page, context }, '#/blocklist');
  const choice = page.getByRole('combobox', { name: 'Workspace' });
  await choice.selectOption({ label: 'Acme' });
  await eventually(async () => assert.deepEqual(await leads(page), ['blocked-one']));
  await choice.selectOption({ label: 'Other' });
  await eventually(async () => assert.deepEqual(await leads(page), ['theirs']));
  await page.reload();
  await eventually(async () => assert.deepEqual(await leads(page), ['theirs']));
  await page.getByRole('link', { name: 'Campaigns' }).click();
  await page.getByRole('link', { name: 'Their campaign' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'First quarter' }).count(), 0);

  await page.goto('/#/check?q=theirs');
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await choice.selectOption({ label: 'Acme' });
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  await page.getByLabel('Reason (optional)').fill('Only here');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await page.getByText('Only here').waitFor();
  assert.deepEqual((await acme.entries(workspaceList)).map((entry) => entry.publicIdentifier), ['theirs', 'blocked-one']);
  assert.deepEqual((await other.entries(workspaceList)).map((entry) => entry.reason), ['Their reason']);
});

screen('what was begun in one workspace is not undone or blocked in another', shared, {}, async ({ page, context }) => {
  await operator.open({ page, context }, '#/check?q=switched');
  const choice = page.getByRole('combobox', { name: 'Workspace' });
  await choice.selectOption({ label: 'Other' });
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await choice.selectOption({ label: 'Acme' });
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  // The message with "Undo" is still there, and means the workspace that it was said for.
  const undo = page.getByRole('status', { name: 'Messages' }).getByRole('button', { name: 'Undo' });
  if (await undo.count()) {
    await undo.click();
    await page.getByText('Undone.').waitFor();
    assert.equal((await other.get('/v1/blocked-leads/switched')).blocked, false);
  }

  await page.goto('/#/add');
  await page.getByLabel('Leads, one per line').fill('draft-of-acme');
  await choice.selectOption({ label: 'Other' });
  await eventually(async () => assert.equal(await page.getByLabel('Leads, one per line').inputValue(), ''));
});
