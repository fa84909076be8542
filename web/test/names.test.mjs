import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessType, reasonText } from '../src/names.js';

const spellings = {
  publicIdentifier: ['john-doe', 'https://www.linkedin.com/in/john-doe/', 'in/john-doe', 'urn:li:fsd_profile:ACoAAA', 'jürgen-groß', 'ann-example-0001', 'linkedin.com/in/a?email=a@b.de'],
  email: ['Jane.Doe+x@Acme.com', 'Jane Doe <jane@acme.com>', 'mailto:jane@acme.com?subject=x', 'jane@@acme.com'],
  phone: ['+49 170 1234567', '0049 (0)170/123-4567', '0170 1234567', 'tel:+1-202-555-0100', '(202) 555-0100'],
  domain: ['acme.com', 'https://www.Acme.com:8443/about', '@acme.com', '*.acme.com', 'müller.de', 'acme.co.uk/', 'http://localhost.example'],
  company: ['https://www.linkedin.com/company/acme/about', 'linkedin.com/school/mit', 'urn:li:company:1441', 'https://www.linkedin.com/sales/company/1441', 'Umbrella Holding GmbH', 'Acme, Inc.', 'Tailspin Toys Ltd'],
};

for (const [type, texts] of Object.entries(spellings)) {
  test(`what people write for ${type} is recognized`, () => {
    for (const text of texts) assert.equal(guessType(` ${text} `), type, text);
  });
}

test('words alone are not guessed: they may be a person or a company', () => {
  for (const text of ['Jane Smith', 'Blue Yonder']) assert.equal(guessType(text), null, text);
});

const left = 'column 4 (Owner) was left out: by its heading its addresses are not those of the rows\' people';
const reasons = [
  [`${left}; if they are, give columns=4:email`, left],
  ['it names few people again and again, as one of senders does. To take it, too, name all columns, such as columns=1:email,2:email', 'it names few people again and again, as one of senders does'],
  ['in a list of people it says where they work. To take it, too, name the columns, such as columns=5:company', 'in a list of people it says where they work'],
  ['may be a LinkedIn name, a company or something else; say which: type=publicIdentifier, type=company or type=phone', 'may be a LinkedIn name, a company or something else; choose its type'],
  ['is what stands in an empty field; give its domain; if it is the company\'s name, send "force": true with it alone', 'is what stands in an empty field; give its domain'],
  ['is a mail provider; give the addresses, or send "force": true to block all of them', 'is a mail provider; give the addresses'],
  ['is the LinkedIn profile of a person; give it as a publicIdentifier', 'is the LinkedIn profile of a person; give it as a LinkedIn profile'],
  ['has no dot; a domain is at least a name and its ending, as in acme.com', 'has no dot; a domain is at least a name and its ending, as in acme.com'],
];

test('reasons have no words of the API', () => {
  for (const [said, shown] of reasons) assert.equal(reasonText(said), shown);
});
