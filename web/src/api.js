// The one module that talks to the server. An answer is {data, total, next, changeId}; a failure
// is an ApiError whose `message` can be shown to the user.

const timeoutMs = 60_000;
const signedOutCodes = ['invalid_session', 'missing_api_key'];
const retriedStatuses = [429, 503];

const state = { csrfToken: null, workspaceId: null, onSignedOut: () => {} };

/** `details`: the whole body of the answer. */
export class ApiError extends Error {
  constructor({ code, message, status = 0, retryAfter = null, errors = [], details = {} }) {
    super(message);
    Object.assign(this, { code, status, retryAfter, errors, details });
  }
}

export function setSession(session) {
  state.csrfToken = session?.csrfToken ?? null;
}

export function setWorkspace(workspaceId) {
  state.workspaceId = workspaceId;
}

export function onSignedOut(callback) {
  state.onSignedOut = callback;
}

/** An address with a query, of which what is empty is left out. */
export function withQuery(address, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== '' && value != null);
  return given.length ? `${address}?${new URLSearchParams(given)}` : address;
}

/** An address that only the server's own machine reaches, as this page is reached. */
export const fromHere = (url) => url?.replace(/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/, location.origin);

const urlOf = (path, query) => withQuery(`v1/${path}`, query);

function headersOf(method, { body, file, headers, workspaceId = state.workspaceId }) {
  const sent = { Accept: 'application/json', ...headers };
  if (file !== undefined) sent['Content-Type'] = file instanceof Blob ? 'application/octet-stream' : 'text/plain; charset=utf-8';
  if (body !== undefined) sent['Content-Type'] = 'application/json';
  if (workspaceId) sent['X-Workspace-Id'] = workspaceId;
  if (method !== 'GET' && state.csrfToken) sent['X-CSRF-Token'] = state.csrfToken;
  return sent;
}

/** Ends a request when the caller gives up or the server has been silent for too long. */
const deadline = (signal) => AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);

const unreachable = () => new ApiError({
  code: 'unreachable',
  message: 'The server does not answer. Check the network connection and whether leadblock is running, then try again.',
});

async function fetchAnswer(method, path, options) {
  try {
    const response = await fetch(urlOf(path, options.query), {
      method, signal: deadline(options.signal), headers: headersOf(method, options), credentials: 'same-origin', cache: 'no-store',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
    return { response, text: await response.text() };
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}

const isTable = (type) => Boolean(type?.startsWith('text/csv'));

/** An answer of CSV, however long: onPiece(bytes, total) hears of each piece of it as it comes. */
async function fetchTable(method, path, options) {
  const headers = headersOf(method, { ...options, headers: { ...options.headers, Accept: 'text/csv' } });
  try {
    const response = await fetch(urlOf(path, options.query), { method, signal: options.signal, headers, credentials: 'same-origin', cache: 'no-store' });
    if (!response.ok || !isTable(response.headers.get('Content-Type'))) return { response, text: await response.text() };
    const total = response.headers.get('X-Total-Count');
    const reader = response.body.getReader();
    const pieces = [];
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      pieces.push(new Blob([value])); // which the browser need not hold in memory
      options.onPiece(value, total === null ? null : Number(total));
    }
    return { response, data: new Blob(pieces) };
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}

const aborted = () => new DOMException('Aborted', 'AbortError');

/** Why a file or text could not be sent. */
async function sendingFailed(file) {
  if (!(file instanceof Blob)) return unreachable();
  const changed = { code: 'file_changed', status: null, message: 'The file was changed or moved since it was chosen. Choose it again.' };
  return file.slice(0, 1).arrayBuffer().then(unreachable, () => new ApiError(changed));
}

/**
 * Sends a file or a text unchanged, and calls onSent(bytesSent, bytesTotal) for its progress, which fetch cannot. It has no
 * deadline, since a large file takes its time.
 */
function sendFile(method, path, { query, file, onSent, signal, ...options }) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const abort = () => sending.abort();
    const take = async () => {
      const { status, response } = sending;
      const headers = { get: (name) => sending.getResponseHeader(name) };
      const body = isTable(headers.get('Content-Type')) ? { data: response } : { text: await response.text() };
      return { response: { ok: status >= 200 && status < 300, status, headers }, ...body };
    };
    sending.open(method, urlOf(path, query));
    sending.responseType = 'blob'; // a list of rows may be larger than a string can be
    for (const [name, value] of Object.entries(headersOf(method, { file, ...options }))) sending.setRequestHeader(name, value);
    sending.upload.onprogress = (event) => onSent?.(event.loaded, event.total);
    sending.upload.onload = sending.upload.onprogress;
    sending.onload = () => resolve(take());
    sending.onerror = async () => reject(await sendingFailed(file));
    sending.onabort = () => reject(aborted());
    sending.onloadend = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted) throw aborted();
    signal?.addEventListener('abort', abort);
    sending.send(file);
  });
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Retry-After in seconds; it may be a date, too. */
function retryAfterOf(response) {
  const value = response.headers.get('Retry-After');
  if (!value) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const wait = Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return wait > 0 ? wait : null;
}

function errorOf(response, data) {
  return new ApiError({
    code: data?.code ?? 'unexpected',
    message: data?.message ?? `Unexpected response from the server (status ${response.status}). Try again.`,
    status: response.status,
    retryAfter: retryAfterOf(response),
    errors: data?.errors,
    details: data ?? {},
  });
}

/** The query of the link to the next page, or null at the end. */
export function nextQuery(link) {
  const match = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(link ?? '');
  return match ? Object.fromEntries(new URL(match[1], 'http://host/').searchParams) : null;
}

function answerOf(response, data) {
  const total = response.headers.get('X-Total-Count');
  return {
    data,
    total: total === null ? null : Number(total),
    next: nextQuery(response.headers.get('Link')),
    changeId: response.headers.get('X-Change-Id'),
  };
}

async function request(method, path, options = {}) {
  const ask = options.onPiece ? fetchTable : options.file === undefined ? fetchAnswer : sendFile;
  const { response, text, data = parseJson(text) } = await ask(method, path, options);
  if (response.ok && data !== null) return answerOf(response, data);
  const error = errorOf(response, data);
  if (error.code === 'csrf_failed' && !options.again) return withFreshToken(method, path, options);
  if (error.status === 401 && signedOutCodes.includes(error.code) && !options.quiet) state.onSignedOut(error);
  throw error;
}

/** Another tab may have changed the session: its token is fetched once, then the request is sent again. */
async function withFreshToken(method, path, options) {
  const { data } = await request('GET', 'session');
  setSession(data);
  return request(method, path, { ...options, again: true });
}

export const get = (path, options) => request('GET', path, options);
/** The rows of a list, page by page. most: no more are asked for than it takes to have so many; `isCut`: there are others. */
export async function allOf(path, { take, most = Infinity, signal }) {
  const rows = [];
  let next = { take };
  while (next && rows.length < most) {
    const answer = await get(path, { signal, query: next });
    rows.push(...answer.data);
    next = answer.next;
  }
  return Object.assign(rows, { isCut: next !== null });
}

/** A list as a CSV file (Blob), all of it. */
export const getTable = (path, onPiece, options) => request('GET', path, { ...options, onPiece });
export const post = (path, body, options) => request('POST', path, { ...options, body });
/** Sends a file (Blob) or text. An answer in CSV is a Blob. */
export const postFile = (path, file, options) => request('POST', path, { ...options, file });
export const patch = (path, body, options) => request('PATCH', path, { ...options, body });
export const put = (path, body, options) => request('PUT', path, { ...options, body });
export const del = (path, body, options) => request('DELETE', path, { ...options, body });

/** A path of the API with its parts encoded. */
export const path = (...parts) => parts.map(encodeURIComponent).join('/');

export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(aborted());
    }, { once: true });
  });
}

/** Sends again while the server asks to wait (429, 503), a handful of times; `onWait` hears the seconds, and why. */
export async function withRetry(send, { signal, onWait = () => {}, attempts = 6 } = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!retriedStatuses.includes(error.status) || attempt >= attempts) throw error;
      const seconds = error.retryAfter ?? Math.min(2 ** (attempt - 1), 30);
      onWait(seconds, error);
      await pause(seconds * 1000, signal);
      onWait(0);
    }
  }
}
