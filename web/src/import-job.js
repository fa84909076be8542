// Adding the leads of a file or text: the server reads it and says what it found (a dry run), then the same file is sent
// again to be recorded. The job lives outside the screen, so that it goes on while another one is looked at. A file can be
// sent again after a broken connection: nobody is blocked twice, and its `importId` says that it is the same import.
import * as api from './api.js';
import { campaignOf, importFile, rowsNotTaken, size, undo } from './lists.js';

const lookMs = 500;

/** Without crypto.randomUUID, which only secure pages have. */
const randomId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * The changes among entries of the audit log that this user made on this list, newest first; none when they did not block
 * exactly `blocked` leads, since then another import's may be among them, which must not be undone.
 */
export function changesOf({ entries, userId, list, blocked }) {
  const campaignId = campaignOf(list);
  const own = entries.filter((entry) => entry.action === 'leads.block' && entry.by?.type === 'user' && entry.by.id === userId
    && entry.scope === (campaignId === null ? 'workspace' : 'campaign') && entry.campaignId === campaignId);
  return own.reduce((sum, entry) => sum + entry.count, 0) === blocked ? own.map((entry) => entry.id) : [];
}

/** The entries of the audit log that are newer than the one with the id `mark`, newest first. */
async function entriesAfter(mark, more) {
  const entries = [];
  let next = {};
  while (next) {
    const query = { take: 100, ...next };
    const answer = await api.withRetry(() => api.get('audit', { ...more, query }), more);
    const place = answer.data.findIndex((entry) => entry.id === mark);
    entries.push(...(place < 0 ? answer.data : answer.data.slice(0, place)));
    next = place < 0 ? answer.next : null;
  }
  return entries;
}

const blank = {
  step: 'validating', column: null, columns: [], unknown: '', found: null, result: null, importId: null, before: null, tries: 0,
  blocked: 0, already: 0, recorded: null, changeIds: [], undone: 0, unblocked: 0, sent: null, wait: null, error: null,
};

export class ImportJob {
  /**
   * step: validating, columns (one has to be chosen), validated, blocking, blocked, undoing, undone, stopped (by the user);
   * `error` when it failed in the middle. source: {name, body}: a file (Blob) or text. `found` is the server's answer to
   * the dry run, `result` the one to the import.
   */
  constructor({ owner, userId, workspaceId, list, listLabel, reason, source, onChange }) {
    Object.assign(this, blank, { owner, userId, workspaceId, list, listLabel, reason, source, onChange });
    this.control = new AbortController();
    this.onWait = (seconds, why) => this.change({ wait: seconds ? { seconds, why } : null, sent: null });
  }

  get running() {
    return ['validating', 'blocking', 'undoing'].includes(this.step) && !this.error;
  }

  /** The whole file is with the server, which goes on whether or not this page waits for it. */
  get arrived() {
    return this.sent !== null && this.sent.bytes >= this.sent.of;
  }

  /** What every request of this job has. */
  get more() {
    return { signal: this.control.signal, workspaceId: this.workspaceId, onWait: this.onWait };
  }

  change(state) {
    Object.assign(this, state);
    this.onChange();
  }

  cancel() {
    this.control.abort();
  }

  /** Does one step, whose end `act` returns, and keeps its error, unless it was cancelled meanwhile. */
  async work(step, act) {
    const { signal } = this.control;
    this.change({ step, error: null, wait: null, sent: null });
    try {
      const end = await act();
      if (!signal.aborted) this.change(end);
    } catch (error) {
      if (!signal.aborted) this.change({ wait: null, error });
    }
  }

  send(query) {
    const more = { ...this.more, onSent: (bytes, of) => this.change({ sent: { bytes, of } }) };
    return api.withRetry(() => {
      this.tries += 1;
      return importFile(this.list, this.source.body, { column: this.column, reason: this.reason, ...query }, more);
    }, more);
  }

  validate(column = this.column) {
    this.column = column;
    return this.work('validating', async () => {
      try {
        const { data } = await this.send({ dryRun: true });
        return { step: 'validated', found: data, columns: data.columns };
      } catch (error) {
        if (error.code !== 'column_unknown') throw error;
        return { step: 'columns', found: null, columns: error.details.columns, unknown: error.message };
      }
    });
  }

  block() {
    Object.assign(this, { importId: randomId(), before: null, tries: 0 });
    return this.record();
  }

  record() {
    return this.work('blocking', async () => {
      this.before ??= await this.lookBefore();
      const { data, changeId } = await this.whileLooking(() => this.send({ importId: this.importId }));
      // What an earlier try recorded is "already blocked" to the last one.
      const earlier = this.tries > 1 ? Math.max(0, data.already - this.found.already) : 0;
      const blocked = data.blocked + earlier;
      return { step: 'blocked', result: data, blocked, already: data.already - earlier, changeIds: await this.findChanges(changeId, blocked) };
    });
  }

  /** How many are on the list, and what happened last, before anything is recorded. */
  async lookBefore() {
    const latest = api.get('audit', { ...this.more, query: { take: 1 } });
    const [total, { data }] = await Promise.all([size(this.list, this.more), latest]);
    return { total, mark: data[0]?.id };
  }

  /** The server tells how many it recorded only when it is done, but its list grows meanwhile. */
  async whileLooking(act) {
    const looking = new AbortController();
    const look = async () => {
      for (;;) {
        await api.pause(lookMs, looking.signal);
        const total = this.arrived ? await size(this.list, { ...this.more, signal: looking.signal }).catch(() => null) : null;
        if (looking.signal.aborted) return;
        if (total !== null) this.change({ recorded: Math.min(Math.max(0, total - this.before.total), this.found.blocked) });
      }
    };
    look().catch(() => {});
    try {
      return await act();
    } finally {
      looking.abort();
    }
  }

  async findChanges(changeId, blocked) {
    if (blocked === 0) return [];
    if (this.tries === 1 && changeId) return [changeId];
    try {
      const entries = await entriesAfter(this.before.mark, this.more);
      return changesOf({ entries, userId: this.userId, list: this.list, blocked });
    } catch {
      return [];
    }
  }

  /** Takes back what was blocked, the newest change first. */
  undo() {
    return this.work('undoing', async () => {
      while (this.undone < this.changeIds.length) {
        const { data } = await api.withRetry(() => undo(this.changeIds[this.undone], this.more), this.more);
        this.change({ undone: this.undone + 1, unblocked: this.unblocked + data.unblocked });
      }
      return { step: 'undone' };
    });
  }

  /** After an error. */
  goOn() {
    if (this.step === 'validating') return this.validate();
    return this.step === 'undoing' ? this.undo() : this.record();
  }

  /** Ends the sending. A file that has not arrived whole blocks nobody. */
  stop() {
    this.cancel();
    this.change({ step: 'stopped', error: null, wait: null, sent: null, control: new AbortController() });
  }

  notTaken() {
    return rowsNotTaken(this.list, this.source.body, this.column, this.more);
  }
}

let current = null;

export const currentImport = () => current;

export function startImport(options) {
  forgetImport();
  current = new ImportJob(options);
  current.validate();
  return current;
}

export function forgetImport() {
  current?.cancel();
  current = null;
}

// Closing the page would end the sending, or lose what came of it.
globalThis.addEventListener?.('beforeunload', (event) => {
  if (current && (current.running || current.error) && current.step !== 'validating') event.preventDefault();
});
