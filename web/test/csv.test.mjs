import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvCell, csvRow, findColumn, leadsOf, readTable } from '../src/csv.js';

const cellsOf = async (text, options) => (await readTable(text, options)).rows.map((row) => row.cells);

test('cells with delimiters, quotes and line ends are read as RFC 4180 says', async () => {
  assert.deepEqual(await cellsOf('a,"b,c"\r\n"say ""hi""","two\r\nlines"\r\n'), [['a', 'b,c'], ['say "hi"', 'two\r\nlines']]);
});

test('any piece length gives the same rows', async () => {
  const text = 'x,"a ""q"" b"\r\n\r\n"multi\r\nline",y\n\rlast,""\r\n';
  const whole = await readTable(text);
  for (let pieceLength = 1; pieceLength < 12; pieceLength++) {
    assert.deepEqual(await readTable(text, { pieceLength }), whole);
  }
});

test('lines are counted as an editor counts them, whatever ends them', async () => {
  const { rows } = await readTable('one\r\n\r\n"a\nb"\rlast\n');
  assert.deepEqual(rows.map((row) => row.line), [1, 3, 5]);
});

test('semicolons and tabs are delimiters where the first line uses them', async () => {
  assert.deepEqual(await cellsOf('a;b\n1,5;2'), [['a', 'b'], ['1,5', '2']]);
  assert.deepEqual(await cellsOf('a\tb\n1\t2'), [['a', 'b'], ['1', '2']]);
});

test('a byte order mark is no part of the first cell', async () => {
  assert.deepEqual(await cellsOf('\uFEFFlinkedin\njohn'), [['linkedin'], ['john']]);
});

test('a quote that is never closed does not swallow the rest', async () => {
  const { rows, unclosedQuoteAt } = await readTable('a\n"john\njane\n');
  assert.equal(unclosedQuoteAt, 2);
  assert.deepEqual(rows.map((row) => row.cells[0]), ['a', '"john', 'jane']);
});

test('a quote inside an unquoted cell is itself', async () => {
  assert.deepEqual(await cellsOf('the "best",b'), [['the "best"', 'b']]);
});

test('no text has no rows', async () => {
  assert.deepEqual(await cellsOf(''), []);
  assert.deepEqual(await cellsOf('\n \n'), []);
});

async function found(text) {
  const { rows } = await readTable(text);
  const place = findColumn(rows);
  return { ...place, leads: leadsOf(rows, place) };
}

test('the column is found by its header, LinkedIn names before a mere URL', async () => {
  const { column, hasHeader, leads } = await found('Name,URL,LinkedIn Profile URL\nJohn,http://a.example,john-doe\n');
  assert.deepEqual([column, hasHeader, leads], [2, true, [{ line: 2, value: 'john-doe' }]]);
  for (const header of ['publicIdentifier', 'public_identifier', 'LinkedIn', 'linkedin_url', 'Profile URL', 'linkedinUrl']) {
    assert.equal((await found(`name,${header}\na,b\n`)).column, 1, header);
  }
});

test('the column is found by profile URLs when no header names it', async () => {
  const { column, hasHeader, leads } = await found('Who,Where\nJohn,https://www.linkedin.com/in/john\nJane,linkedin.com/in/jane\n');
  assert.deepEqual([column, hasHeader, leads.length], [1, true, 2]);
});

test('without header and URLs the first column counts, and no line is lost', async () => {
  const { column, hasHeader, leads } = await found('john-doe\njane-smith\n');
  assert.deepEqual([column, hasHeader, leads.length], [0, false, 2]);
});

test('a single column of names and URLs has no header', async () => {
  const { hasHeader, leads } = await found('john-doe\nhttps://linkedin.com/in/jane\n');
  assert.deepEqual([hasHeader, leads.length], [false, 2]);
});

test('cells that a spreadsheet would run are guarded and quoted', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r']) assert.equal(csvCell(`${start}1`), `"'${start}1"`);
  assert.equal(csvCell('plain'), 'plain');
  assert.equal(csvCell('a "b", c'), '"a ""b"", c"');
  assert.equal(csvCell(null), '');
});

test('what is written is read back', async () => {
  const values = ['=SUM(A1)', '-john-', 'a,b', 'c"d', 'two\nlines', 'plain'];
  const { rows } = await readTable(`lead\r\n${values.map((value) => csvRow([value])).join('')}`);
  assert.deepEqual(leadsOf(rows, findColumn(rows)).map((lead) => lead.value), values);
});

test('a hundred thousand lines are read in well under a few seconds', async () => {
  const text = Array.from({ length: 100_000 }, (_, index) => `Name ${index},https://www.linkedin.com/in/lead-${index}`).join('\n');
  const started = Date.now();
  assert.equal((await readTable(text)).rows.length, 100_000);
  assert.ok(Date.now() - started < 3_000);
});
