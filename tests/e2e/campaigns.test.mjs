// A campaign: how far it is, who is left out and why, what was handed out, and starting and stopping it.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, figures, heading, leads, shows, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, workspaceList } from './lib/blocklists.mjs';

let client;
let member;
const steps = [
  { type: 'visit_profile', delay: 0 },
  { type: 'message', delay: 2, genericBody: 'Hi {{firstName|there}}' },
];

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'First quarter', { steps });
  await client.call('POST', '/v1/campaigns/q1/leads', { leads: [
    { publicIdentifier: 'ann', firstName: 'Ann', lastName: 'Lee', companyName: 'Lee & Co' }, { publicIdentifier: 'ben' },
    { publicIdentifier: 'cat' }, { publicIdentifier: 'dov' }] });
  await client.block(campaignList('q1'), ['cat'], 'Asked not to be contacted');
  await client.block(workspaceList, ['dov'], 'Existing client');
});

const row = (page, lead) => page.getByRole('row').filter({ has: page.locator('.profile', { hasText: lead }) });
// Holds requests for the campaign itself, until `open(answer)` lets them go; `asked` counts them.
async function holdCampaign(page, id) {
  const gate = { asked: 0, open: () => {}, shut: () => { gate.opened = new Promise((done) => { gate.open = done; }); } };
  gate.shut();
  await page.route(new RegExp(`/v1/campaigns/${id}$`), async (route) => {
    gate.asked += 1;
    const answer = await gate.opened;
    return answer ? route.fulfill(answer) : route.continue();
  });
  return gate;
}

const status = (page, text) => page.locator('.page-lead .badge').getByText(text, { exact: true }).waitFor();

screen('made in the page, under the id of the outreach tool', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaigns');
  await page.getByRole('button', { name: 'New campaign' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Second quarter');
  await page.getByLabel('Id (optional)').fill('q2');
  await page.getByRole('button', { name: 'Create campaign' }).click();
  await toast(page).getByText('The campaign Second quarter is created.').waitFor();
  await heading(page, 'Second quarter');
  await shows(page, 'This campaign has no leads yet');
  assert.equal((await client.get('/v1/campaigns/q2')).name, 'Second quarter');
});

screen('what is not ready does not start, and says why', shared, { allowed: [/status of 409 /] }, async ({ page, context }) => {
  await client.campaign('empty', 'Empty one');
  await member.open({ page, context }, '#/campaign/empty');
  await page.getByRole('button', { name: 'Activate' }).click();
  await page.getByRole('alert').getByText('A campaign needs at least one step and one lead.').waitFor();
  await status(page, 'Draft');
});

screen('activate, hand out, pause', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/q1');
  await heading(page, 'First quarter');
  await status(page, 'Draft');
  await page.getByRole('button', { name: 'Activate' }).click();
  await status(page, 'Active');
  assert.equal((await client.get('/v1/campaigns/q1')).status, 'active');
  const { data: activities } = await client.call('POST', '/v1/campaigns/q1/activities/claim', {});
  assert.deepEqual(activities.map((activity) => activity.publicIdentifier).sort(), ['ann', 'ben']);
  const of = (lead) => activities.find((activity) => activity.publicIdentifier === lead);
  await client.call('POST', `/v1/activities/${of('ann').id}/complete`, { leaseToken: of('ann').leaseToken, result: 'done' });
  await client.call('POST', `/v1/activities/${of('ben').id}/complete`, { leaseToken: of('ben').leaseToken, result: 'failed', detail: 'No such profile' });

  await page.getByRole('link', { name: 'Activities' }).click();
  await row(page, 'ben').getByText('No such profile').waitFor();
  await row(page, 'ben').getByText('Failed').waitFor();
  await row(page, 'ann').getByText('1. Visit the profile').waitFor();
  await row(page, 'ann').getByText('Done').waitFor();
  await page.getByLabel('State').selectOption('skipped_blocked');
  await eventually(async () => assert.deepEqual((await leads(page)).sort(), ['cat', 'dov']));
  await page.getByLabel('State').selectOption('scheduled');
  await eventually(async () => assert.deepEqual(await leads(page), ['ann']));
  await row(page, 'ann').getByText('2. Message').waitFor();

  await page.reload();
  await eventually(async () => assert.equal(await page.getByLabel('Progress', { exact: true }).getAttribute('value'), '75'));
  const { Leads, Active, Blocked, 'In error': failed } = await figures(page);
  assert.deepEqual({ Leads, Active, Blocked, failed }, { Leads: 4, Active: 1, Blocked: 2, failed: 1 });
  await page.getByRole('button', { name: 'Pause' }).click();
  await status(page, 'Paused');
  assert.equal((await client.get('/v1/campaigns/q1')).status, 'paused');
  await page.getByRole('link', { name: 'Campaigns' }).click();
  await page.getByRole('row', { name: /First quarter Paused .*75 %.* 4 2 / }).waitFor();
});

screen('a campaign is not turned on once more before its new state is there', shared, { allowed: [/status of 503 /] }, async ({ page, context }) => {
  await client.campaign('turned', 'Turned', { steps });
  await client.call('POST', '/v1/campaigns/turned/leads', { leads: [{ publicIdentifier: 'eva' }] });
  const follows = page.waitForRequest(/\/v1\/events\?.*wait=/);
  await member.open({ page, context }, '#/campaign/turned');
  const button = page.getByRole('button', { name: /^(Activate|Pause)$/ });
  await button.waitFor();
  await follows;
  let turns = 0;
  page.on('request', (request) => { if (request.method() === 'PUT') turns += 1; });
  const gate = await holdCampaign(page, 'turned');
  await button.click();
  await toast(page).locator('.toast').waitFor();
  // Events begin the look at the state again. The first one that is seen here may be that of the click.
  for (const name of ['fay', 'gus']) {
    const before = gate.asked;
    await client.block(workspaceList, [name]);
    await eventually(() => assert.ok(gate.asked > before));
    assert.equal(await button.getAttribute('aria-busy'), 'true', 'its state is not known yet');
    await button.click({ force: true });
  }
  gate.open({ status: 503, json: { code: 'starting', message: 'Not yet.' } });
  const alert = page.getByRole('alert');
  await alert.getByText('Not yet.').waitFor();
  await button.click({ force: true });
  gate.shut();
  await alert.getByRole('button', { name: 'Try again' }).click();
  gate.open();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await alert.waitFor({ state: 'detached' });
  assert.equal(turns, 1);
  assert.equal((await client.get('/v1/campaigns/turned')).status, 'active');
});

screen('why somebody is left out', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/q1?tab=leads');
  await eventually(async () => assert.deepEqual(await leads(page), ['dov', 'cat', 'ben', 'ann']));
  await row(page, 'ann').getByText('Ann Lee').waitFor();
  await row(page, 'cat').getByText('Blocked: campaign').waitFor();
  await row(page, 'dov').getByText('Blocked: workspace').waitFor();
  await row(page, 'cat').getByRole('button', { name: 'Why: cat' }).click();
  const dialog = page.getByRole('dialog', { name: 'Why: cat' });
  await dialog.getByText('Will not be contacted').waitFor();
  await dialog.getByText(/^Campaign: cat, since .*, “Asked not to be contacted”, by API key CRM$/).waitFor();
  await dialog.getByText(/^cat is blocked in the campaign since \d+ \w+ \d{4}, \d\d:\d\d$/).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByLabel('Status').selectOption({ label: 'Blocked' });
  await eventually(async () => assert.deepEqual(await leads(page), ['dov', 'cat']));
  await page.getByLabel('Status').selectOption('completed');
  await shows(page, 'No lead is completed');
  await page.getByRole('button', { name: 'Show all' }).click();
  await eventually(async () => assert.equal((await leads(page)).length, 4));
});

screen('a search goes on where it is while one types', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/q1');
  await page.getByLabel('Search leads').click();
  await page.keyboard.type('d');
  await page.waitForURL(/search=d$/);
  await eventually(async () => assert.deepEqual(await leads(page), ['dov']));
  await page.keyboard.type('ov');
  await page.waitForURL(/search=dov$/);
  assert.equal(await page.getByLabel('Search leads').inputValue(), 'dov');
  await page.keyboard.type('x');
  await page.getByRole('button', { name: 'Show all' }).click();
  await eventually(async () => assert.equal((await leads(page)).length, 4));
  assert.equal(await page.getByLabel('Search leads').inputValue(), '');
});

screen('a page of leads that ends before it is full goes on', shared, {}, async ({ page, context }) => {
  let early = 0;
  const headers = { Link: '</v1/campaigns/q1/leads?take=25&blocked=true&cursor=c1000_zzzzzz>; rel="next"' };
  await page.route(/\/leads\?.*blocked=true/, (route) => {
    if (route.request().url().includes('cursor=')) return route.continue();
    early += 1;
    return route.fulfill({ json: [], headers });
  });
  await member.open({ page, context }, '#/campaign/q1?tab=leads&status=blocked');
  await eventually(async () => assert.deepEqual(await leads(page), ['dov', 'cat']));
  assert.ok(early > 0);
});

screen('a search that finds little shows it after a few requests, and looks further when told to', shared, {}, async ({ page, context }) => {
  let furthest = 0;
  await page.route(/\/leads\?.*blocked=true/, (route) => {
    const at = Number(/cursor=c(\d+)/.exec(route.request().url())?.[1] ?? 1000) - 1000;
    furthest = Math.max(furthest, at);
    if (at === 12) return route.continue();
    return route.fulfill({ json: [], headers: { Link: `</v1/campaigns/q1/leads?take=25&blocked=true&cursor=c${1000 + at + 1}_zzzzzz>; rel="next"` } });
  });
  await member.open({ page, context }, '#/campaign/q1?tab=leads&status=blocked');
  const further = page.getByRole('button', { name: 'Look further' });
  await further.waitFor();
  assert.equal(furthest, 5);
  assert.equal(await page.getByText('No lead is blocked').count(), 0);
  await further.click();
  await eventually(async () => assert.deepEqual(await leads(page), ['dov', 'cat']));
  await further.waitFor({ state: 'detached' });
});

screen('who was blocked by a person is said to be', shared, {}, async ({ page, context }) => {
  await member.call('POST', campaignList('q1'), { publicIdentifiers: ['ann'], reason: 'Called us' });
  await member.open({ page, context }, '#/campaign/q1?tab=leads');
  await page.getByRole('button', { name: 'Why: ann' }).click();
  await page.getByRole('dialog').getByText(/^Campaign: ann, since .*, “Called us”, by ada@example\.com$/).waitFor();
});

screen('a step shows its variants, their share and what came of them', shared, {}, async ({ page, context }) => {
  const body = { name: 'Texts', id: 'texts', steps: [{ type: 'message', delay: 0, genericBody: 'The old text' }] };
  await client.call('POST', '/v1/campaigns', body);
  const [{ id }] = (await client.get('/v1/campaigns/texts/sequence')).steps;
  const path = `/v1/campaigns/texts/steps/${id}/variants`;
  for (const text of ['Hi {{firstName|there}}', 'Hello <b>you</b>', 'Good day'])
    await client.call('POST', path, { body: text });
  const { data: { variants } } = await client.call('POST', path, { body: 'Never', isDisabled: true });
  await client.call('POST', '/v1/campaigns/texts/leads', { leads: [{ publicIdentifier: 'ann' }] });
  await client.call('PUT', '/v1/campaigns/texts/activate');
  const { data: [activity] } = await client.call('POST', '/v1/campaigns/texts/activities/claim', {});
  await client.call('POST', `/v1/activities/${activity.id}/complete`, { leaseToken: activity.leaseToken, result: 'done' });
  await member.open({ page, context }, '#/campaign/texts?tab=sequence');
  const items = page.getByRole('list', { name: 'Variants' }).getByRole('listitem');
  await eventually(async () => assert.equal(await items.count(), variants.length));
  const texts = await items.allInnerTexts();
  for (const [number, { body: text }] of variants.entries()) {
    assert.ok(texts[number].startsWith(`Variant ${'ABCD'[number]} `) && texts[number].includes(text), texts[number]);
    assert.match(texts[number], number < 3 ? /33(\.3)?\s?% of the leads/ : /Off/);
  }
  assert.deepEqual(texts.map((text) => Number(/(\d+) sent, \d+ replied/.exec(text)[1])).sort(), [0, 0, 0, 1]);
  await shows(page, 'Not sent while a variant is on');
});

screen('steps and the blocklist have tabs', shared, { allowed: [/status of 404 /] }, async ({ page, context }) => {
  await member.open({ page, context }, '#/campaign/q1');
  await page.getByRole('link', { name: 'Sequence' }).click();
  await shows(page, 'after 2 days · ends when the lead replies');
  await shows(page, 'Hi {{firstName|there}}');
  await page.getByRole('navigation', { name: 'Parts of the campaign' }).getByRole('link', { name: 'Blocklist' }).click();
  await page.getByRole('link', { name: 'Open the blocklist' }).click();
  await heading(page, 'Blocklist');
  await shows(page, 'cat');
  await page.goto('/#/campaign/unknown');
  await page.getByRole('alert').waitFor();
  await page.getByRole('link', { name: 'All campaigns' }).waitFor();
});
