// What the page shows.

import { platforms } from './phone.js';
import { hidden, masked } from './masks.js';

const $ = (selector, within = document) => within.querySelector(selector);
const copy = (template) => $(template).content.firstElementChild.cloneNode(true);

const meanings = {
  bad_request: 'The backend refuses: here, a person who has an account already, or a number that is taken.',
  unauthorized: 'Ann said no. The answer still tells who she is; no session began.',
  session_missing: 'Nobody is logged in, or no longer: log in first.',
  not_found: 'She has no account, and none was wanted: log in elsewhere, then link.',
  unsupported_function: 'This platform has no such call.',
  invalid_parameter: 'The platform’s login does not take this.',
};

// showCards makes a card for each app; each button says the app's name to who cannot see.
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

// showSession shows who is logged in: the user as the proxy told it, or null.
export function showSession(who, id) {
  $('#nobody').hidden = who !== null;
  const list = $('#who');
  list.hidden = who === null;
  list.replaceChildren();
  if (who === null) return;
  const { user } = who;
  const linked = platforms.filter((p) => user._provider?.[p.name]).map((p) => p.title);
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

// showExchange puts a request and its answer on top of the others.
export function showExchange(title, exchange) {
  const { method, path, body, status, answer, sessionID } = exchange;
  const ok = status < 400;
  const item = copy('#exchange');
  item.classList.add(ok ? 'good' : 'bad');
  $('h3', item).textContent = title;
  $('.request code', item).textContent = `${method} ${path}`;
  $('.authorization', item).hidden = !sessionID;
  $('.authorization code', item).textContent = `Authorization: Bearer ${hidden(sessionID)}`;
  fill($('.body', item), body);
  $('.code', item).textContent = ok ? `${status}` : `${status} ${answer.error}`;
  $('.meaning', item).textContent = ok ? '' : meanings[answer.error] ?? '';
  fill($('.answer', item), answer);
  $('#empty').hidden = true;
  $('#log').prepend(item);
}

function fill(pre, value) {
  pre.hidden = value === undefined;
  pre.textContent = JSON.stringify(masked(value), null, 2);
}

// showAsked adds to the newest exchange what the proxy asked the backend for it.
export function showAsked(requests) {
  const newest = $('#log').firstElementChild;
  if (newest === null || requests.length === 0) return;
  $('.asked', newest).hidden = false;
  for (const { method, path, status } of requests) {
    const line = document.createElement('li');
    line.append(element('code', `${method} ${path}`), ` ${status || 'no answer'}`);
    $('.asked ul', newest).append(line);
  }
}

export function clearLog() {
  $('#log').replaceChildren();
  $('#empty').hidden = false;
}
