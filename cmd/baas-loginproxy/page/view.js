// The contents of the page.

import { people } from './phone.js';
import { hiddenID, masked } from './masks.js';
import { texts } from './texts.js';

const $ = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const copy = (template) => $(template).content.firstElementChild.cloneNode(true);

// showCards adds a card for each app. Each button has the app's name for screen readers.
export function showCards() {
  for (const person of people) {
    const card = copy('#card');
    card.dataset.platform = person.name;
    $('h3', card).append(`${person.title} `, span(person.chinese, 'zh'));
    $('.person', card).textContent = `openid ${person.openid}`;
    for (const e of all('.hidden', card)) e.textContent = texts.onApp(person.title);
    for (const why of all('.why', card)) {
      why.id = `why-${why.dataset.of}-${person.name}`;
      $(`[data-do=${why.dataset.of}]`, card).setAttribute('aria-describedby', why.id);
    }
    $('#cards').append(card);
  }
}

function span(text, lang) {
  const e = document.createElement('span');
  e.lang = lang;
  e.textContent = text;
  return e;
}

// showObstacles disables the buttons that cannot work. obstacle(action, person) is the
// reason, which stands where aria-describedby of the button points to; '' for none.
export function showObstacles(obstacle) {
  for (const button of all('button[data-do]')) {
    const name = button.closest('[data-platform]')?.dataset.platform;
    const why = obstacle(button.dataset.do, people.find((p) => p.name === name));
    button.setAttribute('aria-disabled', why !== '');
    const place = $(`#why-${button.dataset.do}-${name}`);
    if (place) place.textContent = why;
  }
}

export const wantsAccount = () => $('#create-user').checked;

export function setBusy(busy) { $('#log').setAttribute('aria-busy', busy); }

const sayFor = 6000; // milliseconds
let silence; // a timer

// say shows how the last press went, for a while. The exchanges say it too, and stay.
export function say(text) {
  clearTimeout(silence);
  $('#status').textContent = text;
  silence = setTimeout(() => { $('#status').textContent = ''; }, sayFor);
}

// showSession shows the logged-in user as the proxy sent it; null for nobody. It takes
// the same space for everybody, so that the buttons below stay where they are.
export function showSession(who, id) {
  $('#nobody').classList.toggle('absent', who !== null);
  $('#who').classList.toggle('absent', who === null);
  const values = who === null ? {} : valuesOf(who, id);
  for (const e of all('#who dd')) e.textContent = values[e.dataset.field] ?? '';
}

function valuesOf({ user, expires_at: ends }, id) {
  const linked = people.filter((p) => p.providers.some((key) => user._provider?.[key])).map((p) => p.title);
  return {
    name: user.nickname || texts.unknown,
    user: user.id,
    phone: user._phone || texts.unknown,
    linked: linked.join(', ') || texts.none,
    session: hiddenID(id),
    ends: new Date(ends * 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }),
  };
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
  add({
    title,
    ok,
    code: ok ? `${status}` : `${status} ${response.error}`,
    meaning: ok ? '' : texts.meanings[response.error] ?? '',
    request: `${method} ${path}`,
    authorization: sessionID && `Authorization: Bearer ${hiddenID(sessionID)}`,
    body,
    response,
  });
}

// showFailure adds a press without a response of the proxy at the top.
export function showFailure(title, cause) {
  add({ title, ok: false, code: texts.noResponse, meaning: cause });
}

function add({ title, ok, code, meaning, request, authorization, body, response }) {
  const item = copy('#exchange');
  item.classList.add(ok ? 'good' : 'bad');
  $('.title', item).textContent = title;
  $('.code', item).textContent = code;
  fill($('.meaning', item), meaning);
  fill($('.request', item), request);
  fill($('.authorization', item), authorization);
  fillText($('.body', item), body);
  fillText($('.response', item), response);
  $('#empty').hidden = true;
  $('#exchanges').classList.remove('unused'); // it keeps its size from now on, also when the list is cleared
  $('#log').prepend(item);
  $('#scroller').scrollTop = 0;
  // Where the exchanges do not scroll on their own, they lie below the buttons.
  const { top } = item.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) item.scrollIntoView();
}

// fill shows a line, or hides its place.
function fill(place, text) {
  place.hidden = !text;
  ($('code', place) ?? place).textContent = text ?? '';
}

// fillText shows a JSON value without its secrets. A long one is cut.
function fillText(place, value) {
  place.hidden = value === undefined;
  if (value === undefined) return;
  const pre = $('pre', place);
  pre.textContent = JSON.stringify(masked(value), null, 2);
  place.classList.toggle('lines', pre.textContent.includes('\n')); // else it is not worth a button
  const more = $('.more', place);
  more.addEventListener('click', () => {
    const open = place.classList.toggle('open');
    more.setAttribute('aria-expanded', open);
    mark(place);
  });
  watch.observe(pre);
}

// mark shows whether a text is cut, which its width decides too.
function mark(place) {
  const pre = $('pre', place);
  const open = place.classList.contains('open');
  const cut = !open && pre.scrollHeight > pre.clientHeight + 1;
  place.classList.toggle('cut', cut);
  const more = $('.more', place);
  more.hidden = !cut && !open;
  const lines = pre.textContent.split('\n').length;
  more.textContent = open ? texts.showFewer : texts.showAll(lines);
}

const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) mark(target.parentElement);
});

// showAsked adds the proxy's requests to the backend to the newest exchange.
export function showAsked(requests) {
  const newest = $('#log').firstElementChild;
  if (newest === null || requests.length === 0) return;
  $('.asked', newest).hidden = false;
  for (const { method, path, status } of requests) {
    const line = document.createElement('li');
    line.append(element('code', `${method} ${path}`), ` ${status || texts.noResponse}`);
    $('.asked ul', newest).append(line);
  }
}

export function clearLog() {
  $('#log').replaceChildren();
  $('#empty').hidden = false;
}
