// Numbers, dates and counts in the reader's language and notation.
const numbers = new Intl.NumberFormat();
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const dateTimes = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const percents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

export const number = (value) => numbers.format(value);
export const percent = (value) => percents.format(value);
export const date = (iso) => dates.format(new Date(iso));
export const dateTime = (iso) => dateTimes.format(new Date(iso));
/** A day of the statistics, which are kept in UTC. */
export const day = (isoDate) => days.format(new Date(`${isoDate}T00:00:00Z`));

export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** A size in bytes, as file managers show it. */
export function fileSize(bytes) {
  const [unit, value] = bytes < 1e6 ? ['kilobyte', Math.ceil(bytes / 1e3)] : ['megabyte', bytes / 1e6];
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

export function seconds(value) {
  if (value < 90) return count(value, 'second');
  return count(Math.ceil(value / 60), 'minute');
}

/** The start of the day that a date field holds, or of a later one, in the reader's time zone; null for an empty or bad one. */
export function startOfDay(fieldValue, later = 0) {
  const [year, month, dayOfMonth] = (fieldValue ?? '').split('-').map(Number);
  const time = new Date(year, month - 1, dayOfMonth + later);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The end of the day that a date field holds, in the reader's time zone; null for an empty field. */
export function endOfDay(fieldValue) {
  if (!fieldValue) return null;
  const [year, month, dayOfMonth] = fieldValue.split('-').map(Number);
  return new Date(year, month - 1, dayOfMonth, 23, 59, 59, 0).toISOString();
}

/** What a date field shows for a time of the server. */
export function dateField(iso) {
  if (!iso) return '';
  const time = new Date(iso);
  const pad = (value) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
}

export const isPast = (iso) => Boolean(iso) && Date.parse(iso) <= Date.now();
