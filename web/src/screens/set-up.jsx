// Before the first user exists: nobody can sign in, so the page says what to do instead.
import { useEffect } from 'preact/hooks';
import { Page } from '../parts/page.jsx';

const lookMs = 5_000;

/** onLook: asks the server again, as the link may have been used elsewhere. */
export function SetUp({ onLook }) {
  useEffect(() => {
    const timer = setInterval(() => document.hidden || onLook(), lookMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <Page title="Set up this server" takeFocus={false}>
      <p>leadblock runs, and has no account yet. The first one is created with a link that only the server knows.</p>
      <ol class="set-up">
        <li>
          <h2>Find the link</h2>
          <p>The server printed it at its start: in its terminal, its journal or its container’s log.</p>
          <p><code>sudo journalctl -u leadblock | grep '#/link/'</code></p>
          <p><code>podman logs leadblock 2&gt;&amp;1 | grep '#/link/'</code></p>
          <p class="muted">It is valid for 15 minutes and works once.</p>
        </li>
        <li>
          <h2>Or make a new one</h2>
          <p>On the server, with your own e-mail address:</p>
          <p><code>sudo -u leadblock leadblock user create you@example.com --role operator --data /var/lib/leadblock</code></p>
        </li>
        <li>
          <h2>Open it</h2>
          <p>In any browser that reaches this server. You choose a password and are signed in.</p>
        </li>
      </ol>
      <p class="hint" role="status">This page goes on by itself as soon as there is an account.</p>
    </Page>
  );
}
