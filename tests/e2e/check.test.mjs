// Any spelling that is pasted gets the right verdict, and can be acted on.
import assert from 'node:assert/strict';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { campaignList, makeWorkspace, workspaceList } from './lib/blocklists.mjs';

let client;
let member;

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'First quarter');
  await client.block(workspaceList, ['jürgen-groß', 'jane-smith'], 'Existing client');
  await client.block(campaignList('q1'), ['jane-smith', 'campaign-only'], 'Asked not to be contacted');
});

const box = (page) => page.getByRole('searchbox', { name: 'LinkedIn profile, e-mail address, phone number, domain or company' });
const verdict = (page, text) => page.getByRole('heading', { level: 2, name: text, exact: true }).waitFor();

// As with Ctrl+V: the text replaces what is there, and the page hears of it.
async function paste(page, text) {
  await box(page).fill('');
  await page.evaluate((value) => {
    const input = document.querySelector('#check-input');
    input.focus();
    input.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true }));
    document.execCommand('insertText', false, value);
  }, text);
}

async function ask(page, text) {
  await box(page).fill(text);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
}

screen('spellings of one lead have one verdict', shared, {}, async ({ page, context }) => {
  await member.open({ page, context });
  for (const spelling of ['jürgen-groß', '  JÜRGEN-GROSS ', 'in/Jürgen-Groß', '/in/jürgen-groß/', 'j%C3%BCrgen-gro%C3%9F',
    'https://www.linkedin.com/in/j%C3%BCrgen-gro%C3%9F/?utm_source=share', 'HTTP://DE.LinkedIn.com/in/JÜRGEN-GROß/de-DE', 'm.linkedin.com/comm/in/j%c3%bcrgen-gross#top']) {
    await ask(page, 'nobody');
    await verdict(page, 'Not blocked');
    await paste(page, spelling);
    await verdict(page, 'Blocked');
    await page.locator('.verdict .profile').getByText('jürgen-gross').waitFor();
  }
});

screen('the verdict says where, why, since when and by whom', shared, {}, async ({ page, context }) => {
  await member.open({ page, context });
  await paste(page, 'https://www.linkedin.com/in/Jane-Smith/');
  await verdict(page, 'Blocked');
  const items = page.locator('.block-item');
  const texts = await items.evaluateAll((list) => list.map((item) => [...item.querySelectorAll('p')].map((line) => line.textContent)));
  const since = async (list) => (await client.entries(list)).find((entry) => entry.publicIdentifier === 'jane-smith').createdAt;
  const shown = (iso) => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(iso));
  assert.deepEqual(texts, [
    ['Whole workspace', 'Existing client', `${shown(await since(workspaceList))} · API key CRM`],
    ['Campaign First quarter', 'Asked not to be contacted', `${shown(await since(campaignList('q1')))} · API key CRM`],
  ]);
  assert.equal(await items.locator('time').first().getAttribute('datetime'), await since(workspaceList));
  await page.getByRole('status').getByText('jane-smith: blocked in Workspace, Campaign First quarter').waitFor({ state: 'attached' });
  // The address holds the question, so that it can be shared.
  await page.reload();
  await verdict(page, 'Blocked');
  assert.match(await box(page).inputValue(), /Jane-Smith/);
});

screen('what is no profile is said in words', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context });
  for (const [text, words] of [
    ['https://www.linkedin.com/sales/lead/ACwAA', /cut short/], ['john-%zz', /percent-encoding/], ['.', /not of a profile/], ['..', /not of a profile/]]) {
    await ask(page, ''); // what the one before was told is gone
    await page.locator('.check-hint').waitFor();
    await paste(page, text);
    await page.locator('.notice.warn', { hasText: 'This is not a LinkedIn profile' }).getByText(words).waitFor();
    assert.equal(await page.locator('.verdict').count(), 0, text);
  }
});

screen('a name with blanks is not guessed, but can be searched or checked', shared, { allowed: [/status of 400 /] }, async ({ page, context }) => {
  await member.open({ page, context });
  await ask(page, 'Jane Smith');
  await page.getByText('This is a name, not a profile name').waitFor();
  assert.equal(await page.locator('.verdict').count(), 0);
  await page.getByRole('button', { name: 'Check jane-smith' }).click();
  await verdict(page, 'Blocked');
  await ask(page, 'Jane Smith');
  await page.getByRole('link', { name: 'Search the blocklist for “jane-smith”' }).click();
  await heading(page, 'Blocklist');
  await page.getByRole('row', { name: /jane-smith/ }).waitFor();
});

screen('checked and blocked for one campaign', shared, {}, async ({ page, context }) => {
  await client.campaign('q2', 'Second quarter');
  await member.open({ page, context }, '#/check?q=campaign-only');
  await verdict(page, 'Blocked');
  await page.getByLabel('For', { exact: true }).selectOption({ label: 'Campaign: Second quarter' });
  await verdict(page, 'Not blocked');
  await page.getByText('in campaign Second quarter').waitFor();
  assert.equal(await page.getByLabel('Block in').inputValue(), 'campaign:q2');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await verdict(page, 'Blocked');
  assert.deepEqual((await client.get('/v1/blocked-leads/campaign-only')).blocks.map(({ campaignId }) => campaignId).sort(), ['q1', 'q2']);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await verdict(page, 'Not blocked');
});

screen('blocked from the verdict, and taken back', shared, {}, async ({ page, context }) => {
  await member.open({ page, context });
  await ask(page, 'New-Person');
  await verdict(page, 'Not blocked');
  await page.getByLabel('Reason (optional)').fill('Wrote back: no');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await toast(page).getByText('new-person is blocked.').waitFor();
  await verdict(page, 'Blocked');
  await page.locator('.block-item').getByText('Wrote back: no').waitFor();
  await page.locator('.block-item').getByText('ada@example.com').waitFor();
  const where = await client.get('/v1/blocked-leads/new-person');
  assert.deepEqual(where.blocks.map(({ scope, reason, by }) => [scope, reason, by.name]), [['workspace', 'Wrote back: no', 'ada@example.com']]);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await toast(page).getByText('Undone.').waitFor();
  await verdict(page, 'Not blocked');
  assert.equal((await client.get('/v1/blocked-leads/new-person')).blocked, false);
});

screen('unblocked in one list only, and taken back with its date', shared, {}, async ({ page, context }) => {
  await client.block(workspaceList, ['two-lists'], 'First');
  await client.block(campaignList('q1'), ['two-lists'], 'Second');
  const before = await client.get('/v1/blocked-leads/two-lists');
  await member.open({ page, context }, '#/check?q=two-lists');
  await page.getByRole('button', { name: 'Unblock in Campaign First quarter' }).click();
  await page.getByRole('dialog', { name: 'Unblock two-lists?' }).getByText('Campaign First quarter may then contact this person.').waitFor();
  await page.getByRole('button', { name: 'Unblock', exact: true }).click();
  await toast(page).getByText('two-lists is unblocked.').waitFor();
  await eventually(async () => assert.equal(await page.locator('.block-item').count(), 1));
  assert.deepEqual((await client.get('/v1/blocked-leads/two-lists')).blocks.map(({ scope }) => scope), ['workspace']);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.equal(await page.locator('.block-item').count(), 2));
  assert.deepEqual(await client.get('/v1/blocked-leads/two-lists'), before);
});

screen('who is blocked in a campaign only can be blocked everywhere', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/check?q=campaign-only');
  await page.getByRole('button', { name: 'Block in the whole workspace' }).click();
  await page.getByRole('button', { name: 'Unblock in the workspace' }).waitFor();
  await page.getByRole('link', { name: 'Campaign First quarter' }).click();
  await heading(page, 'First quarter');
});
