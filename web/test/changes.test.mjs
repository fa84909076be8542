import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf } from '../src/changes.js';

const began = { name: 'Spring', days: '', '{{sender}}': 'Grace', '{{city}}': 'Vienna' };

test('only what was changed is saved, and what was taken away is named', () => {
  const mine = { name: 'Spring', days: '90', '{{sender}}': 'Ada', '{{team}}': 'Sales' };
  const now = { ...began, name: 'Autumn', '{{floor}}': '3' };
  assert.deepEqual(changesOf({ ...began }, mine, now), { days: '90', '{{sender}}': 'Ada', '{{team}}': 'Sales', '{{city}}': undefined });
});

test('what others changed, too, is told once, and then replaced', () => {
  const base = { ...began };
  const mine = { ...began, name: 'Summer', '{{sender}}': undefined };
  const now = { ...began, name: 'Autumn', '{{sender}}': 'Ada' };
  assert.throws(() => changesOf(base, mine, now, { name: 'Name' }), /meanwhile\. .* Name: “Autumn”; \{\{sender\}\}: “Ada”$/);
  assert.deepEqual(changesOf(base, mine, now), { name: 'Summer', '{{sender}}': undefined });
  for (const [value, said] of [['', 'empty'], [null, 'empty'], [0, '“0”']])
    assert.throws(() => changesOf(base, mine, { ...now, name: value }), new RegExp(`name: ${said}$`));
});

test('values are told in words', () => {
  const words = { type: { visit_profile: 'Visit the profile' } };
  assert.throws(() => changesOf({ type: 'message', body: '' }, { type: 'invitation', body: 'Hi' }, { type: 'visit_profile', body: 'type' }, {}, words), /type: “Visit the profile”; body: “type”$/);
});

test('what others made the same of is no clash', () => {
  const same = { ...began, name: 'Autumn' };
  assert.deepEqual(changesOf({ ...began }, same, same), { name: 'Autumn' });
});
