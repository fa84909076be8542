// The tests' own eyes: each kind of fault is seen, and a page without faults has none.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { closeBrowser, openPage } from './lib/browser.mjs';
import { assertAccessible } from './lib/looks.mjs';
import { eventually } from './lib/pages.mjs';

const POLICY = "default-src 'none'; script-src 'self'; img-src * data:; connect-src *; style-src 'self'";
const HEAD = '<!doctype html><html lang="en"><head><title>t</title><link rel="icon" href="data:,">' +
  '<meta name="viewport" content="width=device-width"></head>';

const pages = {
  '/good': '<main><h1>Good</h1></main><script src="/good.js"></script>',
  '/logs': '<script src="/logs.js"></script>',
  '/throws': '<script src="/throws.js"></script>',
  '/rejects': '<script src="/rejects.js"></script>',
  '/inline': '<script>document.title = "inline"</script>',
  '/styled': '<p style="color: red">styled</p>',
  '/elsewhere': '<img alt="" src="http://elsewhere.example/a.png">',
  '/fetches': '<script src="/fetches.js"></script>',
  '/broken': '<img alt="" src="/none.png">',
  '/nameless': '<main><h1>Form</h1><input></main>',
  '/wide': '<link rel="stylesheet" href="/wide.css"><main><h1>Wide</h1><p>wide</p></main>',
};
const files = {
  '/good.js': 'console.log("all is well")',
  '/logs.js': 'console.error("oh no")',
  '/throws.js': 'throw new Error("thrown")',
  '/rejects.js': 'Promise.reject(new Error("rejected"))',
  '/fetches.js': 'fetch("http://127.0.0.1:1/").catch(() => {})',
  '/wide.css': 'p { width: 500px }',
};

let origin;
const server = createServer((request, response) => {
  const page = pages[request.url];
  const file = files[request.url];
  const type = request.url.endsWith('.css') ? 'text/css' : 'text/javascript';
  response.writeHead(page || file ? 200 : 404, {
    'Content-Type': page ? 'text/html' : type, 'Content-Security-Policy': POLICY });
  response.end(page ? `${HEAD}<body>${page}</body></html>` : file);
});

before(() => new Promise((done) => {
  server.listen(0, '127.0.0.1', () => {
    origin = `http://127.0.0.1:${server.address().port}`;
    done();
  });
}));

after(async () => {
  await closeBrowser();
  server.closeAllConnections();
  server.close();
});

// What is watched at a page until `look(watch)` is content.
async function watched(path, look) {
  const { context, page, watch } = await openPage(origin);
  await page.goto(path);
  await eventually(() => look(watch));
  await context.close();
}

test('a page without faults has none', async () => {
  const { context, page, watch } = await openPage(origin);
  await page.goto('/good');
  await page.waitForTimeout(100); // for faults that come late
  await context.close();
  assert.deepEqual(watch.left(), []);
});

for (const [path, pattern] of [
  ['/logs', /console: oh no/],
  ['/throws', /exception: Error: thrown/],
  ['/rejects', /exception: Error: rejected/],
  ['/inline', /content security policy: script-src-elem blocked inline/],
  ['/styled', /content security policy: style-src-attr blocked inline/],
  ['/elsewhere', /another host: http:\/\/elsewhere\.example\/a\.png/],
  ['/fetches', /another host: http:\/\/127\.0\.0\.1:1\//],
  ['/broken', /status of 404 .*\/none\.png/],
]) {
  test(`${path.slice(1)} is a fault`, () => watched(path, (watch) => {
    const faults = watch.left();
    assert.ok(faults.some((fault) => pattern.test(fault)), faults.join('\n'));
  }));
}

test('a fault that is meant is allowed', () => watched('/broken', (watch) => {
  assert.ok(watch.faults.length > 0, 'the fault is there');
  watch.allow(/status of 404 .*\/none\.png/);
  assert.deepEqual(watch.left(), []);
}));

for (const [path, pattern] of [
  ['/nameless', /label/],
  ['/wide', /light, 360 px.*px of content in 360 px/],
]) {
  test(`${path.slice(1)} is not accessible`, async () => {
    const { context, page } = await openPage(origin);
    await page.goto(path);
    await assert.rejects(assertAccessible(page, 'it'), pattern);
    await context.close();
  });
}
