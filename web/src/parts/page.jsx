// The frame of a screen: one h1, the document's title, and the focus on the heading after navigation.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { ErrorNotice } from './notice.jsx';
import { Skeleton } from './skeleton.jsx';

// The first screen after loading leaves the focus where the browser puts it. Focus moves before what it follows is painted
// (in layout effects, here and on the screens): a person who sees the screen may type at once.
let visited = false;

export function Page({ title, lead, actions, children, takeFocus = true, class: extra = '' }) {
  const heading = useRef(null);
  useLayoutEffect(() => {
    if (visited && takeFocus) heading.current.focus({ preventScroll: true });
    if (visited) scrollTo(0, 0);
    visited = true;
  }, []);
  useEffect(() => {
    document.title = `${title} – leadblock`;
  }, [title]);
  return (
    <div class={`page ${extra}`}>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {actions && <div class="page-actions">{actions}</div>}
      </div>
      {lead && <p class="page-lead">{lead}</p>}
      {children}
    </div>
  );
}

/** The page of one thing as long as that is not there. all: a link to the others. */
export const Pending = ({ title, error, onRetry, all }) => (
  <Page title={title}>
    {error ? <><ErrorNotice error={error} onRetry={onRetry} /><p>{all}</p></> : <Skeleton />}
  </Page>
);
