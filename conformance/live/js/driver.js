'use strict';

// Drives the vendor's WeChat client, unmodified: a call per line of standard input,
//
//   {"call": "auth.loginWithWechat", "args": [event, {"code": "…"}]}
//
// and its outcome on a line of standard output, {"value": …} or {"error": {…}}.
// Calls that begin with "user." go to the current user that the last call gave.
// The only argument is the JSON of where the backend is and whose phone this is:
// host, clientID, and what plugIn takes.

const { createInterface } = require('node:readline');
const { plugIn } = require('./phone.js');

const settings = JSON.parse(process.argv[2]);
plugIn(settings);
require('regenerator-runtime/runtime'); // the client takes it for a global
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

// plain makes of a result what can stand in JSON: of a user its fields, of an
// answer its body.
function plain(result) {
  if (result === user) return null; // user.set(…) returns the user, to chain calls
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
