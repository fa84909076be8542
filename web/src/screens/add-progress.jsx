// How adding goes: looked at, blocked, stopped in the middle, undone.
import { useEffect, useRef, useState } from 'preact/hooks';
import { csvRow } from '../csv.js';
import { saveFile } from '../download.js';
import { count, number, seconds } from '../format.js';
import { href } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Progress } from '../parts/progress.jsx';
import { Table } from '../parts/table.jsx';

const shownBad = 100;

const titles = {
  validating: 'Validating', validated: 'Ready to block', blocking: 'Blocking', blocked: 'Done', undoing: 'Undoing', undone: 'Undone',
};

const badColumns = [
  { label: 'Line', header: true, render: (bad) => number(bad.line) },
  { label: 'Value', render: (bad) => <span class="value">{bad.value}</span> },
  { label: 'What is wrong', render: (bad) => bad.reason },
];

function saveBad(bad) {
  saveFile('bad-lines.csv', [csvRow(['line', 'value', 'reason']), bad.map((row) => csvRow([row.line, row.value, row.reason])).join('')]);
}

function BadLines({ bad }) {
  if (bad.length === 0) return null;
  return (
    <section class="bad-lines">
      <div class="section-head">
        <h3>{count(bad.length, 'invalid line')}</h3>
        <Button icon="download" onClick={() => saveBad(bad)}>Download invalid lines</Button>
      </div>
      <p class="muted">They are skipped.{bad.length > shownBad && ` The first ${shownBad} are shown.`}</p>
      <Table caption="Invalid lines" columns={badColumns} rows={bad.slice(0, shownBad)} keyOf={(row) => row.line} />
    </section>
  );
}

function Figures({ job }) {
  const figures = [
    ['New', job.fresh.length], ['Already blocked', job.already], ['Repeated', job.repeated], ['Invalid', job.bad.length],
  ];
  return (
    <dl class="figures">
      {figures.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{number(value)}</dd></div>)}
    </dl>
  );
}

const waitText = (job) => (job.wait ? `The server is busy. Retrying in ${seconds(job.wait)}.` : '');

function Bar({ job }) {
  if (['validated', 'blocked', 'undone'].includes(job.step)) return null;
  const unit = job.step === 'undoing' ? 'change' : 'lead';
  const note = `${number(job.done)} of ${count(job.toDo, unit)}`;
  return <Progress label={titles[job.step]} value={job.done} max={Math.max(job.toDo, 1)} note={waitText(job) || note} />;
}

function blockedText(job) {
  const before = job.blockedBefore > 0 ? `, ${number(job.blockedBefore)} already blocked` : '';
  return `${count(job.blocked, 'lead')} blocked in ${job.listLabel}${before}.`;
}

/** What a screen reader should hear; the bar would be too much. */
function announcement(job) {
  if (job.error || job.wait) return waitText(job);
  if (job.step === 'validated') return `${number(job.fresh.length)} new, ${number(job.already)} already blocked, ${number(job.repeated)} repeated, ${number(job.bad.length)} invalid.`;
  if (job.step === 'blocked') return blockedText(job);
  if (job.step === 'undone') return `Undone: ${count(job.unblocked, 'lead')} unblocked.`;
  return `${titles[job.step]}…`;
}

function Stopped({ job }) {
  if (!job.error) return null;
  const sofar = { validating: 'Nothing was changed.', blocking: `So far: ${blockedText(job)}`, undoing: `So far: ${count(job.unblocked, 'lead')} unblocked.` };
  return (
    <>
      <ErrorNotice error={job.error} />
      <p>{sofar[job.step]} Nothing is lost. “Continue” resumes where it stopped. Sending a lead twice does no harm.</p>
      <Button kind="primary" onClick={() => job.goOn()}>Continue</Button>
    </>
  );
}

function NextStep({ job, onAgain }) {
  if (job.step === 'validated') {
    return job.fresh.length > 0
      ? <Button kind="primary" onClick={() => job.block()}>{`Block ${count(job.fresh.length, 'new lead')}`}</Button>
      : <Notice><p>There is nothing new to block.</p></Notice>;
  }
  if (job.step === 'blocked') {
    return (
      <>
        <Notice kind="ok"><p>{blockedText(job)}</p></Notice>
        {job.changeIds.length > 0 && <Button icon="undo" onClick={() => job.undo()}>Undo</Button>}
        <LinkButton href={href('blocklist', [], { list: job.list })} onClick={onAgain}>Open the blocklist</LinkButton>
      </>
    );
  }
  if (job.step === 'undone') return <Notice kind="ok"><p>Undone: {count(job.unblocked, 'lead')} unblocked.</p></Notice>;
  return null;
}

const leaveLabel = (job) => {
  if (job.step === 'validated' || job.step === 'validating') return 'Back';
  return 'Add more';
};

export function ImportProgress({ job, onAgain }) {
  const heading = useRef(null);
  useEffect(() => heading.current?.focus(), [job.step]);
  const [asking, setAsking] = useState(false);
  const leave = () => (job.step === 'blocking' ? setAsking(true) : onAgain());
  return (
    <section class="card import">
      <h2 ref={heading} tabIndex={-1}>{job.error ? 'Stopped' : titles[job.step]}</h2>
      <p class="muted">{count(job.total, 'line')} for {job.listLabel}{job.reason && <>, reason “<bdi>{job.reason}</bdi>”</>}</p>
      <p role="status" class="hidden">{announcement(job)}</p>
      <Bar job={job} />
      {job.step !== 'validating' && <Figures job={job} />}
      <Stopped job={job} />
      <div class="import-actions">
        <NextStep job={job} onAgain={onAgain} />
        {job.step !== 'undoing' && <Button onClick={leave}>{job.step === 'blocking' ? 'Stop' : leaveLabel(job)}</Button>}
      </div>
      <BadLines bad={job.bad} />
      {asking && (
        <ConfirmDialog title="Stop here?" confirmLabel="Stop" onConfirm={onAgain} onClose={() => setAsking(false)}>
          <p>Leads that are already blocked stay blocked. The rest are not blocked.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}
