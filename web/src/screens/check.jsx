// The start page: one box, any spelling, a clear answer.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLoad } from '../hooks.js';
import { whereBlocked } from '../lists.js';
import { setQuery } from '../router.js';
import { Button } from '../parts/button.jsx';
import { ErrorNotice, Notice, errorText } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { scopeText } from '../parts/text.jsx';
import { Verdict } from './verdict.jsx';

const announcement = (verdict) => (
  `${verdict.publicIdentifier}: ${verdict.blocked ? `blocked in ${verdict.blocks.map(scopeText).join(', ')}` : 'not blocked'}`);

/** A reason of the server says something about the text: “is an e-mail address; …”. */
export function problemText(error) {
  const [bad] = error.errors ?? [];
  return error.code === 'invalid_identifier' && bad ? `It ${bad.reason}.` : errorText(error);
}

function Result({ asked, verdict, error, loading, onDone }) {
  if (!asked) return <p class="check-hint muted">Paste a name such as <code>john-doe</code> or the URL of a profile. Checking changes nothing.</p>;
  if (error?.code === 'invalid_identifier') return <Notice kind="warn" title="This is not a LinkedIn profile"><p>{problemText(error)}</p></Notice>;
  if (error) return <ErrorNotice error={error} onRetry={onDone} />;
  if (!verdict) return <div class="verdict placeholder" />;
  return <div class={loading ? 'stale' : ''}><Verdict verdict={verdict} onDone={onDone} named /></div>;
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
  const { data, error, loading, reload } = useLoad(async (signal) => (asked ? { asked, ...(await whereBlocked(asked, { signal })).data } : null), [asked]);
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
  const verdict = data?.asked === asked ? data : null;
  const state = { asked, verdict, error: loading ? null : error, loading };
  return (
    <Page title="Check" lead="May this person be contacted?" takeFocus={false}>
      <form class="check-box" role="search" onSubmit={submit}>
        <label for="check-input">Name or URL of a LinkedIn profile</label>
        <div class="check-row">
          <input id="check-input" type="search" ref={box} value={text} autocomplete="off" autocapitalize="off" spellcheck={false} placeholder="linkedin.com/in/john-doe"
            onInput={(event) => setText(event.currentTarget.value)} onPaste={() => setTimeout(() => ask(box.current.value))} />
          <Button type="submit" kind="primary" busy={loading && Boolean(asked)}>Check</Button>
        </div>
      </form>
      <p role="status" class="hidden">{statusText(state)}</p>
      <Result {...state} onDone={reload} />
    </Page>
  );
}
