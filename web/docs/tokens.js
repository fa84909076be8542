// What a word is, for the index and for the search in the browser.
export const PREFIX = 4;
export const tokens = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
