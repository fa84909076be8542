// A screen in all its looks: light and dark, on a phone and on a desk.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { smaller } from './png.mjs';
import { root } from './server.mjs';
import { isDue } from './thinned.mjs';

const { source: axeSource } = createRequire(import.meta.url)('axe-core');

export const THEMES = ['light', 'dark'];
export const WIDTHS = [360, 1280];
const HEIGHTS = { 360: 740, 1280: 800 };
const SCREENS = join(root, 'docs', 'screens');

// Calls `look(name, number)` with the page in each look, and puts the page back. Every second one has both themes and
// both widths.
export async function inEveryLook(page, look) {
  const before = page.viewportSize();
  let number = 0;
  for (const theme of THEMES) {
    for (const width of theme === THEMES[0] ? WIDTHS : [...WIDTHS].reverse()) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: HEIGHTS[width] });
      await look(`${theme}, ${width} px`, number++);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
}

function describe(violation) {
  const places = violation.nodes.slice(0, 5)
    .map((node) => `    ${node.target.join(' ')}: ${node.failureSummary.replace(/\s*\n\s*/g, ' ')}`);
  return [`  ${violation.id} (${violation.impact}): ${violation.help}`, ...places].join('\n');
}

const EVERYTHING = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLOURS = ['color-contrast', 'link-in-text-block'];

// Gives a page axe, and the later pages of its context, too: to send its 600 kB each time costs as much as its work.
// A page that is not looked at only reads past it.
const brought = new WeakSet();
async function bringAxe(page) {
  const script = `window.leadblockMakeAxe = function () { ${axeSource} };`;
  if (!brought.has(page.context())) {
    brought.add(page.context());
    await page.context().addInitScript(script);
  }
  if (!await page.evaluate(() => Boolean(window.leadblockMakeAxe))) await page.evaluate(script);
}

// What axe finds against WCAG 2.2 AA and its own best practices, as text; '' when nothing.
async function axe(page, runOnly) {
  // Rows are pale while newer ones are on their way, and while they get their colour back.
  await page.waitForFunction(() => !document.querySelector('.stale') &&
    document.getAnimations().every((one) => !(one instanceof CSSTransition) || one.playState === 'finished'));
  await bringAxe(page);
  const found = await page.evaluate(async (rules) => {
    if (!window.axe) window.leadblockMakeAxe();
    const options = { runOnly: rules, resultTypes: ['violations'] };
    return (await window.axe.run(document, options)).violations;
  }, runOnly);
  return found.map(describe).join('\n');
}

// The screen that the page shows is accessible in every look, and never wider than the window. In a run of everything axe
// sees each screen in one of the four, the next with each commit.
let screens = 0;
export async function assertAccessible(page, screen) {
  const first = screens++;
  let isSeen = false;
  await inEveryLook(page, async (look, number) => {
    if (isDue(first + number)) {
      // The themes differ in nothing but colours: of a screen that was seen, nothing else has to be looked at.
      const found = await axe(page, !isSeen || look.startsWith(THEMES[0]) ? EVERYTHING : COLOURS);
      isSeen = true;
      assert.equal(found, '', `${screen} (${look}):\n${found}`);
    }
    const [wide, window] = await page.evaluate(
      () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= window, `${screen} (${look}): ${wide} px of content in ${window} px`);
  });
}

// docs/screens/NAME-light.png and -dark.png: written with --update-screens, else they must be there.
export async function screenshot(page, name, options = {}, themes = THEMES) {
  for (const theme of themes) {
    const path = join(SCREENS, `${name}-${theme}.png`);
    if (!process.env.LEADBLOCK_UPDATE_SCREENS) {
      assert.ok(existsSync(path), `${path} is missing; bash script/lib/browser.sh --update-screens`);
      continue;
    }
    mkdirSync(SCREENS, { recursive: true });
    await page.emulateMedia({ colorScheme: theme });
    writeFileSync(path, smaller(await page.screenshot({ animations: 'disabled', caret: 'hide', ...options })));
  }
  if (process.env.LEADBLOCK_UPDATE_SCREENS) await page.emulateMedia({ colorScheme: null });
}
