// Leads for a campaign, from a file or text: the server reads it, first without recording anything.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { count, fileSize } from '../format.js';
import { useAction, useApp, useLoad } from '../hooks.js';
import { campaignName } from '../lists.js';
import { href } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { Folded } from '../parts/folded.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Progress } from '../parts/progress.jsx';
import { Table } from '../parts/table.jsx';
import { ColumnChoice, columnName, Figures, NotTaken, OtherColumn, Reading, Warnings } from './add-findings.jsx';
import { SourceForm, noSource } from './add-source.jsx';

const fieldWords = {
  publicIdentifier: 'LinkedIn profile', memberId: 'Member id', firstName: 'First name', lastName: 'Last name', companyName: 'Company', email: 'E-mail address',
  phone: 'Phone number', headline: 'Headline', website: 'Website', companyUrl: 'Company page',
};

const fieldColumns = [
  { label: 'Column', header: true, render: columnName },
  { label: 'Becomes', render: (row) => {
    if (!row.field) return <span class="muted">Left out</span>;
    return row.field.startsWith('variables.') ? <>Variable <code>{`{{${row.field.slice('variables.'.length)}}}`}</code></> : fieldWords[row.field] ?? row.field;
  } },
];

function Fields({ fields }) {
  if (!fields?.length) return null;
  return (
    <details>
      <summary>What the columns become</summary>
      <Folded items={fields} more="columns">{(rows) => <Table caption="Columns" columns={fieldColumns} rows={rows} keyOf={(row) => row.number} />}</Folded>
    </details>
  );
}

/** Sends the file or text; query: dryRun, column. */
function useSending(id, source) {
  const [sent, setSent] = useState(null);
  const control = useRef(new AbortController());
  useEffect(() => () => control.current.abort(), []);
  const send = (query, headers) => {
    const more = { signal: control.current.signal, onSent: (bytes, of) => setSent({ bytes, of }) };
    return api.withRetry(() => api.postFile(api.path('campaigns', id, 'leads', 'import'), source.file ?? source.text, { ...more, headers, query }), more);
  };
  return { sent, send };
}

function Sending({ sent, label }) {
  const isSent = !sent || sent.bytes >= sent.of;
  return <Progress label={isSent ? label : 'Sending'} value={isSent ? undefined : sent.bytes} max={isSent ? undefined : sent.of} note={isSent ? '' : `${fileSize(sent.bytes)} of ${fileSize(sent.of)}`} />;
}

function Added({ id, result, onAgain }) {
  return (
    <>
      <Notice kind="ok"><p role="status">{count(result.added, 'lead')} added.{result.blocked > 0 && <>{' '}<a href={href('campaign', [id], { status: 'blocked' })}>{count(result.blocked, 'of them is', 'of them are')} blocked</a> and will not be contacted.</>}</p></Notice>
      <LinkButton kind="primary" href={href('campaign', [id])}>Open the campaign</LinkButton>
      <Button onClick={onAgain}>Add more</Button>
    </>
  );
}

function Findings({ id, source, onBack, onAgain }) {
  const [state, setState] = useState({ found: null, columns: null, unknown: '', result: null, column: null });
  const { sent, send } = useSending(id, source);
  const heading = useRef(null);
  const change = (more) => setState((old) => ({ ...old, ...more }));
  const look = useAction(async (column) => {
    change({ found: null, columns: null, column });
    try {
      change({ found: (await send({ dryRun: true, column })).data });
    } catch (error) {
      if (error.code !== 'column_unknown') throw error;
      change({ columns: error.details.columns, unknown: error.message });
    }
  });
  const add = useAction(async () => change({ result: (await send({ column: state.column })).data }));
  useEffect(() => { look.run(null); }, []);
  const { found, columns, unknown, result, column } = state;
  useLayoutEffect(() => heading.current?.focus(), [Boolean(found), Boolean(result), Boolean(columns)]);
  const shown = result ?? found;
  const notTaken = async () => (await send({ dryRun: true, column }, { Accept: 'text/csv' })).data;
  const title = result ? 'Done' : columns ? 'Choose the column' : found ? 'Ready to add' : 'Validating';
  return (
    <section class="card import">
      <h2 ref={heading} tabIndex={-1}>{look.error || add.error ? 'Stopped' : title}</h2>
      <p class="muted"><bdi>{source.file?.name ?? 'Pasted text'}</bdi></p>
      {(look.busy || add.busy) && <Sending sent={sent} label={add.busy ? 'Adding' : 'Reading'} />}
      {(look.error || add.error) && <ErrorNotice error={look.error ?? add.error} onRetry={() => (look.error ? look.run(column) : add.run())} />}
      {columns && <><Notice kind="warn"><p>{unknown}</p></Notice><ColumnChoice columns={columns} onColumn={(number) => look.run(number)} /></>}
      {shown && (
        <>
          <Figures counts={shown} first={[result ? 'Added' : 'New', shown.added]} already="In the campaign" />
          {!result && found.blocked > 0 && <Notice><p>{count(found.blocked, 'of the new leads is', 'of the new leads are')} blocked: added, but not contacted as long as that holds.</p></Notice>}
          <Reading found={shown} />
          <Fields fields={shown.fields} />
          {!result && <OtherColumn columns={found.columns} taken={found.column?.number} onColumn={(number) => look.run(number)} />}
          <Warnings found={shown} />
        </>
      )}
      <div class="import-actions">
        {result && <Added id={id} result={result} onAgain={onAgain} />}
        {found && !result && (found.added > 0
          ? <Button kind="primary" busy={add.busy} onClick={() => add.run()}>{`Add ${count(found.added, 'lead')}`}</Button>
          : <Notice><p>There is nothing new to add.</p></Notice>)}
        {!result && <Button onClick={onBack}>Back</Button>}
      </div>
      {shown && <NotTaken job={{ notTaken }} found={shown} adds />}
    </section>
  );
}

export function LeadsImport({ route }) {
  const id = route.args[0] ?? '';
  const { canWrite } = useApp();
  const { data: name, error, reload } = useLoad((signal) => campaignName(id, signal), [id]);
  const [source, setSource] = useState(noSource);
  const [open, setOpen] = useState(false);
  const again = () => {
    setSource(noSource);
    setOpen(false);
  };
  return (
    <Page title="Add leads" lead={<>To campaign <a href={href('campaign', [id])}><bdi>{name ?? id}</bdi></a>. Leads that are blocked may be added, and are not contacted.</>}>
      <ErrorNotice error={error} onRetry={reload} />
      {!canWrite && <Notice kind="warn"><p>Your role can look, but not add leads.</p></Notice>}
      {canWrite && open && <Findings id={id} source={source} onBack={() => setOpen(false)} onAgain={again} />}
      {canWrite && !open && (
        <SourceForm source={source} onSource={setSource} onValidate={() => setOpen(true)} said="new"
          hint="A table with a column of profile URLs brings names, companies and addresses along; all other columns become variables of the messages." />
      )}
    </Page>
  );
}
