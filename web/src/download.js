// Files that the browser saves.
import * as api from './api.js';

// Spreadsheets take a file without it for one in an old encoding.
const byteOrderMark = '\uFEFF';
const quotationMark = 0x22;
const lineFeed = 0x0a;

/** mark: '' where nothing but the text may be in the file. */
export function saveFile(name, parts, { type = 'text/csv;charset=utf-8', mark = byteOrderMark } = {}) {
  const url = URL.createObjectURL(new Blob([mark, ...parts], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Counts the rows of a CSV file that comes in pieces, but for its headings; cells may hold line ends. */
export function rowCounter() {
  let quoted = false;
  let lines = 0;
  return (bytes) => {
    for (const byte of bytes) {
      if (byte === quotationMark) quoted = !quoted;
      else if (byte === lineFeed && !quoted) lines += 1;
    }
    return Math.max(lines - 1, 0);
  };
}

/** Saves what `fetch(onPiece, more)` brings; `onProgress` hears how many rows there are so far, and of how many. */
export async function exportTable(fetch, { fileName, signal, onProgress }) {
  let rows = 0;
  const fetchOnce = () => {
    const count = rowCounter();
    const onPiece = (bytes, total) => {
      rows = count(bytes);
      onProgress(rows, total);
    };
    return fetch(onPiece, { signal });
  };
  const { data } = await api.withRetry(fetchOnce, { signal });
  saveFile(fileName, [data]);
  return rows;
}
