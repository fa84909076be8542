// The start page: one box, a name of any type in any spelling, a clear answer.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { useLive, useLoad } from '../hooks.js';
import { campaignOf, isList, whereBlocked, whereNamed, workspaceList } from '../lists.js';
import { guessType, nameOf, oneOf, typeChoices, typeWords } from '../names.js';
import { href, setQuery } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { OtherCountry, isNational } from '../parts/details.jsx';
import { SelectField, optionsOf } from '../parts/field.jsx';
import { ListChoice, useCampaignChoices } from '../parts/list-choice.jsx';
import { ErrorNotice, Notice, errorText } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { scopeText } from '../parts/text.jsx';
import { Verdict, coveredBy } from './verdict.jsx';

const replace = { replace: true };

const announcement = (verdict) => {
  const { value } = nameOf(verdict);
  if (verdict.covered) return `${value}: blocked by ${verdict.covered.matched.value}`;
  return `${value}: ${verdict.blocked ? `blocked in ${verdict.blocks.map(scopeText).join(', ')}` : 'not blocked'}`;
};

const check = async (body, signal) => (await api.post('check', body, { signal })).data;

/** Of one campaign, only its own list and the workspace's count. */
async function ofList(verdict, list, signal) {
  const campaign = campaignOf(list);
  if (campaign === null) return verdict;
  const blocks = (verdict.blocks ?? []).filter(({ scope, campaignId }) => scope !== 'campaign' || campaignId === campaign);
  // Of a name that is on very many lists the server tells the first ones.
  const isTold = blocks.length > 0 || (verdict.blocksTotal ?? 0) <= (verdict.blocks ?? []).length;
  const blocked = isTold || !verdict.publicIdentifier ? blocks.length > 0 : (await api.get(api.path('campaigns', campaign, 'blocked-leads', verdict.publicIdentifier), { signal })).data.blocked;
  return { ...verdict, blocked, blocks, blocksTotal: blocks.length };
}

async function verdictFor(asked, type, list, country, signal) {
  if (type === 'publicIdentifier') return ofList((await whereBlocked(asked, { signal })).data, list, signal);
  const verdict = await ofList((await whereNamed({ type, value: asked }, { signal }, country)).data, list, signal);
  const covered = verdict.blocked ? null : await coveredBy(nameOf(verdict), list, (body) => check(body, signal));
  return { ...verdict, covered };
}

/** A text that is no name of its type; elsewhere than on Check, `value` leads there. */
export const NotRead = ({ type = 'publicIdentifier', error, value }) => (
  <Notice kind="warn" title={type === 'publicIdentifier' ? 'This is not a LinkedIn profile' : `This cannot be read as ${oneOf(type)}`}>
    <p>{errorText(error)}</p>
    {value && <p><a href={href('check', [], { q: value })}>Check it as something else</a></p>}
  </Notice>
);

/** A real name was typed: it may belong to several people, so it is not guessed. Or it is a company's. */
function NameInstead({ asked }) {
  const guess = asked.trim().toLowerCase().split(/\s+/).join('-');
  return (
    <Notice kind="warn" title="This is a name, not a profile name">
      <p>A profile name is the part after <code>/in/</code> in the address of a LinkedIn profile. Many people can have one name, so it is not guessed.</p>
      <div class="button-row">
        <LinkButton kind="primary" icon="check" href={href('blocklist', [], { search: guess })}>{`Search the blocklist for “${guess}”`}</LinkButton>
        <Button onClick={() => setQuery({ q: guess }, replace)}>{`Check ${guess}`}</Button>
        <Button onClick={() => setQuery({ as: 'company' }, replace)}>{`Check the company ${asked.trim()}`}</Button>
      </div>
    </Notice>
  );
}

function Result({ asked, type, list, campaigns, verdict, error, loading, onDone }) {
  if (!asked) return <p class="check-hint muted">Paste a profile name such as <code>john-doe</code>, the URL of a profile or company page, an e-mail address, phone number, domain or company. Checking changes nothing.</p>;
  if (!type) return <NameInstead asked={asked} />;
  if (error?.code === 'invalid_identifier') return <NotRead type={type} error={error} />;
  if (error) return <ErrorNotice error={error} onRetry={onDone} />;
  if (!verdict) return <div class="verdict placeholder" />;
  return <div class={loading ? 'stale' : ''}><Verdict verdict={verdict} onDone={onDone} list={list} campaigns={campaigns ?? []} named /></div>;
}

function statusText({ asked, verdict, error, loading }) {
  if (!asked) return '';
  if (loading) return 'Checking…';
  if (error) return errorText(error);
  return verdict ? announcement(verdict) : '';
}

function Options({ as, asked, list, campaigns, ...chosen }) {
  return (
    <div class="check-options">
      <SelectField label="As" value={as} options={optionsOf(typeChoices, 'Recognize the type')} onValue={(value) => setQuery({ as: value }, replace)} />
      {campaigns?.length > 0 && <ListChoice label="For" list={list} campaigns={campaigns} everywhere="Any campaign" onList={(value) => setQuery({ in: value === workspaceList ? '' : value }, replace)} />}
      {isNational(asked, as) && <OtherCountry {...chosen} />}
    </div>
  );
}

export function Check({ route }) {
  const asked = route.query.q ?? '';
  const as = typeWords[route.query.as] ? route.query.as : '';
  const type = as || guessType(asked);
  const [text, setText] = useState(asked);
  const [chosen, setChosen] = useState('');
  const country = isNational(asked, as) ? chosen : '';
  const box = useRef(null);
  const list = isList(route.query.in) ? route.query.in : workspaceList;
  const campaigns = useCampaignChoices();
  const { data, error, loading, reload, refresh } = useLoad(async (signal) => (asked && type ? { ...await verdictFor(asked, type, list, country, signal), asked, list, as: type, country } : null), [asked, list, type ?? '', country]);
  useLive(refresh);
  useLayoutEffect(() => box.current.focus(), []);
  useEffect(() => setText(asked), [asked]);
  useLayoutEffect(() => {
    // What had the focus may be gone with the old verdict.
    if (document.activeElement === document.body) box.current.focus();
  }, [data]);
  const ask = (value) => {
    const wanted = value.trim();
    if (wanted === asked && wanted) reload();
    else setQuery({ q: wanted }, replace);
  };
  const submit = (event) => {
    event.preventDefault();
    ask(text);
  };
  const verdict = data?.asked === asked && data.list === list && data.as === type && data.country === country ? data : null;
  const state = { asked, type, list, campaigns, verdict, error: loading ? null : error, loading };
  return (
    <Page title="Check" lead="May this person or company be contacted?" takeFocus={false}>
      <form class="check-box" role="search" onSubmit={submit}>
        <label for="check-input">LinkedIn profile, e-mail address, phone number, domain or company</label>
        <div class="check-row">
          <input id="check-input" type="search" ref={box} value={text} autocomplete="off" autocapitalize="off" spellcheck={false} placeholder="linkedin.com/in/john-doe"
            onInput={(event) => setText(event.currentTarget.value)} onPaste={() => setTimeout(() => ask(box.current.value))} />
          <Button type="submit" kind="primary" busy={loading && Boolean(asked)}>Check</Button>
        </div>
        <Options as={as} asked={asked} list={list} campaigns={campaigns} country={chosen} onCountry={setChosen} />
      </form>
      <p role="status" class="hidden">{statusText(state)}</p>
      <Result {...state} onDone={reload} />
    </Page>
  );
}
