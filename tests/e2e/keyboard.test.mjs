// Everything that is done every day is done with the keyboard alone.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, leads, toast } from './lib/pages.mjs';
import { isFocused, pressOn, tabTo, type } from './lib/keyboard.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace, namesOf, workspaceList } from './lib/blocklists.mjs';

let client;
let member;

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.block(workspaceList, namesOf('listed', 3), 'Before');
});

const hash = (page) => new URL(page.url()).hash;
const step = (page, name) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor();

screen('sign in, check, block, undo, sign out', shared, { allowed: [/status of 401 /] }, async ({ page }) => {
  await page.goto('/');
  await heading(page, 'Sign in');
  await isFocused(page, /^input E-mail/);
  await type(page, member.email);
  await tabTo(page, /^input Password/);
  await type(page, 'not this one at all');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
  await isFocused(page, /^input Password/);
  await type(page, member.password);
  await page.keyboard.press('Enter');

  await heading(page, 'Check');
  await isFocused(page, /^input LinkedIn profile/);
  await type(page, 'in/By-Hand');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  await tabTo(page, /^input Reason/);
  await type(page, 'No mouse');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  assert.equal((await client.get('/v1/blocked-leads/by-hand')).blocks[0].reason, 'No mouse');
  await isFocused(page, /^input LinkedIn profile/); // The form that had it is gone.
  await pressOn(page, /^button Unblock in the workspace/);
  await page.getByRole('dialog', { name: 'Unblock by-hand?' }).waitFor();
  await pressOn(page, /^button Unblock$/);
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  await isFocused(page, /^h1 Check/);
  await pressOn(page, /^button Undo/);
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  assert.equal((await client.get('/v1/blocked-leads/by-hand')).blocks[0].reason, 'No mouse');
  await pressOn(page, /^button Unblock in the workspace/, 'Enter', { back: true });
  await page.getByRole('dialog', { name: 'Unblock by-hand?' }).waitFor();
  await pressOn(page, /^button Unblock$/);
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  assert.equal((await client.get('/v1/blocked-leads/by-hand')).blocked, false);

  await pressOn(page, /^button ada@|^button .*Member$/);
  await isFocused(page, /^a Account/); // The menu has opened.
  await pressOn(page, /^button Sign out/);
  await heading(page, 'Sign in');
  await isFocused(page, /^input E-mail/);
});

screen('add leads by typing, and take them back', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/blocklist');
  await page.keyboard.press('n');
  await heading(page, 'Add');
  await isFocused(page, /^h1 Add/);
  await tabTo(page, /^textarea Leads, one per line/);
  await page.keyboard.type('typed-one\ntyped two\ntyped-three');
  await pressOn(page, /^button Validate/);
  await step(page, 'Ready to block');
  await isFocused(page, /^h2 Ready to block/);
  await pressOn(page, /^button Block 2 new leads/);
  await step(page, 'Done');
  await isFocused(page, /^h2 Done/);
  assert.equal(await client.total(workspaceList), 5);
  await pressOn(page, /^button Undo/, 'Space');
  await step(page, 'Undone');
  await isFocused(page, /^h2 Undone/);
  assert.equal(await client.total(workspaceList), 3);
});

screen('select, unblock, undo', shared, {}, async ({ page, context }) => {
  const before = await client.entries(workspaceList);
  await member.open({ page, context });
  await page.getByRole('searchbox').waitFor();
  await isFocused(page, /^input LinkedIn profile/);
  await pressOn(page, /^a Blocklist/);
  await heading(page, 'Blocklist');
  await isFocused(page, /^h1 Blocklist/);
  await page.keyboard.press('/');
  await isFocused(page, /^input Search/);
  await page.keyboard.type('listed-002');
  await eventually(async () => assert.deepEqual(await leads(page), ['listed-002']));
  await pressOn(page, /^input Select listed-002/, 'Space');
  await page.getByRole('status').getByText('1 selected').waitFor();
  await tabTo(page, /^button Unblock selected/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Unblock 1 entry?' });
  await dialog.waitFor();
  // Escape changes nothing, and the focus is back where it was.
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await isFocused(page, /^button Unblock selected/);
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  // The focus stays within the dialog.
  for (let turn = 0; turn < 8; turn++) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))));
  }
  await pressOn(page, /^button Unblock$/);
  await toast(page).getByText('1 entry unblocked.').waitFor();
  await dialog.waitFor({ state: 'detached' });
  await isFocused(page, /^h1 Blocklist/);
  assert.equal(await client.total(workspaceList), 2);
  await pressOn(page, /^button Undo/);
  await toast(page).getByText('Undone.').waitFor();
  await eventually(async () => assert.deepEqual(await client.entries(workspaceList), before));
});

screen('make a key', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/keys');
  await page.getByRole('row', { name: /^CRM / }).waitFor();
  await pressOn(page, /^button New API key/);
  const dialog = page.getByRole('dialog', { name: 'New API key' });
  await dialog.waitFor();
  await tabTo(page, /^input Name/);
  await page.keyboard.type('By hand');
  await pressOn(page, /^input Read only/, 'Space');
  await page.keyboard.press('Enter');
  const made = page.getByRole('dialog', { name: 'Your new API key' });
  await made.waitFor();
  assert.ok(await page.evaluate(() => Boolean(document.activeElement.closest('dialog'))));
  await pressOn(page, /^button Done/);
  await made.waitFor({ state: 'detached' });
  await isFocused(page, /^(button New API key|h1 API keys)/);
  await page.getByRole('row', { name: /^By hand .*Read only/ }).waitFor();
});

screen('shortcuts', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/overview');
  await heading(page, 'Overview');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await help.waitFor();
  await page.keyboard.press('n'); // Not behind a dialog.
  assert.equal(hash(page), '#/overview');
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await heading(page, 'Check');
  await isFocused(page, /^input LinkedIn profile/);
  await page.keyboard.type('n/?'); // Text while typing.
  assert.equal(await page.getByRole('searchbox').inputValue(), 'n/?');
  await tabTo(page, /^a Blocklist/, { back: true });
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await heading(page, 'API keys');
  await isFocused(page, /^h1 API keys/);

  await page.keyboard.press('?');
  await help.waitFor();
  await pressOn(page, /^input Use single-key shortcuts/, 'Space');
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  await page.keyboard.press('n');
  await page.keyboard.press('?');
  await page.reload();
  await heading(page, 'API keys');
  await page.keyboard.press('n');
  assert.equal(hash(page), '#/keys');
  assert.equal(await help.count(), 0);
});

screen('the first Tab skips to the content', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaigns');
  await heading(page, 'Campaigns');
  await tabTo(page, /^a Skip to the content/);
  await page.keyboard.press('Enter');
  await isFocused(page, /^h1 Campaigns/);
  await pressOn(page, /^button New campaign/);
  await page.getByRole('dialog', { name: 'New campaign' }).waitFor();
  await pressOn(page, /^button Close/);
  await isFocused(page, /^button New campaign/);
});
