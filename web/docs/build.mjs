// Builds the documentation as pages: node web/docs/build.mjs ROOT OUTDIR VERSION
// ROOT is the folder of README.md and docs/. docs/README.md is the start page: its headings and links are the
// navigation. The program serves OUTDIR at /docs: api.html as /docs/api, everything else under its name.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { render, START } from './markdown.mjs';
import { navigation, readSources } from './pages.mjs';
import { words } from './words.mjs';
import { page } from './template.mjs';
import { colours } from './colours.mjs';

const here = dirname(fileURLToPath(import.meta.url));

const minify = async (contents, loader, more = {}) => (await build({
  absWorkingDir: here, stdin: { contents, loader, resolveDir: here }, write: false, bundle: true, minify: true,
  target: 'es2020', legalComments: 'none', logLevel: 'warning', ...more,
})).outputFiles[0].text;

// Names of files carry a hash of what they hold, so that the server may call them immutable.
function hashed(files, stem, suffix, text) {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const name = `${stem}-${hash}.${suffix}`;
  files.set(name, text);
  return name;
}

async function assets(files, documents) {
  const base = await readFile(join(here, '../src/style/base.css'), 'utf8');
  const style = await minify(colours(base) + await readFile(join(here, 'site.css'), 'utf8'), 'css');
  const index = hashed(files, 'words', 'json', words(documents));
  const script = await minify(await readFile(join(here, 'site.js'), 'utf8'), 'js',
    { format: 'esm', define: { WORDS: JSON.stringify(index) } });
  return { css: hashed(files, 'site', 'css', style), js: hashed(files, 'site', 'js', script) };
}

async function write(outdir, files) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  let total = 0;
  for (const [name, text] of files) {
    await writeFile(join(outdir, name), text);
    const size = gzipSync(text, { level: 9 }).length;
    console.log(`${String(size).padStart(7)} ${name}`);
    total += size;
  }
  console.log(`${String(total).padStart(7)} bytes gzip'd`); // tests/http/test_docs_site.py has the bound
}

async function main(root, outdir, version) {
  if (!version) throw new Error('Usage: node web/docs/build.mjs ROOT OUTDIR VERSION');
  const sources = await readSources(root);
  const nav = navigation(sources);
  const files = new Map();
  const names = new Set(sources.map((source) => source.name));
  const documents = nav.order.map((entry) => ({ ...entry, ...render(sources.find((s) => s.name === entry.name), names) }));
  const parts = { ...await assets(files, documents), nav, version };
  documents.forEach((document, place) => {
    files.set(`${document.name === START ? 'index' : document.name}.html`,
      page(parts, { ...document, before: nav.order[place - 1], after: nav.order[place + 1] }));
  });
  files.set('404.html', page({ ...parts, base: '/docs/' }, { name: null, title: 'Page not found', headings: [],
    html: '<h1>Page not found</h1><p>There is no page of this name in the documentation. Search for it, or choose one of the list.' }));
  files.set('mark.svg', await readFile(join(here, '../favicon.svg'), 'utf8'));
  files.set('bench.svg', await readFile(join(root, 'docs/bench.svg'), 'utf8'));
  await write(resolve(outdir), files);
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
