import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf } from '../src/import-job.js';

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
