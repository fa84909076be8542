// docs/openapi.yaml with the tools that others use on it: a linter, and a client with generated types that
// talks to the server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makePerson } from '../e2e/lib/people.mjs';
import { Server, root } from '../e2e/lib/server.mjs';
import { callers, languages, operationsByTag, requestOf } from '../../web/src/api-lines.js';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(root, 'docs', 'openapi.yaml');
const [major, minor] = process.versions.node.split('.').map(Number);
const runsRedocly = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
const run = promisify(execFile);
const tool = (name, ...args) => run(join(here, 'node_modules', '.bin', name), args, {
  cwd: here,
  env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
}).catch((error) => assert.fail(`${name}:\n${error.stdout}\n${error.stderr}`));

let server;
let workspace;
let key;
let folder;

before(async () => {
  server = await Server.start();
  workspace = await server.cli('workspace', 'create', 'Generated', '--plan', 'pro');
  key = await server.cli('key', 'create', workspace, '--name', 'generated');
  folder = await mkdtemp(join(tmpdir(), 'leadblock-openapi-'));
  await writeFile(join(folder, 'people.csv'), 'LinkedIn\nhttps://www.linkedin.com/in/ann-doe/\n');
});

after(async () => {
  await server?.remove();
  if (folder) await rm(folder, { recursive: true });
});

test('redocly recommends nothing', { skip: !runsRedocly && 'redocly needs node 20.19 or 22.12' },
  () => tool('redocly', 'lint', '--config', 'redocly.yaml', source));

test('a client with generated types blocks, checks and claims', async () => {
  await tool('openapi-typescript', source, '--output', 'generated/api.d.ts');
  await tool('tsc');
  const client = await import('./generated/js/client.js');
  const { url } = server;
  const { changeId, ...seen } = await client.blockAndClaim(url, key);
  assert.match(changeId, /^ch_/);
  assert.deepEqual(seen, {
    message: '1 lead blocked',
    reason: 'Asked to stop',
    claimed: ['jane-smith'],
    leads: [['jane-smith', false], ['john-doe', true]],
  });
  assert.deepEqual(await client.wrongKey(url), [401, 'invalid_api_key']);
});

// As the screen API of the dashboard shows them: those for keys, or those for sessions.
async function linesOf(language, { session = false, url = server.url, own = key } = {}) {
  const document = await (await fetch(`${server.url}/v1/openapi.json`)).json();
  const { write } = languages.find(({ value }) => value === language);
  return operationsByTag(document).flatMap(({ operations }) => operations)
    .filter(({ operation }) => (callers(document, operation) === 'session') === session)
    .map((entry) => [entry.id, write(requestOf(document, entry, url)).replace('YOUR_KEY', own), entry.operation.responses]);
}

// The status that a curl line is answered when it is pasted, which must be one that is described.
async function pasted(line, responses) {
  const command = line.replace(/^curl /, "curl -s -w '\\n%{http_code}' ");
  const { stdout } = await run('/bin/sh', ['-c', command], { cwd: folder, maxBuffer: 1 << 24 });
  const status = Number(stdout.slice(stdout.lastIndexOf('\n') + 1));
  assert.ok(status in responses, `${line}\n${stdout}`);
  return status;
}

// What an example names need not be there, and was not made here; all else must do what it says.
const refused = (seen) => Object.entries(seen).filter(([, status]) => status >= 300).map(([id, status]) => `${id} ${status}`).sort();

// The examples' leads, steps and variants have other ids at each server: those that are there, by the ids' beginning.
async function idsOf(url, own) {
  const get = async (path) => (await fetch(`${url}/v1/${path}`, { headers: { 'x-api-key': own } })).json();
  for (const { id } of await get('campaigns')) {
    const [lead] = await get(`campaigns/${id}/leads`);
    const { steps } = await get(`campaigns/${id}/sequence`);
    const step = steps.find(({ messages }) => messages.length) ?? steps[0];
    if (lead && step) return { ac: `ac_${lead.id.slice(3)}_${step.id.slice(3)}`, ld: lead.id, st: step.id, var: step.messages[0]?.id };
  }
  return {};
}

test('every curl line of the dashboard works when it is pasted', async (t) => {
  const fresh = await Server.start();
  t.after(() => fresh.remove());
  const pasting = await fresh.cli('workspace', 'create', 'Pasting', '--plan', 'pro');
  const seen = {};
  // What the others are about is made first, and deleted last.
  const rank = (id) => (/^(createCampaign|addLeads)/.test(id) ? 0 : /^delete/.test(id) ? 2 : 1);
  const own = await fresh.cli('key', 'create', pasting, '--name', 'pasting');
  const lines = await linesOf('curl', { url: fresh.url, own });
  lines.sort(([a], [b]) => rank(a) - rank(b));
  for (const [id, line, responses] of lines) {
    const ids = await idsOf(fresh.url, own);
    seen[id] = await pasted(line.replace(/\b(ac|ld|st|var)_\w+/g, (example, kind) => ids[kind] ?? example), responses);
  }
  assert.deepEqual(refused(seen), [
    'changeHook 404', 'completeActivity 409', 'deleteLead 404', 'deleteStep 404', 'deleteVariant 404', 'getChange 404', 'getImport 404',
    'listChangedLeads 404', 'listDeliveries 404', 'readLink 401', 'removeHook 404', 'retryDelivery 404', 'signIn 401', 'testHook 404',
    'undoChange 404', 'undoImport 404', 'useLink 401',
  ]);
});

test('every curl line for signed-in users does, too', async () => {
  const seen = {};
  for (const [id, line, responses] of await linesOf('curl', { session: true })) {
    const who = /Keys?$|^setCountry$/.test(id) ? ['member', workspace] : ['operator'];
    const { cookie, session } = await makePerson(server, `${id.toLowerCase()}@example.com`, ...who);
    seen[id] = await pasted(line.replace('YOUR_SESSION', cookie).replace('YOUR_CSRF_TOKEN', session.csrfToken), responses);
  }
  assert.deepEqual(refused(seen), [
    'beginSecondFactor 403', 'changePassword 403', 'confirmSecondFactor 404', 'createUser 404', 'deleteUser 404', 'endSession 404', 'endSessionOfUser 404', 'endSessionsOfUser 404',
    'getInstallationChange 404', 'getInstallationImport 404', 'listInstallationChangedLeads 404',
    'listSessionsOfUser 404', 'makeLink 404', 'makeRecoveryCodes 403', 'resetSecondFactor 404', 'revokeKey 404', 'revokeLink 404', 'setPlan 404',
    'turnOffSecondFactor 403', 'undoInstallationChange 404', 'undoInstallationImport 404',
  ]);
});

test('the lines of Python and JavaScript do the same', async () => {
  const inFolder = { cwd: folder, maxBuffer: 1 << 24 };
  const python = Object.fromEntries(await linesOf('python'));
  const javascript = Object.fromEntries(await linesOf('javascript'));
  for (const id of ['blockInWorkspace', 'listWorkspaceBlocks', 'importIntoWorkspaceBlocklist', 'getMetrics']) {
    const { stdout } = await run('/usr/bin/python3', ['-c', python[id]], inFolder);
    assert.match(stdout, /^200 /, python[id]);
    const answer = await run(process.execPath, ['--input-type=module', '-e', javascript[id]], inFolder);
    assert.match(answer.stdout, /^200 /, javascript[id]);
  }
  await writeFile(join(folder, 'lines.json'), JSON.stringify(Object.values(python)));
  await run('/usr/bin/python3', ['-c', "import json\nfor each in json.load(open('lines.json')): compile(each, 'lines', 'exec')"], inFolder);
});
