import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Emulator } from './emulator.mjs';
import { Members } from './members.mjs';

const silentLogin = 'POST /hserve/v2.5/idp/kuaishou/silent-login/';
let emulator, members;

before(async () => {
  emulator = await Emulator.start();
  members = new Members(emulator.url, 'my-app');
});
beforeEach(() => emulator.startOver());
afterEach(async () => {
  const unused = (await emulator.control('GET', 'faults')).filter((fault) => fault.hits === 0);
  assert.deepEqual(unused, [], 'faults that no request met');
});
after(async () => assert.equal(await emulator.stop(), 0));

test('a seeded user logs in', async () => {
  const user = await members.login(await emulator.code('ks-ann'));
  assert.equal(user.id, 7);
  assert.equal(await members.nickname(user), 'Ann');
});

test('a new user gets an account', async () => {
  await assert.rejects(members.login(await emulator.code('ks-bob'), false), { status: 404 });
  const { id } = await members.login(await emulator.code('ks-bob'));
  assert.equal((await emulator.control('GET', 'people/ks/ks-bob')).user.id, id);
});

test('a code is good once', async () => {
  const code = await emulator.code('ks-ann');
  await members.login(code);
  await assert.rejects(members.login(code), { status: 400 });
});

test('a token expires', async () => {
  const user = await members.login(await emulator.code('ks-ann'));
  await emulator.control('POST', 'clock', { advance: '31d' });
  await assert.rejects(members.nickname(user), { status: 401 });
});

test('the backend fails once', async () => {
  await emulator.control('POST', 'faults', { route: silentLogin, status: 503, times: 1 });
  await assert.rejects(members.login(await emulator.code('ks-ann')), { status: 503 });
  assert.equal((await members.login(await emulator.code('ks-ann'))).id, 7);
});

test('each login is one request', async () => {
  await members.login(await emulator.code('ks-ann'));
  const asked = (await emulator.control('GET', 'journal')).map((r) => `${r.method} ${r.path}`);
  assert.deepEqual(asked, [silentLogin]);
});
