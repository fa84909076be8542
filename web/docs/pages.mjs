// Which pages there are, and their order: README.md, CHANGELOG.md and docs/*.md, as docs/README.md links to them.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { links, START, titleOf } from './markdown.mjs';

// Those who change the program, or verify its log by another one, have the source code, and these in it; comparison and measurements are read before the
// program is chosen.
const IN_SOURCE = ['architecture.md', 'chain.md', 'comparison.md', 'performance.md', 'threading.md'];
const ELSEWHERE = { readme: 'README.md', changelog: 'CHANGELOG.md' };

// What is newest: all of it is a tenth of all pages.
const changelogSize = 800;
function shortened(name, text) {
  const end = name === 'changelog' ? text.indexOf('\n- ', changelogSize) : -1;
  return end < 0 ? text : `${text.slice(0, end)}\n\nThe rest of it, and earlier versions, are in \`CHANGELOG.md\` of the source code.\n`;
}

// [{name, path, text}]: `path` from the project's root, `name` as in /docs/NAME.
export async function readSources(root) {
  const inDocs = (await readdir(join(root, 'docs'))).filter((file) => file.endsWith('.md') && !IN_SOURCE.includes(file)).sort();
  const paths = inDocs.map((file) => [file === 'README.md' ? START : file.slice(0, -3), `docs/${file}`]);
  return Promise.all([...paths, ...Object.entries(ELSEWHERE)].map(async ([name, path]) => ({
    name, path, text: shortened(name, await readFile(join(root, path), 'utf8')),
  })));
}

// {order: [{name, label}], groups: [{title, id, pages: [{name, label}]}]}: `id` of the start page's heading. What the start page does not name comes last.
export function navigation(sources) {
  const start = sources.find((source) => source.name === START);
  if (!start) throw new Error('docs/README.md is missing: it is the start page of the documentation');
  const known = new Map(sources.map((source) => [source.name, source]));
  known.delete(START);
  const groups = [];
  for (const { group, id, name, label } of links(start)) {
    if (!known.delete(name)) continue;
    if (groups.at(-1)?.title !== group) groups.push({ title: group, id, pages: [] });
    groups.at(-1).pages.push({ name, label });
  }
  const rest = [...known.values()].map((source) => ({ name: source.name, label: titleOf(source) }));
  if (rest.length) groups.push({ title: 'More', pages: rest });
  return { groups, order: [{ name: START, label: 'Documentation' }, ...groups.flatMap((group) => group.pages)] };
}
