// Chooses a blocklist: the workspace's or a campaign's.
import { useEffect, useState } from 'preact/hooks';
import { campaignChoices, campaignList, campaignName, campaignOf, workspaceList } from '../lists.js';
import { useApp, useLoad } from '../hooks.js';
import { SelectField } from './field.jsx';

export function useCampaignChoices() {
  return useLoad((signal) => campaignChoices(signal), []).data;
}

// Names of campaigns that the menu has no room for, by workspace and id; null while they are asked for, or when there is none.
const others = new Map();

/** A function that names a campaign by its id; the id, as long as or when it is not known. One beyond the menu is asked for. */
export function useCampaignNames() {
  const { workspace } = useApp();
  const campaigns = useCampaignChoices();
  const [, redraw] = useState(0);
  const asked = new Set();
  const keyOf = (id) => `${workspace?.id}/${id}`;
  useEffect(() => {
    for (const id of asked) {
      others.set(keyOf(id), null);
      campaignName(id).then((name) => {
        others.set(keyOf(id), name);
        redraw((turn) => turn + 1);
      }, () => others.delete(keyOf(id)));
    }
  });
  return (id) => {
    const known = campaigns?.find((campaign) => campaign.id === id)?.name ?? others.get(keyOf(id));
    if (!known && campaigns?.isCut && !others.has(keyOf(id)) && asked.size < 20) asked.add(id);
    return known ?? id;
  };
}

export function listName(list, campaigns) {
  const id = campaignOf(list);
  if (id === null) return 'the whole workspace';
  return `campaign ${campaigns?.find((campaign) => campaign.id === id)?.name ?? id}`;
}

export function ListChoice({ label, list, campaigns, onList, hint, disabled, everywhere = 'Whole workspace' }) {
  const options = [{ value: workspaceList, label: everywhere }];
  for (const { id, name } of campaigns ?? []) options.push({ value: campaignList(id), label: `Campaign: ${name}` });
  // One that is named in the URL, but not (yet) in the menu.
  if (!options.some(({ value }) => value === list)) options.push({ value: list, label: `Campaign: ${campaignOf(list)}` });
  return <SelectField label={label} hint={hint} value={list} onValue={onList} options={options} disabled={disabled} frame="list-choice" />;
}
