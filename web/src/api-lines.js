// Lines for a terminal or a program that send a request, made from the description of the API.

/** What `$ref` stands for. */
export function resolve(document, part) {
  while (part?.$ref) part = part.$ref.split('/').slice(1).reduce((place, name) => place[name], document);
  return part;
}

/** [{tag, operations: [{id, method, path, operation, parameters}]}], in the document's order. */
export function operationsByTag(document) {
  const every = Object.entries(document.paths).flatMap(([path, item]) => (
    Object.entries(item).filter(([method]) => method !== 'parameters').map(([method, operation]) => ({
      id: operation.operationId, method: method.toUpperCase(), path, operation,
      parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((each) => resolve(document, each)),
    }))));
  return document.tags.map((tag) => ({ tag, operations: every.filter(({ operation }) => operation.tags.includes(tag.name)) }));
}

/** Who may send it: 'anyone', 'key' (or a session), or 'session' alone. */
export function callers(document, operation) {
  const choices = operation.security ?? document.security;
  if (choices.length === 0) return 'anyone';
  return choices.some((choice) => 'apiKey' in choice) ? 'key' : 'session';
}

function headersFor(document, operation, type) {
  const headers = {};
  const who = callers(document, operation);
  if (who === 'key') headers['x-api-key'] = 'YOUR_KEY';
  if (who === 'session') headers.Cookie = 'leadblock_session=YOUR_SESSION';
  if (who === 'session' && operation.security.some((choice) => 'csrf' in choice)) headers['X-CSRF-Token'] = 'YOUR_CSRF_TOKEN';
  if (type) headers['Content-Type'] = type;
  return headers;
}

/** `known`: values for parameters of the path, in place of the document's examples. */
export function requestOf(document, { method, path, operation, parameters }, host, known = {}) {
  const value = (name) => known[name] ?? parameters.find((each) => each.name === name)?.example ?? `YOUR_${name.toUpperCase()}`;
  const content = resolve(document, operation.requestBody)?.content;
  const type = content && Object.keys(content)[0];
  const isFile = Boolean(type) && type !== 'application/json';
  const needed = parameters.filter((each) => each.in === 'query' && each.required).map(({ name }) => [name, value(name)]);
  const [success] = Object.entries(operation.responses).filter(([status]) => status.startsWith('2')).map(([, answer]) => resolve(document, answer));
  return {
    method, isFile,
    url: host + path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(value(name))) + (needed.length ? `?${new URLSearchParams(needed)}` : ''),
    headers: headersFor(document, operation, type),
    body: content && !isFile ? content[type].example : undefined,
    isJson: 'application/json' in success.content,
  };
}

const quoted = (text) => `'${text.replace(/'/g, `'\\''`)}'`;

export function curl({ method, url, headers, body, isFile }) {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(url)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body !== undefined) lines.push(`-d ${quoted(JSON.stringify(body))}`);
  if (isFile) lines.push('--data-binary @people.csv');
  return lines.join(' \\\n  ');
}

/** A value as Python writes it. Strings of JSON are strings of Python. */
function pythonValue(value) {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${pythonValue(each)}`).join(', ')}}`;
}

function python({ method, url, headers, body, isFile, isJson }) {
  const lines = ['import requests', '', `answer = requests.${method.toLowerCase()}(`, `    ${JSON.stringify(url)},`];
  // requests sets the type of JSON itself.
  const sent = Object.entries(headers).filter(([name]) => isFile || name !== 'Content-Type');
  if (sent.length) lines.push(`    headers=${pythonValue(Object.fromEntries(sent))},`);
  if (body !== undefined) lines.push(`    json=${pythonValue(body)},`);
  if (isFile) lines.push('    data=open("people.csv", "rb"),');
  lines.push(')', `print(answer.status_code, answer.${isJson ? 'json()' : 'text'})`);
  return lines.join('\n');
}

function javascript({ method, url, headers, body, isFile, isJson }) {
  const options = [];
  if (method !== 'GET') options.push(`method: '${method}'`);
  if (Object.keys(headers).length) options.push(`headers: ${JSON.stringify(headers)}`);
  if (body !== undefined) options.push(`body: JSON.stringify(${JSON.stringify(body)})`);
  if (isFile) options.push("body: await readFile('people.csv')");
  const rest = options.length ? `, {\n${options.map((option) => `  ${option},\n`).join('')}}` : '';
  return [
    ...(isFile ? ["import { readFile } from 'node:fs/promises';", ''] : []),
    `const answer = await fetch(${JSON.stringify(url)}${rest});`,
    `console.log(answer.status, await answer.${isJson ? 'json' : 'text'}());`,
  ].join('\n');
}

export const languages = [
  { value: 'curl', label: 'curl', write: curl },
  { value: 'python', label: 'Python', write: python },
  { value: 'javascript', label: 'JavaScript', write: javascript },
];
