'use strict';

// A phone for the vendor's WeChat client: the part of the global wx that the client
// uses. The state of the person who uses it is in the backend double, behind its
// control API.

// plugIn defines the globals that the client needs.
//
// control:    base URL of the control API, with a trailing slash
// openid:     openid of the person
// sdkVersion: version of WeChat's base library
function plugIn({ control, openid, sdkVersion }) {
  const person = `${control}people/wechat/${encodeURIComponent(openid)}`;
  const storage = new Map(); // key → JSON, because a phone stores copies
  const load = (key) => JSON.parse(storage.get(key));
  const save = (key, data = '') => { storage.set(key, JSON.stringify(data)); };

  globalThis.window = globalThis;
  globalThis.wx = {
    request: (options) => callBack(options, 'request', () => request(options)),

    login: (options) => callBack(options, 'login', async () => {
      const res = await fetch(`${person}/login`, { method: 'POST' });
      if (!res.ok) throw new Error(`login:fail status ${res.status}`);
      return { code: (await res.json()).code };
    }),

    getSystemInfoSync: () => ({ platform: 'android', SDKVersion: sdkVersion }),
    getNetworkType: (options) => callBack(options, 'getNetworkType', () => ({ networkType: 'wifi' })),

    getStorageSync: (key) => (storage.has(key) ? load(key) : ''),
    setStorageSync: save,
    getStorage: (options) => callBack(options, 'getStorage', () => {
      if (!storage.has(options.key)) throw new Error('getStorage:fail data not found');
      return { data: load(options.key) };
    }),
    setStorage: (options) => callBack(options, 'setStorage', () => save(options.key, options.data)),
  };
}

// callBack runs work and passes the result to the caller's callbacks, asynchronously,
// as wx does.
async function callBack({ success, fail, complete }, api, work) {
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

// request is wx.request. The data of a GET is sent in the query. The data of another
// method is sent in the body, as JSON unless it is a string.
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

// parse returns the text itself if it is not JSON.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

module.exports = { plugIn };
