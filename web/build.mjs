// Bundles the dashboard: node web/build.mjs OUTDIR
// The names of the bundles carry a hash of what they hold, so that the server may call them immutable.
import { build } from 'esbuild';
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const gzipLimit = 75_000;

// esbuild's own minifier leaves some 3 % more.
async function smaller(code) {
  return (await minify(code, { module: true, ecma: 2020, compress: { ecma: 2020, passes: 5, booleans: false, pure_getters: true, inline: 1, unsafe_arrows: true } })).code;
}

async function bundle(outdir) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: { app: 'src/main.jsx' },
    entryNames: '[name]-[hash]',
    outdir: join(outdir, 'assets'),
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2020',
    jsx: 'transform',
    jsxFactory: 'h',
    jsxFragment: 'Fragment',
    inject: [join(here, 'jsx.js')],
    write: false,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await mkdir(join(outdir, 'assets'), { recursive: true });
  for (const { path, text } of result.outputFiles) await writeFile(path, path.endsWith('.js') ? await smaller(text) : text);
  const names = result.outputFiles.map(({ path }) => path.split(/[\\/]/).pop());
  return { js: names.find((name) => name.endsWith('.js')), css: names.find((name) => name.endsWith('.css')) };
}

async function writePage(outdir, { js, css }) {
  const page = await readFile(join(here, 'index.html'), 'utf8');
  await writeFile(join(outdir, 'index.html'), page.replace('app.js', js).replace('app.css', css));
  await copyFile(join(here, 'favicon.svg'), join(outdir, 'favicon.svg'));
}

async function gzipSizes(outdir) {
  const assets = (await readdir(join(outdir, 'assets'))).map((name) => join('assets', name));
  const names = ['index.html', 'favicon.svg', ...assets];
  return Promise.all(names.map(async (name) => ({
    name, size: gzipSync(await readFile(join(outdir, name)), { level: 9 }).length,
  })));
}

async function main(argument) {
  if (!argument) throw new Error('Usage: node web/build.mjs OUTDIR');
  const outdir = resolve(argument);
  await mkdir(outdir, { recursive: true });
  // Bundles of an earlier build have other hashes and would be served for ever.
  await rm(join(outdir, 'assets'), { recursive: true, force: true });
  await writePage(outdir, await bundle(outdir));
  const sizes = await gzipSizes(outdir);
  const total = sizes.reduce((sum, file) => sum + file.size, 0);
  for (const { name, size } of sizes) console.log(`${String(size).padStart(7)} ${name}`);
  console.log(`${String(total).padStart(7)} bytes gzip'd, of at most ${gzipLimit}`);
  if (total > gzipLimit) throw new Error(`The dashboard has ${total} bytes gzip'd, more than ${gzipLimit}.`);
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
