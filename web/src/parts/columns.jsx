// Columns that several tables have. A field is that of a row.
import { nameOf } from '../names.js';
import { Badge, By, Status, Time, Who, orDash } from './text.jsx';

export const when = (field = 'at') => ({ label: 'When', header: true, class: 'time-cell', render: (row) => <Time at={row[field]} /> });
/** Heads a row. of: the name in it (names.js); typed: with its type. */
export const who = (typed = false, of = nameOf, label = 'Name') => ({ label, header: true, class: 'lead-cell', render: (row) => <Who name={of(row)} typed={typed} /> });
export const day = (label, field, none) => ({ label, labelled: true, render: (row) => <Time at={row[field]} dateOnly none={none} /> });
export const by = (label = 'By') => ({ label, class: 'by-cell line', render: (row) => <By by={row.by} /> });
export const reason = { label: 'Reason', class: 'reason-cell line', render: (row) => orDash(row.reason) };

/** Of a lead of a campaign. */
export const lead = [
  { label: 'Name', class: 'detail-cell line', render: (row) => orDash([row.firstName, row.lastName].filter(Boolean).join(' ')) },
  { label: 'Company', class: 'detail-cell line', render: (row) => orDash(row.companyName) },
  { label: 'Status', render: (row) => <Status status={row.status} /> },
  { label: 'Blocked', render: (row) => {
    if (row.blocked) return <Badge kind="bad">Blocked: {row.blockedScope}</Badge>;
    return row.skippedContacted ? <Badge kind="warn">Contacted elsewhere</Badge> : orDash(null, 'No');
  } },
];
