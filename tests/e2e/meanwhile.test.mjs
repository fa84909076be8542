// Two people have the same form open: what one saves, the other does not save away.
import assert from 'node:assert/strict';

import { makeWorkspace, workspaceList } from './lib/blocklists.mjs';
import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';

let client;
const people = {};
const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  for (const name of ['ada', 'ben']) people[name] = await makePerson(server, `${name}@example.com`, 'member', client.workspace);
  for (const name of ['olga', 'otto']) people[name] = await makePerson(server, `${name}@example.com`, 'operator');
});

// Two pages at an address, of two people.
async function both(names, { page, context, another }, address) {
  const other = await another();
  await people[names[0]].open({ page, context }, address);
  await people[names[1]].open(other, address);
  return [page, other.page];
}

const campaign = (id) => client.get(`/v1/campaigns/${id}`);
const press = (place, name) => place.getByRole('button', { name, exact: true }).click();
const dialog = (page, name) => page.getByRole('dialog', { name });
const field = (place, label) => place.getByLabel(label, { exact: true });
const clash = (place, text) => place.getByRole('alert').getByText(text).waitFor();

async function addVariable(page, number, name, value) {
  await press(page, 'Add a variable');
  await field(page, `Name ${number}`).fill(name);
  await field(page, `Value ${number}`).fill(value);
}

// Saves, until the server has it and the page says so.
async function save(page, id, look) {
  await press(page, 'Save');
  await eventually(async () => look(await campaign(id)));
  await toast(page).getByText(/ changed$/).first().waitFor();
}

screen('settings of a campaign: each saves what they changed', shared, {}, async (opened) => {
  await client.campaign('q1', 'Spring', { customVariables: { city: 'Vienna', floor: '3' } });
  const [ada, ben] = await both(['ada', 'ben'], opened, '#/campaign/q1?tab=settings');
  await field(ben, 'Block who replies').check();
  await addVariable(ben, 3, 'team', 'Sales');
  await press(ben, 'Remove variable 2');
  await field(ada, 'Name').fill('Autumn');
  await field(ada, 'Value 1').fill('Graz');
  await addVariable(ada, 3, 'sender', 'Grace');
  await save(ada, 'q1', ({ name }) => assert.equal(name, 'Autumn'));
  await save(ben, 'q1', ({ settings }) => assert.deepEqual(settings, { blockOnReply: true }));
  const { name, customVariables } = await campaign('q1');
  assert.deepEqual({ name, customVariables }, { name: 'Autumn', customVariables: { city: 'Graz', sender: 'Grace', team: 'Sales' } });
  await eventually(async () => assert.equal(await field(ben, 'Name').inputValue(), 'Autumn'));
  assert.equal(await field(ben, 'Value 1').inputValue(), 'Graz');
});

screen('a field that both changed is told, and replaced when it is saved again', shared, {}, async (opened) => {
  await client.campaign('q2', 'Spring');
  const [ada, ben] = await both(['ada', 'ben'], opened, '#/campaign/q2?tab=settings');
  await field(ben, 'Name').fill('Winter');
  await field(ben, 'A reply stops colleagues').check();
  await field(ada, 'Name').fill('Autumn');
  await save(ada, 'q2', ({ name }) => assert.equal(name, 'Autumn'));
  await press(ben, 'Save');
  await clash(ben, 'Changed by others meanwhile. Save again to replace it. Name: “Autumn”');
  const { name, settings } = await campaign('q2');
  assert.deepEqual({ name, settings }, { name: 'Autumn', settings: {} });
  assert.equal(await field(ben, 'Name').inputValue(), 'Winter');
  await save(ben, 'q2', (now) => assert.equal(now.name, 'Winter'));
  await ben.getByRole('alert').waitFor({ state: 'detached' });
  assert.deepEqual((await campaign('q2')).settings, { stopColleagues: true });
});

screen('an open form follows what others save, and keeps what is typed', shared, {}, async (opened) => {
  await client.campaign('q3', 'Spring');
  const waits = opened.page.waitForRequest(/\/v1\/events\?.*wait=/);
  const [ada] = await both(['ada', 'ben'], opened, '#/campaign/q3?tab=settings');
  await waits;
  await client.call('PATCH', '/v1/campaigns/q3', { name: 'Autumn' });
  await client.block(workspaceList, ['event-one']);
  await eventually(async () => assert.equal(await field(ada, 'Name').inputValue(), 'Autumn'));
  await field(ada, 'Name').fill('Mine');
  await client.call('PATCH', '/v1/campaigns/q3', { name: 'Winter' });
  await client.block(workspaceList, ['event-two']);
  await heading(ada, 'Winter');
  assert.equal(await field(ada, 'Name').inputValue(), 'Mine');
  await press(ada, 'Save');
  await clash(ada, /Name: “Winter”/);
});

screen('a step and its variants', shared, {}, async (opened) => {
  await client.campaign('q4', 'Texts', { steps: [{ type: 'message', delay: 1, genericBody: 'The old text' }] });
  const [{ id }] = (await campaign('q4')).steps;
  await client.call('POST', `/v1/campaigns/q4/steps/${id}/variants`, { body: 'Variant of old' });
  const [ada, ben] = await both(['ada', 'ben'], opened, '#/campaign/q4?tab=sequence');
  const step = async () => (await campaign('q4')).steps[0];
  for (const page of [ada, ben]) await press(page, 'Edit step 1');
  const [hers, his] = [dialog(ada, 'Edit step'), dialog(ben, 'Edit step')];
  await field(hers, 'Text').fill('The text of Ada');
  await field(his, 'Wait').fill('2');
  for (const one of [hers, his]) {
    await press(one, 'Save');
    await one.waitFor({ state: 'detached' });
  }
  const { genericBody, delayHours } = await step();
  assert.deepEqual({ genericBody, delayHours }, { genericBody: 'The text of Ada', delayHours: 48 });

  await press(ben, 'Edit step 1');
  await field(his, 'Text').fill('The text of Ben');
  await client.call('PUT', `/v1/campaigns/q4/steps/${id}`, { genericBody: 'Once more' });
  await press(his, 'Save');
  await clash(his, /Text: “Once more”/);
  assert.equal((await step()).genericBody, 'Once more');
  await press(his, 'Save');
  await his.waitFor({ state: 'detached' });
  assert.equal((await step()).genericBody, 'The text of Ben');

  await client.call('POST', '/v1/campaigns/q4/steps', { type: 'message', delayHours: 1, genericBody: 'Hello' });
  const last = (await campaign('q4')).steps[1].id;
  await ben.reload();
  await press(ben, 'Edit step 2');
  await field(his, 'What').selectOption('invitation');
  await client.call('PUT', `/v1/campaigns/q4/steps/${last}`, { type: 'visit_profile', genericBody: null });
  await press(his, 'Save');
  await clash(his, /What: “Visit the profile”/);
  await press(his, 'Cancel');

  await ben.getByRole('button', { name: 'Actions for variant A' }).click();
  await press(ben, 'Edit');
  const variant = dialog(ben, 'Edit variant');
  await field(variant, 'Text').fill('Variant of Ben');
  await client.call('PUT', `/v1/campaigns/q4/steps/${id}/variants/${(await step()).variants[0].id}`, { body: 'Variant of Ada' });
  await press(variant, 'Save');
  await clash(variant, /Text: “Variant of Ada”/);
  await press(variant, 'Save');
  await variant.waitFor({ state: 'detached' });
  assert.equal((await step()).variants[0].body, 'Variant of Ben');
});

screen('the license of a workspace', shared, {}, async (opened) => {
  const [olga, otto] = await both(['olga', 'otto'], opened, '#/workspaces');
  const license = async () => {
    const { body } = await people.olga.call('GET', '/v1/workspaces');
    const { plan, expiresAt } = body.find(({ id }) => id === client.workspace);
    return { plan, expiresAt };
  };
  for (const page of [olga, otto]) await press(page, 'Change license of Acme');
  const [hers, his] = [olga, otto].map((page) => dialog(page, 'License of Acme'));
  await field(hers, 'License expires on (optional)').fill('2099-12-31');
  await field(his, 'Plan').selectOption('pro');
  for (const one of [hers, his]) {
    await press(one, 'Save');
    await one.waitFor({ state: 'detached' });
  }
  const { plan, expiresAt } = await license();
  assert.deepEqual({ plan, end: expiresAt?.slice(0, 7) }, { plan: 'pro', end: '2099-12' });

  await press(otto, 'Change license of Acme');
  await field(his, 'Plan').selectOption('starter');
  await people.olga.call('PUT', `/v1/workspaces/${client.workspace}/plan`, { plan: 'agency', expiresAt });
  await press(his, 'Save');
  await clash(his, /Plan: “Agency”/);
  assert.deepEqual(await license(), { plan: 'agency', expiresAt });
});

screen('the country of the workspace', shared, {}, async (opened) => {
  const [ada, ben] = await both(['ada', 'ben'], opened, '#/overview');
  const forms = [ada, ben].map((page) => dialog(page, 'Settings of this workspace'));
  const country = (place) => place.getByLabel('Country of phone numbers without +');
  for (const [index, page] of [ada, ben].entries()) {
    await press(page, 'Settings');
    await country(forms[index]).fill(['at', 'de'][index]);
  }
  const saved = async () => (await client.get('/v1/me')).workspace.defaultCountry;
  await press(forms[0], 'Save');
  await forms[0].waitFor({ state: 'detached' });
  await press(forms[1], 'Save');
  await clash(forms[1], 'Changed by others meanwhile. Save again to replace it. Country: “AT”');
  assert.equal(await saved(), 'AT');
  await press(forms[1], 'Save');
  await forms[1].waitFor({ state: 'detached' });
  assert.equal(await saved(), 'DE');
});

screen('what is typed at the moment in which others save stays', shared, {}, async ({ page, context }) => {
  await client.campaign('q6', 'Spring');
  const waits = page.waitForRequest(/\/v1\/events\?.*wait=/);
  await people.ada.open({ page, context }, '#/campaign/q6?tab=settings');
  await field(page, 'Name').waitFor();
  await waits;
  await page.evaluate(() => new MutationObserver((_, observer) => {
    if (document.querySelector('h1').textContent !== 'Summer') return;
    observer.disconnect();
    const name = document.querySelector('form.card input');
    name.value = 'Autumn';
    name.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }).observe(document.body, { subtree: true, childList: true, characterData: true }));
  await client.call('PATCH', '/v1/campaigns/q6', { name: 'Summer' });
  await client.block(workspaceList, ['event-three']);
  await heading(page, 'Summer');
  await press(page, 'Save');
  await clash(page, 'Changed by others meanwhile. Save again to replace it. Name: “Summer”');
  assert.equal(await field(page, 'Name').inputValue(), 'Autumn');
});
