// The frame of a page: head, navigation, search, the page before and after.
import { START } from './markdown.mjs';

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function contents({ name, headings }) {
  if (name === START) return '';
  const own = headings.filter((heading) => heading.level === 2);
  if (own.length < 2) return '';
  return `<ul>${own.map(({ id, text }) => `<li><a href="#${id}">${escape(text)}</a>`).join('')}</ul>`;
}

// The pages of the reader's own group; the others are on the start page, as a list of all in each page would be a tenth
// of what all pages weigh.
function list({ nav, base = '' }, document) {
  const href = (name) => (name === START ? base || './' : base + name);
  const item = ({ name, label }) => (name === document.name
    ? `<li><a href="${href(name)}" aria-current="page">${escape(label)}</a>${contents(document)}`
    : `<li><a href="${href(name)}">${escape(label)}</a>`);
  const isOpen = ({ id, pages }) => !id || pages.some((each) => each.name === document.name);
  const groups = nav.groups.map((group) => (isOpen(group)
    ? `<h2>${escape(group.title)}</h2><ul>${group.pages.map(item).join('')}</ul>`
    : `<h2><a href="${href(START)}#${group.id}">${escape(group.title)}</a></h2>`));
  return `<ul>${item({ name: START, label: 'All pages' })}</ul>${groups.join('')}`;
}

const beside = (entry, rel, word) => (entry
  ? `<a rel="${rel}" href="${entry.name === START ? './' : entry.name}"><span>${word}</span> ${escape(entry.label)}</a>` : '');

export function page(parts, document) {
  const { css, js, version, base = '' } = parts;
  const title = document.name === START ? 'leadblock documentation' : `${escape(document.label ?? document.title)} – leadblock`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${base}mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="${base}${css}">
<script type="module" src="${base}${js}"></script>
</head><body>
<a class="skip" href="#main">Skip to the content</a>
<header><a class="brand" href="${base || './'}"><img src="${base}mark.svg" alt="" width="24" height="24">leadblock <span>docs</span></a>
<a class="to-pages" href="#pages">Pages</a><a class="to-dashboard" href="/">Dashboard</a></header>
<div class="frame"><nav id="pages" aria-label="Documentation">${list(parts, document)}</nav>
<main id="main" tabindex="-1"><article>
${document.html}</article>
<footer>${beside(document.before, 'prev', 'Previous:')}${beside(document.after, 'next', 'Next:')}<p>leadblock ${escape(version)}</p></footer></main></div>
</body></html>
`;
}
