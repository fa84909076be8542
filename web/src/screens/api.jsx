// What programs can do, from the description that the server has of itself.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { callers, languages, operationsByTag, requestOf, resolve } from '../api-lines.js';
import { useApp, useLoad } from '../hooks.js';
import { setQuery } from '../router.js';
import { recall, remember } from '../settings.js';
import { CopyText } from '../parts/copy.jsx';
import { SelectField, TextField } from '../parts/field.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Badge } from '../parts/text.jsx';
import { Skeleton } from '../parts/skeleton.jsx';

const kinds = { GET: 'accent', DELETE: 'bad' };
const who = {
  anyone: 'Needs no key.',
  session: 'For signed-in users; API keys are refused.',
};

/** Text with `code` between backticks. */
const Marked = ({ text }) => text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));

function Parameters({ parameters }) {
  if (parameters.length === 0) return null;
  return (
    <>
      <h3>Parameters</h3>
      <dl class="parameters">
        {parameters.map(({ name, in: place, description }) => (
          <div key={place + name}><dt><code>{name}</code> <span class="muted">{place}</span></dt><dd><Marked text={description} /></dd></div>
        ))}
      </dl>
    </>
  );
}

/** The document's example of the first answer that is no error. */
function exampleOf(document, operation) {
  const [status, answer] = Object.entries(operation.responses)[0];
  const [content] = Object.values(resolve(document, answer).content);
  if (content.example === undefined) return null;
  return { status, text: typeof content.example === 'string' ? content.example : JSON.stringify(content.example, null, 2) };
}

function errorsOf(document, operation) {
  return Object.entries(operation.responses).filter(([status]) => status >= '400')
    .map(([status, answer]) => ({ status, description: resolve(document, answer).description }));
}

function Operation({ document, entry, language, known }) {
  const { session } = useApp();
  const { operation, parameters } = entry;
  const example = exampleOf(document, operation);
  const { label, write } = languages.find(({ value }) => value === language);
  const caller = who[callers(document, operation)];
  return (
    <div class="operation-body">
      <p><Marked text={operation.description.replace(/\s+/g, ' ')} />{caller && ` ${caller}`}</p>
      <CopyText label={label} text={write(requestOf(document, entry, session.publicUrl, known))} what="lines" />
      {example && <><h3>Answer {example.status}</h3><pre class="code answer" tabIndex={0} aria-label="Example of an answer">{example.text}</pre></>}
      <Parameters parameters={parameters} />
      <h3>Errors</h3>
      <dl class="parameters">
        {errorsOf(document, operation).map(({ status, description }) => (
          <div key={status}><dt>{status}</dt><dd><Marked text={description} /></dd></div>
        ))}
      </dl>
    </div>
  );
}

function OperationRow({ entry, open, ...rest }) {
  const toggle = () => setQuery({ op: open ? '' : entry.id }, { replace: true });
  return (
    <li class="operation">
      <button type="button" class="operation-head" aria-expanded={open} onClick={toggle}>
        <Badge kind={kinds[entry.method]}>{entry.method}</Badge>
        <code>{entry.path}</code>
        <span>{entry.operation.summary}</span>
      </button>
      {open && <Operation entry={entry} {...rest} />}
    </li>
  );
}

const words = (entry) => `${entry.method} ${entry.path} ${entry.operation.summary}`.toLowerCase();

export function Api({ route }) {
  const { workspace } = useApp();
  const [language, setLanguage] = useState(languages.some(({ value }) => value === recall('language')) ? recall('language') : 'curl');
  const { data, error, reload } = useLoad(async (signal) => {
    const [document, campaigns] = await Promise.all([
      api.get('openapi.json', { signal }).then((answer) => answer.data),
      // A campaign that there is, so that the lines work as they are.
      workspace ? api.get('campaigns', { signal, query: { take: 1 } }).catch(() => ({ data: [] })) : { data: [] },
    ]);
    return { document, known: campaigns.data[0] ? { campaignId: campaigns.data[0].id } : {} };
  }, []);
  const { q = '', op } = route.query;
  const choose = (value) => {
    remember('language', value);
    setLanguage(value);
  };
  const groups = data ? operationsByTag(data.document).map(({ tag, operations }) => (
    { tag, operations: operations.filter((entry) => entry.id === op || words(entry).includes(q.trim().toLowerCase())) }
  )).filter(({ operations }) => operations.length) : [];
  return (
    <Page title="API" lead="Your own programs can do what the dashboard does. Replace YOUR_KEY with an API key.">
      <div class="form-row">
        <TextField label="Search" type="search" value={q} onValue={(value) => setQuery({ q: value }, { replace: true })} />
        <SelectField label="Language" value={language} onValue={choose} options={languages} />
      </div>
      <ErrorNotice error={error} onRetry={reload} />
      {!data && !error && <Skeleton />}
      {data && groups.length === 0 && <p>No operation has this in its path or name.</p>}
      {groups.map(({ tag, operations }) => (
        <section key={tag.name} class="api-group">
          <h2>{tag.name}</h2>
          <p class="muted">{tag.description}</p>
          <ul class="operations">
            {operations.map((entry) => <OperationRow key={entry.id} entry={entry} open={entry.id === op} document={data.document} language={language} known={data.known} />)}
          </ul>
        </section>
      ))}
      {data && <p><a href="docs/api">Rules, errors and examples</a>. For generators and other tools: <a href="v1/openapi.json">OpenAPI description</a></p>}
    </Page>
  );
}
