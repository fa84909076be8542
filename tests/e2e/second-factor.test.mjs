// The second factor: set up on Account, asked for at the sign-in, reset by an operator, and required.
import assert from 'node:assert/strict';

import { assertAccessible, screen, useServer } from './lib/harness.mjs';
import { Authenticator } from './lib/authenticator.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';
import { heading, shows, toast } from './lib/pages.mjs';
import { PASSWORD, makePerson, signIn, tokenOf } from './lib/people.mjs';

const allowed = [/status of 40[13] /];
const shared = useServer();
const required = useServer({ args: ['--require-second-factor', 'everybody'] });

const button = (page, name) => page.getByRole('button', { name, exact: true });
const dialog = (page, name) => page.getByRole('dialog', { name });

async function makeMember(server, email) {
  const { workspace } = await makeWorkspace(server, `Workspace of ${email}`);
  return makePerson(server, email, 'member', workspace);
}

// Reads the secret off the page, and has its code.
async function useApp(page) {
  await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  const app = new Authenticator(await page.locator('.secret').textContent());
  // On a phone the picture cannot be scanned: the app is opened.
  const uri = new URL(await page.getByRole('link', { name: 'open it on this device' }).getAttribute('href'));
  assert.deepEqual([uri.protocol, uri.searchParams.get('secret')], ['otpauth:', app.secret]);
  await page.getByLabel('Code', { exact: true }).fill(await app.code());
  await button(page, 'Turn on').click();
  return app;
}

async function saveCodes(page) {
  const codes = (await page.getByRole('textbox', { name: 'Recovery codes' }).inputValue()).split('\n');
  assert.equal(new Set(codes).size, 10);
  await button(page, 'I have saved them').click();
  return codes;
}

async function setUp(page) {
  await page.goto('/#/account');
  await button(page, 'Set up').click();
  await dialog(page, 'Set up a second factor').getByLabel('Current password').fill(PASSWORD);
  await button(page, 'Continue').click();
  const app = await useApp(page);
  return { app, codes: await saveCodes(page) };
}

async function enterCode(page, code) {
  await heading(page, 'Enter a code');
  await page.getByLabel('Code', { exact: true }).fill(code);
  await button(page, 'Sign in').click();
}

screen('a user sets it up, signs in with it, and turns it off', shared, { allowed }, async ({ page, context, server, another }) => {
  const ada = await makeMember(server, 'ada@example.com');
  await ada.open({ page, context }, '#/account');
  await button(page, 'Set up').click();
  await dialog(page, 'Set up a second factor').getByLabel('Current password').fill('not the right words');
  await button(page, 'Continue').click();
  await dialog(page, 'Set up a second factor').getByText('The current password is wrong.').waitFor();
  await dialog(page, 'Set up a second factor').getByLabel('Current password').fill(PASSWORD);
  await button(page, 'Continue').click();
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await button(page, 'Turn on').click();
  await shows(page, 'The code is wrong');
  await assertAccessible(page, 'second factor, QR code');
  const app = await useApp(page);
  await dialog(page, 'Your recovery codes').waitFor();
  await assertAccessible(page, 'second factor, recovery codes');
  const codes = await saveCodes(page);
  await toast(page).getByText('The second factor is on.').waitFor();
  await shows(page, '10 recovery codes left');
  await assertAccessible(page, 'account with a second factor');

  const later = await another();
  await later.page.goto('/');
  await signIn(later.page, ada);
  await heading(later.page, 'Enter a code');
  await assertAccessible(later.page, 'sign-in, code');
  await enterCode(later.page, '000000');
  await shows(later.page, 'The code is wrong');
  await enterCode(later.page, codes[0]);
  await heading(later.page, 'Check');

  await button(page, 'Turn off').click();
  const off = dialog(page, 'Turn off the second factor?');
  await off.getByLabel('Current password').fill(PASSWORD);
  await off.getByLabel('Code', { exact: true }).fill(await app.code());
  await off.getByRole('button', { name: 'Turn off' }).click();
  await toast(page).getByText('The second factor is off.').waitFor();
  await button(page, 'Set up').waitFor();
});

screen('new recovery codes, a link that needs a code, and the way back at the sign-in', shared, { allowed }, async ({ page, context, server, another }) => {
  const grace = await makeMember(server, 'grace@example.com');
  await grace.open({ page, context }, '#/account');
  const { app } = await setUp(page);
  await button(page, 'New recovery codes').click();
  const renew = dialog(page, 'New recovery codes?');
  await renew.getByLabel('Current password').fill(PASSWORD);
  await renew.getByLabel('Code', { exact: true }).fill(await app.code());
  await renew.getByRole('button', { name: 'Make new codes' }).click();
  const codes = await saveCodes(page);

  const later = await another();
  await later.page.goto('/');
  await signIn(later.page, grace);
  await heading(later.page, 'Enter a code');
  await button(later.page, 'Back').click();
  await heading(later.page, 'Sign in');
  assert.equal(await later.page.getByLabel('Password').inputValue(), '');

  const link = await server.cli('user', 'reset-password', grace.email);
  await later.page.goto(`/#/link/${tokenOf(link)}`);
  await later.page.getByLabel('New password', { exact: true }).fill(`${PASSWORD} and more`);
  await later.page.getByLabel('New password again').fill(`${PASSWORD} and more`);
  await later.page.getByLabel('Code', { exact: true }).fill(codes[3]);
  await later.page.getByRole('button', { name: 'Set the password' }).click();
  await heading(later.page, 'Check');
});

screen('an operator resets it for a user who lost the phone', shared, { allowed }, async ({ page, context, server, another }) => {
  const alan = await makeMember(server, 'alan@example.com');
  const his = await another();
  await alan.open(his, '#/account');
  await setUp(his.page);
  const operator = await makePerson(server, 'first@example.com', 'operator');
  await operator.open({ page, context }, '#/people');
  await page.getByRole('row', { name: /alan@example\.com .*2nd factor/ }).waitFor();
  await button(page, 'Actions for alan@example.com').click();
  await button(page, 'Reset the second factor of alan@example.com').click();
  await dialog(page, /^Reset the second factor/).getByRole('button', { name: 'Reset' }).click();
  await toast(page).getByText('Their sessions have ended.').waitFor();
  await his.page.reload();
  await signIn(his.page, alan);
  await heading(his.page, 'Account');
  await button(his.page, 'Set up').waitFor();
});

screen('where it is required, the first thing after the password is to set it up', required, { allowed }, async ({ page, server }) => {
  const eve = await makeMember(server, 'eve@example.com');
  await page.goto('/');
  await signIn(page, eve);
  await heading(page, 'Set up a second factor');
  await assertAccessible(page, 'second factor, required');
  await page.goto('/#/blocklist');
  await page.reload();
  await heading(page, 'Set up a second factor');
  await useApp(page);
  await heading(page, 'Your recovery codes');
  await saveCodes(page);
  await heading(page, 'Blocklist');
  await page.goto('/#/account');
  await shows(page, '10 recovery codes left');
  assert.equal(await button(page, 'Turn off').count(), 0);
});
