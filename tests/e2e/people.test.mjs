// Invitations and sessions: who was invited until when, and where people are signed in.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { heading, toast } from './lib/pages.mjs';
import { makePerson, signIn } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

let operator;
let member;
const shared = useServer({}, async (server) => {
  const { workspace } = await makeWorkspace(server, 'Acme');
  operator = await makePerson(server, 'ada@example.com', 'operator');
  member = await makePerson(server, 'grace@example.com', 'member', workspace);
});
const allowed = [/status of 401 /];

async function act(page, email, name) {
  await page.getByRole('button', { name: `Actions for ${email}` }).click();
  await page.getByRole('button', { name: `${name} ${email}` }).click();
}

screen('an invitation is listed until when, revoked, and made again', shared, { allowed }, async ({ page, context, another }) => {
  await operator.open({ page, context }, '#/people');
  await page.getByRole('button', { name: 'Invite a user' }).click();
  await page.getByLabel('E-mail').fill('guest@example.com');
  await page.getByLabel('The link is valid for').selectOption('30 days');
  const inThirtyDays = () => new Date(Date.now() + 30 * 86_400_000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  const before = inThirtyDays();
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const old = await page.getByLabel('One-time link').inputValue();
  await page.getByRole('button', { name: 'Done' }).click();
  const until = new RegExp(`^guest@example\\.com Member Acme Invited until (${before}|${inThirtyDays()})`);
  await page.getByRole('row', { name: until }).getByText('ada@example.com').waitFor();
  await act(page, 'guest@example.com', 'Revoke the link of');
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await toast(page).getByText('The link of guest@example.com is revoked.').waitFor();
  await page.getByRole('row', { name: /guest@example\.com .* Link ended/ }).waitFor();
  const guest = await another();
  await guest.page.goto(old);
  await heading(guest.page, 'This link is no longer valid');
  await act(page, 'guest@example.com', 'New link for');
  await page.getByRole('button', { name: 'Create link' }).click();
  await guest.page.goto(await page.getByLabel('One-time link').inputValue());
  await heading(guest.page, 'Choose a password');
});

screen('one sees the own sessions and ends one, which signs that browser out at once', shared, { allowed }, async ({ page, context, another }) => {
  await member.open({ page, context }, '#/account');
  const other = await another({ userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1.15 Version/18.0 Safari/604.1' });
  await other.page.goto('/');
  await signIn(other.page, member);
  await heading(other.page, 'Check');
  await page.reload();
  const row = page.getByRole('row', { name: /Safari on iPhone/ });
  await row.getByText('127.0.0.1').waitFor();
  assert.equal(await page.getByText('This one').count(), 1);
  await page.getByRole('button', { name: 'End the session of Safari on iPhone' }).click();
  await row.waitFor({ state: 'detached' });
  await other.page.reload();
  await heading(other.page, 'Sign in');
  await heading(page, 'Account');
});

screen('an operator ends the sessions of somebody else', shared, { allowed }, async ({ page, context }) => {
  await operator.open({ page, context }, '#/people');
  await act(page, 'grace@example.com', 'Sessions of');
  const dialog = page.getByRole('dialog', { name: 'Sessions of grace@example.com' });
  await dialog.getByRole('button', { name: /^End the session/ }).first().click();
  await dialog.getByText('This user is not signed in anywhere.').waitFor();
  assert.equal((await member.call('GET', '/v1/session')).status, 401);
});
