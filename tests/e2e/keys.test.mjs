// A key that is made in the dashboard works in a terminal, as the page says, until it is revoked.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, shows, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace, workspaceList } from './lib/blocklists.mjs';

const shared = useServer();

// Runs a command line as somebody would who pastes it; what it prints.
function shell(line) {
  return new Promise((done, failed) => {
    execFile('/bin/sh', ['-c', line], (error, out, err) => (error ? failed(new Error(err)) : done(out)));
  });
}

const status = (line) => shell(line.replace(/^curl /, "curl -s -o /dev/null -w '%{http_code}' "));
const answer = async (line) => JSON.parse(await shell(line));

async function memberOf(server, name) {
  const client = await makeWorkspace(server, name);
  return { client, member: await makePerson(server, `${name.toLowerCase()}@example.com`, 'member', client.workspace) };
}

async function createKey(page, name, { readOnly = false } = {}) {
  await page.getByRole('button', { name: 'New API key' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  if (readOnly) await page.getByLabel('Read only').check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'Your new API key' }).waitFor();
}

const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
const permissions = ['clipboard-read', 'clipboard-write'];

screen('the shown command works, and the list says that the key was used', shared, { permissions }, async ({ page, context, server }) => {
  const { client, member } = await memberOf(server, 'Terminal');
  await member.open({ page, context }, '#/keys');
  await createKey(page, 'Outreach');
  const key = await page.getByLabel('Key Outreach').inputValue();
  assert.match(key, /^lb_[0-9a-z]+_[0-9A-Za-z]+$/);
  await page.getByRole('button', { name: 'Copy key' }).click();
  await page.getByText('Copied.').first().waitFor();
  assert.equal(await copied(page), key);
  await page.getByRole('button', { name: 'Copy command' }).click();
  const line = await page.getByLabel('Block john-doe in the workspace from a terminal').inputValue();
  await eventually(async () => assert.equal(await copied(page), line));
  assert.ok(line.includes(key));

  const row = page.getByRole('row', { name: /^Outreach / });
  await page.getByRole('button', { name: 'Done' }).click();
  await row.locator('td[data-label="Last used"]').getByText('Never').waitFor();
  assert.deepEqual(await answer(`${line} -s`), { success: true, message: '1 lead blocked', blocked: 1 });
  const [entry] = await client.entries(workspaceList);
  assert.deepEqual([entry.publicIdentifier, entry.by.type, entry.by.name], ['john-doe', 'key', 'Outreach']);
  await eventually(async () => {
    await page.reload();
    await row.waitFor();
    assert.ok(Date.now() - Date.parse(await row.locator('time').first().getAttribute('datetime')) < 60_000);
  });

  await row.getByRole('button', { name: 'Revoke Outreach' }).click();
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await toast(page).getByText('The key Outreach is revoked.').waitFor();
  await row.getByRole('cell', { name: 'Revoked' }).waitFor();
  assert.equal(await status(line), '401');
  assert.equal(await row.getByRole('button').count(), 0);
});

screen('with a campaign the command blocks there', shared, {}, async ({ page, context, server }) => {
  const { client, member } = await memberOf(server, 'Campaigner');
  await client.campaign('q1', 'First quarter');
  await member.open({ page, context }, '#/keys');
  await createKey(page, "Bob's key");
  const line = await page.getByLabel('Block john-doe in the campaign q1 from a terminal').inputValue();
  assert.deepEqual(await answer(`${line} -s`), { success: true, message: '1 lead blocked', blocked: 1 });
  assert.equal((await client.get('/v1/campaigns/q1/blocked-leads/john-doe')).scope, 'campaign');
});

screen('a key that may only read checks, and blocks nothing', shared, {}, async ({ page, context, server }) => {
  const { member } = await memberOf(server, 'Reader');
  await member.open({ page, context }, '#/keys');
  await createKey(page, 'Report', { readOnly: true });
  const line = await page.getByLabel('Check john-doe from a terminal').inputValue();
  assert.equal((await answer(`${line} -s`)).blocked, false);
  const key = await page.getByLabel('Key Report').inputValue();
  const block = `curl -X POST '${server.url}/v1/blocked-leads' -H 'x-api-key: ${key}' -H 'Content-Type: application/json' -d '{"leads":[{"publicIdentifier":"john-doe"}]}'`;
  assert.equal(await status(block), '403');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('cell', { name: 'Read only' }).waitFor();
});

screen('without the clipboard the key is selected', shared, {}, async ({ page, context, server }) => {
  const { member } = await memberOf(server, 'Clipless');
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
  });
  await member.open({ page, context }, '#/keys');
  await heading(page, 'API keys');
  await createKey(page, 'Plain');
  await page.getByRole('button', { name: 'Copy key' }).click();
  await page.getByText('Selected: copy it.').waitFor();
  const field = page.getByLabel('Key Plain');
  assert.equal(await page.evaluate(() => getSelection().toString()), await field.inputValue());
  await page.getByRole('button', { name: 'Done' }).click();
  await shows(page, 'Plain');
});

screen('a deletion offers to revoke the keys of the user, and the list says whose they were', shared, {}, async ({ page, context, server }) => {
  const { client, member } = await memberOf(server, 'Leaver');
  const kept = await member.call('POST', '/v1/keys', { name: 'Kept key' });
  const stays = await makePerson(server, 'stays@example.com', 'member', client.workspace);
  const second = await makePerson(server, 'second-leaver@example.com', 'member', client.workspace);
  const ended = await second.call('POST', '/v1/keys', { name: 'Ended key' });
  const operator = await makePerson(server, 'keys-operator@example.com', 'operator');
  await operator.open({ page, context }, '#/people');
  const works = async (key) => (await fetch(`${server.url}/v1/blocked-leads`, { headers: { 'x-api-key': key.body.key } })).status;

  await page.getByRole('button', { name: `Actions for ${member.email}` }).click();
  await page.getByRole('button', { name: `Delete ${member.email}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await toast(page).getByText('1 API key of theirs is still valid.').waitFor();
  assert.equal(await works(kept), 200);

  await page.getByRole('button', { name: `Actions for ${second.email}` }).click();
  await page.getByRole('button', { name: `Delete ${second.email}` }).click();
  await page.getByLabel('Revoke the API keys that they made').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await toast(page).getByText(`${second.email} is deleted.`).waitFor();
  assert.equal(await works(ended), 401);

  await page.goto('about:blank'); // another user, another page
  await context.clearCookies();
  await stays.open({ page, context }, '#/keys');
  await page.getByRole('row', { name: /^Kept key / }).getByText(`Made by ${member.email}, who was deleted`).waitFor();
  await page.getByRole('row', { name: /^Ended key / }).getByRole('cell', { name: 'Revoked' }).waitFor();
});
