// An address, phone number, domain or company: blocked now or not, the leads behind it, and what happened.
import * as api from '../api.js';
import { number } from '../format.js';
import { useLoad } from '../hooks.js';
import { historyOfName, leadsBehind, whereNamed, workspaceList } from '../lists.js';
import { nameOf, typeWords } from '../names.js';
import { Folded } from '../parts/folded.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Table } from '../parts/table.jsx';
import { Lead } from '../parts/text.jsx';
import { Erase } from './erase.jsx';
import { Named, leadColumns } from './person.jsx';
import { coveredBy } from './verdict.jsx';

const columns = [
  { label: 'Lead', header: true, class: 'lead-cell', render: (lead) => <Lead id={lead.publicIdentifier ?? lead.memberId} /> },
  ...leadColumns.map((column) => ({ ...column, header: false })),
];

const behind = { email: 'with this e-mail address', phone: 'with this phone number', domain: 'with an e-mail address or website under this domain', company: 'of this company' };

function Leads({ of: name }) {
  const { data, error, reload } = useLoad((signal) => leadsBehind(name, { signal }), [name.value]);
  const rows = data?.data ?? null;
  return (
    <section class="recent">
      <h2>Leads{data && ` (${number(data.total ?? rows.length)})`}</h2>
      <ErrorNotice error={error} onRetry={reload} />
      {rows?.length === 0 && <p class="muted">No campaign has a lead {behind[name.type]}.</p>}
      {rows === null && !error && <Table caption="Leads behind this name" columns={columns} rows={null} />}
      {rows?.length > 0 && <Folded items={rows} more="leads">{(shown) => <Table caption="Leads behind this name" columns={columns} rows={shown} keyOf={(lead) => lead.id} />}</Folded>}
      {rows && data.total > rows.length && <p class="muted">The first {rows.length} are shown.</p>}
    </section>
  );
}

async function load(type, value, signal) {
  const { data } = await whereNamed({ type, value }, { signal });
  const check = async (body) => (await api.post('check', body, { signal })).data;
  return { ...data, covered: data.blocked ? null : await coveredBy(nameOf(data), workspaceList, check) };
}

export function Name({ route }) {
  const [type = '', value = ''] = route.args;
  const answer = useLoad((signal) => load(type, value, signal), [type, value]);
  const verdict = answer.data;
  const word = typeWords[type] ?? 'Name';
  const { companyUrl } = verdict ?? {};
  return (
    <Page title={verdict?.value ?? value} lead={companyUrl ? <>Company page on LinkedIn: <a href={companyUrl} rel="noopener noreferrer" target="_blank">{companyUrl.replace('https://www.', '')}</a></> : type === 'company' ? 'Company, by its name' : word}>
      <Named of={{ type, value }} answer={answer} Leads={Leads} fetch={(query) => historyOfName(nameOf(verdict), { query })} none="This name was never on a blocklist.">
        {(changed) => /email|phone/.test(type) && <Erase of={verdict} onDone={changed} />}
      </Named>
    </Page>
  );
}
