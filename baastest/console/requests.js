// A request of the journal. Its values are hidden until they are asked for.

import { h, time } from './dom.js';
import { t } from './i18n.js';

export const requestColumns = () => [
  [t('when'), (r) => time(r.time), 'nowrap'],
  [t('requests.request'), (r) => h('code', {}, `${r.method} ${r.path}`)],
  [t('status'), (r) => (r.status
    ? h('span', { class: r.status < 400 ? 'good' : 'bad' }, String(r.status))
    : h('span', { class: 'bad' }, t('requests.noresponse')))],
  [t('fault'), (r) => (r.fault === '**' ? t('faults.every') : r.fault ? h('code', {}, r.fault) : '–')],
];

// plainHeaders are those that contain no secret.
const plainHeaders = new Set([
  'Accept', 'Accept-Encoding', 'Accept-Language', 'Content-Length', 'Content-Type', 'User-Agent',
  'X-Hydrogen-Client-Id', 'X-Hydrogen-Client-Platform', 'X-Hydrogen-Client-Sdk-Type', 'X-Hydrogen-Client-Version', 'X-Hydrogen-Request-Method', 'X-Hydrogen-Env-Id',
]);

const mask = (text) => (text === '' ? '' : `•••• (${text.length})`);

// masked is a JSON value without its texts and numbers.
function masked(value) {
  if (Array.isArray(value)) return value.map(masked);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, masked(v)]));
  if (typeof value === 'string' || typeof value === 'number') return mask(String(value));
  return value;
}

function bodyText(body, open) {
  try {
    const value = JSON.parse(body);
    return JSON.stringify(open ? value : masked(value), null, 2);
  } catch {
    return open ? body : mask(body);
  }
}

const open = new Set();

// requestDetail shows header, query and body.
export function requestDetail(r) {
  const out = h('div');
  const show = (focus) => {
    const is = open.has(r.id);
    const lines = Object.entries(r.header ?? {}).flatMap(([name, values]) =>
      values.map((value) => `${name}: ${is || plainHeaders.has(name) ? value : mask(value)}`));
    const toggle = h('button', {
      type: 'button', class: 'small', focusName: `values ${r.id}`, 'aria-pressed': String(is),
      onclick: () => { is ? open.delete(r.id) : open.add(r.id); show(true); },
    }, t(is ? 'requests.hide' : 'requests.reveal'));
    const part = (name, text) => (text ? [h('h4', {}, t(name)), h('pre', { tabindex: 0 }, text)] : []);
    const query = [...new URLSearchParams(r.query ?? '')].map(([name, value]) => `${name} = ${is ? value : mask(value)}`).join('\n');
    out.replaceChildren(toggle, ...part('requests.header', lines.join('\n')), ...part('requests.query', query),
      ...part('requests.body', r.body ? bodyText(r.body, is) : ''));
    if (focus) toggle.focus();
  };
  show(false);
  return out;
}
