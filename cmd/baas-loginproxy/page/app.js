// The buttons.

import * as phone from './phone.js';
import * as view from './view.js';

let who = null; // the newest response with a user

// round makes one request, shows it, and says in a sentence whether it succeeded.
async function round(title, request) {
  const exchange = await request();
  view.showExchange(title, exchange);
  view.showAsked(await phone.asked());
  const { status, response } = exchange;
  if (response.user) who = response;
  if (phone.sessionID() === '') who = null;
  view.showSession(who, phone.sessionID());
  view.say(`${title}: ${status < 400 ? 'done' : response.error.replaceAll('_', ' ')} (${status}).`);
  return status < 400;
}

// allowPhone sets the number if Ann is logged in with this app, and else logs in with it.
function allowPhone(person) {
  const here = lastLogin === person.name && phone.sessionID() !== '';
  if (here) return round(`${person.title}: phone number for this account`, () => phone.bindPhone(person));
  return enter(person, 'log in by phone number', phone.logInByPhone);
}

let lastLogin = ''; // the app that the session began in

async function enter(person, what, login) {
  const ok = await round(`${person.title}: ${what}`, () => login(person, view.wantsAccount()));
  if (ok) lastLogin = person.name;
  return ok;
}

async function link(person) {
  if (await round(`${person.title}: link`, () => phone.link(person))) await round('Who am I?', phone.me);
}

async function startOver() {
  await phone.reset();
  await phone.asked();
  who = null;
  view.showSession(null);
  view.clearLog();
  view.say('Started over: no accounts, nobody logged in.');
}

const actions = {
  login: (person) => enter(person, 'log in', phone.logIn),
  refuse: (person) => enter(person, 'refuse', phone.refuse),
  phone: allowPhone,
  link,
  me: () => round('Who am I?', phone.me),
  logout: () => round('Log out', phone.logOut),
  reset: startOver,
};

let busy = false;

// press runs the action of a button, one at a time. Buttons are not disabled meanwhile,
// because that would take the focus away.
async function press(button) {
  if (busy) return;
  busy = true;
  view.setBusy(true);
  try {
    view.showAsked(await phone.asked()); // the requests that came after the newest response
    const name = button.closest('[data-platform]')?.dataset.platform;
    await actions[button.dataset.do](phone.platforms.find((p) => p.name === name));
  } catch (err) {
    view.say(`That did not work: ${err.message}.`);
  } finally {
    busy = false;
    view.setBusy(false);
  }
}

view.showCards();
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]');
  if (button) press(button);
});
await phone.describe();
document.documentElement.dataset.ready = 'true';
