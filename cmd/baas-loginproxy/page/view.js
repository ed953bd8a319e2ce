// The contents of the page.

import { platforms } from './phone.js';
import { hidden, masked } from './masks.js';

const $ = (selector, within = document) => within.querySelector(selector);
const copy = (template) => $(template).content.firstElementChild.cloneNode(true);

const meanings = {
  bad_request: 'The backend refuses: here, a person who has an account already, or a number that is taken.',
  unauthorized: 'Ann said no. The response has her ids; there is no session.',
  session_missing: 'Nobody is logged in, or no longer: log in first.',
  not_found: 'She has no account, and none was wanted: log in elsewhere, then link.',
  unsupported_function: 'This platform has no such call.',
  invalid_parameter: 'The platform’s login does not take this.',
};

// showCards adds a card for each app. Each button has the app's name for screen readers.
export function showCards() {
  for (const person of platforms) {
    const card = copy('#card');
    card.dataset.platform = person.name;
    $('h3', card).append(`${person.title} `, span(person.chinese, 'zh'));
    $('.person', card).textContent = `openid ${person.openid}`;
    card.querySelectorAll('.hidden').forEach((e) => { e.textContent = ` on ${person.title}`; });
    $('#cards').append(card);
  }
}

function span(text, lang) {
  const e = document.createElement('span');
  e.lang = lang;
  e.textContent = text;
  return e;
}

export const wantsAccount = () => $('#create-user').checked;

export function setBusy(busy) { $('main').setAttribute('aria-busy', busy); }

export function say(text) { $('#status').textContent = text; }

// showSession shows the logged-in user as the proxy sent it; null for nobody.
export function showSession(who, id) {
  $('#nobody').hidden = who !== null;
  const list = $('#who');
  list.hidden = who === null;
  list.replaceChildren();
  if (who === null) return;
  const { user } = who;
  const linked = platforms.filter((p) => p.providers.some((key) => user._provider?.[key])).map((p) => p.title);
  const rows = {
    Name: user.nickname || 'not told',
    User: user.id,
    Phone: user._phone || 'not told',
    'Linked apps': linked.join(', ') || 'none',
    'Session id': hidden(id),
    'Ends at the latest': new Date(who.expires_at * 1000).toLocaleString(),
  };
  for (const [term, value] of Object.entries(rows)) {
    const row = document.createElement('div');
    row.append(element('dt', term), element('dd', value));
    list.append(row);
  }
}

function element(name, text) {
  const e = document.createElement(name);
  e.textContent = text;
  return e;
}

// showExchange adds a request and its response at the top.
export function showExchange(title, exchange) {
  const { method, path, body, status, response, sessionID } = exchange;
  const ok = status < 400;
  const item = copy('#exchange');
  item.classList.add(ok ? 'good' : 'bad');
  $('h3', item).textContent = title;
  $('.request code', item).textContent = `${method} ${path}`;
  $('.authorization', item).hidden = !sessionID;
  $('.authorization code', item).textContent = `Authorization: Bearer ${hidden(sessionID)}`;
  fill($('.body', item), body);
  $('.code', item).textContent = ok ? `${status}` : `${status} ${response.error}`;
  $('.meaning', item).textContent = ok ? '' : meanings[response.error] ?? '';
  fill($('.response', item), response);
  $('#empty').hidden = true;
  $('#log').prepend(item);
}

function fill(pre, value) {
  pre.hidden = value === undefined;
  pre.textContent = JSON.stringify(masked(value), null, 2);
}

// showAsked adds the proxy's requests to the backend to the newest exchange.
export function showAsked(requests) {
  const newest = $('#log').firstElementChild;
  if (newest === null || requests.length === 0) return;
  $('.asked', newest).hidden = false;
  for (const { method, path, status } of requests) {
    const line = document.createElement('li');
    line.append(element('code', `${method} ${path}`), ` ${status || 'no response'}`);
    $('.asked ul', newest).append(line);
  }
}

export function clearLog() {
  $('#log').replaceChildren();
  $('#empty').hidden = false;
}
