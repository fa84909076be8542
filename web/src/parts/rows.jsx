// A table of what was loaded.
import { ErrorNotice } from './notice.jsx';
import { Table } from './table.jsx';

/** empty: in place of no rows. Old rows stay while others are on their way, or when these do not come. */
export function Rows({ error, onRetry, rows, loading = false, empty, ...table }) {
  return (
    <>
      <ErrorNotice error={error} onRetry={onRetry} />
      {rows?.length === 0 && !loading && empty ? empty : (rows || !error) && <Table rows={rows} busy={loading} {...table} />}
    </>
  );
}
