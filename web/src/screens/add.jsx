// The screen Add. The server validates a text or file of leads first, and blocks them when the user says so.
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../hooks.js';
import { currentImport, forgetImport, startImport } from '../import-job.js';
import { isList, workspaceList } from '../lists.js';
import { setQuery } from '../router.js';
import { ErrorNotice } from '../parts/notice.jsx';
import { Button } from '../parts/button.jsx';
import { TextField } from '../parts/field.jsx';
import { ListChoice, listName, useCampaignChoices } from '../parts/list-choice.jsx';
import { Page } from '../parts/page.jsx';
import { ImportProgress } from './add-progress.jsx';
import { LeadSource } from './add-source.jsx';

// What was entered, for “Back” and for looking at another screen in between.
const blank = { text: '', file: null };
let draft = { owner: null, source: blank, reason: '' };

/** What is sent, {name, body}, or null when there is nothing. */
function contentOf({ text, file }) {
  if (file) return { name: file.name, body: file };
  return text.trim() === '' ? null : { name: 'Pasted text', body: text };
}

function AddForm({ owner, list, onStart }) {
  if (draft.owner !== owner) draft = { owner, source: blank, reason: '' };
  const campaigns = useCampaignChoices();
  const [source, setSource] = useState(draft.source);
  const [reason, setReason] = useState(draft.reason);
  const [missing, setMissing] = useState(false);
  Object.assign(draft, { source, reason });
  const content = contentOf(source);
  const submit = (event) => {
    event.preventDefault();
    setMissing(content === null);
    if (content) onStart({ list, listLabel: listName(list, campaigns), reason: reason.trim(), source: content });
  };
  return (
    <form class="card" onSubmit={submit}>
      <div class="form-row">
        <ListChoice label="Block in" list={list} campaigns={campaigns} onList={(value) => setQuery({ list: value }, { replace: true })}
          hint="A lead that is blocked in the workspace is blocked in all of its campaigns." />
        <TextField label="Reason (optional)" value={reason} onValue={setReason} maxLength={500} hint="For example: existing client" />
      </div>
      <LeadSource source={source} onSource={setSource} />
      {missing && content === null && <ErrorNotice error={{ message: 'Paste at least one lead, or choose a file.' }} />}
      <Button type="submit" kind="primary">Validate</Button>
      <p class="hint">Validating changes nothing. It shows how the file was read, and which leads are new, already blocked or invalid.</p>
    </form>
  );
}

export function Add({ route }) {
  const { session, workspace } = useApp();
  const [, redraw] = useState(0);
  const owner = `${session.user.id}/${workspace.id}`;
  const job = currentImport()?.owner === owner ? currentImport() : null;
  const onChange = () => redraw((turn) => turn + 1);
  if (job) job.onChange = onChange;
  useEffect(() => () => {
    const left = currentImport();
    if (!left) return;
    left.onChange = () => {};
    // A finished result has been seen: the next visit begins anew.
    if (['blocked', 'undone'].includes(left.step) && !left.error) {
      draft.owner = null;
      forgetImport();
    }
  }, []);
  const start = (options) => {
    startImport({ ...options, owner, workspaceId: session.user.role === 'operator' ? workspace.id : null, onChange });
    onChange();
  };
  const again = () => {
    if (['blocked', 'undone'].includes(job.step)) draft.owner = null;
    forgetImport();
    onChange();
  };
  const list = isList(route.query.list) ? route.query.list : workspaceList;
  return (
    <Page title="Add" lead="Paste leads or choose a file to block them. Any spelling of a name or profile URL works.">
      {job ? <ImportProgress job={job} onAgain={again} /> : <AddForm owner={owner} list={list} onStart={start} />}
    </Page>
  );
}
