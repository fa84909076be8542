// A page as sections, and the list of what was found.
import { excerpt, pattern } from './search.js';

const clean = (text) => text.replace(/\s+/g, ' ').trim();

/** The sections of a page, each below its heading: [{title, label, text, href}] */
export function bySections(html, name, label) {
  const article = new DOMParser().parseFromString(html, 'text/html').querySelector('article');
  const address = (hash) => new URL(name + hash, import.meta.url).href; // of the script, which is beside the pages
  const sections = [{ title: label, label, text: '', href: address('') }];
  // Else the words of two cells, or of two items, would be one.
  for (const block of article.querySelectorAll('li, td, th, p')) block.append(' ');
  for (const element of article.children) {
    if (/^H[1-6]$/.test(element.tagName)) {
      const top = element.tagName === 'H1';
      sections.push({ title: clean(element.textContent), label, text: '', href: address(top ? '' : `#${element.id}`) });
    } else sections.at(-1).text += ` ${clean(element.textContent)}`;
  }
  return sections.filter((section) => section.text || section.title !== label);
}

// The text with its terms marked, as nodes: nothing of it is read as HTML.
function marked(text, terms) {
  const all = terms.map((term) => pattern(term, 'giu'));
  const spans = all.flatMap((one) => [...text.matchAll(one)].map((m) => [m.index + m[1].length, m.index + m[0].length]))
    .sort((a, b) => a[0] - b[0]);
  const out = [];
  let at = 0;
  for (const [from, to] of spans) {
    if (from < at) continue;
    const mark = document.createElement('mark');
    mark.textContent = text.slice(from, to);
    out.push(text.slice(at, from), mark);
    at = to;
  }
  return [...out, text.slice(at)];
}

const make = (tag, ...children) => {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
};

function item(result, terms) {
  const link = make('a', ...marked(result.title, terms));
  link.href = result.href;
  const entry = make('li', link, result.title === result.label ? '' : ` in ${result.label}`);
  entry.append(make('p', ...marked(excerpt(result.text.trim(), terms), terms)));
  return entry;
}

/** Shows results; null: they could not be fetched. */
export function show(place, results, terms) {
  const words = results === null ? 'The search failed: the server did not answer. Try again.'
    : results.length === 0 ? 'Nothing found. Try fewer or shorter words.'
      : results.length === 1 ? '1 section found' : `${results.length} sections found${results.length === 20 ? ', the best ones' : ''}`;
  const status = make('p', words);
  status.setAttribute('role', 'status');
  place.replaceChildren(status);
  if (results?.length) place.append(make('ol', ...results.map((result) => item(result, terms))));
}
