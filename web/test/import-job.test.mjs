import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImportJob } from '../src/import-job.js';

// A server that answers imports when it is told to, whose list has `total` entries, and which answers undos with `undos`.
function fakeServer() {
  const server = { total: 5, sent: [], undos: [], undone: [] };
  const headers = (of) => ({ get: (name) => of[name] ?? null });
  globalThis.fetch = async (url) => {
    const [status, body] = url.endsWith('/undo') ? [server.undone.push(url), server.undos.shift()][1] : [200, [{}]];
    return { ok: status < 300, status, headers: headers({ 'X-Total-Count': String(server.total) }), text: async () => JSON.stringify(body) };
  };
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
  const job = new ImportJob({ list: 'workspace', reason: 'asked to stop', source, onChange: () => {} });
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
  server.sent[2].answer(200, { blocked: 8, already: 15 });
  await until(() => job.step === 'blocked');
  assert.deepEqual([job.blocked, job.already], [20, 3]);
});

test('undo takes the import back as one, and goes on after it broke off', { timeout: 10_000 }, async (t) => {
  const server = fakeServer();
  const job = await validatedJob(t, server, { blocked: 20, already: 0 });
  job.block();
  await until(() => server.sent.length === 2);
  server.sent[1].answer(200, { blocked: 20, already: 0 });
  await until(() => job.step === 'blocked');
  server.undos = [[403, { code: 'forbidden', message: 'No.', importId: 'x', blocked: 0, unblocked: 12 }], [200, { blocked: 0, unblocked: 8 }]];
  job.undo();
  await until(() => job.error);
  assert.equal(job.unblocked, 12);
  job.goOn();
  await until(() => job.step === 'undone');
  assert.equal(job.unblocked, 20);
  assert.equal(new Set(server.undone).size, 1);
  assert.match(server.undone[0], new RegExp(`v1/imports/${job.importId}/undo$`));
});

test('a column of profiles that is chosen among two has people', { timeout: 10_000 }, async (t) => {
  const server = fakeServer();
  const source = { name: 'form.csv', body: 'text' };
  const job = new ImportJob({ list: 'workspace', reason: '', source, typed: { type: '', country: '' }, onChange: () => {} });
  t.after(() => job.cancel());
  job.validate();
  await until(() => server.sent.length === 1);
  const columns = [
    { number: 1, name: 'Company', sample: ['Acme'] }, { number: 2, name: 'You?', type: 'publicIdentifier', sample: ['https://www.linkedin.com/in/ann-example'] }];
  server.sent[0].answer(400, { code: 'column_unknown', message: 'columns 2 and 3', columns });
  await until(() => job.step === 'columns');
  job.validate(2);
  await until(() => server.sent.length === 2);
  assert.equal(server.sent[1].query.get('columns'), '2:publicIdentifier');
  job.cancel();
  job.control = new AbortController();
  job.validate(1);
  await until(() => server.sent.length === 3);
  assert.equal(server.sent[2].query.get('columns'), '1:company');
});
