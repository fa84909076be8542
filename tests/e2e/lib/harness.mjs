// What a test file needs: `useServer`, and `screen` in place of node's `test`.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { closeBrowser, openPage } from './browser.mjs';
import { Server } from './server.mjs';

export { assertAccessible, inEveryLook, screenshot } from './looks.mjs';
export { Server } from './server.mjs';

const TIME_LIMIT_MS = 60_000;

// One server for all tests of a file, as `shared.server`; `prepare(server)` is called when it runs.
export function useServer(options = {}, prepare = async () => {}) {
  const shared = { server: null };
  before(async () => {
    shared.server = await Server.start(options);
    await prepare(shared.server);
  });
  after(async () => {
    await closeBrowser();
    await shared.server?.remove();
  });
  return shared;
}

// A picture of where a failed test stood, outside of the project.
async function keepPicture(page, name) {
  const folder = join(tmpdir(), 'leadblock-e2e-failed');
  const path = join(folder, `${name.replace(/[^a-z0-9]+/gi, '-')}.png`);
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path, timeout: 5000 }).catch(() => {});
  return path;
}

async function explain(error, opened, server, name) {
  const faults = opened.watch.left();
  // The runner shows the stack, which was written before.
  error.stack += ['', `page: ${opened.page.url()}, seen in ${await keepPicture(opened.page, name)}`,
    ...faults, "the server's last words:", server.log.slice(-1500)].join('\n');
  return error;
}

// A test with a page of its own: `body({ page, context, watch, server, another })`. `another(options)`
// opens a page with cookies of its own, watched as well. Options: theme, width, height, allowed
// (patterns of faults that are meant), and those of a browser context.
export function screen(name, shared, options, body) {
  test(name, { timeout: options.timeout ?? TIME_LIMIT_MS }, async () => {
    const { server } = shared;
    const { timeout, ...look } = options;
    const all = [];
    const another = async (other = {}) => {
      all.push(await openPage(server.url, { ...look, ...other }));
      return all.at(-1);
    };
    const opened = await another();
    try {
      await body({ ...opened, server, another });
      await opened.page.waitForTimeout(50); // for what the page says last
      assert.deepEqual(all.flatMap(({ watch }) => watch.left()), [], 'the page made faults');
    } catch (error) {
      throw await explain(error, opened, server, name);
    } finally {
      for (const { context } of all) await context.close();
    }
  });
}
