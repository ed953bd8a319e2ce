// Ann's phone: the requests of its apps to their platforms, and of the mini-program in
// each app to the proxy. The double's control API plays the platforms.

import { texts } from './texts.js';

// Ann in each of her apps. describe adds what the server knows of the platform:
// providers, the keys of the user's _provider, and phoneLogin and phoneUpdate, whether
// its users log in with a phone number and set theirs.
export const people = [
  { name: 'kuaishou', title: 'Kuaishou', chinese: '快手', openid: 'ks-ann' },
  { name: 'bytedance', title: 'ByteDance', chinese: '抖音', openid: 'tt-ann' },
  { name: 'wechat', title: 'WeChat', chinese: '微信', openid: 'wx-ann' },
].map((person) => ({ ...person, providers: [], phoneLogin: true, phoneUpdate: true }));

const profile = { nickName: 'Ann', gender: 2, city: 'Hangzhou', province: 'Zhejiang', country: 'China', language: 'en' };
const number = '13800138000';

let session = ''; // the session id

export const sessionID = () => session;

// send makes a request and returns it with its response. No response, and one that is
// not JSON, are errors.
async function send(method, path, body, headers) {
  const init = { method, headers: { ...headers }, cache: 'no-store' };
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const res = await fetch(path, init).catch((cause) => { throw new Error(texts.unreachable, { cause }); });
  const response = await res.json().catch((cause) => { throw new Error(texts.noJSON(res.status), { cause }); });
  return { method, path, body, status: res.status, response };
}

// platform sends a request of an app to its platform.
async function platform(person, action, body, method = 'POST') {
  const path = ['/_emulator/people', person.name, person.openid, action].filter(Boolean).join('/');
  const { status, response } = await send(method, path, body);
  if (status !== 200) throw new Error(texts.platformRefused(status));
  return response;
}

// proxy sends a request of the mini-program to the proxy. It forgets a session that has
// ended.
async function proxy(method, path, body) {
  const authorization = session && `Bearer ${session}`;
  const exchange = await send(method, `/auth/${path}`, body, authorization ? { Authorization: authorization } : {});
  if (exchange.response.token) session = exchange.response.token;
  if (exchange.response.code === 604) session = '';
  return { ...exchange, sessionID: authorization.replace('Bearer ', '') };
}

// login posts a new code and the data of the button's event. The code must be got first,
// because the data is encrypted with the session_key of the newest login.
async function login(person, action, body, createUser) {
  const { code } = await platform(person, 'login');
  const data = await platform(person, action, body);
  return proxy('POST', `login/${person.name}`, { code, data, createUser });
}

export const logIn = (person, createUser) => login(person, 'allow-user-info', undefined, createUser);

export const refuse = (person, createUser) => login(person, 'refuse-user-info', undefined, createUser);

export const logInByPhone = (person, createUser) => login(person, 'allow-phone-number', { number }, createUser);

export async function bindPhone(person) {
  return proxy('POST', 'phone', { data: await platform(person, 'allow-phone-number', { number }) });
}

export async function link(person) {
  const { code } = await platform(person, 'login');
  const data = await platform(person, 'allow-user-info');
  return proxy('POST', `link/${person.name}`, { code, data });
}

export const me = () => proxy('GET', 'me');

export async function logOut() {
  const exchange = await proxy('POST', 'logout', {});
  if (exchange.status === 200) session = '';
  return exchange;
}

// describe gives the platforms Ann's profile, and asks the server about the platforms.
export async function describe() {
  const { response } = await send('GET', '/demo/platforms');
  for (const facts of response) {
    const person = people.find((p) => p.name === facts.name);
    if (!person) continue;
    Object.assign(person, { providers: facts.provider_keys, phoneLogin: facts.phone_login, phoneUpdate: facts.phone_update });
  }
  for (const person of people) {
    const unionid = person.name === 'wechat' ? 'union-ann' : undefined;
    await platform(person, '', { profile, unionid }, 'PUT');
  }
}

// reset deletes all accounts and tokens of the double.
export async function reset() {
  await send('POST', '/_emulator/reset');
  session = '';
  await describe();
}

let last = ''; // the time of the newest request that was shown

// asked returns the requests of the proxy to the backend since the last call.
export async function asked() {
  const { response } = await send('GET', '/demo/asked');
  const all = response ?? [];
  const fresh = all.slice(all.findLastIndex((r) => r.time === last) + 1);
  last = all.at(-1)?.time ?? '';
  return fresh;
}
