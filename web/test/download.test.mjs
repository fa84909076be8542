import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvCell, csvRow } from '../src/download.js';

test('cells that a spreadsheet would run are guarded and quoted', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r']) assert.equal(csvCell(`${start}1`), `"'${start}1"`);
  assert.equal(csvCell('plain'), 'plain');
  assert.equal(csvCell('a "b", c'), '"a ""b"", c"');
  assert.equal(csvCell(null), '');
});

test('a row ends as RFC 4180 says', () => {
  assert.equal(csvRow(['a,b', null, 1]), '"a,b",,1\r\n');
});
