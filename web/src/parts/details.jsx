// Why somebody is blocked and until when: fields of every form that blocks.
import { useState } from 'preact/hooks';
import { dateField, endOfDay } from '../format.js';
import { useGet } from '../hooks.js';
import { guessType, kindWords } from '../names.js';
import { Button } from './button.jsx';
import { SelectField, TextField, optionsOf } from './field.jsx';
import { Time } from './text.jsx';

export const noDetails = { reason: '', kind: '', until: '' };

/** As the API is asked. `until` is the last day, in the reader's time zone. */
export const detailsOf = ({ reason, kind, until }) => ({ reason: reason.trim(), kind, expiresAt: endOfDay(until) });

export function DetailFields({ details, onDetails, hint }) {
  const set = (name) => (value) => onDetails({ ...details, [name]: value });
  return (
    <>
      <TextField label="Reason (optional)" value={details.reason} onValue={set('reason')} maxLength={500} hint={hint} />
      <SelectField label="Kind (optional)" value={details.kind} onValue={set('kind')} options={optionsOf(kindWords, 'None')} />
      <TextField label="Blocked until (optional)" type="date" min={dateField(Date.now())} value={details.until} onValue={set('until')} />
    </>
  );
}

/** For whom and as what is blocked, before it is done. where: the list, in words. */
export const ForWhat = ({ where, of: { kind, reason, expiresAt } }) => (
  <>for {where}{kind && `, kind ${kindWords[kind]}`}{reason && <>, reason “<bdi>{reason}</bdi>”</>}{expiresAt && <>, until <Time at={expiresAt} dateOnly /></>}</>
);

const isCode = (text) => /^[A-Z]{2}$/.test(text);

/** Of which country phone numbers without + are. onCountry hears of two letters, and of none. hint: what holds then. */
export function CountryField({ country, onCountry, hint = 'Two letters, for example: DE' }) {
  const [text, setText] = useState(country ?? '');
  const set = (value) => {
    const wanted = value.trim().toUpperCase();
    setText(wanted);
    if (!wanted || isCode(wanted)) onCountry(wanted);
  };
  const meant = isCode(text) ? new Intl.Locale(`und-${text}`).region : text; // GB for UK
  const wrong = meant !== text && <>{text} is not a country’s code. <Button onClick={() => set(meant)}>{`Use ${meant}`}</Button></>;
  return <TextField label="Country of phone numbers without +" value={text} onValue={set} maxLength={2} pattern="[A-Za-z]{2}" frame="country-field" spellcheck={false} error={wrong} hint={hint} />;
}

/** The same in a form of the workspace, whose own country holds as long as no other one is chosen here. */
export function OtherCountry(props) {
  const { data } = useGet('me');
  return <CountryField {...props} hint={data ? `Two letters. If empty: ${data.workspace.defaultCountry ?? 'none'}, as set under Overview` : undefined} />;
}

/** Could the text be a national phone number? */
export const isNational = (text, type) => (type || guessType(text)) === 'phone' && !/^\s*(tel:)?(\+|00)/i.test(text);
