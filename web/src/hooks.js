// Hooks that most screens use.
import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';

/** What every screen may ask for: session, workspace, role, toasts. Filled by app.jsx. */
export const AppContext = createContext(null);
export const useApp = () => useContext(AppContext);

/** Loads when a dependency (text or number) changes. Old data stay while new ones are on their way: no layout jumps. */
export function useLoad(load, deps) {
  const [turn, setTurn] = useState(0);
  const wanted = [...deps, turn].join('\n');
  const [state, setState] = useState({ data: null, error: null, of: null });
  useEffect(() => {
    const control = new AbortController();
    const settle = (change) => !control.signal.aborted && setState((old) => ({ ...old, ...change, of: wanted }));
    load(control.signal).then((data) => settle({ data, error: null }), (error) => settle({ error }));
    return () => control.abort();
  }, [wanted]);
  // Told by comparing, so that not even one render takes the old data for the new ones.
  return { data: state.data, error: state.error, loading: state.of !== wanted, reload: () => setTurn((count) => count + 1) };
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
