// In the browser: the search, buttons that copy, and a way to scroll by keyboard. The pages are readable without.
import { bySections, show } from './found.js';
import { candidates, find, termsOf } from './search.js';

const make = (tag, attributes, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

const label = make('label', { htmlFor: 'q', textContent: 'Search' });
const field = make('input', { id: 'q', name: 'q', type: 'search', autocomplete: 'off', spellcheck: false, placeholder: 'Search ( / )' });
const form = make('form', {}, label, field);
form.setAttribute('role', 'search');
document.querySelector('.brand').after(form);
const place = make('section', { id: 'found', hidden: true });
place.setAttribute('aria-label', 'Search results');
document.querySelector('main').prepend(place);
const article = document.querySelector('article');
const base = new URL('.', import.meta.url);

/* --- search --- */

let index = null; // a promise, from the first search on
const read = new Map(); // pages that were fetched, as promises of their sections

async function get(name, as) {
  const response = await fetch(new URL(name, base));
  if (!response.ok) throw new Error(`${response.status}`);
  return response[as]();
}

function sections([name, label]) {
  if (!read.has(name)) read.set(name, get(name, 'text').then((html) => bySections(html, name, label)));
  return read.get(name);
}

// What failed is asked for again by the next search.
function forget(error) {
  index = null;
  read.clear();
  throw error;
}

async function search(text) {
  const terms = termsOf(text);
  if (!terms.length) return [];
  index ??= get(WORDS, 'json');
  const pages = candidates(await index, terms);
  return find((await Promise.all(pages.map(sections))).flat(), terms);
}

async function answer() {
  const text = field.value.trim();
  place.hidden = text === '';
  if (place.hidden) return;
  try {
    const results = await search(text).catch(forget);
    if (field.value.trim() === text) show(place, results, termsOf(text));
  } catch {
    if (field.value.trim() === text) show(place, null, []);
  }
}

let waiting = 0;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(answer, 120);
}

field.addEventListener('input', soon);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  answer().then(() => place.querySelector('a')?.focus());
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !place.hidden) {
    field.value = '';
    answer();
    field.focus();
  }
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input')) return;
  event.preventDefault();
  field.focus();
  field.select();
});
// A result on this very page loads nothing.
place.addEventListener('click', (event) => {
  if (event.target.closest('a')) place.hidden = true;
});
field.value = new URLSearchParams(location.search).get('q') ?? '';
answer();

/* --- copying --- */

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
  } catch { // without https, or without permission
    getSelection().selectAllChildren(code);
    button.textContent = 'Selected: press Ctrl+C';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
}

for (const pre of article.querySelectorAll('pre')) {
  const block = make('div', { className: 'block' });
  const button = make('button', { type: 'button', textContent: 'Copy' });
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', () => copy(pre.firstChild, button));
  pre.replaceWith(block);
  block.append(pre, button);
}

/* --- headings can be linked to --- */

for (const heading of article.querySelectorAll(':is(h2, h3, h4)[id]')) {
  const link = make('a', { className: 'anchor', href: `#${heading.id}`, textContent: '#' });
  link.setAttribute('aria-label', `Link to ${heading.textContent}`);
  heading.append(' ', link);
}

/* --- what is wider than the window scrolls by keyboard, too --- */

const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const wide = target.scrollWidth > target.clientWidth;
    const attributes = { tabindex: '0', role: 'group', 'aria-label': target.className === 'table' ? 'Table' : 'Code' };
    for (const [name, value] of Object.entries(attributes)) {
      if (wide) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }
});
for (const wide of article.querySelectorAll('pre, .table')) watch.observe(wide);
