// The index of the search: which pages have a word that begins so. The page itself is then fetched and searched, so
// that the index may be small: the first letters of each word, in lines of words that the same pages have.
//
// {"pages": [[name, label]...], "sets": {"AC": "word word", "": "words of many pages"}}: A is the first page.
import { PREFIX, tokens } from './tokens.js';
import { START } from './markdown.mjs';

const MANY = 0.25; // of the pages: such a word says too little to choose pages by
const letter = (place) => String.fromCharCode(65 + place);

export function words(documents) {
  const pagesOf = new Map();
  documents.forEach((document, place) => {
    for (const word of tokens(`${document.label} ${document.text}`)) {
      const cut = word.slice(0, PREFIX);
      if (!pagesOf.has(cut)) pagesOf.set(cut, new Set());
      pagesOf.get(cut).add(place);
    }
  });
  const sets = {};
  for (const [word, pages] of [...pagesOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = pages.size > documents.length * MANY ? '' : [...pages].map(letter).join('');
    (sets[key] ??= []).push(word);
  }
  return JSON.stringify({
    pages: documents.map(({ name, label }) => [name === START ? './' : name, label]),
    sets: Object.fromEntries(Object.entries(sets).map(([key, list]) => [key, list.join(' ')])),
  });
}
