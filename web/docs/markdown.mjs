// One document as HTML, with its links made those of the pages.
import MarkdownIt from 'markdown-it';
import { posix } from 'node:path';

export const START = 'start';

const markdown = new MarkdownIt();
const rules = markdown.renderer.rules;

// HTML closes these by itself, and what is left out need not be sent.
for (const tag of ['paragraph_close', 'list_item_close', 'td_close', 'th_close', 'tr_close', 'thead_close', 'tbody_close'])
  rules[tag] = () => '';

const wordsOf = (tokens) => (tokens ?? []).map((token) => (
  ['text', 'code_inline', 'image'].includes(token.type) ? token.content : token.type === 'softbreak' ? ' ' : '')).join('');

// As GitHub makes them, and tests/lint/links.py expects them.
function anchorOf(text, taken) {
  const plain = text.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').trim().replaceAll(' ', '-');
  const count = taken.get(plain) ?? 0;
  taken.set(plain, count + 1);
  return count ? `${plain}-${count}` : plain;
}

rules.heading_open = (tokens, at) => `<${tokens[at].tag} id="${tokens[at].meta.id}">`;

// Quotes need no escape outside of attributes.
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
rules.text = (tokens, at) => escape(tokens[at].content);
rules.fence = (tokens, at) => `<pre><code>${escape(tokens[at].content)}</code></pre>\n`;
rules.code_block = rules.fence;

rules.table_open = () => '<div class="table"><table>';
rules.table_close = () => '</table></div>\n';
// The style attribute that aligns a column is not allowed by the Content-Security-Policy.
// A heading without words is none.
for (const cell of ['th_open', 'td_open']) rules[cell] = (tokens, at) => (
  `<${tokens[at + 1].content ? tokens[at].tag : 'td'}${/right/.test(tokens[at].attrGet('style')) ? ' class="number"' : ''}>`);

// A row of headings without words is none.
rules.thead_open = (tokens, at, options, env) => {
  const end = tokens.findIndex((token, place) => place > at && token.type === 'thead_close');
  env.noHead = tokens.slice(at, end).every((token) => token.type !== 'inline' || token.content === '');
  return env.noHead ? '<thead hidden>' : '<thead>';
};

// Pictures of screens are not embedded: each is a quarter of all pages.
rules.image = (tokens, at, options, env) => {
  const alt = markdown.utils.escapeHtml(tokens[at].content);
  const path = posix.join(posix.dirname(env.path), tokens[at].attrGet('src'));
  if (path === 'docs/bench.svg') return `<img src="bench.svg" alt="${alt}" width="760" height="482" loading="lazy">`;
  return `<span class="left-out">${alt ? `${alt}. ` : ''}The picture is in the source code: <code>${path}</code></span>`;
};

const openLinks = (env) => (env.links ??= []);
rules.link_open = (tokens, at, options, env) => {
  const to = env.target(tokens[at].attrGet('href'));
  openLinks(env).push(to);
  return to === null ? '' : `<a href="${markdown.utils.escapeHtml(to)}">`;
};
rules.link_close = (tokens, at, options, env) => (openLinks(env).pop() === null ? '' : '</a>');

// A document that is only named, as `docs/api.md`, is a link, too.
rules.code_inline = (tokens, at, options, env) => {
  const code = `<code>${escape(tokens[at].content)}</code>`;
  const isPath = /^(docs\/[\w-]+\.md|docs\/openapi\.yaml|README\.md|CHANGELOG\.md)$/.test(tokens[at].content);
  const to = isPath && !env.links?.length ? env.target(`/${tokens[at].content}`) : null;
  return to === null ? code : `<a href="${to}">${code}</a>`;
};

const pageOf = (path) => {
  if (path === 'docs/README.md') return START;
  return /^(?:docs\/)?([\w-]+)\.md$/.exec(path)?.[1].toLowerCase() ?? null;
};
const isPage = (path) => path.startsWith('docs/') || ['README.md', 'CHANGELOG.md'].includes(path);

// The address of a link in the document `path`; null when it leads to a file of the source code that is no page.
function targetIn(path, names) {
  return (href) => {
    if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
    const [file, anchor] = href.split('#');
    const to = file.startsWith('/') ? file.slice(1) : posix.join(posix.dirname(path), file);
    if (to === 'docs/openapi.yaml') return '/v1/openapi.json';
    const name = pageOf(to);
    if (!isPage(to) || !names.has(name)) return null;
    return (name === START ? './' : name) + (anchor ? `#${anchor}` : '');
  };
}

// Tables of nothing but pictures that are left out: one sentence is enough.
function withoutPictures(tokens) {
  const out = [];
  for (let at = 0; at < tokens.length; at++) {
    const end = tokens[at].type === 'table_open' ? tokens.findIndex((t, place) => place > at && t.type === 'table_close') : -1;
    const pictures = tokens.slice(at, end).filter((t) => t.children?.length === 1 && t.children[0].type === 'image');
    if (end < 0 || pictures.length < 3) { out.push(tokens[at]); continue; }
    const folder = posix.dirname(pictures[0].children[0].attrGet('src'));
    out.push(...markdown.parse(`Pictures of all screens are in the source code, in \`docs/${folder}\`.`, {}));
    at = end;
  }
  return out;
}

function parse(source) {
  const tokens = withoutPictures(markdown.parse(source.text, {}));
  const taken = new Map();
  const headings = [];
  tokens.forEach((token, at) => {
    if (token.type !== 'heading_open') return;
    const inline = tokens[at + 1];
    const text = wordsOf(inline.children);
    const id = anchorOf(text, taken);
    token.meta = { id };
    headings.push({ id, text, level: Number(token.tag[1]) });
  });
  return { tokens, headings };
}

export const titleOf = (source) => parse(source).headings[0]?.text ?? source.name;

// {title, headings: [{id, text, level}], html, text}
export function render(source, names) {
  const { tokens, headings } = parse(source);
  const env = { path: source.path, target: targetIn(source.path, names) };
  const text = tokens.map((token) => (token.type === 'inline' ? wordsOf(token.children) : token.content)).join('\n');
  return { title: headings[0]?.text ?? source.name, headings, text, html: markdown.renderer.render(tokens, markdown.options, env) };
}

// The links of the start page to other pages, with the heading that they are below: [{group, id, name, label}]
export function links(source) {
  const found = [];
  let group = null;
  const { tokens } = parse(source);
  tokens.forEach((token, at) => {
    if (token.type === 'heading_open' && token.tag === 'h2') group = { group: wordsOf(tokens[at + 1].children), id: token.meta.id };
    (token.children ?? []).forEach((child, place) => {
      if (child.type !== 'link_open' || !group) return;
      const path = posix.join('docs', child.attrGet('href').split('#')[0]);
      const name = isPage(path) ? pageOf(path) : null;
      if (name) found.push({ ...group, name, label: wordsOf([token.children[place + 1]]) });
    });
  });
  return found;
}
