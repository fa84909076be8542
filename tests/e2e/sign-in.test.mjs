// From the set-up link to the end of a session: who is signed in, and what people are told.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { heading, openAccountMenu, shows, toast } from './lib/pages.mjs';
import { PASSWORD, makePerson, resetPassword, signIn } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

// Chromium logs what the server refuses, and these are about refusals.
const allowed = [/status of 401 /];
const shared = useServer();

async function workspaceAnd(server, email) {
  const { workspace } = await makeWorkspace(server, `Workspace of ${email}`);
  return makePerson(server, email, 'member', workspace);
}

screen('the set-up link makes the first operator, once', shared, { allowed }, async ({ page, server, another }) => {
  const link = await server.setUpLink();
  await page.goto(link);
  await heading(page, 'Set up leadblock');
  await page.getByLabel('Your e-mail').fill('first@example.com');
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('New password again').fill(`${PASSWORD}!`);
  await page.getByRole('button', { name: 'Create the account' }).click();
  await shows(page, 'The two passwords differ. Type the same one twice.');
  await page.getByLabel('New password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create the account' }).click();
  await heading(page, 'Welcome');
  await shows(page, 'There are no workspaces yet');
  assert.equal(new URL(page.url()).hash, '#/check');
  await page.locator('.who').getByText('first@example.com').waitFor();

  const late = await another();
  await late.page.goto(link);
  await heading(late.page, 'This link is no longer valid');
  await shows(late.page, 'It has been used');
  await late.page.getByRole('link', { name: 'sign in', exact: true }).click();
  await heading(late.page, 'Sign in');
});

screen('the first operator makes a workspace and a person, who signs in by the link', shared, { allowed }, async ({ page, context, server, another }) => {
  const operator = await makePerson(server, 'second@example.com', 'operator');
  await operator.open({ page, context }, '#/workspaces');
  await page.getByRole('button', { name: 'New workspace' }).first().click();
  await page.getByLabel('Name').fill('Acme');
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await toast(page).getByText('The workspace Acme is created and selected.').waitFor();
  await heading(page, 'Add'); // what the first workspace is for
  await page.getByRole('link', { name: 'Users' }).click();
  await heading(page, 'Users');
  await page.getByRole('button', { name: 'Invite a user' }).click();
  await page.getByLabel('E-mail').fill('bob@example.com');
  await page.getByLabel('Role').selectOption('viewer');
  await page.getByLabel('Workspace of the user').selectOption({ label: 'Acme' });
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const link = await page.getByLabel('One-time link').inputValue();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('row', { name: /bob@example\.com Viewer Acme Invited until \d+ \w+ \d{4} by second@example\.com Never/ }).waitFor();

  const bob = await another();
  await bob.page.goto(link);
  await heading(bob.page, 'Choose a password');
  await bob.page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await bob.page.getByLabel('New password again').fill(PASSWORD);
  await bob.page.getByRole('button', { name: 'Set the password' }).click();
  await heading(bob.page, 'Check');
  await bob.page.locator('.workspace-name').getByText('Acme').waitFor();
});

screen('a wrong password is said in words, and the e-mail stays', shared, { allowed }, async ({ page, server }) => {
  const carol = await workspaceAnd(server, 'carol@example.com');
  await page.goto('/');
  await signIn(page, { email: carol.email, password: 'not this one at all' });
  await page.getByRole('alert').getByText('E-mail or password is wrong. Check both and try again').waitFor();
  assert.equal(await page.getByLabel('E-mail').inputValue(), carol.email);
  await signIn(page, carol);
  await heading(page, 'Check');
});

screen('signing out ends the session', shared, { allowed }, async ({ page, context, server }) => {
  const dan = await workspaceAnd(server, 'dan@example.com');
  await dan.open({ page, context }, '#/blocklist');
  await openAccountMenu(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Sign in');
  await page.getByRole('status').getByText('You are signed out.').waitFor();
  assert.equal((await dan.call('GET', '/v1/session')).body.code, 'invalid_session');
  assert.deepEqual(await context.cookies(), []);
  await page.goto('/#/blocklist');
  await page.reload();
  await heading(page, 'Sign in');
});

screen('a session that ends in the middle goes on where it was', shared, { allowed }, async ({ page, context, server }) => {
  const eve = await workspaceAnd(server, 'eve@example.com');
  await eve.open({ page, context }, '#/blocklist?sort=ASC');
  const again = await resetPassword(server, eve, 'another four plain words');
  await page.getByLabel('Rows').selectOption('50');
  await heading(page, 'Sign in');
  await page.getByRole('status').getByText('Your session has ended. Sign in again to continue where you were.').waitFor();
  await signIn(page, again);
  await heading(page, 'Blocklist');
  assert.equal(new URL(page.url()).hash, '#/blocklist?sort=ASC&size=50');
  assert.equal(await page.getByLabel('Order').inputValue(), 'ASC');
});

screen('a new password ends the other browser\'s session', shared, { allowed: [...allowed, /status of 403 /] }, async ({ page, context, server, another }) => {
  const fay = await workspaceAnd(server, 'fay@example.com');
  await fay.open({ page, context }, '#/account');
  const other = await another();
  await other.page.goto('/');
  await signIn(other.page, fay);
  await heading(other.page, 'Check');

  const change = async (present) => {
    await page.getByLabel('Current password').fill(present);
    await page.getByLabel('New password', { exact: true }).fill('a fresh set of words');
    await page.getByLabel('New password again').fill('a fresh set of words');
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await change('not the present one');
  await shows(page, 'The current password is wrong. Type it again.');
  await change(fay.password);
  await toast(page).getByText('Password changed. Your other sessions have ended.').waitFor();
  await page.reload();
  await heading(page, 'Account');

  await other.page.getByRole('link', { name: 'Blocklist' }).click();
  await heading(other.page, 'Sign in');
  await signIn(other.page, { email: fay.email, password: 'a fresh set of words' });
  await heading(other.page, 'Blocklist');
});

// The last one of its server: from here on the address has to wait.
screen('after ten failures the page says how long to wait', shared, { allowed: [...allowed, /status of 429 /] }, async ({ page, server }) => {
  await workspaceAnd(server, 'gus@example.com');
  await page.goto('/');
  const refused = /^.*Try again in (\d+) seconds?\.$/;
  let text = '';
  for (let attempt = 1; attempt <= 11 && !refused.test(text); attempt++) {
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await signIn(page, { email: 'gus@example.com', password: `wrong password ${attempt}` });
    const status = (await answer).status();
    await page.locator('button[aria-busy]').waitFor({ state: 'detached' });
    text = await page.getByRole('alert').locator('p').first().textContent();
    assert.equal(refused.test(text), status === 429, text);
  }
  const seconds = Number(refused.exec(text)?.[1]);
  assert.ok(seconds > 0 && seconds <= 60, text);
  assert.equal(await page.getByLabel('E-mail').inputValue(), 'gus@example.com');
});
