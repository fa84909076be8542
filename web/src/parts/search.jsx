// A search whose text is in the URL. Typing is not a step in the history.
import { useEffect, useState } from 'preact/hooks';
import { useSettled } from '../hooks.js';
import { setQuery } from '../router.js';
import { TextField } from './field.jsx';

const searchMs = 250;

export function SearchField({ search, label = 'Search', ...rest }) {
  const [text, setText] = useState(search);
  const settled = useSettled(text, searchMs).trim();
  useEffect(() => {
    if (settled !== search) setQuery({ search: settled, page: '' }, { replace: true });
  }, [settled]);
  useEffect(() => {
    if (search !== settled) setText(search);
  }, [search]);
  return <TextField label={label} type="search" value={text} onValue={setText} spellcheck={false} frame="search-field" {...rest} />;
}
