// CSV: reading what spreadsheets write (RFC 4180, and its relatives with semicolons or tabs), finding the column
// of the leads, and writing cells that no spreadsheet takes for a formula.

const byteOrderMark = /^\uFEFF/;
const formulaStart = /^[=+\-@\t\r]/;
const guardedFormula = /^'(?=[=+\-@\t\r])/;
const profileUrl = /linkedin\.com\/|^\/?in\/[^/\s]/i;
const headerNames = /^(public ?identifier|public ?id|linked ?in( ?(profile|url|profile ?url|link|id|identifier|public ?identifier))?|(person ?)?(linked ?in ?)?profile ?(url|link)|url|identifier|lead|user ?name)$/;

/** The delimiter that the first line uses most outside quotes. */
export function detectDelimiter(text) {
  const firstLine = text.slice(0, 10_000).split(/\r\n|\r|\n/, 1)[0].replace(/"[^"]*"/g, '');
  const counts = [',', ';', '\t'].map((mark) => ({ mark, uses: firstLine.split(mark).length }));
  return counts.reduce((best, next) => (next.uses > best.uses ? next : best)).mark;
}

/**
 * A reader that takes the text in pieces, so that a large file does not block the page. rows: {line, cells}, where
 * `line` is the 1-based line of the file on which the record starts. Empty lines are left out.
 */
export function createReader(delimiter) {
  const special = new RegExp(`["\\r\\n${delimiter === '\t' ? '\\t' : delimiter}]`, 'g');
  const rows = [];
  let cells = [];
  let cell = '';
  let quoted = false; // inside quotes
  let closed = false; // the cell had quotes, and they are closed
  let afterReturn = false; // the last character was a CR: an LF belongs to it
  let line = 1;
  let start = 1;
  let quoteLine = 0;

  const endCell = () => {
    cells.push(cell);
    cell = '';
    closed = false;
  };
  const endRow = () => {
    endCell();
    if (cells.length > 1 || cells[0].trim() !== '') rows.push({ line: start, cells });
    cells = [];
    line += 1;
    start = line;
  };
  const takeQuoted = (mark) => {
    if (mark === '"') {
      quoted = false;
      closed = true;
    } else {
      if (mark === '\r' || (mark === '\n' && !afterReturn)) line += 1;
      cell += mark;
    }
  };
  const takePlain = (mark) => {
    if (mark === delimiter) endCell();
    else if (mark === '\r' || (mark === '\n' && !afterReturn)) endRow();
    else if (mark === '"') openQuote();
  };
  const openQuote = () => {
    // A quote within a cell is itself; a second one after a closing quote stands for one quote.
    if (closed) cell += '"';
    if (cell.trim() === '' || closed) {
      if (!closed) cell = '';
      quoted = true;
      closed = false;
      quoteLine = line;
    } else {
      cell += '"';
    }
  };
  const push = (text) => {
    let from = 0;
    special.lastIndex = 0;
    for (let match; (match = special.exec(text)); from = special.lastIndex) {
      if (match.index > from) {
        cell += text.slice(from, match.index);
        afterReturn = false;
      }
      if (quoted) takeQuoted(match[0]);
      else takePlain(match[0]);
      afterReturn = match[0] === '\r';
    }
    if (from < text.length) {
      cell += text.slice(from);
      afterReturn = false;
    }
  };
  const end = () => {
    if (cell !== '' || cells.length > 0 || closed) endRow();
    return { rows, unclosedQuoteAt: quoted ? quoteLine : null };
  };
  return { push, end };
}

function readPlainLines(text, delimiter) {
  return text.split(/\r\n|\r|\n/)
    .map((content, index) => ({ line: index + 1, cells: content.split(delimiter) }))
    .filter(({ cells }) => cells.length > 1 || cells[0].trim() !== '');
}

/**
 * Reads a whole table. When a quote is never closed, quotes are taken for ordinary characters: better one odd
 * line than everything after it in one cell. `rest` is awaited between pieces.
 */
export async function readTable(text, { pieceLength = 262_144, rest = async () => {} } = {}) {
  const content = text.replace(byteOrderMark, '');
  const delimiter = detectDelimiter(content);
  const reader = createReader(delimiter);
  for (let from = 0; from < content.length; from += pieceLength) {
    reader.push(content.slice(from, from + pieceLength));
    await rest();
  }
  const { rows, unclosedQuoteAt } = reader.end();
  if (unclosedQuoteAt === null) return { rows, unclosedQuoteAt };
  return { rows: readPlainLines(content, delimiter), unclosedQuoteAt };
}

const plainHeader = (cell) => cell.trim().toLowerCase().replace(/[_\-.\s]+/g, ' ');
const looksLikeProfile = (cell) => profileUrl.test(cell.trim());

/** How good a name a header cell is for the column of the leads: LinkedIn's own names go before a mere "url". */
function headerRank(cell) {
  const name = plainHeader(cell);
  if (!headerNames.test(name)) return 0;
  if (/linked|profile|public/.test(name)) return 2;
  return 1;
}

function columnByHeader(header) {
  const ranks = header.map(headerRank);
  const best = Math.max(...ranks);
  return best > 0 ? ranks.indexOf(best) : -1;
}

function columnByContent(rows) {
  const sample = rows.slice(0, 200);
  const width = sample.reduce((most, row) => Math.max(most, row.cells.length), 0);
  for (let column = 0; column < width; column++) {
    const filled = sample.map((row) => row.cells[column] ?? '').filter((cell) => cell.trim() !== '');
    const profiles = filled.filter(looksLikeProfile).length;
    if (profiles > 0 && profiles * 2 >= filled.length) return column;
  }
  return -1;
}

/** {column, hasHeader, columns: [names]}: where the leads are, and whether the first row only names the columns. */
export function findColumn(rows) {
  const first = rows[0]?.cells ?? [];
  const width = rows.slice(0, 200).reduce((most, row) => Math.max(most, row.cells.length), 0);
  const named = columnByHeader(first);
  const found = named >= 0 ? named : columnByContent(rows);
  // Without a known name, a first row is a header only when the rows below are profile URLs and it is none.
  const hasHeader = named >= 0 || (found >= 0 && !looksLikeProfile(first[found] ?? '') && width > 1);
  const columns = Array.from({ length: width }, (_, index) => (
    hasHeader && first[index]?.trim() ? first[index].trim() : `Column ${index + 1}`));
  return { column: Math.max(found, 0), hasHeader, columns };
}

/** The leads of a column: {line, value}, without the header and without empty cells. */
export function leadsOf(rows, { column, hasHeader }) {
  const leads = [];
  for (const { line, cells } of hasHeader ? rows.slice(1) : rows) {
    const value = (cells[column] ?? '').trim().replace(guardedFormula, '');
    if (value !== '') leads.push({ line, value });
  }
  return leads;
}

/** One cell: quoted where RFC 4180 asks for it, and guarded where a spreadsheet would see a formula. */
export function csvCell(value) {
  const text = value == null ? '' : String(value);
  const guarded = formulaStart.test(text);
  const content = guarded ? `'${text}` : text;
  return guarded || /[",;\r\n\t]|^\s|\s$/.test(content) ? `"${content.replace(/"/g, '""')}"` : content;
}

export const csvRow = (values) => `${values.map(csvCell).join(',')}\r\n`;
