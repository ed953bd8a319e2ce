// The program under test: it logs the users of a Kuaishou mini-program in.

// LoginFailed has the status of the backend's response.
export class LoginFailed extends Error {
  constructor(status) {
    super(`login failed with status ${status}`);
    this.status = status;
  }
}

export class Members {
  constructor(host, clientID) {
    this.host = host;
    this.clientID = clientID;
  }

  // call calls the backend and returns its response.
  async call(method, path, { body, token } = {}) {
    const headers = {
      'Content-Type': 'application/json',
      'X-Hydrogen-Client-ID': this.clientID,
      'X-Hydrogen-Client-Platform': 'KUAISHOU',
    };
    if (token) headers.Authorization = `Hydrogen-r1 ${token}`;
    const response = await fetch(this.host + path, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new LoginFailed(response.status);
    return response.json();
  }

  // login exchanges the login code of a phone for the user's id and token.
  async login(code, createUser = true) {
    const { user_info: user, token } = await this.call('POST', '/hserve/v2.5/idp/kuaishou/silent-login/', {
      body: { code, create_user: createUser },
    });
    return { id: user.id, token };
  }

  async nickname({ id, token }) {
    return (await this.call('GET', `/hserve/v2.5/user/info/${id}/`, { token })).nickname;
  }
}
