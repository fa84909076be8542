// Names of the screens, and who has which.
export const screenNames = {
  check: 'Check', blocklist: 'Blocklist', add: 'Add', campaigns: 'Campaigns', overview: 'Overview', audit: 'Audit', keys: 'API keys', hooks: 'Hooks', api: 'API',
  installation: 'Installation list', workspaces: 'Workspaces', people: 'Users', account: 'Account',
};

/** Screens about one thing, and the screen of the navigation that they belong to: who has that one has them. */
const parents = { campaign: 'campaigns', 'add-leads': 'campaigns', person: 'check', name: 'check', change: 'audit', import: 'audit', hook: 'hooks' };
export const parentOf = (name) => parents[name] ?? name;

const operatorScreens = ['installation', 'workspaces', 'people'];

export function screensOf(role) {
  return Object.keys(screenNames).filter((name) => {
    if (operatorScreens.includes(name)) return role === 'operator';
    return !['add', 'hooks'].includes(name) || role !== 'viewer';
  });
}

/** Screens that are about one workspace. */
export const needsWorkspace = (name) => !['api', 'installation', 'workspaces', 'people', 'account'].includes(name);
