// Every screen in every state: axe finds nothing, in light and dark, on a phone and on a desk; nothing is wider than
// the window, down to 320 px (1280 px at 400 %, WCAG 1.4.10); colours may be forced and movement unwanted.
import assert from 'node:assert/strict';

import { assertAccessible, screen, useServer } from './lib/harness.mjs';
import { fillShowcase } from './lib/showcase.mjs';

let people;
const shared = useServer({}, async (server) => { people = await fillShowcase(server); });
const timeout = 240_000;
const failed = (...codes) => codes.map((code) => new RegExp(`status of ${code} `));

const button = (page, name) => page.getByRole('button', { name });
const heading = (page, name) => page.getByRole('heading', { name });
const row = (page) => page.locator('tbody tr:not(.skeleton)').first();
const press = (name) => async (page) => button(page, name).first().click();
const dialog = (page) => page.locator('dialog[open]');

// WCAG 1.4.10: everything is there without scrolling sideways when 1280 px are magnified to 400 %.
async function assertReflows(page, name) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 256 });
  const wide = await page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('dialog[open], dialog[open] .dialog-body, main')];
    return [document.documentElement, ...dialogs].filter((one) => one.scrollWidth > one.clientWidth)
      .map((one) => `${one.localName}.${one.className}: ${one.scrollWidth} px in ${one.clientWidth} px`);
  });
  await page.setViewportSize(before);
  assert.deepEqual(wide, [], `${name} at 320 px`);
}

async function look(page, name) {
  await assertAccessible(page, name);
  await assertReflows(page, name);
}

const none = async () => {};

// Opens an address anew, does something there, and looks once `ready` is seen.
async function state(page, name, address, { ready = row, act = none } = {}) {
  await page.goto('about:blank'); // another hash alone would not load anything
  await page.goto(`/${address}`);
  await act(page);
  await ready(page).waitFor();
  await look(page, name);
}

function states(title, who, cases, options = {}) {
  screen(title, shared, { timeout, ...options }, async ({ page, context, server }) => {
    const person = await who(server);
    await person.let(context);
    for (const [name, address, how] of cases) await state(page, name, address, how);
  });
}

const operator = async () => people.operator;
// An operator looks at the workspace that has nothing.
const inEmptyWorkspace = (page) => page.locator('.workspace-choice select').selectOption({ label: 'Harbour & Sons' });

screen('before signing in', shared, { timeout, allowed: failed(401, 403, 400) }, async ({ page, server }) => {
  await state(page, 'sign-in', '#/', { ready: (p) => heading(p, 'Sign in') });
  await page.getByLabel('E-mail').fill('nobody@example.com');
  await page.getByLabel('Password').fill('not the password');
  await button(page, 'Sign in').click();
  await page.getByRole('alert').waitFor();
  await look(page, 'sign-in, refused');
  await state(page, 'link, ended', '#/link/none', { ready: (p) => heading(p, 'This link is no longer valid') });
  const { link } = await people.operator.post('users', { email: 'link@example.com', role: 'operator' });
  await state(page, 'link, password', link.slice(server.url.length + 1), { ready: (p) => heading(p, 'Choose a password') });
  await page.getByLabel('New password', { exact: true }).fill('one two three four');
  await page.getByLabel('New password again').fill('one two three five');
  await button(page, 'Set the password').click();
  await page.locator('.field-error').waitFor();
  await look(page, 'link, two passwords');
});

states('check', operator, [
  ['check, empty', '#/check', { ready: (p) => p.locator('.check-hint') }],
  ['check, blocked', '#/check?q=ada-lovelace', { ready: (p) => heading(p, 'Blocked') }],
  ['check, allowed', '#/check?q=nobody-we-know', { ready: (p) => heading(p, 'Not blocked') }],
  ['check, unblock dialog', '#/check?q=ada-lovelace', { act: press('Unblock in the workspace'), ready: dialog }],
]);
states('check, no profile', operator, [
  ['check, bad', '#/check?q=ada%40example.com', { ready: (p) => p.getByText('This is not a LinkedIn profile') }],
], { allowed: failed(400) });

states('blocklist', operator, [
  ['blocklist', '#/blocklist'],
  ['blocklist, searching', '#/blocklist?search=lovelace', { ready: (p) => p.getByText('Search finished.') }],
  ['blocklist, nothing found', '#/blocklist?search=zzzz', { ready: (p) => p.getByText('Nothing found', { exact: true }) }],
  ['blocklist, behind the end', '#/blocklist?page=900', { ready: (p) => p.getByText('This page is empty') }],
  ['blocklist, selected', '#/blocklist', { act: (p) => p.getByLabel('Select all on this page').check(), ready: (p) => p.getByText('25 selected') }],
  ['blocklist, unblock dialog', '#/blocklist', { ready: dialog, act: async (page) => {
    await page.getByLabel('Select all on this page').check();
    await button(page, 'Unblock selected').click();
  } }],
  ['blocklist, export dialog', '#/blocklist', { act: press('Export as CSV'), ready: (p) => p.getByText('Saved', { exact: true }) }],
  ['blocklist, toast', '#/blocklist', { ready: (p) => p.locator('.toast'), act: async (page) => {
    await row(page).getByRole('checkbox').check();
    await button(page, 'Unblock selected').click();
    await dialog(page).getByRole('button', { name: 'Unblock' }).click();
  } }],
], { allowed: failed(400) }); // part of a name is looked up as a whole one, too

const pasted = ['new-lead-one', 'linkedin.com/in/ada-lovelace', 'new-lead-one', 'a@example.com', `in/${'x'.repeat(300)}`].join('\n');
const paste = async (page) => {
  await page.getByLabel('Leads, one per line').fill(pasted);
  await page.getByText('5 leads').waitFor();
};
const validate = async (page) => {
  await paste(page);
  await button(page, 'Validate').click();
  await heading(page, 'Ready to block').waitFor();
};

states('add', operator, [
  ['add', '#/add', { ready: (p) => button(p, 'Validate') }],
  ['add, nothing to add', '#/add', { act: press('Validate'), ready: (p) => p.getByText('Paste at least one lead') }],
  ['add, pasted', '#/add', { act: paste, ready: (p) => p.getByText('5 leads') }],
  ['add, columns', '#/add', { act: (p) => p.getByLabel('Leads, one per line').fill('Name,Profile URL\nAda,linkedin.com/in/ada'), ready: (p) => p.getByLabel('Column with the leads') }],
  ['add, validated', '#/add', { act: validate, ready: (p) => heading(p, 'Ready to block') }],
  ['add, done', '#/add', { ready: (p) => heading(p, 'Done'), act: async (page) => {
    await validate(page);
    await button(page, 'Block 1 new lead').click();
  } }],
]);

screen('add, under way and stopped', shared, { timeout, allowed: failed(503) }, async ({ page, context }) => {
  await people.operator.let(context);
  let answer;
  const held = new Promise((done) => { answer = done; });
  await page.route('**/v1/blocked-leads?dryRun=true', async (route) => {
    await held;
    await route.fulfill({ status: 503, json: { code: 'storage_unavailable', message: 'The storage does not answer.' }, headers: { 'Retry-After': '0' } });
  });
  await state(page, 'add, under way', '#/add', { ready: (p) => p.getByRole('progressbar'), act: async () => {
    await paste(page);
    await button(page, 'Validate').click();
  } });
  answer();
  await heading(page, 'Stopped').waitFor({ timeout: 60_000 });
  await look(page, 'add, stopped');
});

states('campaigns', operator, [
  ['campaigns', '#/campaigns'],
  ['campaigns, none in error', '#/campaigns?status=error', { ready: (p) => p.getByText('No campaign is error') }],
  ['campaigns, new dialog', '#/campaigns', { act: press('New campaign'), ready: dialog }],
  ['campaign, leads', '#/campaign/spring-webinar'],
  ['campaign, why', '#/campaign/founders-berlin?page=2', { ready: (p) => dialog(p).locator('.because'), act: press(/^Why/) }],
  ['campaign, activities', '#/campaign/spring-webinar?tab=activities'],
  ['campaign, activities that failed', '#/campaign/spring-webinar?tab=activities&state=failed'],
  ['campaign, blocklist', '#/campaign/spring-webinar?tab=blocklist', { ready: (p) => p.getByText('on the list') }],
  ['campaign, sequence', '#/campaign/spring-webinar?tab=sequence', { ready: (p) => p.locator('.steps') }],
  ['campaign, no steps', '#/campaign/heads-of-sales?tab=sequence', { ready: (p) => p.getByText('no steps yet') }],
]);
states('errors', operator, [
  ['campaign that is not there', '#/campaign/none', { ready: (p) => p.getByRole('alert') }],
  ['campaign that is not ready', '#/campaign/heads-of-sales', { act: press('Activate'), ready: (p) => p.getByRole('alert') }],
  ['no such page', '#/nowhere', { ready: (p) => heading(p, 'Page not found') }],
], { allowed: failed(404, 409) });

screen('an error in place of a list', shared, { timeout, allowed: failed(503) }, async ({ page, context }) => {
  await people.operator.let(context);
  await page.route(/v1\/(keys|users|statistics|audit|campaigns|blocked-leads)/, (route) => (
    route.fulfill({ status: 503, json: { code: 'storage_unavailable', message: 'The storage does not answer.' } })));
  for (const name of ['keys', 'people', 'overview', 'campaigns', 'blocklist'])
    await state(page, `${name}, failed`, `#/${name}`, { ready: (p) => p.getByRole('alert').first() });
});

screen('loading', shared, { timeout }, async ({ page, context }) => {
  await people.operator.let(context);
  await page.route(/v1\/(keys|users|statistics|audit|campaigns|blocked-leads)/, () => {}); // no answer ever
  for (const name of ['keys', 'overview', 'blocklist'])
    await state(page, `${name}, loading`, `#/${name}`, { ready: (p) => p.locator('.skeleton').first() });
});

states('keys', operator, [
  ['keys', '#/keys'],
  ['keys, new dialog', '#/keys', { act: press('New API key'), ready: dialog }],
  ['keys, created dialog', '#/keys', { ready: (p) => heading(p, 'Your new API key'), act: async (page) => {
    await button(page, 'New API key').click();
    await page.getByLabel('Name').fill('Another tool');
    await button(page, 'Create key').click();
  } }],
  ['keys, revoke dialog', '#/keys', { act: press('Revoke CRM'), ready: dialog }],
]);

states('overview', operator, [
  ['overview', '#/overview', { ready: (p) => p.locator('.plot svg') }],
  ['overview, table', '#/overview?days=90', { act: press('Show as table'), ready: row }],
  ['overview, installation', '#/overview?of=installation'],
]);

states('workspaces, people, account', operator, [
  ['workspaces', '#/workspaces'],
  ['workspaces, new dialog', '#/workspaces?create=1', { ready: dialog }],
  ['workspaces, license dialog', '#/workspaces', { act: press('Change license of Acme'), ready: dialog }],
  ['people', '#/people'],
  ['people, new dialog', '#/people', { act: press('New user'), ready: dialog }],
  ['people, link dialog', '#/people', { ready: (p) => p.getByLabel('One-time link'), act: async (page) => {
    await button(page, 'New password link for katherine@example.com').click();
    await button(page, 'Create link').click();
  } }],
  ['people, delete dialog', '#/people', { act: press('Delete alan@example.com'), ready: dialog }],
  ['account', '#/account', { ready: (p) => heading(p, 'Change password') }],
  ['help', '#/check', { act: press('Shortcuts'), ready: dialog }],
]);

states('an empty workspace', operator, ['blocklist', 'campaigns', 'keys', 'overview'].map((name) => (
  [`${name}, empty`, `#/${name}`, { act: inEmptyWorkspace, ready: (p) => (name === 'overview' ? p.locator('.plot svg') : p.locator('.empty')) }])));

states('a member', async () => people.member, [
  ['blocklist of a member', '#/blocklist'],
  ['account of a member', '#/account', { ready: (p) => heading(p, 'Change password') }],
]);
states('a viewer', async () => people.viewer, [
  ['check of a viewer', '#/check?q=ada-lovelace', { ready: (p) => heading(p, 'Blocked') }],
  ['blocklist of a viewer', '#/blocklist'],
  ['keys of a viewer', '#/keys'],
  ['no page for viewers', '#/people', { ready: (p) => heading(p, 'Page not found') }],
]);

screen('the menu of a phone', shared, { timeout, width: 360 }, async ({ page, context }) => {
  await people.operator.let(context);
  await state(page, 'menu', '#/check', { act: press('Menu'), ready: dialog });
});

screen('twice as large text', shared, { timeout, width: 1280 }, async ({ page, context }) => {
  await people.operator.let(context);
  for (const name of ['check?q=ada-lovelace', 'blocklist', 'add', 'campaigns', 'campaign/spring-webinar', 'keys', 'overview', 'workspaces', 'people', 'account']) {
    await page.goto('about:blank');
    await page.goto(`/#/${name}`);
    await page.locator('h1').waitFor();
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    await row(page).or(page.locator('form')).first().waitFor();
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= window, `${name} with text of 200 %: ${wide} px of content in ${window} px`);
  }
});

const moving = () => document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 0).length +
  [...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0).length;

screen('nothing moves for who wants no movement', shared, { timeout }, async ({ page, context }) => {
  await people.operator.let(context);
  await page.goto('/#/campaigns');
  await row(page).waitFor();
  await button(page, 'New campaign').click();
  await dialog(page).waitFor();
  assert.equal(await page.evaluate(moving), 0);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.ok(await page.evaluate(moving) > 0, 'the question can be answered with yes');
});

// With forced colours, backgrounds go and borders stay: what is only told apart by its background would be lost.
screen('forced colours leave buttons, the present page and the bars to be seen', shared, { timeout, forcedColors: 'active' }, async ({ page, context }) => {
  await people.operator.let(context);
  await page.goto('/#/campaigns');
  await row(page).waitFor();
  const seen = await page.evaluate(() => {
    const style = (selector) => getComputedStyle(document.querySelector(selector));
    const back = getComputedStyle(document.body).backgroundColor;
    return {
      forced: matchMedia('(forced-colors: active)').matches,
      button: style('.button.primary').borderTopStyle,
      link: [style('.side-nav a[aria-current]'), style('.side-nav a:not([aria-current])')].map((one) => `${one.backgroundColor} ${one.outlineStyle} ${one.borderStyle}`),
      progress: style('progress').forcedColorAdjust,
      back,
    };
  });
  assert.ok(seen.forced);
  assert.equal(seen.button, 'solid');
  assert.notEqual(...seen.link, 'the present page looks like the others');
  await page.goto('/#/overview');
  await page.locator('.plot svg').waitFor();
  const [fill, back] = await page.evaluate(() => [getComputedStyle(document.querySelector('rect.blocked')).fill, getComputedStyle(document.body).backgroundColor]);
  assert.notEqual(fill, back);
});
