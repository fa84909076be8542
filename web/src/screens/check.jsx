// The start page: one box, any spelling, a clear answer.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { useLive, useLoad } from '../hooks.js';
import { campaignOf, isList, whereBlocked, workspaceList } from '../lists.js';
import { href, setQuery } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { ListChoice, useCampaignChoices } from '../parts/list-choice.jsx';
import { ErrorNotice, Notice, errorText } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { scopeText } from '../parts/text.jsx';
import { Verdict } from './verdict.jsx';

const announcement = (verdict) => (
  `${verdict.publicIdentifier}: ${verdict.blocked ? `blocked in ${verdict.blocks.map(scopeText).join(', ')}` : 'not blocked'}`);

/** Of one campaign, only its own list and the workspace's count. */
async function verdictFor(asked, list, signal) {
  const { data: verdict } = await whereBlocked(asked, { signal });
  const campaign = campaignOf(list);
  if (campaign === null) return verdict;
  const blocks = (verdict.blocks ?? []).filter(({ scope, campaignId }) => scope !== 'campaign' || campaignId === campaign);
  // Of a person who is on very many lists the server tells the first ones.
  const isTold = blocks.length > 0 || (verdict.blocksTotal ?? 0) <= (verdict.blocks ?? []).length;
  const blocked = isTold ? blocks.length > 0 : (await api.get(api.path('campaigns', campaign, 'blocked-leads', verdict.publicIdentifier), { signal })).data.blocked;
  return { ...verdict, blocked, blocks, blocksTotal: blocks.length };
}

/** A reason of the server says something about the text: “is an e-mail address; …”. */
export function problemText(error) {
  const [bad] = error.errors ?? [];
  return error.code === 'invalid_identifier' && bad ? `It ${bad.reason}.` : errorText(error);
}

/** Somebody's real name was typed: it may belong to several people, so it is not guessed. */
function NameInstead({ asked }) {
  const guess = asked.trim().toLowerCase().split(/\s+/).join('-');
  return (
    <Notice kind="warn" title="This is a person’s name, not a profile name">
      <p>A profile name is the part after <code>/in/</code> in the address of a LinkedIn profile. Many people can have one name, so it is not guessed.</p>
      <div class="button-row">
        <LinkButton kind="primary" icon="check" href={href('blocklist', [], { search: guess })}>{`Search the blocklist for “${guess}”`}</LinkButton>
        <Button onClick={() => setQuery({ q: guess }, { replace: true })}>{`Check ${guess}`}</Button>
      </div>
    </Notice>
  );
}

const isName = (text) => /^[\p{L}\p{M}.'’-]+(\s+[\p{L}\p{M}.'’-]+)+$/u.test(text.trim());

function Result({ asked, list, campaigns, verdict, error, loading, onDone }) {
  if (!asked) return <p class="check-hint muted">Paste a profile name such as <code>john-doe</code> or the URL of a profile, in any spelling. Checking changes nothing.</p>;
  if (error?.code === 'invalid_identifier' && isName(asked)) return <NameInstead asked={asked} />;
  if (error?.code === 'invalid_identifier') return <Notice kind="warn" title="This is not a LinkedIn profile"><p>{problemText(error)}</p></Notice>;
  if (error) return <ErrorNotice error={error} onRetry={onDone} />;
  if (!verdict) return <div class="verdict placeholder" />;
  return <div class={loading ? 'stale' : ''}><Verdict verdict={verdict} onDone={onDone} list={list} campaigns={campaigns ?? []} named /></div>;
}

function statusText({ asked, verdict, error, loading }) {
  if (!asked) return '';
  if (loading) return 'Checking…';
  if (error) return problemText(error);
  return verdict ? announcement(verdict) : '';
}

export function Check({ route }) {
  const asked = route.query.q ?? '';
  const [text, setText] = useState(asked);
  const box = useRef(null);
  const list = isList(route.query.in) ? route.query.in : workspaceList;
  const campaigns = useCampaignChoices();
  const { data, error, loading, reload, refresh } = useLoad(async (signal) => (asked ? { asked, list, ...await verdictFor(asked, list, signal) } : null), [asked, list]);
  useLive(refresh);
  useEffect(() => box.current.focus(), []);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    // What had the focus may be gone with the old verdict.
    if (document.activeElement === document.body) box.current.focus();
  }, [data]);
  const ask = (value) => {
    const wanted = value.trim();
    if (wanted === asked && wanted) reload();
    else setQuery({ q: wanted }, { replace: true });
  };
  const submit = (event) => {
    event.preventDefault();
    ask(text);
  };
  const verdict = data?.asked === asked && data.list === list ? data : null;
  const state = { asked, list, campaigns, verdict, error: loading ? null : error, loading };
  return (
    <Page title="Check" lead="May this person be contacted?" takeFocus={false}>
      <form class="check-box" role="search" onSubmit={submit}>
        <label for="check-input">Profile name (the part after /in/) or profile URL</label>
        <div class="check-row">
          <input id="check-input" type="search" ref={box} value={text} autocomplete="off" autocapitalize="off" spellcheck={false} placeholder="linkedin.com/in/john-doe"
            onInput={(event) => setText(event.currentTarget.value)} onPaste={() => setTimeout(() => ask(box.current.value))} />
          <Button type="submit" kind="primary" busy={loading && Boolean(asked)}>Check</Button>
        </div>
        {campaigns?.length > 0 && <ListChoice label="For" list={list} campaigns={campaigns} everywhere="Any campaign" onList={(value) => setQuery({ in: value === workspaceList ? '' : value }, { replace: true })} />}
      </form>
      <p role="status" class="hidden">{statusText(state)}</p>
      <Result {...state} onDone={reload} />
    </Page>
  );
}
