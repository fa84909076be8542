import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImportJob, changesOf } from '../src/import-job.js';

const ada = { type: 'user', id: 'usr_1', name: 'ada@example.com' };
const change = (id, count, more = {}) => ({ id, action: 'leads.block', scope: 'campaign', campaignId: 'q1', count, by: ada, ...more });
const ask = (entries, blocked, list = 'campaign:q1') => changesOf({ entries, userId: 'usr_1', list, blocked });

test('the changes of an import are those of its user on its list', () => {
  const entries = [
    change('ch_9', 5), change('ch_8', 7, { action: 'leads.unblock' }), change('ch_7', 7, { by: { ...ada, id: 'usr_2' } }),
    change('ch_6', 7, { by: { type: 'key', id: 'usr_1' } }), change('ch_5', 7, { campaignId: 'q2' }),
    change('ch_4', 7, { scope: 'workspace', campaignId: null }), { id: 'au_3', action: 'user.sign_in', by: ada }, change('ch_2', 10),
  ];
  assert.deepEqual(ask(entries, 15), ['ch_9', 'ch_2']);
  assert.deepEqual(ask(entries, 7, 'workspace'), ['ch_4']);
});

test('changes that blocked more or fewer leads than the import are not undone', () => {
  assert.deepEqual(ask([change('ch_2', 10), change('ch_1', 1)], 10), []);
  assert.deepEqual(ask([change('ch_2', 10)], 11), []);
});

// A server that answers imports when it is told to, and whose list has `total` entries.
function fakeServer() {
  const server = { total: 5, sent: [] };
  const headers = (of) => ({ get: (name) => of[name] ?? null });
  globalThis.fetch = async (url) => ({
    ok: true, status: 200, headers: headers({ 'X-Total-Count': String(server.total) }),
    text: async () => JSON.stringify(url.startsWith('v1/audit') ? server.audit ?? [] : [{}]),
  });
  globalThis.XMLHttpRequest = class {
    upload = {};
    open(_, url) { this.query = new URLSearchParams(url.split('?')[1]); }
    setRequestHeader() {}
    getResponseHeader() { return null; }
    send() {
      server.sent.push(this);
      this.upload.onload({ loaded: 10, total: 10 });
    }
    answer(status, body) {
      Object.assign(this, { status, response: new Blob([JSON.stringify(body)]) });
      this.onload();
      this.onloadend();
    }
    break() {
      this.onerror();
      this.onloadend();
    }
    abort() {
      this.onabort();
      this.onloadend();
    }
  };
  return server;
}

const until = async (holds) => {
  while (!holds()) await new Promise((done) => { setTimeout(done, 5); });
};

async function validatedJob(t, server, found) {
  const source = { name: 'people.csv', body: 'text' };
  const job = new ImportJob({ userId: 'usr_1', list: 'workspace', reason: 'asked to stop', source, onChange: () => {} });
  t.after(() => job.cancel());
  job.validate();
  await until(() => server.sent.length === 1);
  server.sent[0].answer(200, { ...found, dryRun: true, columns: [] });
  await until(() => job.step === 'validated');
  return job;
}

test('while the server records, the growth of its list is the progress', { timeout: 10_000 }, async (t) => {
  const server = fakeServer();
  const job = await validatedJob(t, server, { blocked: 20, already: 0 });
  job.block();
  await until(() => server.sent.length === 2);
  server.total = 12;
  await until(() => job.recorded === 7);
  server.total = 99;
  await until(() => job.recorded === 20);
  server.sent[1].answer(200, { blocked: 20, already: 0 });
  await until(() => job.step === 'blocked');
});

test('after a broken connection the same import is sent again, and all that it blocked is counted', { timeout: 10_000 }, async (t) => {
  const server = fakeServer();
  const job = await validatedJob(t, server, { blocked: 20, already: 3 });
  assert.equal(server.sent[0].query.get('dryRun'), 'true');
  job.block();
  await until(() => server.sent.length === 2);
  server.sent[1].break();
  await until(() => job.error);
  assert.equal(job.error.code, 'unreachable');
  job.goOn();
  await until(() => server.sent.length === 3);
  const [first, second] = server.sent.slice(1).map(({ query }) => query);
  assert.match(first.get('importId'), /^[0-9a-f]{32}$/);
  assert.equal(first.toString(), second.toString());
  assert.deepEqual([second.get('dryRun'), second.get('reason')], [null, 'asked to stop']);
  const by = { type: 'user', id: 'usr_1' };
  server.audit = [12, 8].map((count, at) => ({ id: `ch_${at}`, action: 'leads.block', scope: 'workspace', campaignId: null, count, by }));
  server.sent[2].answer(200, { blocked: 8, already: 15 });
  await until(() => job.step === 'blocked');
  assert.deepEqual([job.blocked, job.already, job.changeIds], [20, 3, ['ch_0', 'ch_1']]);
});
