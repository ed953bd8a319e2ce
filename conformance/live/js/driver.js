'use strict';

// Drives the vendor's WeChat client, unmodified. Each line of standard input is a call,
//
//   {"call": "auth.loginWithWechat", "args": [event, {"code": "…"}]}
//
// and its outcome is a line of standard output, {"value": …} or {"error": {…}}. Calls
// that begin with "user." are made on the current user that the last call returned.
// The only argument of the program is JSON with host, clientID, and the parameters of
// plugIn.

const { createInterface } = require('node:readline');
const { plugIn } = require('./phone.js');

const settings = JSON.parse(process.argv[2]);
plugIn(settings);
require('regenerator-runtime/runtime'); // the client expects it as a global
const BaaS = require('minapp-sdk');

BaaS.init(settings.clientID, { host: settings.host });

let user = null;

async function play({ call, args }) {
  const path = call.split('.');
  const name = path.pop();
  let target = BaaS;
  if (path[0] === 'user') target = user;
  else if (path.length > 0) target = BaaS[path[0]];
  return plain(await target[name](...args));
}

// plain returns a result as JSON: a user as its fields, a response as its body.
function plain(result) {
  if (result === user) return null; // user.set(…) returns the user, for method chaining
  if (typeof result?.toJSON === 'function') {
    user = result;
    return result.toJSON();
  }
  return result?.statusCode === undefined ? result : result.data;
}

function failure(err) {
  const { code, message, id, openid, unionid } = err;
  return { code, message, id, openid, unionid };
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const outcome = await play(JSON.parse(line)).then(
      (value) => ({ value: value ?? null }),
      (err) => ({ error: failure(err) }),
    );
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

main().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  process.exitCode = 1;
});
