// What a screen shows until its data are there: bars in the place of what comes, so that nothing jumps.
const lines = [0, 1, 2, 3, 4, 5];

export function Skeleton() {
  return (
    <div class="skeleton skeleton-page" role="status">
      <span class="hidden">Loading…</span>
      <div class="card">{lines.map((line) => <span class="bar" key={line} />)}</div>
    </div>
  );
}
