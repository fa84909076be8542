import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf } from '../src/api.js';

// A server with a list of `total` rows, whose links have a cursor; `asked` are its queries.
function fakeList(total) {
  const asked = [];
  globalThis.fetch = async (url) => {
    const query = Object.fromEntries(new URLSearchParams(url.split('?')[1]));
    asked.push(query);
    const [first, take] = [Number(query.cursor ?? 0), Number(query.take)];
    const rows = Array.from({ length: Math.min(take, total - first) }, (_, at) => first + at);
    const link = first + take < total ? `<v1/keys?take=${take}&cursor=${first + take}>; rel="next"` : null;
    return { ok: true, status: 200, headers: { get: (name) => (name === 'Link' ? link : null) }, text: async () => JSON.stringify(rows) };
  };
  return asked;
}

test('a list is followed page by page to its end', async () => {
  const asked = fakeList(5);
  assert.deepEqual([...await allOf('keys', { take: 2 })], [0, 1, 2, 3, 4]);
  assert.deepEqual(asked, [{ take: '2' }, { take: '2', cursor: '2' }, { take: '2', cursor: '4' }]);
});

test('a list that is longer than was asked for says so', async () => {
  fakeList(5);
  const rows = await allOf('keys', { take: 2, most: 4 });
  assert.deepEqual([rows.length, rows.isCut], [4, true]);
  assert.equal((await allOf('keys', { take: 5, most: 5 })).isCut, false);
});
