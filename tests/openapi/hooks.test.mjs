// Deliveries, verified by the package that receivers use: npm's standardwebhooks; and over HTTP/2, to a
// receiver that has nothing else.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { Server } from '../e2e/lib/server.mjs';

let server;
let key;
let receiver;
let secure;
let folder;
const got = [];
const waiting = [];

async function receive(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  got.push({ headers: request.headers, body: Buffer.concat(parts).toString(), version: request.httpVersion });
  response.end();
  waiting.splice(0).forEach((wake) => wake());
}

// Its own authority, for 127.0.0.1.
function certificate() {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'leadblock-hooks-'));
  receiver = createServer(receive).listen(0, '127.0.0.1');
  secure = createSecureServer(certificate(), receive).listen(0, '127.0.0.1');
  await Promise.all([once(receiver, 'listening'), once(secure, 'listening')]);
  server = await Server.start({ args: ['--hooks-allow', '127.0.0.0/8'], env: { SSL_CERT_FILE: join(folder, 'cert.pem') } });
  const workspace = await server.cli('workspace', 'create', 'Hooks', '--plan', 'pro');
  key = await server.cli('key', 'create', workspace, '--name', 'hooks');
});

after(async () => {
  await server?.remove();
  receiver?.closeAllConnections();
  receiver?.close();
  secure?.close();
  if (folder) rmSync(folder, { recursive: true });
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

test('standardwebhooks verifies what is delivered, and nothing that was changed', { timeout: 60000 }, async () => {
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

test('a receiver that speaks only HTTP/2 gets events in order', { timeout: 60000 }, async () => {
  const url = `https://127.0.0.1:${secure.address().port}/hook`;
  const hook = await call('POST', '/zapier/hooks/subscribe', { url, type: 'lead_unblocked' });
  const begun = got.length;
  for (const name of ['ann', 'bob', 'cat']) {
    await call('POST', '/blocklist', { entries: [{ publicIdentifier: name }] });
    await call('DELETE', '/blocklist', { entries: [{ publicIdentifier: name }] });
  }
  await delivery(begun + 5); // three blocks go to the other receiver
  const events = got.slice(begun).filter(({ version }) => version === '2.0')
    .map(({ headers, body }) => new Webhook(hook.secret).verify(body, headers));
  assert.deepEqual(events.map(({ data }) => data.publicIdentifier), ['ann', 'bob', 'cat']);
});
