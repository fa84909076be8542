// Names of people and companies, of every type: what they are called, and what a text that somebody typed may be. Only the
// server reads names; this chooses what it is asked for.
export const typeWords = {
  publicIdentifier: 'LinkedIn profile', memberId: 'LinkedIn profile', email: 'E-mail address', phone: 'Phone number', domain: 'Domain', company: 'Company',
};
export const kindWords = {
  opt_out: 'Opt-out', client: 'Client', competitor: 'Competitor', partner: 'Partner', bounced: 'Bounced', legal: 'Legal', other: 'Other',
};

const withArticle = { email: 'an e-mail address', phone: 'a phone number', domain: 'a domain', company: 'a company' };
/** "an e-mail address", for a sentence. */
export const oneOf = (type) => withArticle[type] ?? 'a LinkedIn profile';

/** Types to choose from, in words. */
export const { memberId, ...typeChoices } = typeWords;

export const isLinkedIn = ({ type }) => type === 'publicIdentifier' || type === 'memberId';

/** The name in a row or an answer: {type, value}, and for a company's page its address. */
export const nameOf = ({ publicIdentifier, type, value, companyUrl, erased }) => (
  type ? { type, value, companyUrl, erased } : { type: 'publicIdentifier', value: publicIdentifier, erased });

/** As the server is given it: a company's page is known by its address. */
export const givenAs = ({ value, companyUrl }) => companyUrl ?? value;

export const sameName = (one, other) => one.type === other.type && givenAs(one) === givenAs(other);

/** "the domain acme.com", for a sentence. */
export const nameText = (name) => (isLinkedIn(name) ? name.value : `${typeWords[name.type] ?? name.type} ${name.value}`);

const companyPage = /linkedin\.com\/(company|school|showcase|sales\/company)\/|^urn:li:(\w+_)?(company|organization):/i;
const linkedIn = /linkedin\.com|^\/?in\/|^urn:li:/i;
const emailAddress = /^[^@]+@.+$|^mailto:/i;
const ofDomain = /^(@|\*\.)|^https?:\/\/|^[^\s/@]+\.\p{L}{2,}\.?(:\d+)?(\/\S*)?$/iu;
const legalForm = /[\s,](ab|ag|as|bv|b\.v\.|co|company|corp|corporation|gmbh|inc|kg|limited|llc|llp|ltd|nv|oy|plc|s\.?a\.?s?|s\.?r\.?l|se|spa|ug)\.?$/i;

const isPhone = (text) => {
  const bare = text.replace(/^tel:/i, '');
  const digits = bare.replace(/\D/g, '').length;
  return digits >= 6 && /^[+\d\s()./\u2010-\u2015-]+$/.test(bare) && (/^(\+|0)/.test(bare.trim()) || /[\s()/-]/.test(bare.trim()));
};

/** What a text may be: a type, or null for words that may be somebody's real name or a company's. */
export function guessType(raw) {
  const text = raw.trim();
  if (companyPage.test(text)) return 'company';
  if (linkedIn.test(text)) return 'publicIdentifier';
  if (isPhone(text)) return 'phone';
  if (emailAddress.test(text)) return 'email';
  if (ofDomain.test(text)) return 'domain';
  if (legalForm.test(text)) return 'company';
  return /\s/.test(text) ? null : 'publicIdentifier';
}

/** What the server says of a name, for those who have a form in place of a request. */
export const forceable = /, or send "force": true.*/;
const inForms = [
  [forceable, ''], [/; if it is the company's name, send .*/, ''], [/[.;][^.;]*columns=[^.]*/, ''], [/say which: type=.*/, 'choose its type'],
  [/^(The parameter )?.defaultCountry./, 'The country'], [', or null', ''], [/^"(\w+)":/, (_, type) => typeWords[type] ?? type], [/, or [^,]*defaultCountry.*/, ', or give the country in the form'], [' publicIdentifier', ' LinkedIn profile'],
];
export const reasonText = (reason) => inForms.reduce((text, [said, here]) => text.replace(said, here), reason);
