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

/** theme: auto (as the system has it), light or dark. */
export function applyTheme(theme) {
  document.documentElement.style.colorScheme = theme === 'auto' ? '' : theme;
}
