// The screen Add. The server validates a text or file of leads first, and blocks them when the user says so.
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../hooks.js';
import { currentImport, forgetImport, hasProfiles, startImport } from '../import-job.js';
import { isList, workspaceList } from '../lists.js';
import { guessType } from '../names.js';
import { href, setQuery } from '../router.js';
import { Notice } from '../parts/notice.jsx';
import { Button } from '../parts/button.jsx';
import { DetailFields, detailsOf, noDetails } from '../parts/details.jsx';
import { ListChoice, listName, useCampaignChoices } from '../parts/list-choice.jsx';
import { Page } from '../parts/page.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { AddNames } from './add-names.jsx';
import { ImportProgress } from './add-progress.jsx';
import { SourceForm, noSource } from './add-source.jsx';

// What was entered, for “Back” and for looking at another screen in between.
let draft = { owner: null, source: noSource, details: noDetails };

/** What is sent. */
const contentOf = ({ text, file }) => ({ name: file?.name ?? 'Pasted text', body: file ?? text });

function AddForm({ owner, list, onStart }) {
  if (draft.owner !== owner) draft = { owner, source: noSource, details: noDetails };
  const campaigns = useCampaignChoices();
  const [source, setSource] = useState(draft.source);
  const [details, setDetails] = useState(draft.details);
  Object.assign(draft, { source, details });
  const start = () => onStart({ list, listLabel: listName(list, campaigns), ...detailsOf(details), source: contentOf(source) });
  return (
    <SourceForm source={source} onSource={setSource} onValidate={start} said="new, already blocked or invalid">
      <div class="form-row">
        <ListChoice label="Block in" list={list} campaigns={campaigns} onList={(value) => setQuery({ list: value }, { replace: true })}
          hint="A lead that is blocked in the workspace is blocked in all of its campaigns." />
        <DetailFields details={details} onDetails={setDetails} hint="For example: existing client" />
      </div>
    </SourceForm>
  );
}

/** A file without profiles, or a pasted text with rows of another type: they may be other names. */
const hasOtherNames = ({ step, columns, found, source: { body } }) => (step === 'columns' && !hasProfiles(columns)) || (step === 'validated' && (body.split
  ? !found.column && body.split('\n', 1000).some((line) => /email|phone|domain|company/.test(guessType(line)))
  : found.people === 0));

function OtherNames({ onTake }) {
  return (
    <Notice>
      <p>E-mail addresses, phone numbers, domains and companies belong under “Other names”.</p>
      <Button onClick={onTake}>Add them as other names</Button>
    </Notice>
  );
}

export function Add({ route }) {
  const { session, workspace } = useApp();
  const [, redraw] = useState(0);
  const [pasted, setPasted] = useState('');
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
  const takeNames = () => {
    draft.owner = null;
    if (job.step === 'columns' || !job.source.body.split) start({ ...job, typed: { type: '', country: '' } });
    else {
      setPasted(job.source.body);
      forgetImport();
    }
    setQuery({ of: 'names' });
  };
  const of = route.query.of === 'names' ? 'names' : 'leads';
  const list = isList(route.query.list) ? route.query.list : workspaceList;
  return (
    <Page title="Add" lead="Paste or drop who must not be contacted. Any spelling works.">
      <Tabs label="What to add" current={of} tabs={[
        { id: 'leads', label: 'LinkedIn profiles', href: href('add', [], { list: route.query.list }) },
        { id: 'names', label: 'Other names', href: href('add', [], { list: route.query.list, of: 'names' }) }]} />
      {of === 'names' && (job?.typed ? <ImportProgress job={job} onAgain={again} /> : <AddNames list={list} text={pasted} onFile={start} />)}
      {of === 'leads' && job && !job.typed && hasOtherNames(job) && <OtherNames onTake={takeNames} />}
      {of === 'leads' && (job && !job.typed ? <ImportProgress job={job} onAgain={again} /> : <AddForm owner={owner} list={list} onStart={start} />)}
    </Page>
  );
}
