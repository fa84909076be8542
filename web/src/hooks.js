// Hooks that most screens use.
import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import * as api from './api.js';
import { onEvents } from './live.js';

/** What every screen may ask for: session, workspace, role, toasts. Filled by app.jsx. */
export const AppContext = createContext(null);
export const useApp = () => useContext(AppContext);

/**
 * Loads when a dependency (text or number) changes. Old data stay while new ones are on their way: no layout jumps.
 * `refresh` loads again without saying so, for what others changed: a failure of it leaves the old data.
 */
export function useLoad(load, deps) {
  const [turn, setTurn] = useState({ count: 0, quiet: false });
  const key = deps.join('\n');
  const wanted = `${key}\n${turn.count}`;
  const [state, setState] = useState({ data: null, error: null, of: null, key: null });
  const quiet = turn.quiet && state.key === key;
  useEffect(() => {
    const control = new AbortController();
    const settle = (change) => !control.signal.aborted && setState((old) => ({ ...old, ...change, of: wanted, key }));
    load(control.signal).then((data) => settle({ data, error: null }), (error) => settle(quiet && state.data ? {} : { error }));
    return () => control.abort();
  }, [wanted]);
  // What is waited for stays so when a `refresh` begins it again.
  const again = (isQuiet) => setTurn((old) => ({ count: old.count + 1, quiet: isQuiet && (old.quiet || state.of === `${key}\n${old.count}`) }));
  // Told by comparing, so that not even one render takes the old data for the new ones.
  return { data: state.data, error: state.error, loading: state.of !== wanted && !quiet, reload: () => again(false), refresh: () => again(true) };
}

/** Loads what a path of the API answers. options: as `api.get` takes them; other ones load again. */
export const useGet = (path, options) => (
  useLoad(async (signal) => (await api.get(path, { signal, ...options })).data, [path, JSON.stringify(options)]));

/** Calls back when something happened in the workspace, wherever it was done; not while `isBusy`. */
export function useLive(refresh, isBusy = false) {
  const latest = useRef(refresh);
  latest.current = isBusy ? () => {} : refresh;
  useEffect(() => onEvents(() => latest.current()), []);
}

/** An action behind a button or a form (`submit`): busy while it runs, its error kept for showing. */
export function useAction(action) {
  const [state, setState] = useState({ busy: false, error: null });
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => { alive.current = false; };
  }, []);
  const run = async (...args) => {
    setState({ busy: true, error: null });
    try {
      await action(...args);
      if (alive.current) setState({ busy: false, error: null });
    } catch (error) {
      if (alive.current) setState({ busy: false, error });
    }
  };
  const submit = (event) => {
    event.preventDefault();
    if (!state.busy) run();
  };
  return { ...state, run, submit, clear: () => setState({ busy: false, error: null }) };
}

/** A value that settles: the last one, once it has not changed for a while. */
export function useSettled(value, ms) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
