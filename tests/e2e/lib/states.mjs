// A screen in each of its states, looked at in every look: for the files a11y*.test.mjs.
import assert from 'node:assert/strict';

import { assertAccessible, loadAnew, screen, useServer } from './harness.mjs';
import { fillShowcase } from './showcase.mjs';

export const timeout = 240_000;
export const failed = (...codes) => codes.map((code) => new RegExp(`status of ${code} `));

export const button = (page, name) => page.getByRole('button', { name });
export const heading = (page, name) => page.getByRole('heading', { name });
export const row = (page) => page.locator('tbody tr:not(.skeleton)').first();
export const press = (name) => async (page) => button(page, name).first().click();
export const dialog = (page) => page.locator('dialog[open]');

// WCAG 1.4.10: everything is there without scrolling sideways when 1280 px are magnified to 400 %.
async function assertReflows(page, name) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 256 });
  const wide = await page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('dialog[open], dialog[open] .dialog-body, main')];
    return [document.documentElement, ...dialogs].filter((one) => one.scrollWidth > one.clientWidth)
      .map((one) => `${one.localName}.${one.className}: ${one.scrollWidth} px in ${one.clientWidth} px`);
  });
  await page.setViewportSize(before);
  assert.deepEqual(wide, [], `${name} at 320 px`);
}

export async function look(page, name) {
  await assertAccessible(page, name);
  await assertReflows(page, name);
}

const none = async () => {};

// Opens an address anew, does something there, and looks once `ready` is seen.
export async function state(page, name, address, { ready = row, act = none } = {}) {
  await loadAnew(page, address);
  await act(page);
  await ready(page).waitFor();
  await look(page, name);
}

// A server as it may look after a few weeks: {shared, people, states}. `people()`: who there is (lib/showcase.mjs).
// `states(title, who, cases, options)` is a test that goes through `cases`: [name, address, what `state` takes].
export function useShowcase() {
  let people;
  const shared = useServer({}, async (server) => { people = await fillShowcase(server); });
  const states = (title, who, cases, options = {}) => {
    screen(title, shared, { timeout, ...options }, async ({ page, context }) => {
      await people[who].let(context);
      for (const [name, address, how] of cases) await state(page, name, address, how);
    });
  };
  return { shared, people: () => people, states };
}
