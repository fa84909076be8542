// docs/openapi.yaml with the tools that others use on it: a linter, and a client with generated types that
// talks to the server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Server, root } from '../e2e/lib/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(root, 'docs', 'openapi.yaml');
const [major, minor] = process.versions.node.split('.').map(Number);
const runsRedocly = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
const tool = (name, ...args) => promisify(execFile)(join(here, 'node_modules', '.bin', name), args, {
  cwd: here,
  env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
}).catch((error) => assert.fail(`${name}:\n${error.stdout}\n${error.stderr}`));

const server = { running: null };
after(() => server.running?.remove());

async function start() {
  server.running = await Server.start();
  const workspace = await server.running.cli('workspace', 'create', 'Generated', '--plan', 'pro');
  return server.running.cli('key', 'create', workspace, '--name', 'generated');
}

test('redocly recommends nothing', { skip: !runsRedocly && 'redocly needs node 20.19 or 22.12' },
  () => tool('redocly', 'lint', '--config', 'redocly.yaml', source));

test('a client with generated types blocks, checks and claims', async () => {
  await tool('openapi-typescript', source, '--output', 'generated/api.d.ts');
  await tool('tsc');
  const client = await import('./generated/js/client.js');
  const key = await start();
  const { url } = server.running;
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
