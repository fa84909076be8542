// Files that the browser writes.
import * as api from './api.js';
import { largestPage, page, pageBehind } from './lists.js';

const formulaStart = /^[=+\-@\t\r]/;

// Spreadsheets take a file without it for one in an old encoding.
const byteOrderMark = '\uFEFF';

/** One cell: quoted where RFC 4180 asks for it, and guarded where a spreadsheet would see a formula. */
export function csvCell(value) {
  const text = value == null ? '' : String(value);
  const guarded = formulaStart.test(text);
  const content = guarded ? `'${text}` : text;
  return guarded || /[",;\r\n\t]|^\s|\s$/.test(content) ? `"${content.replace(/"/g, '""')}"` : content;
}

export const csvRow = (values) => `${values.map(csvCell).join(',')}\r\n`;

export function saveFile(name, parts, type = 'text/csv;charset=utf-8') {
  const url = URL.createObjectURL(new Blob([byteOrderMark, ...parts], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const byCell = (by) => (by ? by.name ?? by.id ?? by.type : '');

const rowOf = (entry) => csvRow([entry.publicIdentifier, entry.reason, entry.createdAt, byCell(entry.by)]);

/** Fetches a whole list page by page, behind cursors, and saves it; `onProgress` hears how many rows there are so far. */
export async function exportList(list, { search, sort, fileName, signal, onProgress }) {
  const options = { take: largestPage(list), search, sort, by: true };
  const parts = [csvRow(['publicIdentifier', 'reason', 'createdAt', 'by'])];
  let rows = 0;
  const take = (answer) => {
    parts.push(answer.data.map(rowOf).join(''));
    rows += answer.data.length;
    onProgress(rows, answer.total);
    return answer;
  };
  let answer = take(await api.withRetry(() => page(list, options, { signal }), { signal }));
  while (answer.next) {
    const { next } = answer;
    answer = take(await api.withRetry(() => pageBehind(list, options, next, { signal }), { signal }));
  }
  saveFile(fileName, parts);
  return rows;
}
