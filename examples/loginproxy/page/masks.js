// What a log must not show, it does not show here either.

const secrets = new Set(['code', 'phone_code', 'token', 'encryptedData', 'iv', 'signature']);

// hidden shows enough of a secret to tell it from another.
export function hidden(secret) {
  return `${secret.slice(0, 4)}… (${secret.length} characters, hidden)`;
}

// masked is a copy of a JSON value in which every secret is hidden. The code of an
// error is a number, and none.
export function masked(value) {
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [
    name,
    secrets.has(name) && typeof inner === 'string' && inner !== '' ? hidden(inner) : masked(inner),
  ]));
}
