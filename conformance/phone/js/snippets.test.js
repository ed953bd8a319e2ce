'use strict';

// Runs the snippets of docs/phone.md on stubs of the host apps, against a login server
// and the backend double. SNIPPETS is the folder with the snippets, one folder for each
// platform, and BASE is where the server is.

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const vm = require('node:vm');

const { hosts, Phone } = require('./hosts.js');

const { BASE, SNIPPETS } = process.env;
let people = 0;

// markup is the page.html of a platform, and handlers are the functions that it names.
const markup = (platform) => readFileSync(join(SNIPPETS, platform, 'page.html'), 'utf8');
const handlers = (platform) => [...markup(platform).matchAll(/(?:bind\w+|catchtap|onTap)="(\w+)"/g)].map(([, name]) => name);

const withUserInfo = Object.keys(hosts).filter((platform) => handlers(platform).includes('onUserInfo'));
const withPhoneNumber = Object.keys(hosts).filter((platform) => handlers(platform).includes('onPhoneNumber'));
// the platforms whose host app asks the person itself, without a button of its own.
const asking = withUserInfo.filter((platform) => !markup(platform).includes('open-type="getUserInfo"'));

// miniProgram starts the mini-program of the snippets on a new person's phone. Its
// globals are those of the language and of the host app, and no other.
async function miniProgram(platform) {
  people += 1;
  const phone = new Phone(BASE, platform, `${platform}-${people}`);
  const number = `138001${String(people).padStart(5, '0')}`; // nobody else has it
  await phone.control('PUT', `people/${platform}/${phone.openid}`, { profile: { nickName: 'Ann', gender: 2 } });
  let page;
  const files = {};
  const context = vm.createContext({ ...hosts[platform](phone), Page: (options) => { page = options; } });
  const load = (name) => {
    if (!files[name]) {
      files[name] = { exports: {} };
      const text = readFileSync(join(SNIPPETS, platform, name), 'utf8');
      const run = vm.runInContext(`(function (require, module) {${text}\n})`, context, { filename: `${platform}/${name}` });
      run((path) => load(path.replace('./', '')), files[name]);
    }
    return files[name].exports;
  };
  const [host, auth] = [load('host.js'), load('auth.js')];
  load('page.js');
  page.setData = (data) => Object.assign(page.data, data);
  return { phone, number, host, auth, page, provider: (user) => Object.values(user._provider).find((p) => (p.openid ?? p.user_id) === phone.openid) };
}

// event is the event of the button for user info.
async function event(phone) {
  if (asking.includes(phone.platform)) return { type: 'tap', detail: {} };
  return phone.act(phone.agrees ? 'allow-user-info' : 'refuse-user-info');
}

// failure returns what a call fails with.
async function failure(call) {
  try {
    await call;
  } catch (err) {
    return err;
  }
  return assert.fail('it did not fail');
}

const paths = (phone) => phone.requests.map((r) => `${r.method} ${r.path} ${r.status}`);

for (const platform of Object.keys(hosts)) {
  test(`${platform}: the markup names functions that the page has`, async () => {
    const { page, host } = await miniProgram(platform);
    const named = handlers(platform);
    assert.ok(named.length > 0);
    for (const name of named) assert.equal(typeof page[name], 'function', name);
    assert.equal('userInfo' in host, named.includes('onUserInfo'));
  });

  test(`${platform}: a silent login, me, logout`, async () => {
    const { phone, host, auth, page, provider } = await miniProgram(platform);
    const user = await auth.silent();
    assert.ok(provider(user), 'the login is that of another person');
    assert.equal(phone.requests[0].body.appName, platform === 'bytedance' ? 'douyin' : undefined);
    assert.match(host.load(), /^[\w-]{43}$/);
    assert.equal((await auth.me()).id, user.id);
    assert.equal(phone.requests.at(-1).authorization, `Bearer ${host.load()}`);
    await page.onLogout();
    assert.equal(host.load() || '', '');
    const err = await failure(auth.call('GET', 'me'));
    assert.equal(err.code, 604);
  });

  test(`${platform}: the page logs in when it opens, and once`, async () => {
    const { phone, auth, page } = await miniProgram(platform);
    await page.onLoad();
    assert.equal(page.data.message, '');
    assert.ok(page.data.user.id > 0);
    assert.deepEqual(paths(phone), ['GET me 401', `POST login/${platform} 200`, 'GET me 200']);
    await auth.logout();
    phone.requests.length = 0;
    phone.late = 'GET'; // one response arrives after the others have logged in
    await Promise.all([auth.me(), auth.me(), auth.me()]);
    assert.equal(paths(phone).filter((line) => line.startsWith('POST login')).length, 1);
    await auth.me();
    assert.match(paths(phone).at(-1), /200$/, 'the new session is forgotten');
  });

  test(`${platform}: a session that has ended`, async () => {
    const { phone, auth, page } = await miniProgram(platform);
    const { id } = await auth.silent();
    await phone.control('DELETE', `users/${id}/tokens`);
    phone.requests.length = 0;
    await page.onLoad();
    assert.equal(page.data.user.id, id);
    assert.deepEqual(paths(phone), ['GET me 401', `POST login/${platform} 200`, 'GET me 200']);
  });

  test(`${platform}: a login with a session that has ended`, async () => {
    const { phone, auth } = await miniProgram(platform);
    const { id } = await auth.silent();
    await phone.control('POST', 'faults', { route: 'POST /hserve/v2.5/idp/*/silent-login/', times: 1, status: 401 });
    phone.requests.length = 0;
    assert.equal((await auth.silent()).id, id);
    assert.deepEqual(paths(phone), [`POST login/${platform} 401`, `POST login/${platform} 200`]);
  });

  test(`${platform}: a code that is spent`, async () => {
    const { phone, auth } = await miniProgram(platform);
    const { id } = await auth.silent();
    const { code } = phone.requests[0].body;
    phone.requests.length = 0;
    phone.old = code;
    assert.equal((await auth.silent()).id, id);
    assert.deepEqual(paths(phone), [`POST login/${platform} 400`, `POST login/${platform} 200`]);
    assert.notEqual(phone.requests[1].body.code, code);

    phone.old = code;
    const err = await failure(auth.link());
    assert.equal(err.code, 400);
    assert.equal(err.code_spent, true);
  });

  test(`${platform}: link`, async () => {
    const { phone, host, auth } = await miniProgram(platform);
    const account = { username: `ann-on-${platform}-${people}`, password: 'correct horse' };
    const { id } = await auth.enter('register', account);
    await auth.logout();
    assert.equal((await failure(auth.login(() => host.silent().then((proof) => ({ ...proof, createUser: false }))))).code, 404);
    assert.equal((await auth.enter('login', account)).id, id);
    assert.equal((await auth.me()).id, id);
    assert.equal((await auth.link()).user_id, id);
    await auth.logout();
    assert.equal((await auth.silent()).id, id, 'the login does not find the account');
    await phone.control('DELETE', `users/${id}/tokens`);
    assert.equal((await failure(auth.link())).code, 604, 'link has logged in by itself');
  });

  test(`${platform}: a link of a person who has another account`, async () => {
    const { phone, auth } = await miniProgram(platform);
    const { id } = await auth.silent();
    await auth.logout();
    const account = await auth.enter('register', { username: `other-on-${platform}-${people}`, password: 'correct horse' });
    assert.notEqual(account.id, id);
    for (const which of ['a code', 'a new code']) {
      phone.requests.length = 0;
      const err = await failure(auth.link());
      assert.equal(err.code, 400, which);
      assert.equal(err.code_spent, true, which);
      assert.deepEqual(paths(phone), [`POST link/${platform} 400`], `${which}: the link was sent again`);
    }
    assert.equal((await auth.me()).id, account.id, 'the session has changed');
  });

  test(`${platform}: no account yet`, async () => {
    const { phone, host, auth } = await miniProgram(platform);
    const err = await failure(auth.login(() => host.silent().then((proof) => ({ ...proof, createUser: false }))));
    assert.equal(err.code, 404);
    assert.deepEqual(paths(phone), [`POST login/${platform} 404`], 'the login was sent again');
  });

  test(`${platform}: too many requests`, async () => {
    const { phone, page } = await miniProgram(platform);
    await fetch(`${BASE}/limit`, { method: 'POST', body: '7' });
    await page.onLoad();
    await fetch(`${BASE}/limit`, { method: 'POST', body: '0' });
    assert.equal(page.data.message, 'Too often. Try again in 7 seconds.');
    assert.deepEqual(paths(phone), ['GET me 401', `POST login/${platform} 429`], 'a request was sent again');
  });

  test(`${platform}: no network`, async () => {
    const { phone, page, host, auth } = await miniProgram(platform);
    await auth.silent();
    const session = host.load();
    phone.online = false;
    await page.onLoad();
    assert.equal(page.data.message, 'No network. Try again.');
    assert.equal('request' in await failure(auth.call('GET', 'me')), false);
    assert.equal(host.load(), session, 'the session is forgotten');
    await page.show(auth.silent());
    assert.equal(page.data.message, 'That did not work: login:fail');
    phone.online = true;
    await page.onLoad();
    assert.equal(page.data.message, '');
  });

  test(`${platform}: a mistake`, async () => {
    const { phone, auth } = await miniProgram(platform);
    const err = await failure(auth.send({ kode: 'x' }));
    assert.equal(err.code, 605);
    assert.equal(err.code_spent, false);
    assert.equal(err.reason, 'unknown_field');
    assert.equal(err.request, phone.requests[0].id);
    assert.match(err.request, /^request-\d+$/);
    assert.deepEqual(paths(phone), [`POST login/${platform} 400`]);
  });
}

test('the logins without a platform', async () => {
  const { phone, number, auth } = await miniProgram('kuaishou');
  const anonymous = await auth.enter('login/anonymous', {});
  const email = `ann-${people}@example.com`;
  assert.equal((await auth.enter('register', { email, password: 'correct horse' })).id, anonymous.id);
  await auth.call('POST', 'sms', { phone: number });
  const { code } = (await phone.control('GET', 'sms')).find((sms) => sms.phone === number);
  assert.equal((await auth.enter('login/sms', { phone: number, code }))._phone, number);
  const err = await failure(auth.enter('login', { email, password: 'wrong' }));
  assert.equal(err.code, 400);
  assert.equal(err.code_spent, false, 'no code was sent');
});

for (const platform of withUserInfo) {
  test(`${platform}: a login with user info`, async () => {
    const { phone, page, provider } = await miniProgram(platform);
    await page.onUserInfo(await event(phone));
    assert.equal(page.data.message, '');
    const { nickname, nick_name: alipayName } = provider(page.data.user);
    assert.equal(nickname ?? alipayName, 'Ann');
    assert.equal(page.data.user.nickname, 'Ann');
    assert.ok(phone.requests[0].body.data);
  });

  test(`${platform}: a login with user info and a code that is spent`, async () => {
    const { phone, auth, page } = await miniProgram(platform);
    await auth.silent();
    phone.old = phone.requests[0].body.code;
    await page.onUserInfo(await event(phone));
    assert.equal(page.data.message, '');
    assert.equal(page.data.user.nickname, 'Ann');
  });

  test(`${platform}: the user refuses`, async () => {
    const { phone, auth, page } = await miniProgram(platform);
    phone.agrees = false;
    await page.onUserInfo(await event(phone));
    const lines = paths(phone);
    if (platform === 'alipay') {
      assert.deepEqual(lines, ['POST login/alipay 200']);
      assert.ok(page.data.user.id > 0);
      return;
    }
    assert.deepEqual(lines, [`POST login/${platform} 403`], 'a refusal was sent again');
    assert.equal(page.data.message, 'You can go on without it.');
    assert.ok((await auth.me()).id > 0);
  });
}

for (const platform of withPhoneNumber) {
  test(`${platform}: a login with the phone number`, async () => {
    const { phone, number, page } = await miniProgram(platform);
    page.onPhoneTap();
    await page.code;
    await page.onPhoneNumber(await phone.act('allow-phone-number', { number }));
    assert.equal(page.data.message, '');
    assert.equal(page.data.user._phone, number);
  });

  test(`${platform}: set the phone number`, async () => {
    const { phone, number, auth, page } = await miniProgram(platform);
    await auth.silent();
    const old = await phone.act('allow-phone-number', { number });
    await page.onBindPhone(old);
    assert.equal(page.data.message, '');
    assert.equal(page.data.user._phone, number);
    await auth.silent();
    await page.onBindPhone({ detail: { ...old.detail, code: undefined } });
    assert.equal(page.data.message, 'That did not work. Tap again.', 'data from before the code');
  });

  test(`${platform}: the user refuses to share the phone number`, async () => {
    const { phone, auth, page } = await miniProgram(platform);
    page.onPhoneTap();
    await page.code;
    await page.onPhoneNumber(await phone.act('refuse-phone-number'));
    assert.equal(page.data.message, 'You can go on without it.');
    await auth.silent();
    await page.onBindPhone(await phone.act('refuse-phone-number'));
    assert.equal(page.data.message, 'You can go on without it.');
  });

  test(`${platform}: a code that is spent needs another tap`, async () => {
    const { phone, number, auth, page } = await miniProgram(platform);
    await auth.silent();
    phone.old = phone.requests[0].body.code;
    page.onPhoneTap();
    await page.code;
    await page.onPhoneNumber(await phone.act('allow-phone-number', { number }));
    assert.equal(page.data.message, 'That did not work. Tap again.');
    page.onPhoneTap();
    await page.code;
    await page.onPhoneNumber(await phone.act('allow-phone-number', { number }));
    assert.equal(page.data.message, '');
  });

  test(`${platform}: data from before the code`, async () => {
    const { phone, number, host, auth } = await miniProgram(platform);
    await auth.silent();
    const data = await phone.act('allow-phone-number', { number });
    const proof = await host.silent();
    const err = await failure(auth.send({ ...proof, data: { detail: { ...data.detail, code: undefined } } }));
    assert.equal(err.code, 400, 'the order does not matter, although the page says so');
  });
}
