// An installation as it may look after a few weeks: for pictures, and for looking at every screen.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Person } from './api.mjs';

const TESTS = fileURLToPath(new URL('../../', import.meta.url));

const FIRST = ['ada', 'grace', 'alan', 'katherine', 'edsger', 'barbara', 'donald', 'margaret', 'john', 'frances',
  'linus', 'radia', 'dennis', 'hedy', 'claude', 'annie', 'niklaus', 'sophie', 'tony', 'mary'];
const LAST = ['lovelace', 'hopper', 'turing', 'johnson', 'dijkstra', 'liskov', 'knuth', 'hamilton', 'backus', 'allen',
  'nygaard', 'perlman', 'ritchie', 'lamarr', 'shannon', 'easley', 'wirth', 'wilson', 'hoare', 'keller'];
const COMPANIES = ['Engines Ltd', 'Harbour & Sons', 'Northwind', 'Blue Yonder', 'Fabrikam', 'Contoso', 'Tailspin Toys'];
const REASONS = ['Existing client', 'Asked not to be contacted', 'Competitor', 'Partner', 'Former employee', null];

const capital = (word) => word[0].toUpperCase() + word.slice(1);

// The nth person: 400 different ones, the first of them Ada Lovelace.
function person(n) {
  const first = FIRST[n % FIRST.length];
  const last = LAST[(n + 7 * Math.floor(n / FIRST.length)) % LAST.length];
  return {
    publicIdentifier: `${first}-${last}`,
    firstName: capital(first), lastName: capital(last), companyName: COMPANIES[(n * 3) % COMPANIES.length],
  };
}

const people = (from, count) => Array.from({ length: count }, (_, index) => person(from + index));
const names = (from, count) => people(from, count).map((one) => one.publicIdentifier);

const STEPS = [
  { type: 'visit_profile', delay: 0 },
  { type: 'invitation', delay: 0, genericBody: 'Hello {{firstName|there}}, I read about {{companyName|your company}} and would like to connect.' },
  { type: 'message', delay: 3, genericBody: 'Thank you for connecting, {{firstName|there}}. May I send you our two-page summary?' },
];

// leads: from which person on, how many; claims: how many activities are handed out.
const CAMPAIGNS = [
  { id: 'autumn-survey', name: 'Autumn survey', leads: [180, 30], claims: 30, steps: STEPS.slice(0, 1), end: 'completed' },
  { id: 'founders-berlin', name: 'Founders in Berlin', leads: [150, 40], claims: 52, steps: STEPS },
  { id: 'trade-fair', name: 'Trade fair follow-up', leads: [200, 60], claims: 96, steps: STEPS, end: 'paused' },
  { id: 'spring-webinar', name: 'Spring webinar', leads: [250, 120], claims: 150, steps: STEPS },
  { id: 'heads-of-sales', name: 'Heads of sales, DACH', leads: [310, 80], claims: 0, steps: [] },
];

async function report(member, activity, index) {
  const result = index % 13 === 5 ? 'failed' : index % 6 === 2 ? 'replied' : 'done';
  await member.post(`activities/${activity.id}/complete`, {
    leaseToken: activity.leaseToken, result, accepted: index % 3 === 0,
    ...(result === 'failed' ? { detail: 'The profile is not there any more.' } : {}),
  });
}

// Hands out and reports, until so many activities have been handed out.
async function work(member, id, claims, underWay) {
  for (let left = claims; left > 0;) {
    const claimed = await member.post(`campaigns/${id}/activities/claim`, { max: left });
    if (claimed.length === 0) return;
    left -= claimed.length;
    // The last ones are still under way.
    const done = left > 0 ? claimed : claimed.slice(0, claimed.length - underWay);
    for (const [index, activity] of done.entries()) await report(member, activity, index);
  }
}

async function fillCampaign(member, { id, name, leads, claims, steps, end }) {
  await member.post('campaigns', { id, name });
  await member.post(`campaigns/${id}/leads`, { leads: people(...leads) });
  if (claims === 0) return;
  for (const step of steps) await member.post(`campaigns/${id}/steps`, step);
  await member.put(`campaigns/${id}/activate`);
  await work(member, id, claims, end === 'completed' ? 0 : 3);
  if (end === 'paused') await member.put(`campaigns/${id}/pause`);
}

async function unblockLatest(member, count) {
  await member.del('blocked-leads', (await member.get(`blocked-leads?limit=${count}`)).map(({ id }) => id));
}

async function blockInWorkspace(member, from, count) {
  for (let n = from; n < from + count;) {
    const some = Math.min(1 + ((n * 7) % 9), from + count - n);
    const reason = REASONS[n % REASONS.length];
    await member.post('blocked-leads', { leads: names(n, some).map((publicIdentifier) => (
      { publicIdentifier, ...(reason ? { reason } : {}) })) });
    if (some === 8) await unblockLatest(member, 3 + (n % 3));
    n += some;
  }
}

// Spreads what was just done over the weeks before, as if it had been done bit by bit. The server must not run.
const BACKDATE = `
import os, sys, time
sys.path.insert(0, sys.argv[2])
from support import pages
changing = pages.changed(os.path.dirname(sys.argv[1])); db = changing.__enter__(); day = 86400000; now = int(time.time() * 1000); span = 27
def spread(table, where, key):
    rows = [row[0] for row in db.execute(f"SELECT {key} FROM {table} {where} ORDER BY {key}")]
    for place, row in enumerate(rows):
        ago = span * (1 - (place + 1) / len(rows)) ** 1.15
        yield row, int(now - 40 * 60000 - ago * day - (place * 7919 % 97) * 1000)
change = 0
for row, at in list(spread("blocklist_log", "", "id")):
    if not db.execute("SELECT continues FROM blocklist_log WHERE id=?", (row,)).fetchone()[0]: change = at
    db.execute("UPDATE blocklist_log SET at=? WHERE id=?", (change, row))
for row, at in list(spread("audit_log", "", "id")):
    db.execute("UPDATE audit_log SET at=? WHERE id=?", (at, row))
db.execute("UPDATE blocklist_import SET started_at=(SELECT max(at) FROM blocklist_log l WHERE l.import=blocklist_import.id)")
db.execute("UPDATE blocklist_import SET touched_at=started_at, finished_at=started_at")
for row, at in list(spread("campaign", "", "no")):
    db.execute("UPDATE campaign SET created_at=?, activated_at=? WHERE no=?", (at - 3 * day, at - 2 * day, row))
for table, created in (("api_key", "no"), ("account", "no"), ("workspace", "no")):
    for row, at in list(spread(table, "", "no")):
        db.execute(f"UPDATE {table} SET created_at=? WHERE no=?", (at - 20 * day, row))
db.execute("UPDATE api_key SET last_used_at=?-no*5400000 WHERE last_used_at IS NOT NULL", (now,))
db.execute("UPDATE api_key SET revoked_at=created_at+9*? WHERE revoked_at IS NOT NULL", (day,))
db.execute("UPDATE lead SET added_at=added_at-5*?", (day,))
for column in ("claimed_at", "completed_at", "changed_at"):
    db.execute(f"UPDATE activity SET {column}={column}-5400000-(lead>>30&4294967295)*311000 WHERE completed_at IS NOT NULL")
db.execute("DELETE FROM check_count"); first = db.execute("SELECT no FROM workspace ORDER BY no").fetchone()[0]
for ago in range(90):
    checks = 240 + (ago * 37) % 130 + (ago % 7) * 21
    db.execute("INSERT INTO check_count VALUES (?,?,?,?)", (first, now // day - ago, checks, checks * (9 + ago % 5) // 100))
changing.__exit__(None, None, None)
`;

function backdate(server) {
  const { status, stderr } = spawnSync('python3', ['-c', BACKDATE, join(server.data, 'leadblock.db'), TESTS], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`backdating failed: ${stderr}`);
}

async function makeKeys(member, server) {
  const crm = await member.post('keys', { name: 'CRM' });
  await member.post('keys', { name: 'Outreach tool' });
  await member.post('keys', { name: 'Reporting', readOnly: true });
  const old = await member.post('keys', { name: 'Old script', expiresAt: new Date(Date.now() + 90 * 86_400_000).toISOString() });
  await member.del(`keys/${old.id}`);
  const tool = new Person(server.url);
  await tool.must('POST', 'blocked-leads', { leads: names(140, 6).map((publicIdentifier) => ({ publicIdentifier, reason: 'Existing client' })) },
    { 'x-api-key': crm.key });
}

// Last: what happens afterwards would be sent.
async function subscribe(member) {
  for (const [path, type, campaignId] of [
    ['n8n/opt-outs', 'lead_opted_out'], ['crm/blocked', 'lead_blocked'], ['crm/replies', 'message_received', 'spring-webinar']])
    await member.post('zapier/hooks/subscribe', { url: `https://hooks.example.com/${path}`, type, campaignId });
}

// A file of a few people, some of whom were blocked before.
async function importFile(member, list, leads) {
  const response = await fetch(`${member.url}/v1/${list}/import`, {
    method: 'POST', body: ['Name,LinkedIn,Note', ...leads.map((lead) => `,linkedin.com/in/${lead},Registered for the fair`)].join('\n'),
    headers: { 'Content-Type': 'text/csv', Cookie: `leadblock_session=${member.cookie}`, 'X-CSRF-Token': member.csrf } });
  if (response.status !== 200) throw new Error(`import: ${response.status} ${await response.text()}`);
}

async function fillWorkspace(member, server) {
  await blockInWorkspace(member, 0, 140);
  await makeKeys(member, server);
  for (const campaign of CAMPAIGNS) await fillCampaign(member, campaign);
  await member.post('campaigns/spring-webinar/blocked-leads', { publicIdentifiers: names(252, 12), reason: 'Was at the last webinar' });
  await member.post('campaigns/founders-berlin/blocked-leads', { publicIdentifiers: ['ada-lovelace', ...names(166, 4)], reason: 'In touch through a friend' });
  await importFile(member, 'campaigns/trade-fair/blocked-leads', names(204, 9));
  await unblockLatest(member, 2);
  await blockInWorkspace(member, 150, 14);
  await subscribe(member);
}

// {operator, member, viewer, acme}: people with living sessions, and the id of the workspace that has it all.
export async function fillShowcase(server) {
  const operator = await Person.setUp(server, 'ada@example.com');
  const acme = await operator.post('workspaces', { name: 'Acme', plan: 'pro', expiresAt: new Date(Date.now() + 200 * 86_400_000).toISOString() });
  await operator.post('installation/blocklist', { entries: [
    { domain: 'rival.example', kind: 'competitor', reason: 'Competes with all of us' },
    { company: 'Regulator AG', kind: 'legal', reason: 'Ruling of March' },
    { phone: '+49 170 1234567', kind: 'opt_out', reason: 'Asked all of us to stop' }] });
  await operator.post('workspaces', { name: 'Harbour & Sons', plan: 'starter' });
  await operator.post('workspaces', { name: 'Northwind Traders', plan: 'agency' });
  const member = await operator.invite(server, 'grace@example.com', 'member', acme.id);
  const viewer = await operator.invite(server, 'alan@example.com', 'viewer', acme.id);
  await operator.post('users', { email: 'katherine@example.com', role: 'member', workspaceId: acme.id });
  await fillWorkspace(member, server);
  operator.workspace = acme.id;
  await server.stop();
  backdate(server);
  await server.start();
  return { operator, member, viewer, acme: acme.id };
}
