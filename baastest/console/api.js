// Requests to the control API.

const base = new URL('../', import.meta.url);
const tokenKey = 'baas-emulator-token';

export const token = () => sessionStorage.getItem(tokenKey) ?? '';
export const keepToken = (value) => sessionStorage.setItem(tokenKey, value);
export const forgetToken = () => sessionStorage.removeItem(tokenKey);

// Refused is an error response.
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// ask makes a request and returns the response.
export async function ask(method, path, body, signal) {
  const headers = {};
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(new URL(path, base), {
    method, headers, signal, cache: 'no-store', body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  throw new Refused(response.status, error ?? response.statusText);
}

export const read = async (path) => (await ask('GET', path)).json();
export const act = async (method, path, body) => (await ask(method, path, body)).json();

// segment is a text as a segment of a path.
export const segment = (text) => encodeURIComponent(text);

// listen calls changed for each event, until the stream ends or is aborted.
export async function listen(changed, signal) {
  const response = await ask('GET', 'events', undefined, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data: ')) changed(JSON.parse(line.slice(6)));
    }
  }
}
