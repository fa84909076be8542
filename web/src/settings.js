// What a browser remembers: theme, workspace, shortcuts. Storage may be switched off; then nothing is remembered.
const prefix = 'leadblock.';

export function recall(name) {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // Works without, until the page is closed.
  }
}

const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

/** theme: auto, light or dark. */
export function applyTheme(theme) {
  const isDark = theme === 'dark' || (theme !== 'light' && dark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

export function followSystemTheme(onChange) {
  dark.addEventListener('change', onChange);
  return () => dark.removeEventListener('change', onChange);
}
