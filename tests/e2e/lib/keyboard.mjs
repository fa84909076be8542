// A person without a mouse: keys only, and the focus is always to be seen.
import assert from 'node:assert/strict';

import { eventually } from './pages.mjs';

// What has the focus: {what: 'button Check', visible, drawn}. `drawn`: something shows that it has it.
function look() {
  const at = document.activeElement;
  if (!at || at === document.body) return { what: 'nothing', visible: false, drawn: false };
  const label = at.getAttribute('aria-label') ?? (at.labels?.[0] ?? at).textContent.trim();
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const visible = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && style.visibility !== 'hidden';
  const drawn = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return { what: `${at.localName} ${label}`, visible, drawn };
}

export const focused = (page) => page.evaluate(look);

export const isFocused = (page, what) => eventually(async () => assert.match((await focused(page)).what, what));

// Presses Tab (or Shift+Tab) until the focus is on `what`; whatever is passed shows that it has it.
export async function tabTo(page, what, { back = false } = {}) {
  const passed = [];
  while (passed.length < 80) {
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    const now = await focused(page);
    passed.push(now.what);
    if (now.what !== 'nothing') assert.ok(now.visible && now.drawn, `the focus is not seen on ${now.what}`);
    if (what.test(now.what)) return;
  }
  assert.fail(`Tab never came to ${what}, but to ${passed.join(' | ')}`);
}

export async function type(page, text) {
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}

export async function pressOn(page, what, key = 'Enter', options = {}) {
  await tabTo(page, what, options);
  await page.keyboard.press(key);
}
