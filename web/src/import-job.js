// Adding many leads: look at all of them first (a dry run), then block the new ones, in chunks, one after the other. The
// job lives outside the screen, so that it goes on while another one is looked at, and survives a server that goes
// away: it stops, and goes on from the chunk that failed. Sending a chunk twice is safe, since what is blocked stays so.
import * as api from './api.js';
import { block, undo } from './lists.js';

const foldLength = 10_000;
const chunkLength = 5_000;
// Well under the server's 4 MiB for a body, also with a long reason at every lead.
const chunkBytes = 2_000_000;
const pause = () => new Promise((resolve) => { setTimeout(resolve); });
const encoder = new TextEncoder();
const bytesOf = (text) => encoder.encode(text).length;

const profile = /^(?:(?:https?:\/\/)?(?:[\w-]{1,20}\.){0,3}linkedin\.com\/(?:comm\/)?in\/|\/?in\/)([\w-]+)(?:[/?#][\x21-\x7e]{0,1000})?$/i;
const plainName = /^[\w-]{1,100}$/;
const memberId = /^AC[ow]AA/;

/** One text for the common spellings of a lead; others are left alone: the server knows them all, but sees one chunk at a time. */
function spelling(value) {
  const name = value.includes('/') ? profile.exec(value)?.[1] ?? value : value;
  return plainName.test(name) && !memberId.test(name) ? name.toLowerCase() : value;
}

/** Adds items, {line, value}, to the known ones, by spelling. The same lead again is only counted: {line, value, again: [lines]}. */
function foldInto(known, items) {
  for (const { line, value } of items) {
    const key = spelling(value);
    const first = known.get(key);
    if (first) (first.again ??= []).push(line);
    else known.set(key, { line, value });
  }
}

export function chunksOf(items, reason, { length = chunkLength, bytes = chunkBytes } = {}) {
  const overhead = bytesOf(reason) + 48;
  const mostBytes = (value) => 3 * value.length; // to encode each of many would take long
  const chunks = [];
  let chunk = [];
  let size = 0;
  for (const item of items) {
    const itemSize = mostBytes(item.value) + overhead;
    if (chunk.length > 0 && (chunk.length >= length || size + itemSize > bytes)) {
      chunks.push(chunk);
      chunk = [];
      size = 0;
    }
    chunk.push(item);
    size += itemSize;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

const agains = (item) => item.again?.length ?? 0;

export class ImportJob {
  /** step: validating, validated, blocking, blocked, undoing, undone; `error` when it stopped in the middle. */
  constructor({ owner, workspaceId, list, listLabel, reason, items, onChange }) {
    Object.assign(this, { owner, workspaceId, list, listLabel, reason, onChange });
    this.total = items.length;
    this.items = items;
    this.repeated = 0;
    this.fresh = [];
    this.already = 0;
    this.bad = [];
    this.blocked = 0;
    this.blockedBefore = 0;
    this.unblocked = 0;
    this.changeIds = [];
    this.wait = 0;
    this.error = null;
    this.control = new AbortController();
    this.enter('validating', []);
    this.toDo = items.length;
  }

  enter(step, chunks) {
    Object.assign(this, { step, chunks, place: 0, done: 0, toDo: chunks.reduce((sum, chunk) => sum + chunk.length, 0) });
  }

  get running() {
    return ['validating', 'blocking', 'undoing'].includes(this.step) && !this.error;
  }

  cancel() {
    this.control.abort();
  }

  /** Works through the chunks from the place where it stands. */
  async run(work, end) {
    this.error = null;
    this.onChange();
    const { signal } = this.control;
    const onWait = (seconds) => {
      this.wait = seconds;
      this.onChange();
    };
    try {
      for (; this.place < this.chunks.length; this.place++) {
        const chunk = this.chunks[this.place];
        work(chunk, await api.withRetry(() => this.send(chunk, signal), { signal, onWait }));
        this.done += chunk.length;
        this.onChange();
      }
      this.step = end;
    } catch (error) {
      this.wait = 0;
      if (!signal.aborted) this.error = error;
    }
    if (!signal.aborted) this.onChange();
  }

  send(chunk, signal) {
    const more = { signal, workspaceId: this.workspaceId };
    if (this.step === 'undoing') return undo(chunk[0], more);
    const dryRun = this.step === 'validating';
    return block(this.list, chunk.map((item) => item.value), { reason: this.reason, dryRun, ...more });
  }

  /** Folds the repeats, in pieces, so that a large file does not block the page. */
  async prepare() {
    const known = new Map();
    for (let from = 0; from < this.items.length; from += foldLength) {
      foldInto(known, this.items.slice(from, from + foldLength));
      await pause();
    }
    const unique = [...known.values()];
    this.repeated = this.items.length - unique.length;
    this.items = null;
    this.enter('validating', chunksOf(unique, this.reason));
  }

  async validate() {
    if (this.items) await this.prepare();
    if (this.control.signal.aborted) return;
    await this.run((chunk, { data }) => this.sortOut(chunk, data), 'validated');
  }

  sortOut(chunk, { already = [], duplicates = [], invalid = [] }) {
    const out = new Set([...already, ...duplicates, ...invalid.map((bad) => bad.index)]);
    this.already += already.length;
    this.repeated += duplicates.length;
    for (const { index, reason } of invalid) {
      const item = chunk[index];
      this.repeated -= agains(item);
      for (const line of [item.line, ...(item.again ?? [])]) this.bad.push({ line, value: item.value, reason });
    }
    this.bad.sort((one, other) => one.line - other.line);
    chunk.forEach((item, index) => out.has(index) || this.fresh.push(item));
  }

  block() {
    this.enter('blocking', chunksOf(this.fresh, this.reason));
    return this.goOn();
  }

  count(chunk, { data, changeId }) {
    this.blocked += data.blocked;
    this.blockedBefore += chunk.length - data.blocked - (data.invalid?.length ?? 0);
    if (changeId && data.blocked > 0) this.changeIds.push(changeId);
  }

  goOn() {
    if (this.step === 'validating') return this.validate();
    if (this.step === 'undoing') return this.takeBack();
    return this.run((chunk, answer) => this.count(chunk, answer), 'blocked');
  }

  /** Takes back what was blocked, the newest change first. */
  undo() {
    this.enter('undoing', [...this.changeIds].reverse().map((id) => [id]));
    return this.goOn();
  }

  takeBack() {
    return this.run((_, { data }) => { this.unblocked += data.unblocked; }, 'undone');
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

// Closing the page would lose the place.
globalThis.addEventListener?.('beforeunload', (event) => {
  if (current && (current.running || current.error) && current.step !== 'validating') event.preventDefault();
});
