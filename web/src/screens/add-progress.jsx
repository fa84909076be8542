// How adding goes: read, blocked, stopped in the middle, undone.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { count, fileSize, number, seconds } from '../format.js';
import { hasProfiles } from '../import-job.js';
import { reasonText } from '../names.js';
import { href } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { ForWhat } from '../parts/details.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Progress } from '../parts/progress.jsx';
import { ColumnChoice, Figures, NotTaken, OtherColumn, Reading, TakeAll, Warnings } from './add-findings.jsx';

const titles = {
  validating: 'Validating', columns: 'Choose the column', validated: 'Ready to block', blocking: 'Blocking', blocked: 'Done',
  undoing: 'Undoing', undone: 'Undone', stopped: 'Stopped',
};

const things = (job, of) => (job.typed ? count(of, 'entry', 'entries') : count(of, 'lead'));
const newThings = (job, of) => (job.typed ? count(of, 'new entry', 'new entries') : count(of, 'new lead'));

const waitText = ({ wait }) => (wait ? `${wait.why.message} Retrying in ${seconds(wait.seconds)}.` : '');

/** What the bar shows: {label, value, max, note}. */
function stateOf(job) {
  const { step, sent, recorded, found } = job;
  if (!sent) return { label: titles[step] };
  if (!job.arrived) return { label: 'Sending', value: sent.bytes, max: sent.of, note: `${fileSize(sent.bytes)} of ${fileSize(sent.of)}` };
  if (step === 'validating') return { label: 'Reading' };
  if (recorded === null) return { label: 'Blocking' };
  return { label: 'Blocking', value: recorded, max: Math.max(found.blocked, 1), note: `${number(recorded)} of ${things(job, found.blocked)}` };
}

function Bar({ job }) {
  if (!['validating', 'blocking', 'undoing'].includes(job.step) || job.error) return null;
  const state = stateOf(job);
  return <Progress {...state} note={waitText(job) || state.note} />;
}

const blockedText = (job) => {
  const before = job.already > 0 ? `, ${number(job.already)} already blocked` : '';
  return `${things(job, job.blocked)} blocked in ${job.listLabel}${before}.`;
};

const foundText = ({ blocked, already, duplicates, bad, blank }) => (
  `${number(blocked)} new, ${number(already)} already blocked, ${number(duplicates)} repeated. ${count(bad, 'row')} invalid, ${number(blank)} blank.`);

/** What a screen reader should hear; the bar would be too much. */
function announcement(job) {
  if (job.error || job.wait) return waitText(job);
  if (job.step === 'validated') return foundText(job.found);
  if (job.step === 'blocked') return blockedText(job);
  if (job.step === 'undone') return `Undone: ${things(job, job.unblocked)} unblocked.`;
  return job.running ? `${titles[job.step]}…` : '';
}

/** Whether sending the same again can help. */
const isPassing = ({ status }) => status === 0 || status === 429 || status >= 500;

function soFar(job) {
  const { blocked } = job.error.details ?? {};
  if (job.step === 'validating') return 'Nothing was changed.';
  if (job.step === 'undoing') return `So far: ${things(job, job.unblocked)} unblocked.`;
  return blocked === undefined ? '' : `So far: ${things(job, blocked)} blocked.`;
}

function Failed({ job }) {
  if (!job.error) return null;
  return (
    <>
      <ErrorNotice error={job.error} />
      <p>{soFar(job)}{isPassing(job.error) && ' Nothing is lost. “Continue” resumes where it stopped. A lead sent twice does no harm.'}</p>
      {isPassing(job.error) && <Button kind="primary" onClick={() => job.goOn()}>Continue</Button>}
      {job.step === 'blocking' && job.error.details?.blocked > 0 && <Button icon="undo" onClick={() => job.undo()}>Undo</Button>}
    </>
  );
}

function Stopped({ job }) {
  return (
    <>
      <Notice><p>You stopped while the file was being sent. A file that has not arrived blocks no one. “Validate again” shows who is blocked.</p></Notice>
      <Button kind="primary" onClick={() => job.validate()}>Validate again</Button>
    </>
  );
}

function Unknown({ job }) {
  return (
    <>
      <Notice kind="warn">
        <p>{reasonText(job.unknown)}</p>
        {!hasProfiles(job.columns) && <p>A list of names and no table has each name on a line of its own.</p>}
      </Notice>
      <ColumnChoice columns={job.columns} legend={job.typed && 'Column with the names'} onColumn={(column) => job.validate(column)} />
    </>
  );
}

function Blocked({ job, onAgain }) {
  return (
    <>
      <Notice kind="ok"><p>{blockedText(job)}</p></Notice>
      {job.blocked > 0 && <Button icon="undo" onClick={() => job.undo()}>Undo</Button>}
      <LinkButton href={href('blocklist', [], { list: job.list })} onClick={onAgain}>Open the blocklist</LinkButton>
      {job.result.importId && <LinkButton href={href('import', [job.result.importId])} onClick={onAgain}>Show the import</LinkButton>}
    </>
  );
}

function NextStep({ job, onAgain }) {
  if (job.error) return null;
  if (job.step === 'validated') {
    return job.found.blocked > 0
      ? <Button kind="primary" onClick={() => job.block()}>{`Block ${newThings(job, job.found.blocked)}`}</Button>
      : <Notice><p>There is nothing new to block.</p></Notice>;
  }
  if (job.step === 'blocked') return <Blocked job={job} onAgain={onAgain} />;
  if (job.step === 'undone') return <Notice kind="ok"><p>Undone: {things(job, job.unblocked)} unblocked.</p></Notice>;
  return null;
}

function Findings({ job }) {
  const { step, found, result } = job;
  if (!found || step === 'validating' || step === 'columns' || step === 'stopped') return null;
  const shown = result ?? found;
  const first = result ? ['Blocked', job.blocked] : ['New', found.blocked];
  return (
    <>
      <Figures counts={result ? { ...result, already: job.already } : found} first={first} />
      <Reading found={shown} />
      {step === 'validated' && !job.typed && <OtherColumn columns={job.columns} taken={found.column?.number} onColumn={(column) => job.validate(column)} />}
      <Warnings found={shown} />
      {step === 'validated' && <TakeAll found={[...found.warnings, ...found.errors]} onTake={() => job.takeAll()} />}
    </>
  );
}

/** Leaving, or stopping what goes on. */
function Leave({ job, onAgain }) {
  const [asking, setAsking] = useState(false);
  const busy = job.step === 'blocking' && !job.error;
  const stop = () => (job.arrived ? onAgain() : job.stop());
  if (job.step === 'undoing' && !job.error) return null;
  return (
    <>
      <Button onClick={busy ? () => setAsking(true) : onAgain}>{busy ? 'Stop' : ['blocked', 'undone'].includes(job.step) ? 'Add more' : 'Back'}</Button>
      {asking && busy && (
        <ConfirmDialog title="Stop here?" confirmLabel={job.arrived ? 'Do not wait' : 'Stop'} onConfirm={stop} onClose={() => setAsking(false)}>
          <p>{job.arrived
            ? 'The server has the whole file and blocks its leads, also when you do not wait. Audit lists the import.'
            : 'The file is still being sent. Nobody is blocked as long as it has not arrived whole.'}</p>
        </ConfirmDialog>
      )}
    </>
  );
}

export function ImportProgress({ job, onAgain }) {
  const heading = useRef(null);
  useLayoutEffect(() => heading.current?.focus(), [job.step, Boolean(job.error)]);
  return (
    <section class="card import">
      <h2 ref={heading} tabIndex={-1}>{job.error ? 'Stopped' : titles[job.step]}</h2>
      <p class="muted"><bdi>{job.source.name}</bdi> <ForWhat where={job.listLabel} of={job} /></p>
      <p role="status" class="hidden">{announcement(job)}</p>
      <Bar job={job} />
      <Failed job={job} />
      {job.step === 'stopped' && <Stopped job={job} />}
      {job.step === 'columns' && <Unknown job={job} />}
      <Findings job={job} />
      <div class="import-actions">
        <NextStep job={job} onAgain={onAgain} />
        <Leave job={job} onAgain={onAgain} />
      </div>
      {['validated', 'blocked'].includes(job.step) && <NotTaken job={job} found={job.result ?? job.found} />}
    </section>
  );
}
