// Names of every type: checked, added, found in the list, looked at, and taken back.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { drop, eventually, figures, fileFor, heading, saved, shows, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

let client;
let member;

const companyPage = 'https://www.linkedin.com/company/acme-inc';
const block = (...entries) => client.call('POST', '/v1/blocklist', { entries });

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'First quarter');
  await client.call('POST', '/v1/campaigns/q1/leads', { leads: [
    { publicIdentifier: 'ann', email: 'ann@acme.com', firstName: 'Ann' }, { publicIdentifier: 'bob', website: 'www.acme.com' }, { publicIdentifier: 'cat', companyName: 'Umbrella GmbH' }] });
  await block({ domain: 'acme.com', reason: 'Existing client', kind: 'client' }, { email: 'jane@example.org', kind: 'opt_out', expiresAt: new Date(Date.now() + 3 * 86_400_000).toISOString() },
    { company: companyPage, reason: 'Rival', kind: 'competitor' });
});

const verdict = (page, text) => page.getByRole('heading', { level: 2, name: text, exact: true }).waitFor();
const box = (page) => page.getByRole('searchbox', { name: /^LinkedIn profile/ });

async function ask(page, text) {
  await box(page).fill(text);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
}

const values = (page, table) => page.getByRole('table', { name: table }).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('.cell')].map((cell) => cell.textContent.trim())));
const listed = (page) => page.locator('main tbody .lead > a:first-child').allTextContents();
const isListed = (page, expected) => eventually(async () => assert.deepEqual(await listed(page), expected));

screen('a name of any type is recognized and gets its verdict', shared, {}, async ({ page, context }) => {
  await member.open({ page, context });
  for (const [text, answer, said] of [
    ['https://www.Acme.com/about', 'Blocked', 'Existing client'], ['bob@sales.acme.com', 'Blocked', /By the domain acme\.com, in the whole workspace/],
    ['jane@EXAMPLE.org', 'Blocked', 'Opt-out'], ['linkedin.com/company/Acme-Inc', 'Blocked', 'Rival'], ['+49 170 1234567', 'Not blocked', '+491701234567'], ['Umbrella GmbH', 'Not blocked', 'umbrella']]) {
    await ask(page, text);
    await verdict(page, answer);
    await page.locator('.verdict').getByText(said).first().waitFor();
  }
});

screen('words alone may be a company, when the user says so', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/check?q=Blue%20Yonder');
  await page.getByRole('button', { name: 'Check the company Blue Yonder' }).click();
  await verdict(page, 'Not blocked');
  assert.equal(await page.getByLabel('As', { exact: true }).inputValue(), 'company');
  await page.getByLabel('Kind (optional)').selectOption('partner');
  await page.getByLabel('Reason (optional)').fill('Works with us');
  await page.getByLabel('Blocked until (optional)').fill('2090-01-31');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await verdict(page, 'Blocked');
  await page.locator('.verdict').getByText('Partner').waitFor();
  const entry = (await client.get('/v1/blocklist?type=company')).find(({ value }) => value === 'blue yonder');
  assert.equal(entry.kind, 'partner');
  assert.equal(new Date(entry.expiresAt).toISOString(), '2090-01-31T23:59:59.000Z');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await verdict(page, 'Not blocked');
});

const country = (place) => place.getByLabel('Country of phone numbers without +');
const readAs = (page, number) => page.locator('.verdict').getByText(number).waitFor();

async function setCountry(page, code) {
  await page.goto('/#/overview');
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings of this workspace' });
  await country(dialog).fill(code);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
}

screen('a national number is of the country that the form has, or else the workspace', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/overview');
  await page.evaluate(() => localStorage.setItem('leadblock.country', 'US')); // of an earlier version
  await page.goto('/#/check?q=0170%201234567');
  await shows(page, 'This cannot be read as a phone number');
  await shows(page, 'or give the country in the form.');
  await country(page).fill('de');
  await readAs(page, '+491701234567');
  await page.reload();
  await shows(page, 'This cannot be read as a phone number');

  await setCountry(page, 'at');
  assert.equal((await client.get('/v1/me')).workspace.defaultCountry, 'AT');
  await page.goto('/#/check?q=0170%201234567');
  await readAs(page, '+431701234567');
  await page.getByText('Two letters. If empty: AT, as set under Overview').waitFor();
  await country(page).fill('de');
  await readAs(page, '+491701234567');
  await country(page).fill('');
  await readAs(page, '+431701234567');

  await page.goto('/#/add?of=names');
  await page.getByLabel('Names, one per line').fill('0170 1234567');
  await country(page).fill('de');
  await page.getByRole('button', { name: 'Validate' }).click();
  await verdict(page, 'Ready to block');
  assert.equal((await values(page, 'Names'))[0][1], '+491701234567');
  await setCountry(page, '');
  assert.equal((await client.get('/v1/me')).workspace.defaultCountry, null);
});

screen('a code that no country has is said, and the one that may be meant is offered', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/check?q=020%207946%200958');
  await country(page).fill('uk');
  await page.getByText('UK is not a country’s code.').waitFor();
  await page.getByRole('alert').getByText('The country must be the two letters of a country, such as DE.').waitFor();
  await page.getByRole('button', { name: 'Use GB' }).click();
  await readAs(page, '+442079460958');
  assert.equal(await country(page).inputValue(), 'GB');
  await country(page).fill('xx');
  await page.getByRole('alert').getByText('The country must be the two letters of a country, such as DE.').waitFor();
  await page.goto('/#/check?q=%2B44%2020%207946%200958');
  await readAs(page, '+442079460958');
});

screen('only who may write sets the country of the workspace', shared, {}, async ({ page, context, server }) => {
  const viewer = await makePerson(server, 'vera@example.com', 'viewer', client.workspace);
  await viewer.open({ page, context }, '#/overview');
  await page.getByRole('heading', { name: 'Recent actions' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Settings' }).count(), 0);
});

screen('a provider of mail is asked about', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/check?q=gmail.com');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await page.getByRole('alert').getByText('gmail.com is a mail provider, whose addresses belong to unrelated people; give the addresses.').waitFor();
  await page.getByRole('button', { name: 'Block it all the same' }).click();
  await verdict(page, 'Blocked');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await verdict(page, 'Not blocked');
});

screen('names of all types are added at once, and taken back', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await page.getByRole('link', { name: 'Other names' }).click();
  await page.getByLabel('Names, one per line').fill(['northwind.example', 'www.acme.com', 'x@contoso.example', '+49 30 1234567', 'Tailspin Toys Ltd', 'linkedin.com/company/fabrikam', 'co.uk', 'X@contoso.example', '', 'linkedin.com/in/dov'].join('\n'));
  await page.getByLabel('Reason (optional)').fill('From the list of clients');
  await page.getByLabel('Kind (optional)').selectOption('client');
  await page.getByRole('button', { name: 'Validate' }).click();
  await verdict(page, 'Ready to block');
  assert.deepEqual(await figures(page), { New: 6, 'Already blocked': 1, Repeated: 1, Invalid: 1 });
  assert.deepEqual((await values(page, 'Names')).map(([line, , type, state]) => [line, type, state]), [
    ['1', 'Domain', 'New'], ['2', 'Domain', 'Already blocked'], ['3', 'E-mail address', 'New'], ['4', 'Phone number', 'New'], ['5', 'Company', 'New'], ['6', 'Company', 'New'],
    ['8', 'E-mail address', 'Repeated'], ['10', 'LinkedIn profile', 'New']]);
  assert.deepEqual((await values(page, 'Names')).slice(0, 3).map((row) => row[4]), ['0', '2', '0'], 'leads excluded');
  assert.equal((await values(page, 'Lines not taken'))[0][0], '7');
  const before = await client.get('/v1/blocklist');
  assert.equal(before.length, 3, 'validating blocked something');
  await page.getByRole('button', { name: 'Block 6 new entries' }).click();
  await verdict(page, 'Done');
  const now = await client.get('/v1/blocklist');
  assert.equal(now.length, 9);
  assert.ok(now.slice(0, 6).every(({ kind, reason }) => kind === 'client' && reason === 'From the list of clients'));
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.deepEqual(await client.get('/v1/blocklist'), before));
});

screen('a file of clients is read with all its columns, and taken back', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add?of=names');
  const before = await client.get('/v1/blocklist');
  await drop(page, fileFor(page, 'mail.csv', 'Company;Domain\nWingtip GmbH;wingtip.example\nMail User;gmail.com\n'));
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByText(/^Line 3: left out "gmail\.com": is a mail provider, .*; give the addresses$/).waitFor();
  await page.getByRole('button', { name: 'Take these domains all the same' }).click();
  await page.getByRole('button', { name: 'Block 4 new entries' }).click();
  await verdict(page, 'Done');
  assert.ok((await client.get('/v1/blocklist')).some(({ value }) => value === 'gmail.com'));
  await page.getByRole('button', { name: 'Undo' }).click();
  await verdict(page, 'Undone');
  await page.getByRole('button', { name: 'Add more' }).click();
  await drop(page, fileFor(page, 'domains.csv', 'Domain\ngmail.com\nlucerne.example\n'));
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByRole('heading', { name: '1 row not taken' }).waitFor();
  await page.getByRole('button', { name: 'Take these domains all the same' }).click();
  await page.getByRole('button', { name: 'Block 2 new entries' }).waitFor();
  await page.getByRole('button', { name: 'Back' }).click();
  await drop(page, fileFor(page, 'clients.csv', 'Kunde;Website;Telefon;Notiz\nWingtip GmbH;www.wingtip.example;030 123456;Bestandskunde\nX;;;\n'));
  await page.getByLabel('Country of phone numbers without +').fill('de');
  await page.getByRole('button', { name: 'Validate' }).click();
  await verdict(page, 'Ready to block');
  assert.deepEqual(await page.locator('.taken li').allTextContents(), ['1 (Kunde): Company', '2 (Website): Domain', '3 (Telefon): Phone number']);
  assert.deepEqual(await figures(page), { New: 3, 'Already blocked': 0, Repeated: 0, 'Invalid rows': 1, 'Blank rows': 0, 'Heading rows': 1 });
  assert.deepEqual(await client.get('/v1/blocklist'), before, 'validating blocked something');
  await page.getByRole('button', { name: 'Block 3 new entries' }).click();
  await verdict(page, 'Done');
  const now = (await client.get('/v1/blocklist')).slice(0, 3);
  assert.deepEqual(now.map(({ type, value, reason }) => [type, value, reason]).sort(), [
    ['company', 'wingtip', 'Bestandskunde'], ['domain', 'wingtip.example', 'Bestandskunde'], ['phone', '+4930123456', 'Bestandskunde']]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await verdict(page, 'Undone');
  assert.deepEqual(await client.get('/v1/blocklist'), before);
});

screen('addresses that are pasted as profiles are taken over as other names', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await page.getByLabel('Leads, one per line').fill('zoe@fabrikam.example\nlinkedin.com/in/zoe-fab');
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByRole('button', { name: 'Add them as other names' }).click();
  assert.equal(await page.getByLabel('Names, one per line').inputValue(), 'zoe@fabrikam.example\nlinkedin.com/in/zoe-fab');
  await page.getByRole('button', { name: 'Validate' }).click();
  await verdict(page, 'Ready to block');
  assert.deepEqual((await values(page, 'Names')).map(([, , type]) => type), ['E-mail address', 'LinkedIn profile']);
});

screen('a file of other names that is dropped among profiles is read as such', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add');
  await drop(page, fileFor(page, 'phones.txt', '+49 30 7654321\n+49 30 7654322\n'));
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByRole('button', { name: 'Add them as other names' }).click();
  await page.getByRole('button', { name: 'Block 2 new entries' }).waitFor();
  await page.getByText('Phone number: 2', { exact: true }).waitFor();
});

screen('who pastes names of people is told that they are read as companies, and sees it', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/add?of=names');
  await page.getByLabel('Names, one per line').fill('Dr. Petra Klug\nklug.example');
  await page.getByRole('button', { name: 'Validate' }).click();
  await page.getByText('People are not blocked by their names').waitFor();
  await page.locator('h2:focus', { hasText: 'Ready to block' }).waitFor();
});

screen('the list is filtered by type, kind, end, who, when and words of the reason', shared, {}, async ({ page, context }) => {
  await member.call('POST', '/v1/blocklist', { entries: [{ phone: '+49301234567' }] });
  await member.open({ page, context }, '#/blocklist');
  await isListed(page, ['+49301234567', 'acme-inc', 'jane@example.org', 'acme.com']);
  await page.getByLabel('Type', { exact: true }).selectOption('domain');
  await isListed(page, ['acme.com']);
  await page.getByLabel('Type', { exact: true }).selectOption('');
  await page.getByLabel('Search').fill('existing');
  await isListed(page, ['acme.com']);
  await page.getByLabel('Search').fill('');
  await page.getByText('More filters').click();
  await page.getByLabel('Kind').selectOption('competitor');
  await isListed(page, ['acme-inc']);
  await page.getByLabel('Kind').selectOption('');
  await page.getByLabel('Ends').selectOption('7');
  await isListed(page, ['jane@example.org']);
  await page.getByLabel('Ends').selectOption('');
  await page.getByLabel('Who').selectOption({ label: 'ada@example.com' });
  await isListed(page, ['+49301234567']);
  const file = await saved(page, () => page.getByRole('button', { name: 'Export as CSV' }).click());
  assert.equal(file.text.split('\r\n').length, 3, file.text);
  await page.keyboard.press('Escape');
  await page.reload();
  await isListed(page, ['+49301234567']);
  await page.getByRole('button', { name: 'Remove the filters' }).click();
  await isListed(page, ['+49301234567', 'acme-inc', 'jane@example.org', 'acme.com']);
  const before = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10); // also when midnight passes meanwhile
  await page.getByLabel('To', { exact: true }).fill(before);
  await shows(page, 'Nothing in this list fits the filters.');
  await page.getByRole('button', { name: 'Remove the filters' }).click();
  await page.getByLabel('Select acme-inc').check();
  await page.getByRole('button', { name: 'Unblock selected' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unblock', exact: true }).click();
  await isListed(page, ['+49301234567', 'jane@example.org', 'acme.com']);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await isListed(page, ['+49301234567', 'acme-inc', 'jane@example.org', 'acme.com']);
});

screen('a domain has a page with its leads and its history', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/blocklist?type=domain');
  await page.getByRole('link', { name: 'acme.com' }).click();
  await heading(page, 'acme.com');
  await verdict(page, 'Blocked');
  await page.getByRole('heading', { name: 'Leads (2)' }).waitFor();
  assert.deepEqual((await values(page, 'Leads behind this name')).map(([lead]) => lead.split(' ')[0].slice(0, 3)).sort(), ['ann', 'bob']);
  await page.getByRole('table', { name: 'History' }).getByText('Existing client').waitFor();
  await page.getByRole('button', { name: 'Unblock in the workspace' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unblock', exact: true }).click();
  await verdict(page, 'Not blocked');
  await page.getByRole('table', { name: 'History' }).getByText('Unblocked').waitFor();
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await verdict(page, 'Blocked');
});

screen('a company by its page and by its name are two pages', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/blocklist?type=company');
  await page.getByRole('link', { name: 'acme-inc' }).click();
  await shows(page, 'Company page on LinkedIn');
  await verdict(page, 'Blocked');
  await page.goto('/#/name/company/acme-inc');
  await shows(page, 'Company, by its name');
  await verdict(page, 'Not blocked');
});

screen('who is known by an e-mail address alone can be erased', shared, {}, async ({ page, context }) => {
  await client.call('POST', '/v1/blocklist', { entries: [{ email: 'yves@example.org', reason: 'Wrote to us' }] });
  await member.open({ page, context }, '#/name/email/yves@example.org');
  await page.getByRole('button', { name: 'Erase…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase this person?' });
  await dialog.getByLabel('Type yves@example.org to confirm').fill('yves@example.org');
  await dialog.getByRole('button', { name: 'Erase' }).click();
  await toast(page).getByText(/^Erased 1 blocklist entry/).waitFor();
  assert.ok((await client.get('/v1/blocklist?type=email')).every(({ value }) => value !== 'yves@example.org'));
  const { body } = await member.call('GET', '/v1/blocklist/email/yves@example.org');
  assert.equal(body.blocked, true);
});
