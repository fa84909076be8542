// The search itself. The index (words.mjs) says which pages may have the words; their sections are then looked at.
import { PREFIX, tokens } from './tokens.js';

const RESULTS_MAX = 20;

/** The words of a search; the last may be the beginning of one, and so are all others. */
export const termsOf = (text) => [...new Set(tokens(text))];

function pagesWith(sets, term) {
  const cut = term.slice(0, PREFIX);
  const found = new Set();
  for (const [pages, words] of Object.entries(sets)) {
    const has = ` ${words}`.includes(` ${cut}`);
    if (has && pages === '') return null;
    if (has) for (const page of pages) found.add(page.charCodeAt(0) - 65);
  }
  return found;
}

/** The pages of the index that may have all terms: entries of `index.pages`. */
export function candidates(index, terms) {
  const sets = terms.map((term) => pagesWith(index.sets, term)).filter(Boolean);
  return index.pages.filter((page, place) => sets.every((set) => set.has(place)));
}

const special = /[.*+?^${}()|[\]\\]/g;

/** Finds a term at the beginning of a word. */
export const pattern = (term, flags = 'giu') => new RegExp(`(^|[^\\p{L}\\p{N}_])(${term.replace(special, '\\$&')})`, flags);

function judge(section, terms) {
  let score = 0;
  for (const term of terms) {
    const inTitle = pattern(term).test(section.title);
    const inLabel = pattern(term).test(section.label);
    const count = (section.text.match(pattern(term)) ?? []).length;
    if (!inTitle && !inLabel && !count) return 0;
    score += (inTitle ? 20 : 0) + (inLabel ? 5 : 0) + Math.min(count, 5);
  }
  // A long section has every word.
  return score / (1 + section.text.length / 4000);
}

/** Of sections {title, label, text, href}, those that have all terms, best first. */
export function find(sections, terms) {
  return sections.map((section) => ({ ...section, score: judge(section, terms) }))
    .filter((section) => section.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, RESULTS_MAX);
}

/** Some words around the first term that the text has. */
export function excerpt(text, terms, size = 160) {
  const places = terms.map((term) => text.search(pattern(term))).filter((at) => at >= 0);
  const first = places.length ? Math.min(...places) : 0;
  const from = first < size / 2 ? 0 : text.indexOf(' ', first - size / 2) + 1;
  const whole = from + size >= text.length;
  const part = text.slice(from, from + size);
  return `${from ? '… ' : ''}${whole ? part : `${part.replace(/ [^ ]*$/, '')} …`}`;
}
