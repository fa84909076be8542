// Keeps open screens current: follows the feed of the workspace's events, one request at a time for the whole page. Nothing
// is asked while the page is hidden. When the server has no place for one more that waits, or does not answer, it is asked
// now and then instead, ever more seldom.
import * as api from './api.js';

const waitS = 25;
const settleMs = 400; // several changes at once are one refresh
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;

const listeners = new Set();

/** Calls back some time after something happened; the answer ends that. */
export function onEvents(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => {
  for (const listener of [...listeners]) listener();
};

const isVisible = () => !document.hidden;

/** Until the page is looked at again. */
const whenVisible = (signal) => new Promise((done) => {
  const look = () => {
    if (!isVisible() && !signal.aborted) return;
    document.removeEventListener('visibilitychange', look);
    done();
  };
  document.addEventListener('visibilitychange', look);
  signal.addEventListener('abort', look, { once: true });
  look();
});

const pause = (ms, signal) => api.pause(ms, signal).catch(() => {});

/** A request of the feed that ends, too, when the page is hidden: `null` then. */
async function ask(query, { signal, workspaceId }) {
  const control = new AbortController();
  const stop = () => (signal.aborted || !isVisible()) && control.abort();
  signal.addEventListener('abort', stop);
  document.addEventListener('visibilitychange', stop);
  try {
    return (await api.get('events', { query: { take: 1, ...query }, signal: control.signal, workspaceId })).data;
  } catch (error) {
    if (control.signal.aborted) return null;
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    document.removeEventListener('visibilitychange', stop);
  }
}

/** Follows the events of a workspace until the answer is called. */
export function follow(workspaceId) {
  const control = new AbortController();
  const { signal } = control;
  const run = async () => {
    let cursor = null; // null: what happens from now on
    let failures = 0;
    let away = false; // something may have been missed
    while (!signal.aborted) {
      if (!isVisible()) away = true;
      await whenVisible(signal);
      if (signal.aborted) return;
      try {
        // After a failure it does not wait at the server: that may be what it has no place for.
        const wait = cursor !== null && failures === 0 ? waitS : '';
        const answer = await ask({ after: cursor ?? 'now', wait }, { signal, workspaceId });
        if (answer === null) continue;
        const isNew = answer.events.length > 0 || (away && cursor === null);
        cursor = answer.cursor;
        if (answer.events.length > 0 && answer.more) cursor = (await ask({ after: 'now' }, { signal, workspaceId }))?.cursor ?? cursor;
        away = false;
        if (isNew) {
          await pause(settleMs, signal);
          if (!signal.aborted) tell();
        }
        if (failures > 0) await pause(Math.min(firstPauseMs * 2 ** failures, longestPauseMs), signal);
        if (failures > 0) failures -= 1;
      } catch (error) {
        if (error.status === 401 || error.status === 403) return;
        if (error.code === 'cursor_gone') {
          cursor = null;
          away = true;
          continue;
        }
        failures = Math.min(failures + 1, 6);
        await pause(Math.max(firstPauseMs * 2 ** failures, (error.retryAfter ?? 0) * 1000), signal);
      }
    }
  };
  run();
  return () => control.abort();
}
