'use strict';

// A phone for the vendor's WeChat client: the global wx, as far as the client
// asks for it. The person who holds it lives in the backend double, and comes
// over its control API.

// plugIn defines the globals that the client finds on a phone.
//
// control:    base URL of the control API, with a slash at its end
// openid:     the person
// sdkVersion: version of WeChat's base library
function plugIn({ control, openid, sdkVersion }) {
  const person = `${control}people/wechat/${encodeURIComponent(openid)}`;
  const storage = new Map(); // key → JSON, as a phone keeps copies
  const load = (key) => JSON.parse(storage.get(key));
  const save = (key, data = '') => { storage.set(key, JSON.stringify(data)); };

  globalThis.window = globalThis;
  globalThis.wx = {
    request: (options) => answer(options, 'request', () => request(options)),

    login: (options) => answer(options, 'login', async () => {
      const res = await fetch(`${person}/login`, { method: 'POST' });
      if (!res.ok) throw new Error(`login:fail status ${res.status}`);
      return { code: (await res.json()).code };
    }),

    getSystemInfoSync: () => ({ platform: 'android', SDKVersion: sdkVersion }),
    getNetworkType: (options) => answer(options, 'getNetworkType', () => ({ networkType: 'wifi' })),

    getStorageSync: (key) => (storage.has(key) ? load(key) : ''),
    setStorageSync: save,
    getStorage: (options) => answer(options, 'getStorage', () => {
      if (!storage.has(options.key)) throw new Error('getStorage:fail data not found');
      return { data: load(options.key) };
    }),
    setStorage: (options) => answer(options, 'setStorage', () => save(options.key, options.data)),
  };
}

// answer runs work and tells the caller's callbacks how it went, later, as all
// asynchronous calls of wx do.
async function answer({ success, fail, complete }, api, work) {
  let result;
  let ok = true;
  try {
    result = { ...(await work()), errMsg: `${api}:ok` };
  } catch (err) {
    ok = false;
    result = { errMsg: err.message };
  }
  if (ok) success?.(result);
  else fail?.(result);
  complete?.(result);
}

// request is wx.request: the data of a GET goes into the query, that of other
// methods into the body, as JSON unless it is text.
async function request({ url, method = 'GET', data, header = {}, dataType = 'json' }) {
  const target = new URL(url);
  const init = { method, headers: { 'content-type': 'application/json', ...header } };
  if (method === 'GET') {
    Object.entries(data ?? {}).forEach(([key, value]) => target.searchParams.append(key, value));
  } else if (data !== undefined) {
    init.body = typeof data === 'string' ? data : JSON.stringify(data);
  }
  const res = await fetch(target, init);
  const text = await res.text();
  return {
    statusCode: res.status,
    header: Object.fromEntries(res.headers),
    data: dataType === 'json' ? parse(text) : text,
  };
}

// parse leaves what is not JSON as it is.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

module.exports = { plugIn };
