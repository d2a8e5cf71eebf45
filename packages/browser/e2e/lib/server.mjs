// A running `internal-events serve`, and what it counted.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const DEFINITIONS = new URL('../definitions/', import.meta.url);

/** The metrics of an event that say how often it came, and from how many users. */
export const TOTAL = (event) => `counts.count_total_${event}`;
export const USERS = (event) => `redis_hll_counters.count_distinct_user_id_from_${event}`;

export class Server {
  #root = mkdtempSync(join(tmpdir(), 'internal-events-browser-'));
  #child;

  /** Starts one with these settings; it serves the definitions beside these scripts. */
  static async start(settings = '', flags = []) {
    const server = new Server();
    cpSync(DEFINITIONS, server.#root, { recursive: true });
    writeFileSync(join(server.#root, 'internal-events.toml'), settings);
    await server.#start(flags);
    return server;
  }

  async #start(flags) {
    const program = process.env.INTERNAL_EVENTS_BIN ?? 'internal-events';
    const stdio = ['ignore', 'pipe', process.env.VERBOSE ? 'inherit' : 'ignore'];
    const args = ['--root', this.#root, 'serve', '--listen', '127.0.0.1:0', ...flags];
    this.flags = flags;
    this.#child = spawn(program, args, { stdio });
    const failed = new Promise((_, fail) => {
      this.#child.once('error', (it) => fail(new Error(`${it.message}; INTERNAL_EVENTS_BIN names the program`)));
      this.#child.once('exit', (code) => fail(new Error(`${program} ended with ${code}`)));
    });
    failed.catch(() => {});
    const line = new Promise((read) => { createInterface(this.#child.stdout).once('line', read); });
    this.url = /^listening on (\S+)$/.exec(await Promise.race([line, failed]))[1];
  }

  /** Kills it as a crash does; what it answered for is on its disk. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((end) => { this.#child.once('exit', end); });
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Starts it again with what it had, at another address. */
  async restart() {
    await this.#start(this.flags);
  }

  async stop() {
    await this.kill();
    rmSync(this.#root, { recursive: true, force: true });
  }

  async ask(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** The value of a metric, the running week included. */
  async metric(keyPath) {
    const { metrics } = await this.ask(`/api/v4/usage_data/metrics?include_current_week=true&key_path=${keyPath}`);
    return metrics[0].value;
  }

  /** All events of this name after an entry of the journal, as they were counted. */
  async events(name, after = 0) {
    const found = [];
    for (;;) {
      const page = await this.ask(`/api/v4/usage_data/events?after=${after}&limit=1000&event=${name}`);
      found.push(...page.events.map((it) => it.event));
      if (page.last <= after) return found;
      after = page.last;
    }
  }

  /** Waits until a metric has a value; what it has by then is said, not judged. */
  async settled(keyPath, value, seconds = 10) {
    const deadline = Date.now() + seconds * 1000;
    let seen = await this.metric(keyPath);
    while (seen < value && Date.now() < deadline) {
      await setTimeout(50);
      seen = await this.metric(keyPath);
    }
    return seen;
  }
}
