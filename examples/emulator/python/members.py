"""The program under test: it logs the users of a Kuaishou mini-program in."""

import json
import urllib.error
import urllib.request

# The emulator is on this machine, so no proxy is asked.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class LoginFailed(Exception):
    """The backend did not log the user in. The status is that of its response."""

    def __init__(self, status):
        super().__init__(f"login failed with status {status}")
        self.status = status


class Members:
    def __init__(self, host, client_id):
        self.host = host
        self.client_id = client_id

    def call(self, method, path, body=None, token=None):
        """Call the backend and return its response."""
        headers = {
            "Content-Type": "application/json",
            "X-Hydrogen-Client-ID": self.client_id,
            "X-Hydrogen-Client-Platform": "KUAISHOU",
        }
        if token is not None:
            headers["Authorization"] = f"Hydrogen-r1 {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.host + path, data, headers, method=method)
        try:
            with opener.open(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise LoginFailed(error.code) from None

    def login(self, code, create_user=True):
        """Exchange the login code of a phone. It returns the user's id and token."""
        body = {"code": code, "create_user": create_user}
        got = self.call("POST", "/hserve/v2.5/idp/kuaishou/silent-login/", body)
        return got["user_info"]["id"], got["token"]

    def nickname(self, user_id, token):
        return self.call("GET", f"/hserve/v2.5/user/info/{user_id}/", token=token)["nickname"]
