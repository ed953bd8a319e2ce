// Elements, secrets and lists.

import { t } from './i18n.js';

// h makes an element. Props are attributes; those that begin with "on" are listeners. The
// prop focusName is how a button is found again after its row was made anew. It is no
// attribute, because it may have a secret in it.
export function h(name, props = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (key === 'focusName') e.focusName = value;
    else if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value);
  }
  e.append(...children.filter((child) => (child ?? '') !== ''));
  return e;
}

// say shows how something went.
export function say(text, bad = false) {
  const status = document.querySelector('#status');
  status.textContent = text;
  status.className = bad ? 'bad' : '';
}

const two = (n) => String(n).padStart(2, '0');

// time writes a time of the backend in the zone of the browser.
export function time(text) {
  const d = new Date(text);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

const revealed = new Set();

// secret is a value that is hidden until its button is pressed. The name is unique in the console.
export function secret(name, value, what) {
  const text = h('code');
  const show = () => {
    const open = revealed.has(name);
    text.textContent = open ? value : `•••••••• (${value.length})`;
    reveal.textContent = t(open ? 'hide' : 'reveal');
    reveal.setAttribute('aria-pressed', open);
  };
  const reveal = h('button', {
    type: 'button', class: 'small', focusName: `reveal ${name}`, 'aria-label': `${t('reveal')}: ${what}`,
    onclick: () => { revealed.has(name) ? revealed.delete(name) : revealed.add(name); show(); },
  });
  show();
  return h('span', { class: 'secret' }, text, reveal, copying(name, value, what));
}

// copying is a button that copies a value.
function copying(name, value, what) {
  return h('button', {
    type: 'button', class: 'small', focusName: `copy ${name}`, 'aria-label': `${t('copy')}: ${what}`,
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(value);
        say(`${t('copied')}: ${what}`);
      } catch {
        say(t('notcopied'), true); // no permission, or a page without https on another machine
      }
    },
  }, t('copy'));
}

// limit is how many rows of a list are shown.
const limit = 200;

// list shows items as the rows of a table. Columns are [label, item → content, class];
// key(item) names a row, which is only made anew where the item has changed. detail(item)
// is a row below, or undefined.
export function list(place, items, columns, key, detail = () => undefined) {
  const signature = JSON.stringify([document.documentElement.lang, columns.map(([label]) => label)]);
  let table = place.querySelector('table');
  if (items.length === 0) {
    place.replaceChildren(h('p', { class: 'empty' }, t('none')));
    return;
  }
  if (!table || table.dataset.signature !== signature) {
    table = h('table', { role: 'table' }, h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' },
      ...columns.map(([label]) => h('th', { scope: 'col', role: 'columnheader' }, label)))));
    table.dataset.signature = signature;
    place.replaceChildren(table);
  }
  const old = new Map([...table.tBodies].map((body) => [body.rowName, body]));
  const focused = table.contains(document.activeElement) ? document.activeElement.focusName : undefined;
  const shown = items.slice(0, limit).map((item) => {
    const name = String(key(item)), made = JSON.stringify(item), known = old.get(name);
    if (known?.made === made) return known;
    const row = h('tr', { role: 'row' }, ...columns.map(([label, content, kind]) =>
      h('td', { role: 'cell', 'data-label': label || undefined, class: kind }, content(item))));
    const below = detail(item);
    const body = h('tbody', { role: 'rowgroup' }, row, below &&
      h('tr', { role: 'row', class: 'detail' }, h('td', { role: 'cell', colspan: columns.length }, below)));
    body.rowName = name;
    body.made = made;
    return body;
  });
  // Rows that stay are not moved, so that the focus stays too.
  const stays = new Set(shown);
  for (const body of [...table.tBodies]) if (!stays.has(body)) body.remove();
  let before = table.tHead;
  for (const body of shown) {
    if (before.nextElementSibling !== body) before.after(body);
    before = body;
  }
  if (focused && !table.contains(document.activeElement)) {
    [...table.querySelectorAll('button')].find((e) => e.focusName === focused)?.focus();
  }
  place.querySelector('.more')?.remove();
  if (items.length > limit) place.append(h('p', { class: 'more' }, t('more', limit, items.length)));
}
