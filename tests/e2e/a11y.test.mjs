// Every screen of leads and campaigns in every state, and lists that load or fail: axe finds nothing, in light
// and dark, on a phone and on a desk; nothing is wider than the window, down to 320 px (1280 px at 400 %, WCAG 1.4.10). The other
// screens: a11y-rest.
import { screen } from './lib/harness.mjs';
import { button, dialog, failed, heading, look, press, row, state, timeout, useShowcase } from './lib/states.mjs';

const { shared, people, states } = useShowcase();

states('check', 'operator', [
  ['check, empty', '#/check', { ready: (p) => p.locator('.check-hint') }],
  ['check, blocked', '#/check?q=ada-lovelace', { ready: (p) => heading(p, 'Blocked') }],
  ['check, allowed', '#/check?q=nobody-we-know', { ready: (p) => heading(p, 'Not blocked') }],
  ['check, by a domain', '#/check?q=ada%40engines.example', { ready: (p) => p.locator('.verdict') }],
  ['check, for a campaign', '#/check?q=nobody-we-know&in=campaign%3Aspring-webinar', { ready: (p) => p.getByText('in campaign Spring webinar') }],
  ['check, unblock dialog', '#/check?q=ada-lovelace', { act: press('Unblock in the workspace'), ready: dialog }],
]);
states('check, no profile', 'operator', [
  ['check, bad', '#/check?q=john-%25zz', { ready: (p) => p.getByText('This is not a LinkedIn profile') }],
  ['check, a national number', '#/check?q=0170%201234567', { ready: (p) => p.getByText('This cannot be read as a phone number') }],
  ['check, a name', '#/check?q=Jane%20Smith', { ready: (p) => p.getByRole('link', { name: /^Search the blocklist/ }) }],
], { allowed: failed(400) });

// Before the rows are there, it selects nothing.
const selectAll = async (page) => {
  await row(page).waitFor();
  await page.getByLabel('Select all on this page').check();
};

states('blocklist', 'operator', [
  ['blocklist', '#/blocklist'],
  ['blocklist, filters', '#/blocklist?kind=client', { ready: (p) => p.getByText('Remove the filters').first() }],
  ['blocklist, searching', '#/blocklist?search=lovelace', { ready: (p) => p.getByText('Search finished.') }],
  ['blocklist, nothing found', '#/blocklist?search=zzzz', { ready: (p) => p.getByText('Nothing found', { exact: true }) }],
  ['blocklist, behind the end', '#/blocklist?page=900', { ready: (p) => p.getByText('This page is empty') }],
  ['blocklist, selected', '#/blocklist', { act: selectAll, ready: (p) => p.getByText('25 selected') }],
  ['blocklist, unblock dialog', '#/blocklist', { ready: dialog, act: async (page) => {
    await selectAll(page);
    await button(page, 'Unblock selected').click();
  } }],
  ['blocklist, export dialog', '#/blocklist', { act: press('Export as CSV'), ready: (p) => p.getByText('Saved', { exact: true }) }],
  ['blocklist, toast', '#/blocklist', { ready: (p) => p.locator('.toast'), act: async (page) => {
    await row(page).getByRole('checkbox').check();
    await button(page, 'Unblock selected').click();
    await dialog(page).getByRole('button', { name: 'Unblock' }).click();
  } }],
], { allowed: failed(400) }); // part of a name is looked up as a whole one, too

const urls = ['new-lead-one', 'ada-lovelace', 'new-lead-one', 'x'.repeat(300)].map((name) => `https://www.linkedin.com/in/${name}`);
const paste = (page) => page.getByLabel('Leads, one per line').fill([...urls, 'a@example.com'].join('\n'));
const pasteAnd = (text, wanted) => async (page) => {
  await page.getByLabel('Leads, one per line').fill(text);
  await button(page, 'Validate').click();
  await heading(page, wanted).waitFor();
};
const table = `Name,Profile URL,Note\nAda,linkedin.com/in/ada,"never closed\n${'x'.repeat(200)},linkedin.com/in/grace,\n`;
const validate = async (page) => {
  await paste(page);
  await button(page, 'Validate').click();
  await heading(page, 'Ready to block').waitFor();
};

states('add', 'operator', [
  ['add', '#/add', { ready: (p) => button(p, 'Validate') }],
  ['add, nothing to add', '#/add', { act: press('Validate'), ready: (p) => p.getByText('Paste at least one lead') }],
  ['add, pasted', '#/add', { act: paste, ready: (p) => button(p, 'Validate') }],
  ['add, columns', '#/add', { act: pasteAnd('Name,City\nAda,London\nGrace,New York', 'Choose the column'), ready: (p) => p.getByRole('radio').first() }],
  ['add, another column', '#/add', { ready: (p) => p.getByRole('radio').first(), act: async (page) => {
    await pasteAnd(table, 'Ready to block')(page);
    await page.getByText('Take another column').click();
  } }],
  ['add, refused', '#/add', { act: pasteAnd('%PDF-1.4', 'Stopped'), ready: (p) => p.getByRole('alert') }],
  ['add, other names', '#/add?of=names', { ready: (p) => heading(p, 'Ready to block'), act: async (page) => {
    await page.getByLabel('Names, one per line').fill('engines.example\nco.uk\n+49 170 1234567\nEngines Ltd');
    await button(page, 'Validate').click();
  } }],
  ['add, validated', '#/add', { act: validate, ready: (p) => heading(p, 'Ready to block') }],
  ['add, done', '#/add', { ready: (p) => heading(p, 'Done'), act: async (page) => {
    await validate(page);
    await button(page, 'Block 1 new lead').click();
  } }],
], { allowed: failed(400) }); // no column is certain; a PDF

screen('add, under way and stopped', shared, { timeout, allowed: failed(503) }, async ({ page, context }) => {
  await people().operator.let(context);
  let answer;
  const held = new Promise((done) => { answer = done; });
  await page.route('**/v1/blocked-leads/import?*', async (route) => {
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

states('campaigns', 'operator', [
  ['campaigns', '#/campaigns'],
  ['campaigns, none in error', '#/campaigns?status=error', { ready: (p) => p.getByText('No campaign is error') }],
  ['campaigns, new dialog', '#/campaigns', { act: press('New campaign'), ready: dialog }],
  ['campaign, leads', '#/campaign/spring-webinar'],
  ['campaign, why', '#/campaign/founders-berlin?page=2', { ready: (p) => dialog(p).locator('.because'), act: press(/^Why/) }],
  ['campaign, activities', '#/campaign/spring-webinar?tab=activities'],
  ['campaign, activities that failed', '#/campaign/spring-webinar?tab=activities&state=failed'],
  ['campaign, blocklist', '#/campaign/spring-webinar?tab=blocklist', { ready: (p) => p.getByText('on the list') }],
  ['campaign, sequence', '#/campaign/spring-webinar?tab=sequence', { ready: (p) => p.locator('.steps') }],
  ['campaign, step dialog', '#/campaign/spring-webinar?tab=sequence', { act: press('Edit step 2'), ready: dialog }],
  ['campaign, variants', '#/campaign/spring-webinar?tab=sequence', { ready: (p) => p.locator('.variant'), act: async (page) => {
    await button(page, 'Actions for step 3').click();
    await button(page, 'Add a variant').click();
    await dialog(page).getByLabel('Text').fill('Good to know you, {{firstName|there}}.');
    await button(page, 'Add variant').click();
  } }],
  ['campaign, variant dialog', '#/campaign/spring-webinar?tab=sequence', { ready: dialog, act: async (page) => {
    await button(page, 'Actions for variant A').click();
    await page.getByRole('button', { name: 'Edit', exact: true }).last().click();
  } }],
  ['campaign, settings', '#/campaign/spring-webinar?tab=settings', { ready: (p) => button(p, 'Save') }],
  ['campaign, add leads', '#/add-leads/heads-of-sales', { ready: (p) => button(p, 'Validate') }],
  ['a company', '#/name/company/Engines%20Ltd', { ready: (p) => p.getByRole('table', { name: 'Leads behind this name' }).locator('.lead').first() }],
  ['campaign, no steps', '#/campaign/heads-of-sales?tab=sequence', { ready: (p) => p.getByText('no steps yet') }],
]);
states('errors', 'operator', [
  ['campaign that is not there', '#/campaign/none', { ready: (p) => p.getByRole('alert') }],
  ['campaign that is not ready', '#/campaign/heads-of-sales', { act: press('Activate'), ready: (p) => p.getByRole('alert') }],
  ['no such page', '#/nowhere', { ready: (p) => heading(p, 'Page not found') }],
], { allowed: failed(404, 409) });

screen('an error in place of a list', shared, { timeout, allowed: failed(503) }, async ({ page, context }) => {
  await people().operator.let(context);
  await page.route(/v1\/(keys|users|statistics|audit|campaigns|blocklist)/, (route) => (
    route.fulfill({ status: 503, json: { code: 'storage_unavailable', message: 'The storage does not answer.' } })));
  for (const name of ['keys', 'people', 'overview', 'campaigns', 'blocklist'])
    await state(page, `${name}, failed`, `#/${name}`, { ready: (p) => p.getByRole('alert').first() });
});

screen('loading', shared, { timeout }, async ({ page, context }) => {
  await people().operator.let(context);
  await page.route(/v1\/(keys|users|statistics|audit|campaigns|blocklist)/, () => {}); // no answer ever
  for (const name of ['keys', 'overview', 'blocklist'])
    await state(page, `${name}, loading`, `#/${name}`, { ready: (p) => p.locator('.skeleton').first() });
});
