'use strict';

// Stubs of the host apps: the functions that the snippets of docs/phone.md use, and no
// other. What the person does and what the host app's own servers give out is in the
// backend double, behind its control API. A function or an option that a stub does not
// have fails, so that the snippets use none that nobody knows a source for.

// hosts has the global of each platform by name.
const hosts = {
  kuaishou: (phone) => ({ ks: strict('ks', { ...common(phone), request: requestWithout401Body(phone), getUserInfo: userInfo(phone, ['withCredentials']) }) }),
  bytedance: (phone) => ({
    tt: strict('tt', {
      ...common(phone),
      login: callBack(['force'], () => login(phone)),
      getUserInfo: askingUserInfo(phone),
      getSystemInfoSync: () => ({ appName: 'Douyin' }),
    }),
  }),
  wechat: (phone) => ({ wx: strict('wx', common(phone)) }),
  qq: (phone) => ({ qq: strict('qq', { ...common(phone), getUserInfo: userInfo(phone, []) }) }),
  baidu: (phone) => {
    const { login: getLoginCode, ...rest } = common(phone);
    return { swan: strict('swan', { ...rest, getLoginCode, getUserInfo: baiduUserInfo(phone) }) };
  },
  alipay: (phone) => ({ my: strict('my', alipay(phone)) }),
  jd: (phone) => ({ jd: strict('jd', { ...common(phone), getUserInfo: userInfo(phone, []) }) }),
};

// strict fails where a function is used that the object does not have.
function strict(name, object) {
  return new Proxy(object, {
    get(target, key) {
      if (!(key in target)) throw new Error(`${name}.${String(key)} is not known`);
      return target[key];
    },
  });
}

// callBack returns a function of a host app: it takes options with callbacks, and its
// result comes later.
function callBack(known, work) {
  return ({ success, fail, complete, ...options }) => {
    const unknown = Object.keys(options).filter((name) => !known.includes(name));
    if (unknown.length > 0) throw new Error(`options that are not known: ${unknown}`);
    work(options).then(
      (result) => { success?.(result); complete?.(result); },
      (failed) => { fail?.(failed); complete?.(failed); },
    );
  };
}

const login = async (phone) => ({ code: await phone.code(), errMsg: 'login:ok' });

// common has what most host apps share.
function common(phone) {
  return {
    login: callBack([], () => login(phone)),
    request: callBack(['method', 'url', 'data', 'header'], async (options) => {
      const res = await phone.fetch(options, options.header);
      return { statusCode: res.status, header: res.header, data: res.data, errMsg: 'request:ok' };
    }),
    getStorageSync: (key) => phone.storage.get(key) ?? '',
    setStorageSync: (key, value) => { phone.storage.set(key, value); },
  };
}

// requestWithout401Body is as Kuaishou's request is known to be: a 401 is a failure whose
// text has the status.
function requestWithout401Body(phone) {
  const { request } = common(phone);
  return (options) => request({
    ...options,
    success: (res) => (res.statusCode === 401 ? options.fail({ errMsg: 'request:fail 401' }) : options.success(res)),
  });
}

// userInfo is getUserInfo after the person has agreed.
function userInfo(phone, known) {
  return callBack(known, async () => (await phone.act('allow-user-info')).detail);
}

// askingUserInfo asks the person.
function askingUserInfo(phone) {
  return callBack(['withCredentials'], async () => {
    const { detail } = await phone.act(phone.agrees ? 'allow-user-info' : 'refuse-user-info');
    if (!phone.agrees) throw { errMsg: detail.errMsg };
    return detail;
  });
}

// baiduUserInfo has the encrypted data under Baidu's name only.
function baiduUserInfo(phone) {
  return callBack([], async () => {
    const { data, iv, userInfo: info } = (await phone.act('allow-user-info')).detail;
    return { data, iv, userInfo: info };
  });
}

// alipay has other names, and an error status is a failure.
function alipay(phone) {
  return {
    getAuthCode: callBack(['scopes'], async ({ scopes }) => {
      if (![].concat(scopes).includes('auth_user')) {
        return { authCode: await phone.code(), authSuccessScopes: ['auth_base'] };
      }
      if (!phone.agrees) throw await phone.act('refuse-user-info');
      const authCode = await phone.code();
      return { ...(await phone.act('allow-user-info')), authCode };
    }),
    request: callBack(['method', 'url', 'data', 'headers', 'dataType'], async (options) => {
      const res = await phone.fetch(options, options.headers);
      const result = { status: res.status, headers: res.header, data: res.data };
      if (res.status < 200 || res.status > 299) throw { ...result, error: 19, errorMessage: 'http status error' };
      return result;
    }),
    getStorageSync: ({ key }) => ({ data: phone.storage.get(key) ?? null }),
    setStorageSync: ({ key, data }) => { phone.storage.set(key, data); },
  };
}

// Phone is a person's phone with one mini-program. base is where the login server and the
// control API are.
class Phone {
  agrees = true; // when asked by a dialog of the host app
  online = true;
  old = null; // a code that the host app gives out once more
  storage = new Map();
  late = ''; // the method of a request whose response arrives after the next login
  arrive = null; // lets it arrive
  requests = []; // to the login server: method, path, body and status

  constructor(base, platform, openid) {
    Object.assign(this, { base, platform, openid });
  }

  // code returns a login code: a new one, unless the old one is to be given again.
  async code() {
    if (!this.online) throw this.platform === 'alipay' ? { error: 12, errorMessage: 'login:fail' } : { errMsg: 'login:fail' };
    const { old } = this;
    this.old = null;
    return old ?? (await this.act('login')).code;
  }

  // act makes the person do something.
  async act(action, body) {
    return this.control('POST', `people/${this.platform}/${encodeURIComponent(this.openid)}/${action}`, body);
  }

  async control(method, path, body) {
    const res = await fetch(`${this.base}/_emulator/${path}`, { method, body: body && JSON.stringify(body) });
    if (!res.ok) throw new Error(`${path}: ${res.status}: ${await res.text()}`);
    return res.json();
  }

  // named returns the header of a response: some host apps give the names in lower case,
  // others as the server has sent them.
  named(headers) {
    const entries = [...headers];
    if (this.platform !== 'wechat') return Object.fromEntries(entries);
    return Object.fromEntries(entries.map(([name, value]) => [name.replace(/\b[a-z]/g, (c) => c.toUpperCase()), value]));
  }

  // fetch sends a request of the mini-program. As in the host apps, data is sent as JSON.
  async fetch({ method, url, data }, header) {
    if (!this.online) throw { errMsg: 'request:fail' };
    const target = url.replace('https://login.example.com', this.base);
    if (target === url) throw new Error(`a request to ${url}`);
    const res = await fetch(target, { method, headers: header, body: method === 'GET' ? undefined : JSON.stringify(data) });
    this.requests.push({ method, path: url.replace(/.*\/auth\//, ''), body: data, authorization: header.Authorization, status: res.status, id: res.headers.get('x-request-id') });
    if (method === this.late) {
      this.late = '';
      await new Promise((resolve) => { this.arrive = resolve; });
    }
    if (method === 'POST') setTimeout(() => this.arrive?.()); // when the mini-program has the response
    return { status: res.status, header: this.named(res.headers), data: await res.json() };
  }
}

module.exports = { hosts, Phone };
