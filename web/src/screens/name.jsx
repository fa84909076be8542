// An address, phone number, domain or company: blocked now or not, the leads behind it, and what happened.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { number } from '../format.js';
import { useLoad } from '../hooks.js';
import { historyOfName, leadsBehind, whereNamed, workspaceList } from '../lists.js';
import { nameOf, oneOf, typeWords } from '../names.js';
import { href } from '../router.js';
import { Folded } from '../parts/folded.jsx';
import { useCampaignChoices } from '../parts/list-choice.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Table } from '../parts/table.jsx';
import { Lead } from '../parts/text.jsx';
import { problemText } from './check.jsx';
import { History, leadColumns } from './person.jsx';
import { Verdict, coveredBy } from './verdict.jsx';

const columns = [
  { label: 'Lead', header: true, class: 'lead-cell', render: (lead) => <Lead id={lead.publicIdentifier ?? lead.memberId} /> },
  ...leadColumns.map((column) => ({ ...column, header: false })),
];

const behind = { email: 'with this e-mail address', phone: 'with this phone number', domain: 'with an e-mail address or website under this domain', company: 'of this company' };

function Leads({ name }) {
  const { data, error, reload } = useLoad((signal) => leadsBehind(name, { signal }), [name.value]);
  const rows = data?.data ?? null;
  return (
    <section class="recent">
      <h2>Leads{data && ` (${number(data.total ?? rows.length)})`}</h2>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {rows?.length === 0 && <p class="muted">No campaign has a lead {behind[name.type]}.</p>}
      {rows === null && !error && <Table caption="Leads behind this name" columns={columns} rows={null} />}
      {rows?.length > 0 && <Folded items={rows} more="leads">{(shown) => <Table caption="Leads behind this name" columns={columns} rows={shown} keyOf={(lead) => lead.id} />}</Folded>}
      {rows && data.total > rows.length && <p class="muted">The first {rows.length} are shown.</p>}
    </section>
  );
}

function Known({ verdict, onDone }) {
  const campaigns = useCampaignChoices();
  const [turn, setTurn] = useState(0);
  const name = nameOf(verdict);
  const changed = () => {
    onDone();
    setTurn((old) => old + 1);
  };
  return (
    <>
      <Verdict verdict={verdict} onDone={changed} campaigns={campaigns ?? []} />
      <Leads key={`leads ${turn}`} name={name} />
      <section class="recent">
        <h2>History</h2>
        <History key={turn} fetch={(query) => historyOfName(name, { query })} onChange={changed} none="This name was never on a blocklist." />
      </section>
    </>
  );
}

async function load(type, value, signal) {
  const { data } = await whereNamed({ type, value }, { signal });
  const check = async (body) => (await api.post('check', body, { signal })).data;
  return { ...data, covered: data.blocked ? null : await coveredBy(nameOf(data), workspaceList, check) };
}

export function Name({ route }) {
  const [type = '', value = ''] = route.args;
  const { data: verdict, error, reload } = useLoad((signal) => load(type, value, signal), [type, value]);
  const word = typeWords[type] ?? 'Name';
  const { companyUrl } = verdict ?? {};
  return (
    <Page title={verdict?.value ?? value} lead={companyUrl ? <>Company page on LinkedIn: <a href={companyUrl} rel="noopener noreferrer" target="_blank">{companyUrl.replace('https://www.', '')}</a></> : type === 'company' ? 'Company, by its name' : word}>
      {error?.code === 'invalid_identifier'
        ? <Notice kind="warn" title={`This cannot be read as ${oneOf(type)}`}><p>{problemText(error)}</p><p><a href={href('check', [], { q: value })}>Check it as something else</a></p></Notice>
        : error && <ErrorNotice error={error} onRetry={reload} />}
      {!verdict && !error && <div class="verdict placeholder" />}
      {verdict && <Known verdict={verdict} onDone={reload} />}
    </Page>
  );
}
