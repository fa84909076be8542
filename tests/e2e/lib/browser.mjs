// Pages of a real Chromium that are watched: a test fails when its page logs an error, throws, breaks
// its Content-Security-Policy, or asks any host but its own server.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // Whatever the page or the browser may want: there is nobody else.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'];

// Chromium's headless shell has the same engine without the windows of a desktop browser, which cost a page of
// its own (a context) four times the processor time, and more while nothing happens.
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

const executable = () => process.env.LEADBLOCK_CHROMIUM || BROWSERS.find((path) => existsSync(path)) || BROWSERS[0];

// The longest that a page may take over one thing. Only a test that fails waits so long: nothing here
// says how fast the page is, and a machine may have more to do than this.
const PATIENCE_MS = 30_000;

const options = () => ({ executablePath: executable(), args: ARGS });

// One browser for all test files: they find it in the environment. Its `close` ends it.
export async function serveBrowser() {
  const server = await chromium.launchServer({ ...options(), host: '127.0.0.1' });
  process.env.LEADBLOCK_TEST_BROWSER = server.wsEndpoint();
  return server;
}

let browser = null;

// Without one that is served, as when a file runs by itself, the browser is the file's own.
async function launch() {
  const served = process.env.LEADBLOCK_TEST_BROWSER;
  browser ??= await (served ? chromium.connect(served) : chromium.launch(options()));
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

function sameHost(address, origin) {
  const url = new URL(address);
  return ['data:', 'blob:', 'about:'].includes(url.protocol) || url.origin === origin ||
    url.origin === origin.replace(/^http/, 'ws');
}

// What went wrong in the pages of one context.
export class Watch {
  constructor(origin, allowed) {
    this.origin = origin;
    this.allowed = [...allowed];
    this.faults = [];
  }

  // Takes back what matches, for a test that provokes it: Chromium logs each reply of 400 and above.
  allow(...patterns) {
    this.allowed.push(...patterns);
  }

  left() {
    return this.faults.filter((fault) => !this.allowed.some((pattern) => pattern.test(fault)));
  }

  async on(context) {
    await context.exposeBinding('leadblockViolation', (_, text) => {
      this.faults.push(`content security policy: ${text}`);
    });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.leadblockViolation(`${event.violatedDirective} blocked ${event.blockedURI}`);
      });
    });
    context.on('console', (message) => {
      if (message.type() === 'error')
        this.faults.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (event) => this.faults.push(`exception: ${event.error().stack}`));
    context.on('request', (request) => this.#asked(request.url()));
    context.on('page', (page) => {
      page.on('websocket', (socket) => this.#asked(socket.url()));
      page.on('crash', () => this.faults.push('the page crashed'));
    });
  }

  #asked(address) {
    if (!sameHost(address, this.origin)) this.faults.push(`a request to another host: ${address}`);
  }
}

// A context of its own (cookies, storage) with one page: {context, page, watch}.
export async function openPage(origin, { theme = 'light', width = 1280, height = 800, allowed = [], ...more } = {}) {
  const context = await (await launch()).newContext({
    baseURL: origin,
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...more,
  });
  const watch = new Watch(origin, allowed);
  await watch.on(context);
  context.setDefaultTimeout(PATIENCE_MS);
  return { context, page: await context.newPage(), watch };
}
