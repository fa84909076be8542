// Deliveries, verified by the package that receivers use: npm's standardwebhooks.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { Server } from '../e2e/lib/server.mjs';

let server;
let key;
let receiver;
const got = [];
const waiting = [];

before(async () => {
  receiver = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    got.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.end();
    waiting.splice(0).forEach((wake) => wake());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  server = await Server.start({ args: ['--hooks-allow', '127.0.0.0/8'] });
  const workspace = await server.cli('workspace', 'create', 'Hooks', '--plan', 'pro');
  key = await server.cli('key', 'create', workspace, '--name', 'hooks');
});

after(async () => {
  await server?.remove();
  receiver?.closeAllConnections();
  receiver?.close();
});

async function call(method, path, body) {
  const response = await fetch(`${server.url}/v1${path}`, {
    method, headers: { 'x-api-key': key, 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

async function delivery(number) {
  while (got.length <= number) await new Promise((wake) => { waiting.push(wake); });
  return got[number];
}

test('standardwebhooks verifies what is delivered, and nothing that was changed', { timeout: 20000 }, async () => {
  const url = `http://127.0.0.1:${receiver.address().port}/hook`;
  const hook = await call('POST', '/zapier/hooks/subscribe', { url, type: 'lead_blocked' });
  await call('POST', '/blocked-leads', { leads: [{ publicIdentifier: 'jürgen-müller', reason: 'Café' }] });
  const first = await delivery(0);
  const event = new Webhook(hook.secret).verify(first.body, first.headers);
  assert.equal(event.data.publicIdentifier, 'jürgen-müller');
  assert.throws(() => new Webhook(hook.secret).verify(first.body.replace('Caf', 'Kaf'), first.headers));

  const rotated = await call('PUT', `/hooks/${hook.id}`, { action: 'rotate' });
  await call('POST', `/hooks/${hook.id}/test`);
  const second = await delivery(1);
  for (const secret of [hook.secret, rotated.secret])
    assert.equal(new Webhook(secret).verify(second.body, second.headers).test, true);
  assert.throws(() => new Webhook(rotated.secret).verify(first.body, first.headers));
});
