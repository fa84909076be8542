// Adding the leads of a file or text: the server reads it and says what it found (a dry run), then the same file is sent
// again to be recorded. The job lives outside the screen, so that it goes on while another one is looked at. A file can be
// sent again after a broken connection: nobody is blocked twice, and its `importId` says that it is the same import.
import * as api from './api.js';
import { importFile, rowsNotTaken, size, undoImport } from './lists.js';

const lookMs = 500;

/** Without crypto.randomUUID, which only secure pages have. */
const randomId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Are there LinkedIn addresses? Then it is to be said which of two columns is meant. */
export const hasProfiles = (columns) => columns.some(({ type }) => type === 'publicIdentifier');

const blank = {
  step: 'validating', force: null, column: null, columns: [], unknown: '', found: null, result: null, importId: null, before: null, tries: 0,
  blocked: 0, already: 0, recorded: null, unblocked: 0, sent: null, wait: null, error: null,
};

export class ImportJob {
  /**
   * step: validating, columns (one has to be chosen), validated, blocking, blocked, undoing, undone, stopped (by the user);
   * `error` when it failed in the middle. source: {name, body}: a file (Blob) or text. `found` is the server's answer to
   * the dry run, `result` the one to the import. typed: {type, country} when the file has names of every type.
   */
  constructor({ owner, workspaceId, list, listLabel, reason, kind, expiresAt, source, typed, onChange }) {
    Object.assign(this, blank, { owner, workspaceId, list, listLabel, reason, kind, expiresAt, source, typed, onChange });
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

  /** Reads the file again, and takes domains of unrelated people, too. */
  takeAll() {
    this.force = true;
    return this.validate();
  }

  /** How the file is to be read. A column that was chosen without a type has people, or companies: words may be anything. */
  get reading() {
    const { column, force, typed } = this;
    if (!typed) return { column };
    return { force, type: column ? '' : typed.type, defaultCountry: typed.country, columns: column && `${column}:${typed.type || this.columns[column - 1].type || 'company'}` };
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
      return importFile(this.list, this.source.body, { ...this.reading, reason: this.reason, kind: this.kind, expiresAt: this.expiresAt, ...query }, more, this.typed);
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
      this.before ??= await size(this.list, this.more, this.typed);
      const { data } = await this.whileLooking(() => this.send({ importId: this.importId }));
      // What an earlier try recorded is "already blocked" to the last one.
      const earlier = this.tries > 1 ? Math.max(0, data.already - this.found.already) : 0;
      const blocked = data.blocked + earlier;
      return { step: 'blocked', result: data, blocked, already: data.already - earlier };
    });
  }


  /** The server tells how many it recorded only when it is done, but its list grows meanwhile. */
  async whileLooking(act) {
    const looking = new AbortController();
    const look = async () => {
      for (;;) {
        await api.pause(lookMs, looking.signal);
        const total = this.arrived ? await size(this.list, { ...this.more, signal: looking.signal }, this.typed).catch(() => null) : null;
        if (looking.signal.aborted) return;
        if (total !== null) this.change({ recorded: Math.min(Math.max(0, total - this.before), this.found.blocked) });
      }
    };
    look().catch(() => {});
    try {
      return await act();
    } finally {
      looking.abort();
    }
  }

  /** Takes back all that the import blocked. What a try before it broke off took back counts, too. */
  undo() {
    return this.work('undoing', async () => {
      try {
        const { data } = await api.withRetry(() => undoImport(this.importId, this.more), this.more);
        return { step: 'undone', unblocked: this.unblocked + data.unblocked };
      } catch (error) {
        this.unblocked += error.details?.unblocked ?? 0;
        throw error;
      }
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
    return rowsNotTaken(this.list, this.source.body, this.reading, this.more, this.typed);
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
