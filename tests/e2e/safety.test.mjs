// Whatever people and machines write is shown as text; other pages cannot act for who is signed in; nothing secret
// lies about; one workspace does not see another's.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before } from 'node:test';

import { PASSWORD, Person } from './lib/api.mjs';
import { loadAnew, screen, useServer } from './lib/harness.mjs';
import { eventually, saved } from './lib/pages.mjs';

const MARKUP = '<img src=x onerror=window.pwned=1>"><script>window.pwned=1</script>';
const REVERSED = '\u202Egnp.exe \u{1F984}';
const LONG = `${MARKUP} ${'W'.repeat(500 - MARKUP.length - 1)}`;
const LEADS = ['lead-one', '-lead-two', 'lead·three', '-2-3', 'ünï-cödé-\u{1F984}', 'plain-lead'];
const REASONS = [LONG, '=HYPERLINK("http://x.example","y")', '@SUM(1)', '+1', '-1', REVERSED];

const anything = [/./];
const signedOut = [/status of 401 /];
const row = (page) => page.locator('tbody tr:not(.skeleton)').first();
const dialog = (page) => page.locator('dialog[open]');
const button = (page, name) => page.getByRole('button', { name });

let operator;
let member;
let acme;
let other;

async function fill(server) {
  operator = await Person.setUp(server, 'ada@example.com');
  acme = await operator.post('workspaces', { name: MARKUP, plan: 'pro' });
  other = await operator.post('workspaces', { name: 'Other', plan: 'pro' });
  operator.workspace = acme.id;
  member = await operator.invite(server, 'grace@example.com', 'member', acme.id);
  await fillEvil(operator);
  operator.workspace = other.id;
  await operator.post('blocked-leads', { leads: [{ publicIdentifier: 'secret-lead', reason: 'secret-reason' }] });
  await operator.post('keys', { name: 'secret-key' });
  await fillCampaign(operator, 'secret-campaign', 'secret-name');
  operator.workspace = acme.id;
}

async function fillCampaign(person, id, name) {
  await person.post('campaigns', { id, name });
  await person.post(`campaigns/${id}/leads`, { leads: LEADS.map((publicIdentifier) => ({ publicIdentifier, firstName: name, lastName: REVERSED, companyName: name })) });
  await person.post(`campaigns/${id}/steps`, { type: 'invitation', genericBody: `${name} ${REVERSED}` });
  await person.post(`campaigns/${id}/blocked-leads`, { publicIdentifiers: ['plain-lead'], reason: name });
  await person.put(`campaigns/${id}/activate`);
  const [activity] = await person.post(`campaigns/${id}/activities/claim`, { max: 2 });
  await person.post(`activities/${activity.id}/complete`, { leaseToken: activity.leaseToken, result: 'failed', detail: name });
}

async function fillEvil(person) {
  await fillCampaign(person, 'evil', MARKUP);
  const { steps: [step] } = await person.get('campaigns/evil');
  await person.post(`campaigns/evil/steps/${step.id}/variants`, { body: MARKUP });
  await person.post('blocklist', { entries: [{ domain: 'evil.example', reason: MARKUP }] });
  await person.post('installation/blocklist', { entries: [{ domain: 'worse.example', reason: MARKUP }] });
  await person.post('blocked-leads', { leads: LEADS.map((publicIdentifier, at) => ({ publicIdentifier, reason: REASONS[at] })) });
  await person.post('keys', { name: MARKUP });
}

const shared = useServer({}, fill);

// Another site's server: its pages try to act for whoever is signed in at ours.
const evil = { asked: 0, port: 0, page: '' };
const evilServer = createServer((request, response) => {
  evil.asked += 1;
  response.writeHead(200, { 'Content-Type': 'text/html' });
  response.end(`<!doctype html><link rel="icon" href="data:,"><title>evil</title>${evil.page}`);
});
before(() => new Promise((done) => {
  evilServer.listen(0, () => {
    evil.port = evilServer.address().port;
    done();
  });
}));
after(() => {
  evilServer.closeAllConnections();
  evilServer.close();
});

// Nothing that was written has become anything but text, and links go where they should.
async function assertHarmless(page, where) {
  const found = await page.evaluate(() => ({
    pwned: window.pwned,
    made: [...document.querySelectorAll('#app img, #app script, #app iframe, #app object, #app style, #app base')].map((one) => one.outerHTML),
    handlers: [...document.querySelectorAll('*')].filter((one) => one.getAttributeNames().some((name) => /^on/.test(name))).length,
    links: [...document.querySelectorAll('a')].map((one) => ({ href: one.href, text: one.firstElementChild?.textContent ?? '', profile: one.matches('.profile') })),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    origin: location.origin,
  }));
  assert.equal(found.pwned, undefined, `${where}: a script ran`);
  assert.deepEqual(found.made, [], where);
  assert.equal(found.handlers, 0, where);
  assert.ok(found.wide <= 0, `${where} is ${found.wide} px too wide`);
  for (const { href, text, profile } of found.links) {
    if (profile) assert.equal(href, new URL(`https://www.linkedin.com/in/${encodeURIComponent(text)}`).href, where);
    else assert.ok(href.startsWith(`${found.origin}/`), `${where}: a link to ${href}`);
  }
}

const choose = (context, workspace) => context.addInitScript((id) => {
  if (location.protocol === 'http:') localStorage.setItem('leadblock.workspace', id);
}, workspace.id);

async function open(page, address, ready) {
  await loadAnew(page, address);
  await ready.waitFor();
}

// [where, address, what shows the text there, what to do before]
const places = (page) => [
  ['check of markup', `#/check?q=${encodeURIComponent(MARKUP)}`, button(page, `Check the company ${MARKUP}`)],
  ['check of markup as a profile', `#/check?as=publicIdentifier&q=${encodeURIComponent(MARKUP)}`, page.getByText('This is not a LinkedIn profile')],
  ['check of markup as an address', `#/check?as=email&q=${encodeURIComponent(MARKUP)}`, page.getByText('This cannot be read as an e-mail address')],
  ['check of a reversed name', `#/check?q=${encodeURIComponent(REVERSED)}`, page.getByText('This is a name, not a profile name')],
  ['check', `#/check?q=${encodeURIComponent(LEADS[0])}`, page.getByText(LONG)],
  ['check, campaign', '#/check?q=plain-lead', page.getByRole('link', { name: `Campaign ${MARKUP}` })],
  ['check, dialog', '#/check?q=plain-lead', dialog(page).getByText(MARKUP), () => button(page, `Unblock in Campaign ${MARKUP}`).click()],
  ['blocklist', '#/blocklist', page.getByText(LONG)],
  ['blocklist, menu', '#/blocklist', page.locator('option', { hasText: MARKUP }).last(), null, 'attached'],
  ['blocklist of a campaign', '#/blocklist?list=campaign:evil', row(page).getByText(MARKUP)],
  ['blocklist of no campaign', `#/blocklist?list=${encodeURIComponent(`campaign:${MARKUP}`)}`, page.getByRole('alert')],
  ['blocklist, found', `#/blocklist?search=${encodeURIComponent(MARKUP)}`, row(page).getByText(LONG)],
  ['blocklist, nothing found', `#/blocklist?search=${encodeURIComponent(`${MARKUP} nowhere`)}`, page.locator('.empty').getByText(MARKUP)],
  ['campaigns', '#/campaigns', row(page).getByRole('link', { name: MARKUP })],
  ['campaign', '#/campaign/evil', page.getByRole('heading', { name: MARKUP })],
  ['campaign, why', '#/campaign/evil', dialog(page).getByText(MARKUP).first(), () => button(page, `Why: ${LEADS[5]}`).click()],
  ['campaign, activities', '#/campaign/evil?tab=activities&state=failed', row(page).getByText(MARKUP)],
  ['campaign, sequence', '#/campaign/evil?tab=sequence', page.locator('.step-body').getByText(MARKUP).first()],
  ['campaign, variants', '#/campaign/evil?tab=sequence', page.locator('.variant .step-body').getByText(MARKUP)],
  ['campaign, settings', '#/campaign/evil?tab=settings', button(page, 'Save')],
  ['leads for a campaign', '#/add-leads/evil', page.getByRole('link', { name: MARKUP })],
  ['a domain', '#/name/domain/evil.example', page.locator('.block-item').getByText(MARKUP)],
  ['a company of markup', `#/name/company/${encodeURIComponent(MARKUP)}`, page.locator('h1')],
  ['installation', '#/installation', row(page).getByText(MARKUP)],
  ['campaign that is none', `#/campaign/${encodeURIComponent(MARKUP)}`, page.getByRole('alert')],
  ['keys', '#/keys', row(page).getByText(MARKUP)],
  ['keys, dialog', '#/keys', dialog(page).getByRole('heading', { name: MARKUP }), () => button(page, `Revoke ${MARKUP}`).click()],
  ['overview', '#/overview', row(page)],
  ['person', '#/person/plain-lead', page.getByRole('link', { name: MARKUP }).first()],
  ['audit', '#/audit', row(page)],
  ['workspaces', '#/workspaces', row(page).getByText(MARKUP)],
  ['workspaces, dialog', '#/workspaces', dialog(page).getByRole('heading', { name: MARKUP }), () => button(page, `Change license of ${MARKUP}`).click()],
  ['people', '#/people', row(page)],
  ['no page', `#/${encodeURIComponent(MARKUP)}`, page.getByText('This page does not exist')],
  ['link', `#/link/${encodeURIComponent(MARKUP)}`, page.getByText('This link is no longer valid')],
];

// What a script would do, it does when the page is made; a window of another width makes nothing anew, and shows
// whether the text still fits.
async function assertHarmlessOnPhoneToo(page, where) {
  await assertHarmless(page, where);
  const desk = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  await assertHarmless(page, `${where}, 360 px`);
  await page.setViewportSize(desk);
}

screen('markup is shown as text everywhere', shared, { timeout: 240_000, allowed: [/status of 40[0134] /] }, async ({ page, context }) => {
  await operator.let(context);
  await choose(context, acme);
  page.on('dialog', () => assert.fail('a dialog of a script'));
  for (const [where, address, text, act, how = 'visible'] of places(page)) {
    await loadAnew(page, address);
    if (act) await act();
    await text.waitFor({ state: how }).catch((error) => { throw new Error(`${where}: ${error.message}`); });
    await assertHarmlessOnPhoneToo(page, where);
  }
  await page.goto('/#/campaign/evil');
  await page.getByRole('heading', { name: MARKUP }).waitFor();
  await eventually(async () => assert.equal(await page.title(), `${MARKUP} – leadblock`));
});

screen('markup is shown as text in messages and invalid lines', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.let(context);
  await open(page, '#/blocklist?list=campaign:evil', row(page));
  await row(page).getByRole('checkbox').check();
  await button(page, 'Unblock selected').click();
  await dialog(page).getByText(`campaign ${MARKUP}`).waitFor();
  await assertHarmless(page, 'unblock dialog');
  await dialog(page).getByRole('button', { name: 'Unblock' }).click();
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone.').waitFor();
  await open(page, '#/campaigns', row(page));
  await button(page, 'New campaign').click();
  await page.getByLabel('Name').fill(MARKUP);
  await button(page, 'Create campaign').click();
  await page.locator('.toast').getByText(MARKUP).waitFor();
  await assertHarmless(page, 'toast');
  await open(page, '#/add', button(page, 'Validate'));
  await page.getByLabel('Leads, one per line').fill(`${MARKUP}\n${REVERSED}\nanother-lead`);
  await button(page, 'Validate').click();
  await row(page).getByText(MARKUP).waitFor();
  await assertHarmless(page, 'rows not taken');
});

// The cells of a file as a spreadsheet sees them.
function cellsOf(text) {
  const cells = [];
  text.replace(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(?:,|\r\n|$)/g, (_, quoted, plain) => cells.push(quoted?.replace(/""/g, '"') ?? plain));
  return cells;
}

screen('files have no cell that a spreadsheet would run', shared, { acceptDownloads: true, allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.post('blocked-leads', { leads: [{ publicIdentifier: 'tab-lead', reason: '\t=1' }, { publicIdentifier: 'return-lead', reason: '\r=1' }] });
  await member.let(context);
  await open(page, '#/blocklist', row(page));
  const list = await saved(page, () => button(page, 'Export as CSV').click());
  assert.match(list.name, /^blocklist-workspace-\d{4}-\d\d-\d\d\.csv$/);
  const exported = cellsOf(list.text);
  for (const value of ['-lead-two', '-2-3', ...REASONS.slice(1, 5), '\t=1', '\r=1'])
    assert.ok(exported.includes(`'${value}`), `${JSON.stringify(value)} is not quoted`);
  assert.deepEqual(exported.filter((cell) => /^[=+\-@\t\r]/.test(cell)), []);
  await open(page, '#/add', button(page, 'Validate'));
  await page.getByLabel('Leads, one per line').fill('=1 2\n+1 2\n-1 2\n@a b\nfine-lead');
  await button(page, 'Validate').click();
  const bad = await saved(page, () => button(page, 'Download these rows').click());
  assert.equal(bad.name, 'rows-not-taken.csv');
  const cells = cellsOf(bad.text);
  for (const value of ['=1 2', '+1 2', '-1 2', '@a b']) assert.ok(cells.includes(`'${value}`), value);
  assert.deepEqual(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell)), []);
});

screen('the policy stops scripts, other hosts and frames', shared, { allowed: anything }, async ({ page, context, watch }) => {
  await member.let(context);
  await open(page, '#/check', page.getByRole('heading', { name: 'Check' }));
  evil.asked = 0;
  const tried = await page.evaluate(async (port) => {
    const violations = [];
    const framed = new Promise((done) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        violations.push(effectiveDirective);
        if (effectiveDirective === 'frame-src') done();
      });
    });
    const add = (name, attributes, text = '') => {
      const element = Object.assign(document.createElement(name), attributes);
      element.textContent = text;
      document.body.append(element);
      return element;
    };
    add('script', {}, 'window.pwned = 1');
    add('script', { src: 'data:text/javascript,window.pwned=2' });
    add('script', { src: `http://127.0.0.1:${port}/x.js` });
    add('div', { innerHTML: '' }).innerHTML = '<img src="data:," onerror="window.pwned=3"><a href="javascript:window.pwned=4" id="js">x</a>';
    document.getElementById('js').click();
    add('iframe', { src: `http://127.0.0.1:${port}/frame` });
    add('img', { src: `http://127.0.0.1:${port}/x.png`, alt: '' });
    add('style', {}, 'body { display: none }');
    const fetched = await fetch(`http://127.0.0.1:${port}/x`).then(() => 'answered', () => 'refused');
    await framed;
    return { violations, fetched, shown: getComputedStyle(document.body).display };
  }, evil.port);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(tried.fetched, 'refused');
  assert.notEqual(tried.shown, 'none');
  for (const directive of ['script-src-elem', 'script-src-attr', 'frame-src', 'img-src', 'style-src-elem', 'connect-src'])
    assert.ok(tried.violations.includes(directive), `${directive} in ${tried.violations}`);
  assert.equal(evil.asked, 0, 'another host was asked');
  assert.ok(watch.left().length === 0);
});

// Same-site (another port of the same host: the cookie is sent) and another site.
for (const host of ['127.0.0.1', 'localhost']) {
  screen(`a page at ${host} can neither act for who is signed in, nor read, nor frame`, shared, { allowed: anything }, async ({ page, context, server }) => {
    await member.let(context);
    const target = `${server.url}/v1/blocked-leads`;
    const name = `forged-${host.replaceAll('.', '-')}`;
    const history = JSON.stringify(await member.get('audit'));
    const forms = [
      `<form method="post" enctype="text/plain" action="${target}"><input name='{"leads":[{"publicIdentifier":"${name}"}],"x":"' value='"}'></form>`,
      `<form method="post" action="${server.url}/v1/campaigns/evil/blocked-leads"><input name="publicIdentifiers" value="${name}"></form>`,
      `<form method="post" action="${server.url}/v1/session"><input name="email" value="ada@example.com"></form>`,
    ];
    for (const form of forms) {
      evil.page = form;
      await page.goto(`http://${host}:${evil.port}/`);
      const [answer] = await Promise.all([page.waitForResponse((one) => one.url().startsWith(server.url)), page.evaluate(() => document.forms[0].submit())]);
      assert.ok(answer.status() >= 400, `${answer.url()}: ${answer.status()}`);
      await page.waitForURL(`${server.url}/**`);
    }
    evil.page = '';
    await page.goto(`http://${host}:${evil.port}/`);
    const answers = await page.evaluate(async ([url, lead]) => {
      const body = JSON.stringify({ leads: [{ publicIdentifier: lead }] });
      const ask = (method, headers = {}, mode = 'cors') => fetch(url, { method, mode, credentials: 'include', headers, ...(method === 'GET' ? {} : { body }) })
        .then((response) => response.text().then((text) => `${response.type} ${text}`), () => 'refused');
      return Promise.all([ask('GET'), ask('POST'), ask('POST', {}, 'no-cors'), ask('POST', { 'Content-Type': 'application/json' }),
        ask('POST', { 'Content-Type': 'application/json', 'X-CSRF-Token': 'x' }), ask('DELETE')]);
    }, [target, name]);
    assert.deepEqual(answers, ['refused', 'refused', 'opaque ', 'refused', 'refused', 'refused']);
    evil.page = `<iframe src="${server.url}/"></iframe>`;
    const refused = page.waitForEvent('console', (message) => /frame-ancestors|X-Frame-Options/.test(message.text()));
    await page.goto(`http://${host}:${evil.port}/`);
    await refused;
    assert.ok(!page.frames()[1].url().startsWith(server.url));
    assert.equal((await member.get(`blocked-leads/${name}`)).blocked, false);
    assert.equal(JSON.stringify(await member.get('audit')), history, 'something was recorded');
    if (host === '127.0.0.1') await eventually(() => assert.match(server.log, /method=POST route=\/v1\/blocked-leads status=403 code=csrf_failed user=|status=403 .*code=csrf_failed/));
  });
}

async function signIn(page) {
  await page.goto('/');
  await page.getByLabel('E-mail').fill('grace@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { name: 'Check' }).waitFor();
}

const cookieOf = async (context) => (await context.cookies()).find((one) => one.name === 'leadblock_session');

screen('a session that was there before signing in is not taken over', shared, { allowed: signedOut }, async ({ page, context, server }) => {
  const planted = 'A'.repeat(43);
  await context.addCookies([{ name: 'leadblock_session', value: planted, url: server.url }]);
  await signIn(page);
  const first = await cookieOf(context);
  assert.notEqual(first.value, planted);
  assert.equal((await new Person(server.url, { cookie: planted }).ask('GET', 'session')).status, 401);
  // Nor one that was good: each sign-in has its own.
  const again = await new Person(server.url, { cookie: first.value }).ask('POST', 'session', { email: 'grace@example.com', password: PASSWORD });
  assert.equal(again.status, 200);
  assert.doesNotMatch(again.headers.get('set-cookie'), new RegExp(first.value));
  assert.notEqual(again.data.csrfToken, (await new Person(server.url, { cookie: first.value }).get('session')).csrfToken);
});

// What a script could find, in one text.
const withinReach = (page) => page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, document.referrer, history.state]));

screen('nothing secret is within reach of a script after signing in', shared, { allowed: signedOut }, async ({ page, context, server }) => {
  await signIn(page);
  const cookie = await cookieOf(context);
  assert.ok(cookie.httpOnly);
  assert.equal(cookie.sameSite, 'Strict');
  const { csrfToken } = await new Person(server.url, { cookie: cookie.value }).get('session');
  await page.locator('button.who').click();
  await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'Dark' }).click();
  const found = await withinReach(page);
  for (const secret of [cookie.value, csrfToken, PASSWORD]) assert.ok(!found.includes(secret), `a secret in ${found}`);
  assert.deepEqual(await page.evaluate(() => [document.cookie, sessionStorage.length, Object.keys(localStorage)]), ['', 0, ['leadblock.theme']]);
});

screen('the token of a link leaves the address and the history', shared, { allowed: signedOut }, async ({ page }) => {
  const { link } = await operator.post('users', { email: 'linked@example.com', role: 'viewer', workspaceId: acme.id });
  const token = link.split('/link/')[1];
  await page.goto(link);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('New password again').fill(PASSWORD);
  assert.ok((await withinReach(page)).includes(token), 'the question can be answered with yes');
  await button(page, 'Set the password').click();
  await page.getByRole('heading', { name: 'Check' }).waitFor();
  assert.ok(!(await withinReach(page)).includes(token));
  await page.goBack().catch(() => {});
  assert.ok(!page.url().includes(token), page.url());
});

screen('a member sees nothing of another workspace through anything that the dashboard reads', shared, { timeout: 120_000, allowed: [/status of 404 /] }, async ({ page, context, server }) => {
  // What the dashboard reads is what it asks for while an operator looks at all of the other workspace.
  const asked = new Set();
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (request.method() === 'GET' && url.pathname.startsWith('/v1/')) asked.add(url.pathname.slice(4) + url.search);
  });
  await operator.let(context);
  await choose(context, other);
  for (const [address, seen] of [['#/check?q=secret-lead', page.getByText('secret-reason')], ['#/blocklist?search=secret', page.getByText('Search finished.')],
    ['#/blocklist?list=campaign:secret-campaign', row(page)], ['#/campaigns', row(page)], ['#/campaign/secret-campaign?tab=activities', row(page)],
    ['#/campaign/secret-campaign?tab=blocklist', page.getByText('on the list')], ['#/campaign/secret-campaign?tab=sequence', page.locator('.steps')],
    ['#/keys', row(page)], ['#/overview', row(page)], ['#/audit', row(page)], ['#/audit?of=installation', row(page)], ['#/workspaces', row(page)], ['#/people', row(page)]])
    await open(page, address, seen);
  await open(page, '#/campaign/secret-campaign', row(page));
  await button(page, /^Why/).first().click();
  await dialog(page).locator('.because').waitFor();
  assert.ok(asked.size >= 15, [...asked].join(' '));
  const secret = /secret|Other/;
  operator.workspace = other.id;
  let shown = 0;
  for (const path of asked) {
    const mine = await operator.ask('GET', path);
    if (secret.test(JSON.stringify(mine.data).replaceAll('secret-lead","blocked":false', ''))) shown += 1;
    const named = await member.ask('GET', path, undefined, { 'X-Workspace-Id': other.id });
    if (path !== 'session') assert.ok([403, 404].includes(named.status), `${path}: ${named.status}`);
    const plain = await member.ask('GET', path);
    const text = JSON.stringify(plain.data);
    // Names that were asked for may be told back.
    if (plain.status === 200 && !path.includes('secret')) assert.doesNotMatch(text, secret, path);
    if (path.includes('secret-campaign')) assert.equal(plain.status, 404, path);
    assert.doesNotMatch(text, /secret-(reason|key|name)/, path);
  }
  operator.workspace = acme.id;
  assert.ok(shown >= 8, `only ${shown} answers of the operator have something secret`);
});
