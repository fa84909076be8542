// What a test file needs: `useServer`, and `screen` in place of node's `test`.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { closeBrowser, openPage } from './browser.mjs';
import { Server } from './server.mjs';

export { assertAccessible, inEveryLook, screenshot } from './looks.mjs';
export { Server } from './server.mjs';

const TIME_LIMIT_MS = 120_000;

// One server for all tests of a file; `prepare(server)` is called when it runs. The first test that needs it
// starts it, so that a file of which no test is wanted (run.mjs --name) costs nothing.
export function useServer(options = {}, prepare = async () => {}) {
  let server = null;
  const start = async () => {
    server = await Server.start(options);
    await prepare(server);
    return server;
  };
  let started = null;
  after(async () => {
    await closeBrowser();
    await server?.remove();
  });
  return { running: () => (started ??= start()) };
}

// Loads the page anew at a hash route: another hash alone would load nothing. A detour over about:blank would do
// as well, but costs two processes of the browser.
export async function loadAnew(page, address) {
  if (page.url() === 'about:blank') return page.goto(`/${address}`);
  await page.evaluate((to) => history.replaceState(null, '', to), `/${address}`);
  return page.reload();
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
    const server = await shared.running();
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
