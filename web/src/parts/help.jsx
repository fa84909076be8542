import { goKeys } from '../shortcuts.js';
import { screenNames } from '../screens.js';
import { Dialog } from './dialog.jsx';
import { CheckField } from './field.jsx';

function Keys({ keys, text }) {
  return (
    <div class="shortcut">
      <dt>{keys.map((key, index) => <>{index > 0 && ' then '}<kbd key={key}>{key}</kbd></>)}</dt>
      <dd>{text}</dd>
    </div>
  );
}

export function HelpDialog({ allowed, enabled, onEnabled, onClose }) {
  const targets = Object.entries(goKeys).filter(([, name]) => allowed.includes(name));
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        <Keys keys={['/']} text="Go to the search box" />
        {allowed.includes('add') && <Keys keys={['n']} text="Add leads to a blocklist" />}
        <div class="shortcut"><dt><kbd>Ctrl</kbd> <kbd>K</kbd> or <kbd>⌘</kbd> <kbd>K</kbd></dt><dd>Go to a screen, campaign or person</dd></div>
        <Keys keys={['?']} text="Show this help" />
        <Keys keys={['Esc']} text="Close a dialog" />
        {targets.map(([key, name]) => <Keys key={key} keys={['g', key]} text={screenNames[name]} />)}
      </dl>
      <CheckField label="Use single-key shortcuts" hint="Turn them off when they get in the way of speech input or other tools."
        checked={enabled} onChecked={onEnabled} />
      <p><a href="docs/">Documentation</a></p>
    </Dialog>
  );
}
