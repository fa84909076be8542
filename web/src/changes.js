// What of a form is saved: what was changed in it, so that what others saved meanwhile stays.

const valueText = (value) => (value === '' || value == null ? 'empty' : `“${value}”`);

/**
 * The changed fields; one that was taken away is undefined. base: the fields as the form began with them, now: as they
 * are saved, labels: what they are called, words: {field: what its values are called}. Fails when others have changed one of them, too; the next time, that is known.
 */
export function changesOf(base, mine, now, labels = {}, words = {}) {
  const changed = Object.keys({ ...base, ...mine }).filter((field) => mine[field] !== base[field]);
  const clashes = changed.filter((field) => now[field] !== base[field] && now[field] !== mine[field]);
  for (const field of clashes) base[field] = now[field];
  const theirs = clashes.map((field) => `${labels[field] ?? field}: ${valueText(words[field]?.[now[field]] ?? now[field])}`);
  if (theirs.length > 0) throw new Error(`Changed by others meanwhile. Save again to replace it. ${theirs.join('; ')}`);
  return Object.fromEntries(changed.map((field) => [field, mine[field]]));
}
