// Runs the tests of the dashboard: node run.mjs [--update-screens] [FILE...]
//
// --update-screens writes the pictures in docs/screens anew. The program is LEADBLOCK_BIN, else
// build/leadblock; the browser is LEADBLOCK_CHROMIUM, else /usr/bin/chromium.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
const unknown = words.find((word) => word.startsWith('-') && word !== '--update-screens');
if (unknown) {
  console.error(`unknown option ${unknown}; there is --update-screens`);
  process.exit(2);
}
const named = words.filter((word) => !word.startsWith('-')).map((word) => resolve(word));
const all = readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort()
  .map((name) => join(here, name));

const env = { ...process.env };
if (words.includes('--update-screens')) env.LEADBLOCK_UPDATE_SCREENS = '1';
if (!process.stdout.isTTY) env.NO_COLOR = '1';
// One file at a time: each has a browser and a server of its own.
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', '--test-reporter=spec', '--test-reporter-destination=stdout',
    ...(named.length ? named : all)],
  { stdio: ['ignore', 'inherit', 'inherit'], env });
process.exit(status ?? 1);
