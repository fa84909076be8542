// A table that becomes a list of cards on narrow screens. The explicit roles keep it a table for assistive technology
// there too, where the layout is no longer one.
const skeletonRows = [0, 1, 2, 3, 4];

/** What a cell of one line (class `line`) has no room for is said when it is pointed at. */
const tellAll = ({ currentTarget: cell }) => {
  cell.title = cell.scrollHeight > cell.clientHeight + 8 ? cell.innerText : '';
};

function Cell({ column, row }) {
  const shared = { class: `${column.class ?? ''} ${column.labelled ? 'labelled' : ''}`, 'data-label': column.label };
  const content = <div class="cell" onPointerEnter={tellAll}>{column.render(row)}</div>;
  return column.header
    ? <th scope="row" role="rowheader" {...shared}>{content}</th>
    : <td role="cell" {...shared}>{content}</td>;
}

function Head({ columns }) {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map((column) => (
          <th key={column.label} scope="col" role="columnheader" class={column.class}>
            {column.head ?? (column.hideLabel ? <span class="hidden">{column.label}</span> : column.label)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function SkeletonRow({ columns }) {
  return (
    <tr role="row" class="skeleton">
      {columns.map((column) => <td role="cell" key={column.label}><span class="bar" /></td>)}
    </tr>
  );
}

/**
 * columns: [{label, render(row), header (heads its row), head (instead of the label), hideLabel, class, labelled (on a
 * phone, where the head of the table is not shown, the label stands before the value)}].
 * rows: null while the first ones are on their way. `busy`: other rows are on their way.
 */
export function Table({ caption, columns, rows, keyOf, busy = false, rowClass = () => '' }) {
  return (
    <div class="table-frame">
      <table role="table" class={busy && rows ? 'stale' : ''} aria-busy={busy}>
        <caption class="hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody role="rowgroup">
          {rows === null && skeletonRows.map((row) => <SkeletonRow key={row} columns={columns} />)}
          {rows?.map((row) => (
            <tr role="row" key={keyOf(row)} class={rowClass(row)}>
              {columns.map((column) => <Cell key={column.label} column={column} row={row} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
