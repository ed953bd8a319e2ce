// The page hides the values that a log must not show.

import { texts } from './texts.js';

const secrets = new Set(['code', 'phone_code', 'token', 'encryptedData', 'iv', 'signature']);

// hidden returns enough of a secret to distinguish it from another.
const hidden = (secret) => texts.hidden(secret.slice(0, 4), secret.length);

// hiddenID is hidden for the session id, which stands where space is short.
export const hiddenID = (id) => texts.hiddenID(id.slice(0, 4));

// masked returns a copy of a JSON value with all secrets hidden. The code of an error is
// a number and not hidden.
export function masked(value) {
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [
    name,
    secrets.has(name) && typeof inner === 'string' && inner !== '' ? hidden(inner) : masked(inner),
  ]));
}
