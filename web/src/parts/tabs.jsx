// Tabs whose choice lives in the URL: links, so that a tab can be opened and shared like a page.
export function Tabs({ label, tabs, current }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.id} href={tab.href} aria-current={tab.id === current ? 'page' : undefined}>{tab.label}</a>
      ))}
    </nav>
  );
}
