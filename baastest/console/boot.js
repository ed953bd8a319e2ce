// The frame of the console: the language, the token, and then the console itself.

import { ask, forgetToken, keepToken, Refused, token } from './api.js';
import { start, stop } from './console.js';
import { say } from './dom.js';
import { onLanguage, other, setLanguage, t, translate } from './i18n.js';

const $ = (selector) => document.querySelector(selector);

// enter shows the console, or the form for the token.
async function enter() {
  let markup;
  try {
    markup = await (await ask('GET', 'ui/console.html')).text();
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 401) throw error;
    if (token()) say(t('login.wrong'), true);
    leave();
    return;
  }
  const parsed = new DOMParser().parseFromString(markup, 'text/html');
  $('main').replaceChildren(...parsed.body.childNodes);
  translate(document.body);
  $('#login').hidden = true;
  $('#leave').hidden = !token();
  say('');
  await start(() => leave(t('login.ended')));
}

// leave forgets the token and shows the form for another.
function leave(why) {
  stop();
  forgetToken();
  $('main').replaceChildren();
  $('#facts').replaceChildren();
  $('#leave').hidden = true;
  $('#login').hidden = false;
  if (why) say(why, true);
  $('#token').focus();
}

$('#login').addEventListener('submit', (event) => {
  event.preventDefault();
  keepToken($('#token').value.trim());
  $('#token').value = '';
  enter().catch(failed);
});
$('#leave').addEventListener('click', () => leave(''));
$('#language').addEventListener('click', () => setLanguage(other()));
onLanguage((name) => {
  translate(document.body);
  document.documentElement.lang = name;
  document.title = t('title');
  $('#language').textContent = name === 'en' ? '中文' : 'English';
  $('#language').lang = other();
});

function failed(error) { say(`${t('failed')}: ${error.message}`, true); }

enter().catch(failed).finally(() => { document.documentElement.dataset.ready = 'true'; });
