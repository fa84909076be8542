// leadblock mcp with the clients that assistants are made with: npm's @modelcontextprotocol/sdk, which begins with
// `initialize`, and @modelcontextprotocol/client, which names the newest revision in every request.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Server, binary } from '../e2e/lib/server.mjs';

const [major] = process.versions.node.split('.').map(Number);
const runsNew = major >= 20;
const { Client } = runsNew ? await import('@modelcontextprotocol/client') : {};
const { StdioClientTransport } = runsNew ? await import('@modelcontextprotocol/client/stdio') : {};

let server;
let key;
let readOnly;
const errors = [];

before(async () => {
  server = await Server.start();
  const workspace = await server.cli('workspace', 'create', 'Assistants', '--plan', 'pro');
  key = await server.cli('key', 'create', workspace, '--name', 'assistant');
  readOnly = await server.cli('key', 'create', workspace, '--name', 'reader', '--read-only');
  await server.cli('campaign', 'create', workspace, 'Launch', '--id', 'launch');
  const response = await fetch(`${server.url}/v1/campaigns/launch/leads`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ leads: [{ publicIdentifier: 'john-doe' }, { publicIdentifier: 'jane-smith' }] }),
  });
  assert.equal(response.status, 200);
});

after(async () => {
  await server?.remove();
});

const me = { name: 'test', version: '1.0.0' };
const kinds = {
  'sdk 1': () => [new OldClient(me), OldTransport],
  'client 2, revision 2026-07-28': () => [new Client(me, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    StdioClientTransport],
  'client 2, whatever is there': () => [new Client(me, { versionNegotiation: { mode: 'auto' } }), StdioClientTransport],
};

async function connected(kind, { args = [], env = {} }, use) {
  const [client, Transport] = kinds[kind]();
  const transport = new Transport({
    command: binary(), args: ['mcp', ...args], stderr: 'inherit',
    env: { LEADBLOCK_URL: server.url, LEADBLOCK_KEY: key, ...env },
  });
  client.onerror = (error) => errors.push(error);
  await client.connect(transport);
  try {
    return await use(client, transport);
  } finally {
    await client.close();
  }
}

// callTool() checks structuredContent against the tool's output schema.
const call = async (client, name, args) => {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, JSON.stringify(result));
  assert.deepEqual(JSON.parse(result.content[1].text), result.structuredContent);
  return result.structuredContent;
};

for (const kind of Object.keys(kinds)) {
  const skip = !runsNew && kind !== 'sdk 1' && 'the client needs node 20';
  test(`an assistant checks, blocks, explains and unblocks: ${kind}`, { skip }, () => connected(kind, {
    args: ['--allow-writes'],
  }, async (client) => {
    assert.equal(client.getServerVersion().name, 'leadblock');
    assert.match(client.getInstructions(), /check/);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name), ['check', 'explain', 'list', 'history', 'block', 'unblock']);
    const people = { publicIdentifiers: ['https://www.linkedin.com/in/John-Doe/', 'jane-smith'] };
    const blocked = await call(client, 'block', { publicIdentifiers: ['john-doe'], reason: 'Asked to stop' });
    assert.equal(blocked.blocked, 1);
    assert.match(blocked.changeId, /^ch_/);
    const { leads } = await call(client, 'check', { ...people, campaignId: 'launch' });
    assert.deepEqual(leads.map((lead) => [lead.publicIdentifier, lead.blocked, lead.scope, lead.reason]),
      [['john-doe', true, 'workspace', 'Asked to stop'], ['jane-smith', false, null, null]]);
    const why = await call(client, 'explain', { publicIdentifier: 'john-doe', campaignId: 'launch' });
    assert.equal(why.blocks[0].reason, 'Asked to stop');
    assert.equal(why.campaigns[0].campaignName, 'Launch');
    assert.equal(why.explanation.contact, false);
    assert.equal((await call(client, 'explain', { publicIdentifier: 'nobody-else' })).explanation, null);
    const { entries, nextCursor } = await call(client, 'list', { take: 1 });
    assert.equal(entries[0].publicIdentifier, 'john-doe');
    assert.equal(nextCursor, null);
    assert.equal((await call(client, 'unblock', { publicIdentifiers: ['john-doe'] })).unblocked, 1);
    const { events } = await call(client, 'history', { publicIdentifier: 'john-doe' });
    assert.deepEqual(events.slice(0, 2).map(({ what }) => what), ['unblock', 'block']);
    const page = await call(client, 'history', { publicIdentifier: 'john-doe', take: 1 });
    const next = await call(client, 'history', { publicIdentifier: 'john-doe', take: 1, cursor: page.nextCursor });
    assert.deepEqual([page.events[0], next.events[0]], events.slice(0, 2));
  }));
}

test('what the server refuses is a result that says what to do', () => connected('sdk 1', {}, async (client) => {
  const invalid = await client.callTool({ name: 'check', arguments: { publicIdentifiers: ['x@example.com'] } });
  assert.equal(invalid.isError, true);
  assert.match(invalid.content[0].text, /x@example\.com: is an e-mail address/);
  const missing = await client.callTool({ name: 'list', arguments: { campaignId: 'nothing' } });
  assert.match(missing.content[0].text, /campaign_not_found/);
  await assert.rejects(client.callTool({ name: 'block', arguments: { publicIdentifiers: ['x'] } }), /--allow-writes/);
}));

test('a key that may only read writes nothing', () => connected('sdk 1', {
  args: ['--allow-writes'], env: { LEADBLOCK_KEY: readOnly },
}, async (client) => {
  const result = await client.callTool({ name: 'block', arguments: { publicIdentifiers: ['bob'] } });
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /forbidden/);
  await call(client, 'check', { publicIdentifiers: ['bob'] });
}));

test('a call that the client gives up leaves the connection in order', () => connected('sdk 1', {}, async (client) => {
  const abort = new AbortController();
  const given = client.callTool({ name: 'list', arguments: {} }, undefined, { signal: abort.signal });
  abort.abort();
  await assert.rejects(given);
  await client.ping();
  await call(client, 'check', { publicIdentifiers: ['bob'] });
}));

test('what is no JSON harms no later message', () => connected('sdk 1', {}, async (client, transport) => {
  errors.length = 0;
  transport._process.stdin.write('{"jsonrpc":\n');
  await client.ping();
  assert.ok(errors.length <= 1); // an answer that is to no request
  errors.length = 0;
}));

test('no client has seen a message that it does not understand', () => assert.deepEqual(errors, []));
