// Runs the emulator for tests. It needs Node.js 20 and nothing else.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const seed = JSON.parse(await readFile(new URL('../seed.json', import.meta.url), 'utf8'));

export class Emulator {
  // start runs an emulator on a free port and waits until it listens.
  static async start() {
    const program = process.env.BAAS_EMULATOR ?? 'baas-emulator';
    const child = spawn(program, ['-addr', '127.0.0.1:0', '-client-id', 'my-app'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit'), // an unknown program is an exception of either
    ]);
    const url = /^listening on (.+)$/.exec(line)?.[1];
    if (!url) throw new Error(`${program} does not listen: ${line}`);
    return new Emulator(url, child);
  }

  constructor(url, child) {
    this.url = url;
    this.child = child;
  }

  // stop ends the emulator and returns its exit code.
  async stop() {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    return (await exited)[0];
  }

  // control calls the control API. An error response is an exception.
  async control(method, path, body) {
    const response = await fetch(`${this.url}/_emulator/${path}`, { method, body: body && JSON.stringify(body) });
    const value = await response.json();
    if (!response.ok) throw new Error(value.error);
    return value;
  }

  // startOver leaves nothing but the seed, at the real time.
  async startOver() {
    await this.control('POST', 'reset');
    await this.control('POST', 'seed', seed);
    await this.control('POST', 'clock', { set: new Date().toISOString() });
  }

  // code has a person's phone on Kuaishou get a login code.
  async code(openid) {
    return (await this.control('POST', `people/ks/${openid}/login`)).code;
  }
}
