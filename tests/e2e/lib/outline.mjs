// What a screen is made of, as lines such as `h2.empty-title "Nothing found"`: enough to see that its picture
// is out of date. Each line stands once; data (rows of tables, times, numbers) do not count.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { root } from './server.mjs';

const FILE = join(root, 'docs', 'screens', 'outlines.json');

function read() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return {};
  }
}

export function outlineOf(page, selector) {
  return page.evaluate((from) => {
    const data = 'tbody, time, code, dd, .progress-note, textarea, option, svg, .pager p, .list-status, .page-lead';
    const lines = new Set();
    const visit = (element) => {
      const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.data).join(' ').replace(/\s+/g, ' ').trim().replace(/\d[\d.,]*/g, '#');
      const classes = [...element.classList].map((name) => `.${name}`).join('');
      lines.add(`${element.localName}${classes}${text && !element.closest(data) ? ` "${text}"` : ''}`);
      // The paths of a drawing are seen in its picture only.
      if (element.localName !== 'svg') for (const child of element.children) visit(child);
    };
    visit(document.querySelector(from));
    return [...lines].sort();
  }, selector);
}

// The screen is made as it was when its picture was taken; with --update-screens, that is written down anew.
export async function assertOutline(page, name, selector = 'main') {
  const now = await outlineOf(page, selector);
  const all = read();
  if (process.env.LEADBLOCK_UPDATE_SCREENS) {
    const sorted = Object.entries({ ...all, [name]: now }).sort(([a], [b]) => (a < b ? -1 : 1));
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), null, 1)}\n`);
    return;
  }
  const before = all[name] ?? [];
  const gone = before.filter((line) => !now.includes(line)).map((line) => `  gone: ${line}`);
  const added = now.filter((line) => !before.includes(line)).map((line) => `  new:  ${line}`);
  assert.deepEqual([...gone, ...added], [], [
    `The screen ${name} is not what docs/screens/${name}-*.png shows any more:`, ...gone, ...added,
    'Take the pictures again, look at them, and commit them: bash script/lib/browser.sh --update-screens tests/e2e/screens.test.mjs'].join('\n'));
}
