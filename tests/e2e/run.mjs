// Runs the tests of the dashboard: node run.mjs [--name PATTERN] [--jobs N] [--update-screens] [FILE...]
//
// FILE is a path, or a name such as sign-in; FILE::PATTERN is the tests of that file whose names match. --name runs the
// tests whose names match a regular expression. Patterns hold for all files that are named.
// --jobs says how many files run side by side (2). --update-screens writes the pictures in docs/screens anew.
// The program is LEADBLOCK_BIN, else build/leadblock; the browser is LEADBLOCK_CHROMIUM, else
// /usr/bin/chromium-headless-shell, else /usr/bin/chromium.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { serveBrowser } from './lib/browser.mjs';

const here = dirname(fileURLToPath(import.meta.url));

function options() {
  try {
    return parseArgs({ allowPositionals: true, options: {
      name: { type: 'string' }, jobs: { type: 'string', default: '2' }, 'update-screens': { type: 'boolean' } } });
  } catch (error) {
    console.error(`${error.message}\nThe options are --name PATTERN, --jobs N and --update-screens.`);
    return process.exit(2);
  }
}

// A path from the current folder, a name, or a path from the project's root.
function fileOf(word) {
  const known = join(here, `${word.replace(/\.test\.mjs$/, '')}.test.mjs`);
  return [resolve(word), known].find((path) => existsSync(path)) ?? resolve(here, '../..', word);
}

const allFiles = () => readdirSync(here).filter((name) => name.endsWith('.test.mjs')).map((name) => join(here, name));

const { values, positionals } = options();
const names = values.name ? [values.name] : [];
const files = positionals.map((word) => {
  const [file, ...name] = word.split('::');
  if (name.length) names.push(name.join('::'));
  return fileOf(file);
});
const browser = await serveBrowser();
const env = { ...process.env };
if (values['update-screens']) env.LEADBLOCK_UPDATE_SCREENS = '1';
if (process.stdout.isTTY) env.FORCE_COLOR = '1';
else env.NO_COLOR = '1';

// Each file has a server of its own, and often waits for it or for the browser, which is one for all. node begins the
// files in the order of their names.
const runner = spawn(
  process.execPath,
  ['--test', `--test-concurrency=${values.jobs}`, '--test-reporter=spec', '--test-reporter-destination=stdout',
    ...names.map((name) => `--test-name-pattern=${name}`), ...(files.length ? files : allFiles())],
  { stdio: ['ignore', 'pipe', 'inherit'], env });

// Older versions of node count each test of another name as skipped, and show it.
let passedOrFailed = 0;
const notMeant = /test name does not match pattern|^\S*ℹ skipped /;
createInterface({ input: runner.stdout }).on('line', (line) => {
  passedOrFailed += Number(/ℹ (?:pass|fail|cancelled) (\d+)/.exec(line)?.[1] ?? 0);
  if (names.length === 0 || !notMeant.test(line)) console.log(line);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('close', async (code) => {
  await browser.close();
  if (code === 0 && passedOrFailed === 0) {
    console.error(names.length ? `No test of these files has a name that matches ${names.join(' or ')}.` : 'No test ran.');
    process.exit(1);
  }
  process.exit(code ?? 1);
});
