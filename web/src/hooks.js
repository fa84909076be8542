// Hooks that most screens use.
import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';

/** What every screen may ask for: session, workspace, role, toasts. Filled by app.jsx. */
export const AppContext = createContext(null);
export const useApp = () => useContext(AppContext);

/** Loads when a dependency changes. Old data stay while new ones are on their way: no layout jumps. */
export function useLoad(load, deps) {
  const [state, setState] = useState({ data: null, error: null, loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    const settle = (change) => !control.signal.aborted && setState(change);
    setState((old) => ({ ...old, loading: true }));
    load(control.signal).then(
      (data) => settle({ data, error: null, loading: false }),
      (error) => settle((old) => ({ data: old.data, error, loading: false })),
    );
    return () => control.abort();
  }, [...deps, turn]);
  return { ...state, reload: () => setTurn((count) => count + 1) };
}

/** An action behind a button: busy while it runs, its error kept for showing. */
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
  return { ...state, run, clear: () => setState({ busy: false, error: null }) };
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
