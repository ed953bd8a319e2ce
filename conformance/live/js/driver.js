'use strict';

// Drives a build of the vendor's client, unmodified. Each line of standard input is a
// call,
//
//   {"call": "auth.loginWithWechat", "args": [event, {"code": "…"}]}
//
// and its outcome is a line of standard output, {"value": …} or {"error": {…}}. What
// is before the dot says whose function is called:
//
//   user    the current user that a call returned last
//   users   a query for users: an instance of BaaS.User
//   record  the user without data that a call returned last
//   else    the member of BaaS with this name
//
// An argument {"$query": [["compare", "id", "=", 1]]} is a Query, the result of these
// calls. {"$and": […]} and {"$or": […]} join such queries, and {"$regexp": "^A"} is a
// regular expression.
//
// Three lines are no calls: {"advance": seconds} moves the client's clock,
// {"surface": true} lists the client's functions and those called so far, and
// {"visit": url} opens another page in the browser of the web build. A call with
// "leaves": true is one that opens another page itself: its outcome is the URL.
//
// The only argument of the program is JSON with build, host, clientID, and the
// parameters of plugIn.

const { createInterface } = require('node:readline');

const builds = {
  wechat: { host: './phone.js', client: 'minapp-sdk/lib/index.js' },
  web: { host: './browser.js', client: 'minapp-sdk/lib/web.js' },
};
const settings = JSON.parse(process.argv[2]);
const build = builds[settings.build];
require(build.host).plugIn(settings);
require('regenerator-runtime/runtime'); // the client expects it as a global
const BaaS = require(build.client);

BaaS.init(settings.clientID, { host: settings.host });

const called = new Set();
const users = create('User');
const Record = Object.getPrototypeOf(users.getCurrentUserWithoutData()).constructor;
const CurrentUser = Object.getPrototypeOf(BaaS.auth._initCurrentUser({})).constructor;
let user = null;
let record = null;

// targets are the objects whose functions a call can name.
const targets = { user: () => user, users: () => users, record: () => record };

async function play({ call, args }) {
  const path = call.split('.');
  const name = path.pop();
  let target = BaaS;
  if (path.length > 0) target = targets[path[0]]?.() ?? BaaS[path[0]];
  const result = await invoke(target, name, args.map(argument));
  return plain(result, name);
}

// create returns a new instance of a class and notes that.
function create(name) {
  called.add(name);
  return new BaaS[name]();
}

// invoke calls a function of an object and notes that.
function invoke(target, name, args) {
  called.add(title(target, name));
  return target[name](...args);
}

// argument returns an argument with the objects that JSON cannot have.
function argument(arg) {
  if (arg?.$query) return arg.$query.reduce((query, [name, ...args]) => invoke(query, name, args.map(argument)), create('Query'));
  if (arg?.$and) return invoke(BaaS.Query, 'and', arg.$and.map(argument));
  if (arg?.$or) return invoke(BaaS.Query, 'or', arg.$or.map(argument));
  if (arg?.$regexp) return new RegExp(arg.$regexp);
  return arg;
}

// plain returns a result as JSON: a user as its fields, a response as its body. For an
// object on which calls are chained it returns null.
function plain(result, name) {
  if (result === users || (result === user && name in Record.prototype)) return null;
  if (result instanceof CurrentUser) {
    user = result;
    return result.toJSON();
  }
  if (result instanceof Record) {
    record = result;
    return null;
  }
  if (result?.statusCode === undefined) return result;
  if (name === 'request') return { status: result.statusCode, data: result.data };
  return result.data;
}

// failure returns an HError as JSON. The code of any other error is -1, because it is
// a fault of the client.
function failure(err) {
  if (typeof err?.code !== 'number') return { code: -1, message: err?.name };
  const { code, message, id, openid, unionid } = err;
  return { code, message, id, openid, unionid };
}

// surface lists the client's functions by title, without the internal ones, whose names
// begin with an underscore, and without the functions of classes that have nothing to
// do with users.
function surface() {
  const functions = new Set();
  const list = (object) => {
    for (let at = object; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
      Object.getOwnPropertyNames(at)
        .filter((name) => name !== 'constructor' && !name.startsWith('_') && typeof at[name] === 'function')
        .forEach((name) => functions.add(title(object, name)));
    }
  };
  list(BaaS);
  Object.keys(BaaS).filter((name) => !name.startsWith('_') && BaaS[name] && typeof BaaS[name] === 'object')
    .forEach((name) => list(BaaS[name]));
  [BaaS.Query, new BaaS.Query(), users, new Record(), new CurrentUser({})].forEach(list);
  return { functions: [...functions].sort(), called: [...called].sort() };
}

// title returns the name of a function in surface.
function title(target, name) {
  if (target === BaaS) return name;
  if (target instanceof Record) return `${name in Record.prototype ? 'UserRecord' : 'CurrentUser'}.${name}`;
  if (target === users) return `User.${name}`;
  if (target === BaaS.Query || target instanceof BaaS.Query) return `Query.${name}`;
  return `${Object.keys(BaaS).find((key) => BaaS[key] === target)}.${name}`;
}

// moveClock makes the client's clock show a later time than the machine's.
const realNow = Date.now;
let ahead = 0;
function moveClock(seconds) {
  ahead += seconds * 1000;
  Date.now = () => realNow() + ahead;
}

// leave makes a call that opens another page. On a page that is left nothing goes on,
// so the call itself has no outcome.
async function leave(line) {
  const page = location.href;
  let failed;
  play(line).catch((err) => { failed = err; });
  while (location.href === page) {
    if (failed) throw failed;
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
  return location.href;
}

async function respond(line) {
  if (line.visit) { location.href = line.visit; return null; }
  if (line.leaves) return leave(line);
  if (line.surface) return surface();
  if (line.advance) return moveClock(line.advance);
  return play(line);
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const outcome = await respond(JSON.parse(line)).then(
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
