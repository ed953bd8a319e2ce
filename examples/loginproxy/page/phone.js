// Ann's phone: what the apps on it ask their platforms, and the mini-program in each
// asks the proxy. The platforms are played by the double's control API.

export const platforms = [
  { name: 'kuaishou', title: 'Kuaishou', chinese: '快手', openid: 'ks-ann' },
  { name: 'bytedance', title: 'ByteDance', chinese: '抖音', openid: 'tt-ann' },
  { name: 'wechat', title: 'WeChat', chinese: '微信', openid: 'wx-ann' },
];

const profile = { nickName: 'Ann', gender: 2, city: 'Hangzhou', province: 'Zhejiang', country: 'China', language: 'en' };
const number = '13800138000';

let session = ''; // the session id: in memory only, as a mini-program should

export const sessionID = () => session;

// send makes a request and says all about it. An answer that is not JSON is an error.
async function send(method, path, body, headers) {
  const init = { method, headers: { ...headers }, cache: 'no-store' };
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const res = await fetch(path, init);
  return { method, path, body, status: res.status, answer: await res.json() };
}

// platform is what an app asks its platform; no proxy sees it.
async function platform(person, action, body, method = 'POST') {
  const path = ['/_emulator/people', person.name, person.openid, action].filter(Boolean).join('/');
  const { status, answer } = await send(method, path, body);
  if (status !== 200) throw new Error(`the platform said ${status}`);
  return answer;
}

// proxy is a request of the mini-program. A session that has ended is forgotten.
async function proxy(method, path, body) {
  const authorization = session && `Bearer ${session}`;
  const exchange = await send(method, `/auth/${path}`, body, authorization ? { Authorization: authorization } : {});
  if (exchange.answer.token) session = exchange.answer.token;
  if (exchange.answer.code === 604) session = '';
  return { ...exchange, sessionID: authorization.replace('Bearer ', '') };
}

// login posts a fresh code and what the button's event brought: the code first, for
// the data is sealed under the key behind it.
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

// describe tells the platforms who Ann is.
export async function describe() {
  for (const person of platforms) {
    const unionid = person.name === 'wechat' ? 'union-ann' : undefined;
    await platform(person, '', { profile, unionid }, 'PUT');
  }
}

// reset takes the double back to its beginning: no accounts, no tokens.
export async function reset() {
  await send('POST', '/_emulator/reset');
  session = '';
  await describe();
}

let last = ''; // when the newest request that was shown was made

// asked gives what the proxy asked the backend since the last time.
export async function asked() {
  const { answer } = await send('GET', '/demo/asked');
  const all = answer ?? [];
  const fresh = all.slice(all.findLastIndex((r) => r.time === last) + 1);
  last = all.at(-1)?.time ?? '';
  return fresh;
}
