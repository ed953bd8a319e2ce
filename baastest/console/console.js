// The console: it reads what the open section shows, again after every change.

import { act, listen, read, Refused, segment } from './api.js';
import { h, list, say, secret, time } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { requestColumns, requestDetail } from './requests.js';

const $ = (selector) => document.querySelector(selector);
const place = (name) => $(`[data-list="${name}"]`);

let running; // the AbortController of the console that is shown
let ended = () => {};
let settings = {};
let clock = { now: new Date(), offset: 0, frozen: false };
const opened = new Set(); // rows with their details shown
const posted = new Map(); // the last thing that a phone posted, by person
let journal = []; // requests, the newest first

// start shows the console until stop. Without a valid token it calls back.
export async function start(onEnd) {
  stop();
  running = new AbortController();
  ended = onEnd;
  const { signal } = running;
  journal = [];
  await showSettings();
  const platforms = await read('platforms');
  $('select[name="platform"]').replaceChildren(...platforms.map(({ name }) => h('option', { value: name }, name)));
  wire();
  addEventListener('hashchange', open, { signal });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); }, { signal });
  const tick = setInterval(showClock, 1000);
  signal.addEventListener('abort', () => clearInterval(tick));
  await open();
  follow(signal);
}

export function stop() { running?.abort(); }

// follow refreshes after each event, and connects again after a while if the stream ends.
async function follow(signal) {
  while (!signal.aborted) {
    try {
      journal = []; // it may be another process, which counts from 1
      await listen(({ first }) => {
        journal = journal.filter((r) => r.id >= first);
        showLive(true);
        refresh();
      }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status === 401) { ended(); return; }
    }
    if (signal.aborted) return;
    showLive(false);
    await new Promise((done) => { setTimeout(done, 1000); });
  }
}

const sections = {
  people: showPeople, users: showUsers, sessions: showSessions, messages: showMessages,
  requests: showRequests, faults: showFaults, clock: showSettings,
};

const current = () => (sections[location.hash.slice(1)] ? location.hash.slice(1) : 'people');

// open shows the section that the address names.
async function open() {
  for (const name of Object.keys(sections)) $(`section#${name}`).hidden = name !== current();
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${current()}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  await refresh();
}

let refreshing, stale = false;

// refresh reads what the open section shows. Calls that come meanwhile are one more read.
function refresh() {
  stale = true;
  refreshing ??= (async () => {
    while (stale && !running.signal.aborted) {
      stale = false;
      try {
        const now = await read('clock');
        clock = { offset: new Date(now.now) - Date.now(), now: new Date(now.now), frozen: now.frozen };
        showClock();
        await sections[current()]();
      } catch (error) {
        if (error instanceof Refused && error.status === 401) ended();
        else if (error instanceof Refused) say(error.message, true);
        // Otherwise the emulator is gone: the stream of events shows it.
      }
    }
    refreshing = undefined;
  })();
  return refreshing;
}

// attempt does what a button is for, and says how it went.
async function attempt(method, path, body, done) {
  try {
    const result = await act(method, path, body);
    say(done(result));
    await refresh();
  } catch (error) {
    say(`${t('failed')}: ${error.message}`, true);
  }
}

let live = false;

function showLive(is) {
  live = is;
  showClock();
}

function showClock() {
  const now = clock.frozen ? clock.now : new Date(Date.now() + clock.offset);
  const text = time(now) + (clock.frozen ? ` (${t('clock.frozen')})` : '');
  $('#facts').replaceChildren(`${t('facts')} `, h('b', {}, settings.client_id), ` · ${text} · `,
    h('span', { class: live ? 'live' : 'gone' }, t(live ? 'live' : 'gone')));
  if ($('#now')) $('#now').textContent = text;
}

onLanguage(() => { if (running && !running.signal.aborted) refresh(); });

const filterOf = (name) => $(`[data-filter="${name}"]`).value.trim().toLowerCase();
const filtered = (items, name, text) => items.filter((item) => text(item).toLowerCase().includes(filterOf(name)));

// opening is a button that shows and hides the details of a row.
function opening(key, label, what) {
  const isOpen = opened.has(key);
  return h('button', {
    type: 'button', class: 'small', 'aria-expanded': String(isOpen), focusName: `open ${key}`, 'aria-label': `${label}: ${what}`,
    onclick: () => { isOpen ? opened.delete(key) : opened.add(key); refresh(); },
  }, isOpen ? t('close') : label);
}

// People

const personKey = (p) => `person ${p.platform} ${p.openid}`;
const personName = (p) => `${p.platform} ${p.openid}`;
const personPath = (p) => `people/${segment(p.platform)}/${segment(p.openid)}`;

async function showPeople() {
  const [people, codes] = await Promise.all([read('people'), read('codes')]);
  const rows = filtered(people, 'people', (p) => `${p.platform} ${p.openid} ${p.unionid} ${p.profile.nickName} ${p.user?.id ?? ''}`)
    .map((p) => ({ ...p, open: opened.has(personKey(p)), posted: posted.get(personKey(p)) }));
  list(place('people'), rows, [
    [t('platform'), (p) => p.platform],
    ['openid', (p) => h('span', { class: 'mono' }, p.openid)],
    [t('nickname'), (p) => p.profile.nickName],
    [t('user'), (p) => (p.user ? String(p.user.id) : h('span', { class: 'empty' }, t('people.nobody')))],
    [t('actions'), (p) => h('span', { class: 'buttons' },
      h('button', { type: 'button', class: 'small', focusName: `mint ${personKey(p)}`, 'aria-label': `${t('people.mint')}: ${personName(p)}`, onclick: () => mint(p) }, t('people.mint')),
      opening(personKey(p), t('people.phone'), personName(p))), 'act'],
  ], personKey, (p) => (p.open ? phoneOf(p) : undefined));
  list(place('codes'), codes.toReversed(), [
    [t('platform'), (c) => c.platform],
    ['openid', (c) => h('span', { class: 'mono' }, c.openid)],
    [t('code'), (c) => secret(`code ${c.code}`, c.code, `${t('code')} ${personName(c)}`)],
    [t('expires'), (c) => time(c.expires), 'nowrap'],
  ], (c) => c.code);
}

function mint(p) {
  return attempt('POST', `${personPath(p)}/login`, undefined, ({ code }) => {
    posted.set(personKey(p), { title: 'login', text: code });
    opened.add(personKey(p));
    return t('people.minted', personName(p));
  });
}

// phoneOf is what a person can do with the phone.
function phoneOf(p) {
  const press = (action, body) => attempt('POST', `${personPath(p)}/${action}`, body, (event) => {
    posted.set(personKey(p), { title: action, text: JSON.stringify(event) });
    return `${personName(p)}: ${action}`;
  });
  const button = (name, act_) => h('button', { type: 'button', focusName: `${name} ${personKey(p)}`, onclick: act_ }, t(name));
  const number = h('input', { value: '13800138000', inputmode: 'tel', autocomplete: 'off' });
  const out = h('div', {},
    h('div', { class: 'buttons' },
      button('people.allow', () => press('allow-user-info')),
      button('people.refuse', () => press('refuse-user-info')),
      p.user && button('people.unlink', () => attempt('DELETE', `${personPath(p)}/link`, undefined, () => t('people.unlinked', personName(p))))),
    h('form', { onsubmit: (event) => { event.preventDefault(); press('allow-phone-number', { number: number.value }); } },
      h('label', {}, h('span', {}, t('people.number')), number),
      h('button', { type: 'submit', focusName: `share ${personKey(p)}` }, t('people.share')),
      button('people.refusenumber', () => press('refuse-phone-number'))));
  if (p.posted) {
    out.append(h('h4', {}, `${t('people.result')}: ${p.posted.title}`),
      secret(`posted ${personKey(p)} ${p.posted.text}`, p.posted.text, t('people.result')));
  }
  return out;
}

// Users

async function showUsers() {
  const [users, tokens] = await Promise.all([read('users'), read('tokens')]);
  const names = (u) => [u.username, u.email, u.phone, u.profile?.nickName].filter(Boolean);
  const rows = filtered(users, 'users', (u) => JSON.stringify(u)).map((u) => ({
    ...u, open: opened.has(`user ${u.id}`), sessions: tokens.filter((s) => s.user === u.id).length,
  }));
  list(place('users'), rows, [
    ['id', (u) => String(u.id)],
    [t('name'), (u) => names(u).join(', ') || (u.anonymous ? t('users.anonymous') : '–')],
    [t('users.identities'), (u) => (u.identities?.length ? h('ul', { class: 'plain' }, ...u.identities.map((i) =>
      h('li', {}, `${i.platform}${i.app ? ` (${i.app})` : ''} `, h('span', { class: 'mono' }, i.openid)))) : '–')],
    [t('sessions'), (u) => String(u.sessions)],
    [t('users.created'), (u) => time(u.created_at), 'nowrap'],
    [t('actions'), (u) => h('span', { class: 'buttons' }, opening(`user ${u.id}`, t('details'), `${t('user')} ${u.id}`), u.sessions > 0 ? endSessions(u.id) : ''), 'act'],
  ], (u) => u.id, (u) => {
    if (!u.open) return undefined;
    const { open: _, sessions: __, ...record } = u;
    return h('pre', { tabindex: 0 }, JSON.stringify(record, null, 2));
  });
}

const endSessions = (id) => h('button', {
  type: 'button', class: 'small', focusName: `end ${id}`, 'aria-label': `${t('sessions.end')}: ${id}`,
  onclick: () => attempt('DELETE', `users/${id}/tokens`, undefined, () => t('sessions.ended', id)),
}, t('sessions.end'));

async function showSessions() {
  const tokens = await read('tokens');
  list(place('sessions'), tokens.toReversed(), [
    [t('user'), (s) => String(s.user)],
    [t('token'), (s) => secret(`token ${s.token}`, s.token, `${t('token')} ${s.user}`)],
    [t('expires'), (s) => time(s.expires), 'nowrap'],
    [t('actions'), (s) => endSessions(s.user), 'act'],
  ], (s) => s.token);
}

// Messages

async function showMessages() {
  const [sms, mail] = await Promise.all([read('sms'), read('mail')]);
  const numbered = (messages) => messages.map((m, i) => ({ ...m, i })).toReversed();
  list(place('sms'), numbered(sms), [
    [t('when'), (m) => time(m.time), 'nowrap'],
    [t('to'), (m) => m.phone],
    [t('code'), (m) => secret(`sms ${m.i} ${m.time}`, m.code, `${t('code')} ${m.phone}`)],
  ], (m) => m.i);
  list(place('mail'), numbered(mail), [
    [t('when'), (m) => time(m.time), 'nowrap'],
    [t('to'), (m) => m.to],
    [t('kind'), (m) => m.kind],
    [t('link'), (m) => secret(`mail ${m.i} ${m.time}`, m.link, `${t('link')} ${m.to}`)],
  ], (m) => m.i);
}

// Requests

const kept = 1000; // requests that the page keeps

async function showRequests() {
  const newest = journal[0]?.id ?? 0;
  const fresh = await read(`journal?after=${newest}&limit=${kept}`);
  journal = [...fresh.toReversed(), ...journal].slice(0, kept);
  const rows = filtered(journal, 'requests', (r) => `${r.method} ${r.path} ${r.status} ${r.fault ?? ''}`)
    .map((r) => ({ ...r, open: opened.has(`request ${r.id}`) }));
  list(place('requests'), rows, [
    ...requestColumns(),
    [t('actions'), (r) => opening(`request ${r.id}`, t('details'), `${r.method} ${r.path}`), 'act'],
  ], (r) => r.id, (r) => (r.open ? requestDetail(r) : undefined));
}

// Faults

async function showFaults() {
  const faults = await read('faults');
  const effect = ({ id, route, hits, active, ...rest }) =>
    Object.entries(rest).map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(', ') || '–';
  list(place('faults'), faults.toReversed(), [
    ['id', (f) => String(f.id)],
    [t('route'), (f) => (f.route === '**' ? t('faults.every') : h('code', {}, f.route))],
    [t('faults.effect'), effect],
    [t('faults.hits'), (f) => String(f.hits)],
    [t('state'), (f) => (f.active ? h('span', { class: 'bad' }, t('faults.active')) : t('faults.over'))],
    [t('actions'), (f) => (f.active ? h('button', {
      type: 'button', class: 'small', focusName: `fault ${f.id}`, 'aria-label': t('faults.endone', f.id),
      onclick: () => attempt('DELETE', `faults/${f.id}`, undefined, () => `${t('faults.endone', f.id)} ✓`),
    }, t('faults.end')) : ''), 'act'],
  ], (f) => f.id);
}

async function showSettings() {
  settings = await read('settings');
  $('#user-info-updates').checked = settings.user_info_updates;
}

// Buttons and forms

// filled are the fields of a form that have a value.
const filled = (form) => Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v));

const submit = {
  person: ({ platform, openid, unionid, nickname }) => attempt('PUT', personPath({ platform, openid }),
    { ...(unionid && { unionid }), ...(nickname && { profile: { nickName: nickname } }) }, () => t('people.added', `${platform} ${openid}`)),
  user: (user) => attempt('POST', 'users', user, ({ id }) => t('users.added', id)),
  fault: ({ status, times, ...rest }) => inject({ ...rest, ...(status && { status: +status }), ...(times && { times: +times }) }),
  clock: ({ at }) => setClock({ set: new Date(at).toISOString() }),
};

const inject = (fault) => attempt('POST', 'faults', fault, ({ id }) => t('faults.injected', id));
const setClock = (change) => attempt('POST', 'clock', change, ({ now }) => t('clock.moved', time(now)));

const press = {
  'clear-journal': () => attempt('DELETE', 'journal', undefined, () => { journal = []; return t('requests.cleared'); }),
  'clear-faults': () => attempt('DELETE', 'faults', undefined, () => t('faults.cleared')),
  'real-time': () => setClock({ set: new Date().toISOString() }),
  reset: () => attempt('POST', 'reset', undefined, () => { journal = []; posted.clear(); opened.clear(); return t('reset.done'); }),
};

// wire gives buttons and forms what they are for.
function wire() {
  for (const form of document.querySelectorAll('main form[data-form]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      submit[form.dataset.form](filled(form));
      form.querySelectorAll('input[type="password"]').forEach((input) => { input.value = ''; });
    });
  }
  for (const button of document.querySelectorAll('[data-do]')) {
    button.addEventListener('click', () => {
      if (button.classList.contains('danger') && !confirmed(button)) return;
      press[button.dataset.do]();
    });
  }
  for (const button of document.querySelectorAll('[data-fault]')) {
    button.addEventListener('click', () => inject(JSON.parse(button.dataset.fault)));
  }
  for (const button of document.querySelectorAll('[data-advance]')) {
    button.addEventListener('click', () => setClock({ advance: button.dataset.advance }));
  }
  for (const filter of document.querySelectorAll('[data-filter]')) filter.addEventListener('input', refresh);
  $('#user-info-updates').addEventListener('change', (event) =>
    attempt('PUT', 'settings', { user_info_updates: event.target.checked }, () => t('settings.saved')));
}

// confirmed is true for the second press.
function confirmed(button) {
  const back = () => { delete button.dataset.sure; button.textContent = t(button.dataset.t); };
  if (button.dataset.sure) {
    back();
    return true;
  }
  button.dataset.sure = 'true';
  button.textContent = t('again');
  button.addEventListener('blur', back, { once: true });
  return false;
}
