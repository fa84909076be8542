// A campaign is made, filled and run without leaving the dashboard.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { drop, eventually, figures, fileFor, heading, leads, shows, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

let client;
let member;

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.call('POST', '/v1/blocklist', { entries: [{ domain: 'acme.com', reason: 'Existing client' }] });
});

const dialog = (page, name) => page.getByRole('dialog', { name });
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const item = (page, menu, name) => page.getByRole('button', { name: menu }).click().then(() => press(page, name));
const steps = () => client.get('/v1/campaigns/spring').then((campaign) => campaign.steps);
const table = ['First name,LinkedIn,E-mail,Job title', 'Ann,linkedin.com/in/ann,ann@acme.com,CTO', 'Bob,linkedin.com/in/bob,bob@example.org,CEO', 'Cat,,cat@example.org,', 'Bob,linkedin.com/in/bob,,'].join('\n');

screen('from an empty campaign to one that runs', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaigns');
  await page.getByRole('button', { name: 'New campaign' }).first().click();
  await page.getByLabel('Name').fill('Spring');
  await page.getByLabel('Id (optional)').fill('spring');
  await press(page, 'Create campaign');
  await heading(page, 'Spring');

  await page.getByRole('link', { name: 'Add leads' }).last().click();
  await heading(page, 'Add leads');
  await drop(page, fileFor(page, 'leads.csv', table));
  await page.getByText('leads.csv').waitFor();
  await press(page, 'Validate');
  await page.getByRole('heading', { name: 'Ready to add' }).waitFor();
  const { New, Repeated, 'Invalid rows': bad, 'Blank rows': blank } = await figures(page);
  assert.deepEqual({ New, Repeated, left: bad + blank }, { New: 2, Repeated: 1, left: 1 });
  await page.getByText('What the columns become').click();
  await shows(page, '{{Job_title}}');
  assert.equal((await client.get('/v1/campaigns/spring/leads')).length, 0, 'validating added somebody');
  await press(page, 'Add 2 leads');
  await shows(page, '2 leads added. 1 of them is blocked');
  await page.getByRole('link', { name: 'Open the campaign' }).click();
  await eventually(async () => assert.deepEqual((await leads(page)).sort(), ['ann', 'bob']));

  await page.getByRole('link', { name: 'Sequence' }).click();
  await press(page, 'Add a step');
  await dialog(page, 'New step').getByLabel('What').selectOption('message');
  await dialog(page, 'New step').getByLabel('Wait').fill('1.5');
  await dialog(page, 'New step').getByLabel('Text', { exact: true }).fill('Hi {{firstName|there}}');
  await dialog(page, 'New step').getByRole('button', { name: 'Add step' }).click();
  await shows(page, 'after 36 hours · ends when the lead replies');
  await press(page, 'Add a step');
  await dialog(page, 'New step').getByLabel('What').selectOption('visit_profile');
  await dialog(page, 'New step').getByRole('button', { name: 'Add step' }).click();
  await page.getByRole('heading', { name: 'Visit the profile' }).waitFor();
  await item(page, 'Actions for step 2', 'Move up');
  await eventually(async () => assert.deepEqual((await steps()).map(({ type }) => type), ['visit_profile', 'message']));

  await press(page, 'Activate');
  await page.locator('main .page-lead').getByText('Active').waitFor();
  const { data: claimed } = await client.call('POST', '/v1/campaigns/spring/activities/claim', {});
  assert.deepEqual(claimed.map(({ publicIdentifier }) => publicIdentifier), ['bob']);
});

screen('variants are added, turned off and deleted; a step is edited and deleted', shared, { allowed: [/status of 409 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/spring?tab=sequence');
  await page.getByRole('heading', { name: 'Message' }).waitFor();
  for (const text of ['Dear {{firstName|you}}', 'Hello {{name|you}}']) {
    await item(page, 'Actions for step 2', 'Add a variant');
    await dialog(page, 'New variant').getByLabel('Text').fill(text);
    await press(page, 'Add variant');
    await shows(page, text);
  }
  await item(page, 'Actions for variant A', 'Turn off');
  await page.locator('.variant').first().getByText('Off').waitFor();
  await item(page, 'Actions for variant B', 'Turn off');
  await page.getByRole('alert').waitFor(); // the last one stays on
  await item(page, 'Actions for variant B', 'Edit');
  await dialog(page, 'Edit variant').getByLabel('Text').fill('Hello you');
  await dialog(page, 'Edit variant').getByRole('button', { name: 'Save' }).click();
  await shows(page, 'Hello you');
  await item(page, 'Actions for variant A', 'Delete');
  await dialog(page, 'Delete variant A?').getByRole('button', { name: 'Delete' }).click();
  await eventually(async () => assert.deepEqual((await steps())[1].variants.map(({ body }) => body), ['Hello you']));
  await press(page, 'Edit step 2');
  assert.equal(await dialog(page, 'Edit step').getByLabel('Wait').inputValue(), '36');
  await dialog(page, 'Edit step').getByLabel('Wait').fill('48');
  await dialog(page, 'Edit step').getByRole('button', { name: 'Save' }).click();
  await shows(page, 'after 2 days');
  await item(page, 'Actions for step 1', 'Delete');
  await dialog(page, 'Delete step 1?').getByRole('button', { name: 'Delete' }).click();
  await eventually(async () => assert.deepEqual((await steps()).map(({ type, delayHours }) => [type, delayHours]), [['message', 48]]));
});

screen('a text with a mistake is refused in its dialog, and nothing is lost', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/spring?tab=sequence');
  await press(page, 'Edit step 1');
  await dialog(page, 'Edit step').getByLabel('Text').fill('Hi {{firstName');
  await dialog(page, 'Edit step').getByRole('button', { name: 'Save' }).click();
  await dialog(page, 'Edit step').getByRole('alert').waitFor();
  assert.equal(await dialog(page, 'Edit step').getByLabel('Text').inputValue(), 'Hi {{firstName');
});

screen('a lead is paused and removed; name, variables and settings change; the campaign is deleted', shared, { allowed: [/status of 404 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/spring');
  await page.getByRole('button', { name: 'Why: bob' }).click();
  await dialog(page, 'Why: bob').getByRole('button', { name: 'Pause' }).click();
  await dialog(page, 'Why: bob').getByRole('button', { name: 'Resume' }).waitFor();
  await dialog(page, 'Why: bob').getByRole('button', { name: 'Remove' }).click();
  await dialog(page, 'Why: bob').getByRole('button', { name: 'Remove the lead' }).click();
  await eventually(async () => assert.deepEqual(await leads(page), ['ann']));
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Spring, once more');
  await press(page, 'Add a variable');
  await page.getByLabel('Name 1').fill('sender');
  await page.getByLabel('Value 1').fill('Grace');
  await page.getByLabel('Block who replies').check();
  await page.getByLabel('A reply stops colleagues').check();
  await page.getByLabel('Days in which').fill('90');
  await press(page, 'Save');
  await heading(page, 'Spring, once more');
  assert.deepEqual((await client.get('/v1/campaigns/spring')).customVariables, { sender: 'Grace' });
  assert.deepEqual((await client.get('/v1/campaigns/spring')).settings, { blockOnReply: true, skipContacted: { days: 90 }, stopColleagues: true });
  await page.getByLabel('Block who replies').uncheck();
  await page.getByLabel('Days in which').fill('');
  await press(page, 'Save');
  await eventually(async () => assert.deepEqual((await client.get('/v1/campaigns/spring')).settings, { stopColleagues: true }));
  await press(page, 'Delete the campaign');
  const confirm = dialog(page, 'Delete Spring, once more?');
  assert.ok(await confirm.getByRole('button', { name: 'Delete' }).isDisabled());
  await confirm.getByLabel(/Type the name/).fill('Spring, once more');
  await confirm.getByRole('button', { name: 'Delete' }).click();
  await heading(page, 'Campaigns');
  await toast(page).getByText(/deleted with its leads/).waitFor();
});

screen('a change of a deleted campaign is undone there', shared, {}, async ({ page, context }) => {
  await client.campaign('gone', 'Gone');
  const { headers } = await client.call('POST', '/v1/campaigns/gone/blocked-leads', { publicIdentifiers: ['eve'] });
  await client.call('DELETE', '/v1/campaigns/gone');
  const id = headers?.get?.('x-change-id') ?? (await client.get('/v1/audit')).find(({ action }) => action === 'leads.block').id;
  await member.open({ page, context }, '#/person/eve');
  await shows(page, 'Deleted campaign Gone');
  assert.equal(await page.getByRole('button', { name: /^Unblock/ }).count(), 0);
  await page.goto(`/#/change/${id}`);
  await shows(page, 'Deleted campaign');
  await press(page, 'Undo');
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await shows(page, '1 lead unblocked');
  assert.equal((await client.get('/v1/blocked-leads/eve')).blocked, false);
});
