'use strict';

// A browser for the vendor's web client: the part of window that the client uses. The
// page has the origin of the host, so no request is to another origin.

// plugIn defines the globals that the client needs.
//
// host: base URL of the backend
function plugIn({ host }) {
  const storage = new Map(); // key → text
  globalThis.window = globalThis;
  globalThis.location = new URL('/page', host);
  globalThis.history = { replaceState(state, unused, url) { location.href = url; } };
  globalThis.addEventListener = () => {}; // nothing happens on the page
  globalThis.localStorage = {
    getItem: (key) => storage.get(key) ?? null,
    setItem: (key, value) => { storage.set(key, String(value)); },
  };
  globalThis.XMLHttpRequest = XMLHttpRequest;
}

// XMLHttpRequest is the part of the browser's class that axios uses.
class XMLHttpRequest {
  readyState = 0;
  status = 0;
  statusText = '';
  responseText = '';
  responseURL = '';
  #init = { headers: {} };
  #received = new Headers();

  open(method, url) {
    this.#init.method = method;
    this.responseURL = url;
  }

  setRequestHeader(name, value) { this.#init.headers[name] = value; }

  getAllResponseHeaders() {
    return [...this.#received].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  async send(body) {
    try {
      const res = await fetch(this.responseURL, { ...this.#init, body });
      this.responseText = await res.text();
      this.status = res.status;
      this.statusText = res.statusText;
      this.#received = res.headers;
    } catch {
      this.onerror?.();
      return;
    }
    this.readyState = 4;
    this.onreadystatechange?.();
  }
}

module.exports = { plugIn };
