// The page of a person: blocked or not, where and why, in which campaigns, what happened; and what can be done there.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, saved, toast } from './lib/pages.mjs';
import { isFocused, pressOn } from './lib/keyboard.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, workspaceList } from './lib/blocklists.mjs';

let acme;
let member;
let viewer;

const shared = useServer({}, async (server) => {
  acme = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'mia@example.com', 'member', acme.workspace);
  viewer = await makePerson(server, 'vic@example.com', 'viewer', acme.workspace);
  for (const [id, name] of [['q1', 'First quarter'], ['q2', 'Second quarter']]) await acme.campaign(id, name);
  await acme.call('POST', '/v1/campaigns/q1/leads', { leads: [{ publicIdentifier: 'ann-doe', firstName: 'Ann', companyName: 'Doe & Co' }] });
  await acme.block(campaignList('q1'), ['ann-doe'], 'Asked to stop');
});

const table = (page, name) => page.getByRole('table', { name });
const cells = (page, name) => table(page, name).locator('tbody tr:not(.skeleton)')
  .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
/** Without when: [what, where, reason, by]. */
const history = async (page) => (await cells(page, 'History')).map((row) => row.slice(1, 5));

screen('what is known of a person', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, `#/person/${encodeURIComponent('https://www.linkedin.com/in/Ann-Doe/')}`);
  await heading(page, 'ann-doe');
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  const item = page.locator('.block-item');
  await item.getByRole('link', { name: 'Campaign First quarter' }).waitFor();
  for (const text of ['Asked to stop', 'API key CRM']) await item.getByText(text).waitFor();
  assert.equal(await item.locator('time').count(), 1, 'since when');
  await eventually(async () => assert.deepEqual((await cells(page, 'Campaigns with this lead')).map((row) => row.slice(0, 5)),
    [['First quarter', 'Ann', 'Doe & Co', 'Waiting', 'Blocked: campaign']]));
  await eventually(async () => assert.deepEqual(await history(page), [['Blocked Holds', 'Campaign First quarter', 'Asked to stop', 'API key CRM']]));
  await page.setViewportSize({ width: 375, height: 740 });
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window, `${wide} px in ${window} px`);
  await page.getByRole('link', { name: 'Campaign First quarter' }).click();
  await heading(page, 'First quarter');
});

screen('what the audit has of a person is a link away, also as a file', shared, {}, async ({ page, context }) => {
  await acme.block(workspaceList, ['lou-mey', 'max-ott'], 'Asked to stop');
  await viewer.open({ page, context }, '#/person/Lou-Mey');
  await page.getByRole('link', { name: 'In the audit' }).click();
  await page.getByText('Changes about lou-mey').waitFor();
  const rows = page.getByRole('table', { name: 'Actions' }).locator('tbody tr:not(.skeleton)');
  await eventually(async () => assert.equal(await rows.count(), 1));
  const { text } = await saved(page, () => page.getByRole('button', { name: 'Export as CSV' }).click());
  assert.equal(text.trim().split('\r\n').length, 2);
});

screen('on a desk an event of the history is one line, and says the rest when it is pointed at', shared, {}, async ({ page, context }) => {
  const reason = 'Wrote to us twice that no mail of ours is wanted, neither at work nor at home, and not to colleagues either';
  await acme.campaign('long', 'Third quarter: everybody who was at the fair in Hanover and left an address');
  await acme.block(campaignList('long'), ['ned-poe'], reason);
  await acme.call('DELETE', campaignList('long'), { publicIdentifiers: ['ned-poe'] });
  await acme.block(campaignList('long'), ['ned-poe'], reason);
  await member.open({ page, context }, '#/person/ned-poe');
  const rows = page.getByRole('table', { name: 'History' }).locator('tbody tr:not(.skeleton)');
  await eventually(async () => assert.equal(await rows.count(), 3));
  await eventually(async () => {
    assert.ok(await rows.first().getByText('Holds').evaluate((badge) => badge.getBoundingClientRect().bottom <= badge.closest('tr').getBoundingClientRect().bottom), 'what holds is seen');
    const heights = await rows.evaluateAll((all) => all.map((row) => row.offsetHeight));
    assert.ok(heights.every((height) => height >= 36 && height <= 40), `rows of ${heights} px`);
  });
  const cell = rows.last().locator('.reason-cell > .cell');
  await cell.hover();
  await eventually(async () => assert.equal(await cell.getAttribute('title'), reason));
  const link = rows.last().getByRole('link', { name: /^Third quarter/ });
  await link.focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await isFocused(page, /^a Third quarter/);
  await eventually(async () => assert.ok(await rows.last().evaluate((row) => row.offsetHeight) > 50, 'all of it, for who has the focus there'));
});

screen('what the log says of a person is saved, signed', shared, {}, async ({ page, context }) => {
  await viewer.open({ page, context }, '#/person/ann-doe');
  const file = await saved(page, () => page.getByRole('button', { name: 'Download the statement' }).click());
  assert.equal(file.name, 'evidence-ann-doe.json');
  const { statement, signature } = JSON.parse(file.text);
  const { publicIdentifier, events } = JSON.parse(statement);
  assert.deepEqual([publicIdentifier, events[0].event, events[0].reason], ['ann-doe', 'block', 'Asked to stop']);
  assert.ok(signature);
  const link = await page.getByRole('link', { name: 'What it proves' }).evaluate((one) => one.href);
  assert.match(await (await fetch(link)).text(), /id="evidence"/);
});

screen('a person who is left out by an address is not called free without a word', shared, {}, async ({ page, context }) => {
  await acme.call('POST', '/v1/campaigns/q1/leads', { leads: [{ publicIdentifier: 'pat-sun', email: 'pat@sun.example' }] });
  await acme.call('POST', '/v1/blocklist', { entries: [{ email: 'pat@sun.example', reason: 'Asked by mail' }] });
  await viewer.open({ page, context }, '#/person/pat-sun');
  await page.getByText('This person is left out by another name').waitFor();
  await page.getByRole('link', { name: 'see why' }).click();
  await page.getByRole('button', { name: 'Why: pat-sun' }).click();
  await page.getByRole('dialog').getByText('“Asked by mail”').waitFor();
  await page.goto('/#/person/ann-doe');
  await table(page, 'Campaigns with this lead').getByText('Blocked: campaign').waitFor();
  assert.equal(await page.getByText('This person is left out by another name').count(), 0, 'it is blocked by its name');
});

screen('blocked, unblocked and undone there, by keyboard', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/person/bob-roe');
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  await page.getByText('This person was never on a blocklist.').waitFor();
  await page.getByText('This person is not a lead in any campaign.').waitFor();
  await page.getByLabel('Block in').selectOption({ label: 'Campaign: Second quarter' });
  await page.getByLabel('Reason (optional)').fill('Competitor');
  await page.keyboard.press('Enter');
  await toast(page).getByText('bob-roe is blocked in campaign Second quarter.').waitFor();
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await eventually(async () => assert.deepEqual(await history(page), [['Blocked Holds', 'Campaign Second quarter', 'Competitor', 'mia@example.com']]));

  await pressOn(page, /^button Unblock in Campaign Second quarter/);
  await page.getByRole('dialog', { name: 'Unblock bob-roe?' }).waitFor();
  await pressOn(page, /^button Unblock$/);
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  await isFocused(page, /^h1 bob-roe/);
  assert.equal((await acme.get('/v1/blocked-leads/bob-roe')).blocked, false);
  await pressOn(page, /^button Undo$/);
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await eventually(async () => assert.deepEqual((await history(page)).map(([what]) => what), ['Undid a change', 'Unblocked', 'Blocked Holds']));
  await pressOn(page, /^button Undo: Blocked in campaign Second quarter/);
  await page.getByRole('dialog', { name: 'Undo this change?' }).getByText('Blocked 1 name in campaign Second quarter. All of that').waitFor();
  await pressOn(page, /^button Undo$/);
  await toast(page).getByText('Undone.').waitFor();
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  assert.equal((await acme.get('/v1/blocked-leads/bob-roe')).blocked, false);
  await eventually(async () => assert.equal((await history(page)).length, 4));
  await page.getByRole('button', { name: /^Undo: Unblocked/ }).click();
  await page.getByRole('dialog').getByText('It was undone already.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('table', { name: 'History' }).getByRole('link', { name: 'Unblocked' }).click();
  await heading(page, 'Unblocked 1 name');
  await page.getByRole('link', { name: 'Show the undo' }).click();
  await heading(page, 'Undid a change: 1 name');
  await page.getByRole('link', { name: 'bob-roe', exact: true }).click();
  await heading(page, 'bob-roe');
});

screen('a person of several names is blocked by any of them, and freed there', shared, {}, async ({ page, context }) => {
  const id = `ACoAA${'3'.repeat(35)}`;
  await acme.call('POST', '/v1/people/link', { links: ['ida-old', 'ida-new'].map((publicIdentifier) => ({ memberId: id, publicIdentifier })) });
  await acme.block(campaignList('q1'), ['ida-old'], 'Asked to stop');
  await acme.block(workspaceList, [id], 'Again');
  await member.open({ page, context }, '#/person/ida-new');
  await page.getByText('A block of one of them holds here, too.').waitFor();
  const others = page.getByRole('list', { name: 'Other names' }).locator('.lead > a:first-child');
  assert.deepEqual((await others.allTextContents()).sort(), [id, 'ida-old']);
  await page.locator('.block-item').filter({ hasText: 'By the other name ida-old' }).waitFor();
  await page.getByRole('button', { name: 'Unblock ida-old in Campaign First quarter' }).click();
  await page.getByRole('dialog', { name: 'Unblock ida-old?' }).getByRole('button', { name: 'Unblock' }).click();
  await eventually(async () => assert.equal((await acme.get('/v1/blocked-leads/ida-new')).blocksTotal, 1));
  await page.getByRole('button', { name: `Unblock ${id} in the workspace` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unblock' }).click();
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  assert.equal((await acme.get('/v1/blocked-leads/ida-old')).blocked, false);
  await others.filter({ hasText: 'ida-old' }).click();
  await heading(page, 'ida-old');
});

screen('a person is erased there, stays blocked, and is freed by the name', shared, {}, async ({ page, context }) => {
  await acme.block(workspaceList, ['gus-ray'], 'Asked Gus');
  await member.open({ page, context }, '#/person/gus-ray');
  await page.getByRole('button', { name: 'Erase…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase this person?' });
  await dialog.getByText('This removes 1 name of the person, 1 blocklist entry, 1 reason and 0 leads').waitFor();
  await dialog.getByText('The person stays blocked').waitFor();
  await dialog.getByLabel('Type gus-ray to confirm').fill('gus-ray');
  await dialog.getByRole('button', { name: 'Erase' }).click();
  await toast(page).getByText(/^Erased/).waitFor();
  await page.getByRole('heading', { name: 'Blocked', exact: true }).waitFor();
  await eventually(async () => assert.deepEqual((await history(page)).map(([, where, reason]) => [where, reason]), [['Workspace', '–']]));
  await page.goto('/#/blocklist');
  await page.getByRole('table').getByText('Erased', { exact: true }).waitFor();
  assert.equal(await page.getByText('gus-ray').count(), 0);
  await page.goto('/#/audit');
  await page.getByRole('cell', { name: 'Erased a person', exact: true }).waitFor();
  await page.goto('/#/person/gus-ray');
  await page.getByRole('button', { name: 'Unblock in the workspace' }).click();
  await page.getByRole('dialog', { name: 'Unblock gus-ray?' }).getByRole('button', { name: 'Unblock' }).click();
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
  assert.equal((await acme.get('/v1/blocked-leads/gus-ray')).blocked, false);
});

screen('every name leads to its person', shared, {}, async ({ page, context }) => {
  await acme.block(workspaceList, ['eve-lin'], 'Partner');
  await acme.call('POST', '/v1/campaigns/q2/leads', { leads: [{ publicIdentifier: 'eve-lin' }] });
  await member.open({ page, context }, '#/blocklist');
  for (const address of ['#/blocklist', '#/check?q=eve-lin', '#/campaign/q2']) {
    await page.goto(`/${address}`);
    await page.getByRole('link', { name: 'eve-lin', exact: true }).click();
    await heading(page, 'eve-lin');
    assert.equal(new URL(page.url()).hash, '#/person/eve-lin');
  }
});

screen('a long history comes in pages', shared, {}, async ({ page, context }) => {
  for (let turn = 0; turn < 28; turn++) {
    await acme.block(campaignList('q1'), ['kim-poe'], `Reason ${turn}`);
    await acme.call('DELETE', campaignList('q1'), { publicIdentifiers: ['kim-poe'] });
  }
  await viewer.open({ page, context }, '#/person/kim-poe');
  await eventually(async () => assert.equal((await history(page)).length, 50));
  await page.getByRole('button', { name: 'Older' }).click();
  await eventually(async () => assert.equal((await history(page)).length, 56));
  assert.deepEqual((await history(page)).at(-1).slice(0, 3), ['Blocked', 'Campaign First quarter', 'Reason 0']);
  assert.equal(await page.getByRole('button', { name: 'Older' }).count(), 0);
  assert.deepEqual(await page.locator('main button').allTextContents(), ['Download the statement'], 'a viewer changes nothing');
});

screen('what is no profile is said in words', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context }, `#/person/${encodeURIComponent('ann@example.com')}`);
  await page.getByText('This is not a LinkedIn profile').waitFor();
  await page.getByText(/e-mail address/).waitFor();
  await page.getByRole('link', { name: 'Check it as something else' }).click();
  await page.getByRole('heading', { name: 'Not blocked', exact: true }).waitFor();
});
