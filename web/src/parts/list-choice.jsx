// Chooses a blocklist: the workspace's or a campaign's.
import { campaignChoices, campaignList, campaignOf, workspaceList } from '../lists.js';
import { useLoad } from '../hooks.js';
import { SelectField } from './field.jsx';

export function useCampaignChoices() {
  return useLoad((signal) => campaignChoices(signal), []).data;
}

/** A function that names a campaign by its id; the id, as long as or when it is not known. */
export function useCampaignNames() {
  const campaigns = useCampaignChoices();
  return (id) => campaigns?.find((campaign) => campaign.id === id)?.name ?? id;
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
