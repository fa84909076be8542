// Why somebody is blocked and until when: fields of every form that blocks.
import { useState } from 'preact/hooks';
import { dateField, endOfDay } from '../format.js';
import { guessType, kindOptions } from '../names.js';
import { recall, remember } from '../settings.js';
import { SelectField, TextField } from './field.jsx';

export const noDetails = { reason: '', kind: '', until: '' };

/** As the API is asked. `until` is the last day, in the reader's time zone. */
export const detailsOf = ({ reason, kind, until }) => ({ reason: reason.trim(), kind, expiresAt: endOfDay(until) });

export function DetailFields({ details, onDetails, hint }) {
  const set = (name) => (value) => onDetails({ ...details, [name]: value });
  return (
    <>
      <TextField label="Reason (optional)" value={details.reason} onValue={set('reason')} maxLength={500} hint={hint} />
      <SelectField label="Kind (optional)" value={details.kind} onValue={set('kind')} options={[{ value: '', label: 'None' }, ...kindOptions]} />
      <TextField label="Blocked until (optional)" type="date" min={dateField(Date.now())} value={details.until} onValue={set('until')} />
    </>
  );
}

/** Of which country phone numbers without + are; remembered. `onCountry` hears of it. */
export function CountryField({ onCountry = () => {} }) {
  const [country, setCountry] = useState(recall('country') ?? '');
  const set = (value) => {
    const wanted = value.trim().toUpperCase();
    setCountry(wanted);
    if (wanted && !/^[A-Z]{2}$/.test(wanted)) return;
    remember('country', wanted);
    onCountry(wanted);
  };
  return <TextField label="Country of phone numbers without +" value={country} onValue={set} maxLength={2} frame="country-field" spellcheck={false} hint="Two letters, for example: DE" />;
}

/** Could the text be a national phone number? */
export const isNational = (text, type) => (type || guessType(text)) === 'phone' && !/^\s*(tel:)?(\+|00)/i.test(text);
