// The buttons.

import * as phone from './phone.js';
import * as view from './view.js';
import { texts } from './texts.js';

let who = null; // the newest response with a user
let lastLogin = ''; // the app that the session began in

const loggedIn = () => phone.sessionID() !== '';
const loggedInHere = (person) => loggedIn() && lastLogin === person.name;

// obstacle says why a button cannot work now; '' for one that can.
function obstacle(action, person) {
  switch (action) {
    case 'me':
    case 'logout': return loggedIn() ? '' : texts.nobody;
    case 'link': return loggedIn() ? '' : texts.needsLogin;
    case 'phone':
      if (loggedInHere(person)) return person.phoneUpdate ? '' : texts.noPhoneUpdate;
      return person.phoneLogin ? '' : texts.noPhoneLogin;
    default: return '';
  }
}

function show() {
  view.showSession(who, phone.sessionID());
  view.showObstacles(obstacle);
}

// round makes one request, shows it, and says in a sentence whether it succeeded.
async function round(title, request) {
  const exchange = await request();
  view.showExchange(title, exchange);
  view.showAsked(await phone.asked());
  const { status, response } = exchange;
  if (response.user) who = response;
  if (!loggedIn()) who = null;
  const ok = status < 400;
  view.say(ok ? texts.done(title, status) : texts.failed(title, status, response.error.replaceAll('_', ' ')));
  return ok;
}

// allowPhone sets the number if Ann is logged in with this app, and else logs in with it.
function allowPhone(person) {
  if (loggedInHere(person)) return round(texts.of.phoneUpdate(person.title), () => phone.bindPhone(person));
  return enter(person, texts.of.phoneLogin, phone.logInByPhone);
}

async function enter(person, title, login) {
  const ok = await round(title(person.title), () => login(person, view.wantsAccount()));
  if (ok) lastLogin = person.name;
  return ok;
}

async function link(person) {
  if (await round(texts.of.link(person.title), () => phone.link(person))) await round(texts.me, phone.me);
}

async function startOver() {
  await phone.reset();
  await phone.asked();
  who = null;
  view.clearLog();
  view.say(texts.startedOver);
}

const actions = {
  login: (person) => enter(person, texts.of.login, phone.logIn),
  refuse: (person) => enter(person, texts.of.refuse, phone.refuse),
  phone: allowPhone,
  link,
  me: () => round(texts.me, phone.me),
  logout: () => round(texts.logout, phone.logOut),
  reset: startOver,
};

let busy = false;

// alone runs one action at a time. A failure that is no response of the proxy is shown
// among the responses.
async function alone(title, action) {
  if (busy) return;
  busy = true;
  view.setBusy(true);
  try {
    await action();
  } catch (err) {
    view.showFailure(title, err.message);
    view.say(texts.broken(title, err.message));
  } finally {
    show();
    busy = false;
    view.setBusy(false);
  }
}

// press runs the action of a button. A disabled button has aria-disabled only, because
// disabled would take the focus away and hide the button from those who tab through.
function press(button) {
  const name = button.closest('[data-platform]')?.dataset.platform;
  const person = phone.people.find((p) => p.name === name);
  const action = button.dataset.do;
  const why = obstacle(action, person);
  if (why !== '') {
    view.say(texts.cannot(button.textContent, why));
    return;
  }
  alone(button.textContent, async () => {
    view.showAsked(await phone.asked()); // the requests that came after the newest response
    await actions[action](person);
  });
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]');
  if (button) press(button);
});

await alone(texts.opening, async () => {
  await phone.describe();
});
view.showCards(phone.people);
show();
document.documentElement.dataset.ready = 'true';
