// Imports: the last ones on Overview, the page of each, and its undo as one.
import assert from 'node:assert/strict';

import { campaignList, makeWorkspace, workspaceList } from './lib/blocklists.mjs';
import { screen, useServer } from './lib/harness.mjs';
import { eventually, toast } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';

let acme;
let member;
let viewer;

async function importFile(list, text, query = '') {
  const response = await fetch(`${acme.server.url}${list}/import${query}`, {
    method: 'POST', headers: { 'x-api-key': acme.key, 'Content-Type': 'text/plain' }, body: text });
  assert.equal(response.status, 200);
}

const shared = useServer({}, async (server) => {
  acme = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'mia@example.com', 'member', acme.workspace);
  viewer = await makePerson(server, 'vic@example.com', 'viewer', acme.workspace);
  await acme.campaign('q1', 'First quarter');
});

// Names of every type, as they are added under Other names.
const importNames = (text) => importFile('/v1/blocklist', text);

const imports = (page) => page.getByRole('table', { name: 'Last imports' });
const rows = (page) => imports(page).locator('tbody tr')
  .evaluateAll((all) => all.map((row) => [...row.children].slice(1, 4).map((cell) => cell.textContent)));

screen('an import is undone from Overview, also on a phone', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/overview');
  await page.getByRole('heading', { name: 'Recent actions' }).waitFor();
  assert.equal(await imports(page).count(), 0, 'there are none');

  await acme.block(campaignList('q1'), ['by-hand']);
  await importFile(campaignList('q1'), 'ann-one\nbob-two\nby-hand\n');
  await importFile(workspaceList, 'cid-three\n');
  await importFile(workspaceList, 'cid-three\n', '?action=unblock');
  await page.setViewportSize({ width: 375, height: 740 });
  await page.reload();
  await imports(page).waitFor();
  assert.deepEqual(await rows(page), [
    ['Unblocked 1 entry in the workspace', 'Done', 'API key CRM'], ['Blocked 1 entry in the workspace', 'Done', 'API key CRM'],
    ['Blocked 2 entries in campaign First quarter', 'Done', 'API key CRM']]);
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window, `${wide} px in ${window} px`);

  await imports(page).getByRole('button', { name: 'Undo: Blocked 2 entries in campaign First quarter' }).click();
  await page.getByRole('dialog').getByText('Blocked 2 entries in campaign First quarter. All of that is taken back; what others did stays.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await toast(page).getByText('Undone: 2 leads unblocked, 1 blocked still by another request.').waitFor();
  await eventually(async () => assert.deepEqual((await rows(page))[2], ['Blocked 2 entries in campaign First quarter', 'Undone', 'API key CRM']));
  assert.deepEqual((await acme.entries(campaignList('q1'))).map((entry) => entry.publicIdentifier), ['by-hand']);
  assert.equal(await imports(page).getByRole('button', { name: /First quarter/ }).count(), 0, 'it is undone');
});

screen('a viewer sees imports and undoes none', shared, {}, async ({ page, context }) => {
  await importFile(workspaceList, 'dan-four\n');
  await viewer.open({ page, context }, '#/overview');
  await imports(page).getByText('Blocked 1 entry in the workspace').first().waitFor();
  assert.equal(await imports(page).getByRole('button').count(), 0);
});

screen('a file of companies and domains has entries, and no leads', shared, {}, async ({ page, context }) => {
  await importNames('Company,Domain\nUmbrella Holding GmbH,umbrella.example\nContoso Ltd,contoso.example\n');
  await member.open({ page, context }, '#/audit?of=imports');
  const link = page.getByRole('table', { name: 'Imports' }).getByRole('link', { name: 'Blocked 4 entries in the workspace' });
  await link.waitFor();
  await link.click();
  await page.getByRole('heading', { name: 'Names (4)' }).waitFor();
  assert.doesNotMatch(await page.locator('main').innerText(), /\bleads?\b/);
});
