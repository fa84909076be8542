import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessType } from '../src/names.js';

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
