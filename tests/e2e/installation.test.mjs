// The installation's own list: what an operator blocks there holds in every workspace, and can be taken back.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

const shared = useServer();

async function blockThere(page, what, name) {
  await page.getByRole('button', { name: 'Block', exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Block in every workspace' });
  await dialog.getByLabel('What').selectOption({ label: what });
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByLabel('Reason (optional)').fill('asked all of us');
  await dialog.getByRole('button', { name: 'Block' }).click();
  await dialog.waitFor({ state: 'detached' });
}

screen('an operator blocks everywhere, sees it in the list, and takes it back', shared, {}, async ({ page, context, another, server }) => {
  const client = await makeWorkspace(server, 'Everywhere');
  const member = await makePerson(server, 'member-everywhere@example.com', 'member', client.workspace);
  const operator = await makePerson(server, 'operator-everywhere@example.com', 'operator');
  await operator.open({ page, context }, '#/installation');
  await page.getByText('The list is empty').waitFor();
  await blockThere(page, 'LinkedIn name or address', 'https://www.linkedin.com/in/Jane-Doe/');
  await blockThere(page, 'Domain', 'acme.com');
  const table = page.getByRole('table', { name: 'Installation list' });
  await table.getByRole('row', { name: /jane-doe/ }).waitFor();
  await table.getByRole('row', { name: /acme\.com.*Domain.*asked all of us/ }).waitFor();

  const other = await another();
  await member.open(other, '#/check?q=jane-doe');
  await other.page.getByText('Every workspace').waitFor();
  assert.equal(await other.page.getByText('asked all of us').count(), 0);
  assert.equal(await other.page.getByRole('button', { name: /^Unblock/ }).count(), 0);
  assert.equal(await other.page.getByRole('link', { name: 'Installation list' }).count(), 0);

  await page.getByRole('button', { name: 'Unblock jane-doe' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unblock' }).click();
  await toast(page).getByText('jane-doe is not in the list any more').waitFor();
  await eventually(async () => assert.equal(await table.getByRole('row', { name: /jane-doe/ }).count(), 0));
});

screen('a file with names of every type is shown as it was read, blocked, and taken back as one', shared, {}, async ({ page, context, server }) => {
  const operator = await makePerson(server, 'operator-files@example.com', 'operator');
  await operator.open({ page, context }, '#/installation');
  const file = { name: 'clients.csv', mimeType: 'text/csv', buffer: Buffer.from('Customer,Website,Phone\nUmbrella AG,umbrella.example,+49 30 1234567\n') };
  const choose = () => page.getByLabel('File of names').setInputFiles(file);
  const dialog = page.getByRole('dialog', { name: '3 entries would be blocked in every workspace' });
  await choose();
  await dialog.getByText(/\(Phone\): Phone number/).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  const row = page.getByRole('row', { name: /umbrella\.example/ });
  assert.equal((await operator.call('GET', '/v1/installation/blocklist')).body.filter(({ value }) => value.includes('umbrella')).length, 0);
  await choose();
  await dialog.getByRole('button', { name: 'Block' }).click();
  await row.waitFor();
  await toast(page).getByText('3 entries blocked').waitFor();
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await toast(page).getByText('Undone').waitFor();
  await row.waitFor({ state: 'detached' });
});

screen('rows of a file that are not taken are shown, with why, and a type can be chosen', shared, {}, async ({ page, context, server }) => {
  const operator = await makePerson(server, 'operator-rows@example.com', 'operator');
  await operator.open({ page, context }, '#/installation');
  const choose = (name, text) => page.getByLabel('File of names').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  const dialog = (title) => page.getByRole('dialog', { name: title });
  const missing = dialog('0 entries would be blocked, 2 rows bad in every workspace');
  await choose('names.txt', 'rows-doe\nrows-roe\n');
  const table = missing.getByRole('table', { name: 'Rows not taken' });
  await table.getByRole('row', { name: /rows-doe.*; choose its type$/ }).waitFor();
  assert.equal(await missing.getByRole('button', { name: 'Block' }).isDisabled(), true);
  await missing.getByLabel('What').selectOption({ label: 'LinkedIn name or address' });
  await dialog('2 entries would be blocked in every workspace').getByRole('button', { name: 'Block' }).click();
  await page.getByRole('row', { name: /rows-roe/ }).waitFor();

  await choose('domains.csv', 'Website\ngmail.com\nrows.example\n');
  const some = dialog('1 entry would be blocked, 1 row bad in every workspace');
  await some.getByRole('table', { name: 'Rows not taken' }).getByRole('row', { name: /gmail\.com/ }).waitFor();
  await some.getByRole('button', { name: 'Block' }).click();
  await page.getByRole('row', { name: /rows\.example/ }).waitFor();
});

screen('what cannot be blocked is refused with why, and a domain of many people is asked about', shared, {}, async ({ page, context, server }) => {
  const operator = await makePerson(server, 'operator-refused@example.com', 'operator');
  await operator.open({ page, context }, '#/installation');
  await page.getByRole('button', { name: 'Block', exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Block in every workspace' });
  const submit = dialog.getByRole('button', { name: 'Block' });
  for (const [what, name, why] of [
    ['LinkedIn name or address', 'John Doe', /^John Doe contains white space/], ['Company', 'n/a', /^n\/a is what stands in an empty field.* or its domain\.$/],
    ['Phone number', '0171 1234567', /^0171 1234567 has no country; .* or give the country in the form\.$/], ['Domain', 'gmail.com', /^gmail\.com is a mail provider, .*; give the addresses\.$/]]) {
    await dialog.getByLabel('What').selectOption({ label: what });
    await dialog.getByLabel('Name', { exact: true }).fill(name);
    await submit.click();
    await dialog.getByRole('alert').getByText(why).waitFor();
  }
  await dialog.getByLabel('Block it all the same').check();
  await submit.click();
  await page.getByRole('row', { name: /gmail\.com.*Domain/ }).waitFor();
});
