// What a11y.test.mjs shows for screens of leads and campaigns, for the others; and text that is twice as large, colours
// that are forced, movement that is unwanted.
import assert from 'node:assert/strict';

import { loadAnew, screen } from './lib/harness.mjs';
import { button, dialog, failed, heading, look, press, row, state, timeout, useShowcase } from './lib/states.mjs';

const { shared, people, states } = useShowcase();

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
  const { link } = await people().operator.post('users', { email: 'link@example.com', role: 'operator' });
  await state(page, 'link, password', link.slice(server.url.length + 1), { ready: (p) => heading(p, 'Choose a password') });
  await page.getByLabel('New password', { exact: true }).fill('one two three four');
  await page.getByLabel('New password again').fill('one two three five');
  await button(page, 'Set the password').click();
  await page.locator('.field-error').waitFor();
  await look(page, 'link, two passwords');
});

states('keys', 'operator', [
  ['keys', '#/keys'],
  ['keys, new dialog', '#/keys', { act: press('New API key'), ready: dialog }],
  ['keys, created dialog', '#/keys', { ready: (p) => heading(p, 'Your new API key'), act: async (page) => {
    await button(page, 'New API key').click();
    await page.getByLabel('Name').fill('Another tool');
    await button(page, 'Create key').click();
  } }],
  ['keys, revoke dialog', '#/keys', { act: press('Revoke CRM'), ready: dialog }],
]);

states('hooks', 'operator', [
  ['hooks', '#/hooks'],
  ['hooks, new dialog', '#/hooks', { act: press('New subscription'), ready: dialog }],
  ['hook', '#/hooks', { ready: (p) => p.getByText('Nothing was sent yet'), act: async (page) => {
    await row(page).getByRole('link').first().click();
  } }],
]);

states('api', 'operator', [
  ['api', '#/api', { ready: (p) => p.locator('.operation').first() }],
  ['api, an operation', '#/api?op=blockInCampaign', { ready: (p) => p.locator('.operation-body') }],
]);

states('overview', 'operator', [
  ['overview', '#/overview', { ready: (p) => p.locator('.plot svg') }],
  ['overview, table', '#/overview?days=90', { act: press('Show as table'), ready: row }],
  ['audit', '#/audit?action=campaign', { ready: (p) => p.getByRole('table', { name: 'Actions' }).locator('.row-link').first() }],
  ['person', '#/person/dennis-wirth', { ready: (p) => p.getByRole('table', { name: 'History' }).locator('time').first() }],
  ['person, other names', '#/person/ada-by-another-name', { ready: (p) => p.getByRole('list', { name: 'Other names' }), act: async (page) => {
    await people().member.post('people/link', { links: ['ada-lovelace', 'ada-by-another-name'].map((publicIdentifier) => ({ memberId: `ACoAA${'1'.repeat(35)}`, publicIdentifier })) });
    await page.reload();
  } }],
  ['change', '#/audit?action=leads.unblock', { act: async (page) => { await page.getByRole('link', { name: /^Unblocked/ }).first().click(); }, ready: (p) => p.getByRole('table', { name: 'Names of the change' }).locator('.lead').first() }],
  ['import', '#/audit?of=imports', { act: async (page) => { await page.getByRole('link', { name: /^Blocked/ }).first().click(); }, ready: (p) => p.getByRole('table', { name: 'Names of the change' }).locator('.lead').first() }],
]);

states('workspaces, people, account', 'operator', [
  ['installation', '#/installation', { ready: (p) => p.getByRole('table', { name: 'Installation list' }) }],
  ['installation, block dialog', '#/installation', { act: press('Block'), ready: dialog }],
  ['workspaces', '#/workspaces'],
  ['workspaces, new dialog', '#/workspaces?create=1', { ready: dialog }],
  ['workspaces, license dialog', '#/workspaces', { act: press('Change license of Acme'), ready: dialog }],
  ['people', '#/people'],
  ['people, new dialog', '#/people', { act: press('Invite a user'), ready: dialog }],
  ['people, link dialog', '#/people', { ready: (p) => p.getByLabel('One-time link'), act: async (page) => {
    await button(page, 'Actions for katherine@example.com').click();
    await button(page, 'New link for katherine@example.com').click();
    await button(page, 'Create link').click();
  } }],
  ['people, delete dialog', '#/people', { ready: dialog, act: async (page) => {
    await button(page, 'Actions for alan@example.com').click();
    await button(page, 'Delete alan@example.com').click();
  } }],
  ['people, menu', '#/people', { act: press('Actions for alan@example.com'), ready: (p) => button(p, 'Sessions of alan@example.com') }],
  ['people, sessions dialog', '#/people', { ready: (p) => dialog(p).getByRole('row').nth(1), act: async (page) => {
    await button(page, 'Actions for alan@example.com').click();
    await button(page, 'Sessions of alan@example.com').click();
  } }],
  ['palette', '#/check', { ready: (p) => dialog(p).getByRole('option', { name: 'Spring webinar' }), act: async (page) => {
    await row(page).or(page.locator('form')).first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Screen, campaign or person' }).fill('spring');
  } }],
  ['account', '#/account', { ready: (p) => heading(p, 'Change password') }],
  ['help', '#/workspaces', { ready: dialog, act: async (page) => {
    await row(page).waitFor();
    await page.keyboard.press('?');
  } }],
]);

states('an empty workspace', 'operator', ['blocklist', 'campaigns', 'keys', 'overview'].map((name) => (
  [`${name}, empty`, `#/${name}`, { act: inEmptyWorkspace, ready: (p) => (name === 'overview' ? p.locator('.nothing') : p.locator('.empty')) }])));

states('a member', 'member', [
  ['blocklist of a member', '#/blocklist'],
  ['account of a member', '#/account', { ready: (p) => heading(p, 'Change password') }],
]);
states('a viewer', 'viewer', [
  ['check of a viewer', '#/check?q=ada-lovelace', { ready: (p) => heading(p, 'Blocked') }],
  ['blocklist of a viewer', '#/blocklist'],
  ['keys of a viewer', '#/keys'],
  ['no page for viewers', '#/people', { ready: (p) => heading(p, 'Page not found') }],
]);

screen('the menu of a phone', shared, { timeout, width: 360 }, async ({ page, context }) => {
  await people().operator.let(context);
  await state(page, 'menu', '#/check', { act: press('Menu'), ready: dialog });
});

screen('twice as large text', shared, { timeout, width: 1280 }, async ({ page, context }) => {
  await people().operator.let(context);
  for (const name of ['check?q=ada-lovelace', 'blocklist', 'add', 'campaigns', 'campaign/spring-webinar', 'keys', 'overview', 'audit', 'person/dennis-wirth', 'workspaces', 'people', 'account']) {
    await loadAnew(page, `#/${name}`);
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
  await people().operator.let(context);
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
  await people().operator.let(context);
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
