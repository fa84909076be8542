// Who was seen to have done something, for menus: keys and users, by id. Only operators can list users.
import * as api from '../api.js';
import { useApp, useLoad } from '../hooks.js';
import { SelectField } from './field.jsx';
import { byText } from './text.jsx';

const byOperator = 'operator';

export const byId = (by) => by?.id ?? (by?.type === 'operator' ? byOperator : null);

let known = { owner: null, names: new Map() };

export function useActors(isInstallation = false) {
  const { session, workspace, isOperator } = useApp();
  const owner = `${session.user.id}/${workspace.id}`;
  if (known.owner !== owner) known = { owner, names: new Map([[session.user.id, session.user.email]]) };
  useLoad(async (signal) => {
    const { data: keys } = await api.get('keys', { signal, query: { take: 100 } });
    if (!isInstallation) for (const key of keys) known.names.set(key.id, `API key ${key.name}`);
    if (!isOperator) return null;
    const { data: users } = await api.get('users', { signal });
    for (const user of users) if (!user.workspaceId || user.workspaceId === workspace.id) known.names.set(user.id, user.email);
    return null;
  }, [owner, isInstallation ? 1 : 0]);
  return known.names;
}

/** Remembers who did these. */
export function noteActors(names, rows) {
  for (const { by } of rows) if (byId(by) && by.name) names.set(by.id, byText(by));
}

export function WhoField({ by, names, onBy, ...rest }) {
  const options = [{ value: '', label: 'Anyone' }, ...[...names].map(([value, label]) => ({ value, label })), { value: byOperator, label: 'Operator (command line)' }];
  if (by && !options.some(({ value }) => value === by)) options.push({ value: by, label: by });
  return <SelectField label="Who" value={by} options={options} onValue={onBy} {...rest} />;
}
