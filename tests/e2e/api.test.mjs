// The screen API: what the server describes is listed and found, and a line that is copied works in a terminal.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';

import { screen, useServer } from './lib/harness.mjs';
import { eventually, heading } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

let client;
let viewer;

const shared = useServer({}, async (server) => {
  client = await makeWorkspace(server, 'Acme');
  viewer = await makePerson(server, 'vic@example.com', 'viewer', client.workspace);
  await client.campaign('spring', 'Spring');
});

const permissions = ['clipboard-read', 'clipboard-write'];
const operations = (page) => page.locator('.operation-head');
const lines = (page) => page.getByRole('textbox', { name: /^(curl|Python|JavaScript)$/ });

function shell(line) {
  return new Promise((done, failed) => {
    execFile('/bin/sh', ['-c', line], (error, out, err) => (error ? failed(new Error(err)) : done(out)));
  });
}

screen('every operation is listed, and found by its path and its name', shared, {}, async ({ page, context, server }) => {
  const { paths } = await (await fetch(`${server.url}/v1/openapi.json`)).json();
  const count = Object.values(paths).flatMap((item) => Object.keys(item)).filter((name) => name !== 'parameters').length;
  await viewer.open({ page, context }, '#/api');
  await heading(page, 'API');
  await eventually(async () => assert.equal(await operations(page).count(), count));
  await page.getByLabel('Search').fill('EXPLAIN');
  await eventually(async () => assert.equal(await operations(page).count(), 1));
  await page.getByLabel('Search').fill('no such thing');
  await page.getByText('No operation has this in its path or name.').waitFor();
});

screen('a line that is copied works, with a campaign that there is', shared, { permissions }, async ({ page, context, server }) => {
  await viewer.open({ page, context }, '#/api');
  await page.getByRole('button', { name: /Block people in a campaign/ }).click();
  await page.getByRole('button', { name: 'Copy lines' }).click();
  await page.getByText('Copied.').waitFor();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(line.includes(`'${server.url}/v1/campaigns/spring/blocked-leads'`), line);
  const answer = JSON.parse(await shell(`${line.replace('YOUR_KEY', client.key)} -s`));
  assert.deepEqual(answer, { success: true, message: '2 leads blocked', blocked: 2 });
});

screen('the language is remembered, and the address opens an operation', shared, {}, async ({ page, context }) => {
  await viewer.open({ page, context }, '#/api?op=getStatistics');
  const begins = (words) => eventually(async () => assert.match(await lines(page).inputValue(), words));
  await begins(/^curl /);
  await page.getByLabel('Language').selectOption('Python');
  await begins(/^import requests\n/);
  await page.reload();
  await begins(/^import requests\n/);
  await page.getByRole('button', { name: /Get the numbers of the workspace/ }).click();
  await lines(page).waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).hash, '#/api');
});
