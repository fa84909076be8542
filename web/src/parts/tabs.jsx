// Tabs whose choice lives in the URL: links, so that a tab can be opened and shared like a page.
import { useEffect, useRef } from 'preact/hooks';

export function Tabs({ label, tabs, current }) {
  const frame = useRef(null);
  // On a phone there may be more than the window has room for.
  useEffect(() => {
    const tab = frame.current.querySelector('[aria-current]');
    if (tab) frame.current.scrollLeft = tab.offsetLeft + tab.offsetWidth - frame.current.offsetLeft - frame.current.clientWidth;
  }, [current]);
  return (
    <nav class="tabs" aria-label={label} ref={frame}>
      {tabs.map((tab) => (
        <a key={tab.id} href={tab.href} aria-current={tab.id === current ? 'page' : undefined}>{tab.label}</a>
      ))}
    </nav>
  );
}
