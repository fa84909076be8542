// A CSV file as a spreadsheet writes it, with a known number of leads of each kind.
export const known = (index) => `known-${index}`;

const bad = [
  { value: '=HYPERLINK("http://example.com")', cell: '"=HYPERLINK(""http://example.com"")"' },
  { value: '+49 30 1234', cell: '+49 30 1234' },
  { value: '-no one-, really', cell: '"-no one-, really"' },
  { value: '@handle', cell: '@handle' },
  { value: 'info@example.com', cell: 'info@example.com' },
  { value: 'https://www.linkedin.com/company/acme', cell: 'https://www.linkedin.com/company/acme' },
];

function cellOf(index) {
  if (index % 100 === 7) return { kind: 'bad', ...bad[Math.floor(index / 100) % bad.length] };
  if (index % 1000 === 250) return { kind: 'known', cell: `https://www.linkedin.com/in/${known(index)}` };
  if (index % 1000 === 500) return { kind: 'repeated', cell: `HTTPS://LINKEDIN.COM/in/LEAD-${index - 499}` };
  return { kind: 'new', cell: index % 2 ? `linkedin.com/in/lead-${index}` : `https://www.linkedin.com/in/lead-${index}/?trk=people` };
}

// {text, counts: {new, known, repeated, bad}, bad: [[line, value]], names: of the new ones, known: []}
export function bigFile(rows) {
  const lines = ['First Name,"Company, if any",LinkedIn URL,Notes'];
  const file = { counts: { new: 0, known: 0, repeated: 0, bad: 0 }, bad: [], names: [], known: [] };
  let line = 2;
  for (let index = 0; index < rows; index++) {
    const { kind, cell, value } = cellOf(index);
    file.counts[kind]++;
    if (kind === 'bad') file.bad.push([line, value]);
    if (kind === 'new') file.names.push(`lead-${index}`);
    if (kind === 'known') file.known.push(known(index));
    // Some rows take two lines of the file.
    const long = index % 10_000 === 9_999;
    lines.push(`Ann ${index},"Smith, ""S"" & Co",${cell},${long ? '"first\r\nsecond"' : ''}`);
    line += long ? 2 : 1;
  }
  file.text = `\uFEFF${lines.join('\r\n')}\r\n`;
  return file;
}
