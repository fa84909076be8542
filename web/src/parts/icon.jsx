// Line icons on a 24 × 24 grid, drawn for this dashboard. They decorate: names stand beside them.
const shapes = {
  check: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM20 20l-4.9-4.9',
  blocklist: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12',
  add: 'M12 5v14M5 12h14',
  campaigns: 'M4 10v4h3l8 4.5v-13L7 10zM18.5 9.5a4 4 0 0 1 0 5M8 14.5l1 5',
  overview: 'M4 20h16M7 16v-4M12 16V6M17 16V9',
  audit: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  keys: 'M8 11.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 13l8-8M16 8l2.5 2.5M18.5 5.5L20 7',
  hooks: 'M13 3L5 13.5h6L10 21l9-11h-6.5z',
  api: 'M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14',
  installation: 'M12 3.5L19.5 6v6c0 4.5-3 7.5-7.5 9-4.5-1.5-7.5-4.5-7.5-9V6zM9 9l6 6',
  workspaces: 'M4 8h16v11H4zM9 8V5h6v3M4 13h16',
  people: 'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM3 19.5c0-3 2.5-5 6-5s6 2 6 5M16 5.5a3.5 3.5 0 0 1 0 6.5M17.5 15c2.2.6 3.5 2.2 3.5 4.5',
  account: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.5-3.5 3.5-5.5 7.5-5.5s7 2 7.5 5.5',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  theme: 'M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17',
  done: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4l9 16H3zM12 10v4.5M12 17.2v.3',
  external: 'M10 5H5v14h14v-5M14 5h5v5M19 5l-8 8',
  signout: 'M14 5H5v14h9M10 12h10M16.5 8.5L20 12l-3.5 3.5',
  download: 'M12 4v11M7.5 11L12 15.5 16.5 11M5 20h14',
  undo: 'M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3',
  help: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.7M12 16.3v.3',
};

export function Icon({ name, size = 20 }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}

export function Mark({ size = 28 }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="mark-shield" d="M16 1.5 28 6v9.5c0 7.4-5 12.6-12 15-7-2.4-12-7.6-12-15V6z" />
      <circle class="mark-line" cx="16" cy="15.5" r="6.5" />
      <path class="mark-line" d="m11.5 11 9 9" />
    </svg>
  );
}
