// One set of functions for both kinds of blocklist: the workspace's and a campaign's. A list is named as in
// the URL: `workspace` or `campaign:ID`.
import * as api from './api.js';
import { count } from './format.js';

const campaignPrefix = 'campaign:';
const lenient = { Prefer: 'handling=lenient' };

export const workspaceList = 'workspace';
export const campaignList = (id) => campaignPrefix + id;
export const campaignOf = (list) => (list.startsWith(campaignPrefix) ? list.slice(campaignPrefix.length) : null);
export const isList = (text) => text === workspaceList || Boolean(text && campaignOf(text));

const pathOf = (list) => {
  const campaign = campaignOf(list);
  return campaign === null ? 'blocked-leads' : api.path('campaigns', campaign, 'blocked-leads');
};

function pageQuery(list, { skip, take, sort, search, by }) {
  const place = campaignOf(list) === null ? { offset: skip || '', limit: take } : { skip: skip || '', take };
  return { ...place, sort, search, include: by ? 'by' : '' };
}

export const page = (list, options, more) => api.get(pathOf(list), { ...more, query: pageQuery(list, options) });

/** The whole list, or what the search finds in it, as a CSV file (Blob). */
export const table = (list, { sort, search }, onPiece, more) => api.getTable(pathOf(list), onPiece, { ...more, query: { sort, search } });

// Browsers take . and .. out of a path, also when they are encoded.
const segment = (text) => (/^\.\.?$/.test(text) ? `in/${text}` : text);

/** Every list of the workspace that holds the lead. */
export const whereBlocked = (text, more) => api.get(api.path('blocked-leads', segment(text)), more);

/** What happened with a person, in all lists. */
export const historyOf = (text, more) => api.get(api.path('blocked-leads', segment(text), 'history'), more);

function bodyOf(list, values, reason) {
  const given = reason ? { reason } : {};
  return campaignOf(list) === null
    ? { leads: values.map((publicIdentifier) => ({ publicIdentifier, ...given })) }
    : { publicIdentifiers: values, ...given };
}

/** Blocks the good ones; {data: {blocked, invalid}}. */
export function block(list, values, { reason = '' } = {}) {
  return api.post(pathOf(list), bodyOf(list, values, reason), { headers: lenient });
}

/** Sends a file (Blob) or text, whose people are blocked. query: dryRun, column, reason, importId. */
export const importFile = (list, file, query, more) => api.postFile(`${pathOf(list)}/import`, file, { ...more, query });

/** The rows of a file that are not taken, as a CSV file (Blob). */
export async function rowsNotTaken(list, file, column, more) {
  const { data } = await importFile(list, file, { dryRun: true, column }, { ...more, headers: { Accept: 'text/csv' } });
  return data;
}

/** How many are on the list. */
export const size = async (list, more) => (await page(list, { take: 1 }, more)).total;

/** rows: entries of the list, as the server gave them. */
export function unblock(list, rows) {
  const body = campaignOf(list) === null
    ? rows.map((row) => row.id)
    : { publicIdentifiers: rows.map((row) => row.publicIdentifier) };
  return api.del(pathOf(list), body);
}

/** What an undo did, in words; `stayed` were asked for by others, too. */
export const undoneText = ({ stayed }) => (stayed ? `Undone. ${count(stayed, 'lead')} ${stayed === 1 ? 'stays' : 'stay'} blocked: there is another request.` : 'Undone.');

export const undo = (changeId, more) => api.post(api.path('changes', changeId, 'undo'), undefined, more);

/** Takes a whole import back; repeating it goes on where it stopped. */
export const undoImport = (importId, more) => api.post(api.path('imports', importId, 'undo'), undefined, more);

/** Campaigns to choose from: the newest ones, as many as a menu can hold. */
export async function campaignChoices(signal) {
  const most = 500;
  let answer = await api.get('campaigns', { signal, query: { take: 100 } });
  const campaigns = [...answer.data];
  while (answer.next && campaigns.length < most) {
    const { skip, offset, ...cursor } = answer.next;
    const query = cursor.cursor ? { take: 100, ...cursor } : { take: 100, skip: campaigns.length };
    answer = await api.get('campaigns', { signal, query });
    campaigns.push(...answer.data);
  }
  return campaigns.map(({ id, name, status }) => ({ id, name, status }));
}
