// The command palette (Ctrl K): screens, campaigns, and a person, address or company, by typing. A combobox with a list below it.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useApp } from '../hooks.js';
import { guessType, typeWords } from '../names.js';
import { go, href } from '../router.js';
import { screenNames } from '../screens.js';
import { Dialog } from './dialog.jsx';
import { Icon } from './icon.jsx';
import { useCampaignChoices } from './list-choice.jsx';

const most = 8;

/** How well a name fits what was typed: 0 not at all. */
function fit(name, typed) {
  const text = name.toLowerCase();
  if (text.startsWith(typed)) return 3;
  if (text.split(/[\s\-_.]+/).some((word) => word.startsWith(typed))) return 2;
  return text.includes(typed) ? 1 : 0;
}

/** A profile name or a URL: somebody. */
const personOf = (text) => (/^\S+$/.test(text) ? text : text.split(/\s+/).join('-').toLowerCase());

/** A person by a profile name or URL, or by words that may be one; or another name that has a page. */
function placeOf(typed) {
  const text = typed.trim();
  const type = guessType(text) ?? 'publicIdentifier';
  if (type !== 'publicIdentifier') return { name: text, choice: { key: 'name', icon: 'blocklist', label: text, kind: typeWords[type], to: href('name', [type, text]) } };
  const person = personOf(text);
  return { name: person, choice: { key: 'person', icon: 'account', label: person, kind: 'Person', to: href('person', [person]) } };
}

function choicesFor(typed, { allowed, campaigns, canWrite }) {
  const words = typed.trim().toLowerCase();
  const screens = allowed.map((name) => ({ key: `screen ${name}`, icon: name, label: screenNames[name], to: href(name) }));
  if (!words) return screens;
  const named = [...screens, ...(campaigns ?? []).map(({ id, name }) => ({ key: `campaign ${id}`, icon: 'campaigns', label: name, kind: 'Campaign', to: href('campaign', [id]) }))]
    .map((choice) => ({ ...choice, fit: fit(choice.label, words) })).filter((choice) => choice.fit > 0).sort((one, other) => other.fit - one.fit).slice(0, most);
  const { name: person, choice } = placeOf(typed);
  const people = [
    choice,
    { key: 'check', icon: 'check', label: `Check ${person}`, to: href('check', [], { q: person }) },
    { key: 'search', icon: 'blocklist', label: `Search the blocklist for “${typed.trim()}”`, to: href('blocklist', [], { search: person }) },
  ];
  return canWrite || named.length > 0 ? [...named, ...people] : people;
}

export function Palette({ onClose }) {
  const app = useApp();
  const campaigns = useCampaignChoices();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const box = useRef(null);
  const list = useRef(null);
  const choices = choicesFor(typed, { allowed: app.allowed, campaigns, canWrite: app.canWrite });
  const current = Math.min(at, choices.length - 1);
  useEffect(() => box.current.focus(), []); // after the dialog, which gives the focus to its first button
  useEffect(() => list.current.children[current]?.scrollIntoView({ block: 'nearest' }), [current]);
  const choose = (choice) => {
    onClose();
    go(choice.to);
  };
  const press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((current + step + choices.length) % choices.length);
    else if (event.key === 'Enter' && !event.isComposing) choose(choices[current]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" class="palette" onClose={onClose}>
      <input ref={box} type="text" role="combobox" aria-label="Screen, campaign or person" aria-expanded="true" aria-controls={`${id}-list`} aria-activedescendant={`${id}-${current}`} aria-autocomplete="list"
        placeholder="Screen, campaign, profile name or URL" autocomplete="off" autocapitalize="off" spellcheck={false} value={typed} onKeyDown={press}
        onInput={(event) => { setTyped(event.currentTarget.value); setAt(0); }} />
      <ul role="listbox" id={`${id}-list`} aria-label="Places to go to" ref={list}>
        {choices.map((choice, place) => (
          <li key={choice.key} role="option" id={`${id}-${place}`} aria-selected={place === current} onPointerMove={() => setAt(place)} onClick={() => choose(choice)}>
            <Icon name={choice.icon} size={18} /><bdi>{choice.label}</bdi>{choice.kind && <span class="muted">{choice.kind}</span>}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
