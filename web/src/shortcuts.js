// Keys for users who work without a mouse. Single keys can be turned off (WCAG 2.1.4), and never fire while typing.
import { useEffect, useRef } from 'preact/hooks';
import { go, href } from './router.js';

const sequenceMs = 1_500;

export const goKeys = {
  c: 'check', b: 'blocklist', a: 'add', m: 'campaigns', o: 'overview', t: 'audit', k: 'keys', h: 'hooks', i: 'api', l: 'installation', w: 'workspaces', u: 'people', s: 'account',
};

const isTyping = (target) => target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);

function focusSearch() {
  const search = document.querySelector('main input[type="search"]');
  if (search) {
    search.focus();
    search.select();
  } else {
    go(href('check'));
  }
}

/** `allowed`: names of the screens that this user has. */
export function useShortcuts({ enabled, allowed, onHelp, onPalette }) {
  const pending = useRef(0);
  // With Ctrl or Cmd it is no single key: it works while typing, too, and cannot be turned off.
  useEffect(() => {
    const press = (event) => {
      if (event.key.toLowerCase() !== 'k' || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (!document.querySelector('dialog[open]')) onPalette();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [onPalette]);
  useEffect(() => {
    if (!enabled) return undefined;
    const actions = {
      '/': focusSearch,
      '?': onHelp,
      n: () => allowed.includes('add') && go(href('add')),
    };
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const target = Date.now() - pending.current < sequenceMs ? goKeys[event.key] : undefined;
      pending.current = event.key === 'g' ? Date.now() : 0;
      const action = target ? () => allowed.includes(target) && go(href(target)) : actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [enabled, allowed.join(), onHelp]);
}
