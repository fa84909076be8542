import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoneText } from '../src/lists.js';

test('an undo that did nothing says why', () => {
  const message = 'Nothing left to undo: the change was undone before, by ch_7';
  assert.equal(undoneText({ blocked: 0, unblocked: 0, stayed: 0, message }), `${message}.`);
});

test('an undo says what stays', () => {
  const done = { message: 'Undone: 2 leads unblocked' };
  assert.equal(undoneText({ ...done, blocked: 0, unblocked: 2, stayed: 0 }), 'Undone.');
  assert.equal(undoneText({ ...done, blocked: 1, unblocked: 0, stayed: 0 }), 'Undone.');
  assert.equal(undoneText({ ...done, blocked: 0, unblocked: 2, stayed: 1 }), 'Undone. 1 name stays blocked: there is another request.');
});
