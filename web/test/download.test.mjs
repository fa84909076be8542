import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowCounter } from '../src/download.js';

const file = 'name,reason\r\nann,"said ""no"",\r\ntwice"\r\nbob,\r\n';

test('rows are counted in pieces of any size, without headings and lines within cells', () => {
  const bytes = new TextEncoder().encode(file);
  for (let size = 1; size <= bytes.length; size++) {
    const count = rowCounter();
    let rows = 0;
    for (let at = 0; at < bytes.length; at += size) rows = count(bytes.subarray(at, at + size));
    assert.equal(rows, 2, `pieces of ${size}`);
  }
});

test('nothing and headings alone have no rows', () => {
  assert.equal(rowCounter()(new Uint8Array()), 0);
  assert.equal(rowCounter()(new TextEncoder().encode('name,reason\r\n')), 0);
});
