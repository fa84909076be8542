// Hash routes: #/NAME/ARGUMENT...?QUERY. The hash is the only place where a screen's state lives, so that
// reloading, sharing and the back button work.
import { useEffect, useState } from 'preact/hooks';
import { path, withQuery } from './api.js';

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function parseHash(hash) {
  const [place, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [name, ...args] = place.split('/').map(decode);
  return { name: name || 'check', args, query: Object.fromEntries(new URLSearchParams(query)) };
}

export const href = (name, args = [], query = {}) => withQuery(`#/${path(name, ...args)}`, query);

export function go(target, { replace = false } = {}) {
  if (target === location.hash) return;
  if (!replace) {
    location.hash = target;
    return;
  }
  history.replaceState(null, '', target);
  dispatchEvent(new Event('hashchange'));
}

/** Changes some members of the query of the present screen; what is empty is left out. */
export function setQuery(changes, options) {
  const route = parseHash(location.hash);
  go(href(route.name, route.args, { ...route.query, ...changes }), options);
}

export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return parseHash(hash);
}
