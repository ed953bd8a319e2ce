// Logs a person in with the client that is generated from the description of the routes.
// BASE is where the login server and the control API of the backend double are.

import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

declare const process: { env: Record<string, string | undefined>; exitCode: number };

const base = process.env['BASE'] ?? '';
const api = createClient<paths>({ baseUrl: `${base}/auth` });

// newCode is ks.login() on the person's phone.
async function newCode(): Promise<string> {
  const res = await fetch(`${base}/_emulator/people/kuaishou/typescript/login`, { method: 'POST' });
  return (await res.json() as { code: string }).code;
}

function require<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(what);
  return value;
}

function equal<T>(got: T, want: T): void {
  if (got !== want) throw new Error(`${String(got)} is not ${String(want)}`);
}

const onKuaishou = { params: { path: { platform: 'kuaishou' } } } as const;
const code = await newCode();
const login = await api.POST('/login/{platform}', { ...onKuaishou, body: { code } });
const session = require(login.data, `login: ${JSON.stringify(login.error)}`);
const token: string = require(session.token, 'no token');
const headers = { Authorization: `Bearer ${token}` };
equal(session.expires_at > Date.now() / 1000, true);

const me = await api.GET('/me', { headers });
const user: components['schemas']['User'] = require(me.data, `me: ${JSON.stringify(me.error)}`).user;
equal(user.id, session.user.id);

const logout = await api.POST('/logout', { headers, body: {} });
equal(logout.response.status, 200);

// An error has its code.
const after = await api.GET('/me', { headers });
const ended: components['schemas']['Error'] = require(after.error, 'the session goes on after the logout');
equal(ended.code, 604);
equal(after.response.status, 401);

const spent = await api.POST('/login/{platform}', { ...onKuaishou, body: { code } });
equal(spent.error?.code, 400);
equal(spent.error?.code_spent, true);

// The types refuse what the server refuses.
// @ts-expect-error: no platform has this name
const platform = await api.POST('/login/{platform}', { params: { path: { platform: 'other' } }, body: { code: await newCode() } });
equal(platform.response.status, 404);
// @ts-expect-error: no route has this field
const wrong: components['schemas']['PlatformLogin'] = { code: await newCode(), create_user: true };
const field = await api.POST('/login/{platform}', { ...onKuaishou, body: wrong });
equal(field.error?.code, 605);
// @ts-expect-error: the code is needed
const missing = await api.POST('/login/{platform}', { ...onKuaishou, body: { createUser: true } });
equal(missing.error?.code, 605);

console.log(`logged in ${String(user.id)}`);
