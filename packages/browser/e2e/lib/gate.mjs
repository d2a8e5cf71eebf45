// Stands between pages and the server: sees each request, and fails as it is told.
//
// It passes on what comes as it came, so that the browser and the server behave as without it.
// Faults are made here and not in the browser, for a browser that intercepts requests treats those
// of a page that is closed in another way.

import { createServer, request as ask } from 'node:http';

export class Gate {
  /** What was asked, in order: method, path, body, and the status it was answered with, if any. */
  requests = [];
  /** What happens to requests: `pass`, `refuse` (no connection), or a status they are answered with. */
  mode = 'pass';

  /**
   * `server` has a `url`, which may change while it runs. What `own` answers does not reach it, as
   * behind a proxy that has pages and events under one name.
   */
  static async open(server, own = () => false) {
    const gate = new Gate();
    gate.server = server;
    gate.own = own;
    gate.listener = createServer((request, response) => gate.#take(request, response));
    // Pages of one visit share connections; a refused one must not be kept by any of them.
    gate.listener.on('connection', (socket) => { if (gate.mode === 'refuse') socket.destroy(); });
    await new Promise((listening) => { gate.listener.listen(0, '127.0.0.1', listening); });
    gate.url = `http://127.0.0.1:${gate.listener.address().port}`;
    return gate;
  }

  #take(request, response) {
    if (this.own(request, response)) return;
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const entry = { method: request.method, url: request.url, headers: request.headers, body: body.toString(), at: Date.now() };
      this.requests.push(entry);
      if (this.mode === 'refuse') return void request.socket.destroy();
      if (this.mode !== 'pass') return void this.#fail(entry, request, response);
      this.#pass(entry, request, response, body);
    });
  }

  #fail(entry, { headers }, response) {
    entry.status = this.mode;
    // As the server itself says it, so that a page can see what it was answered.
    response.writeHead(this.mode, {
      'Access-Control-Allow-Origin': headers.origin ?? '*',
      'Access-Control-Allow-Credentials': 'true',
    });
    response.end();
  }

  #pass(entry, request, response, body) {
    const { method, url, headers } = request;
    const passed = ask(new URL(url, this.server.url), { method, headers, agent: false }, (answer) => {
      entry.status = answer.statusCode;
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => request.socket.destroy());
    passed.end(body);
  }

  /** The requests that carry events. */
  get posts() {
    return this.requests.filter((it) => it.method === 'POST' || (it.method === 'GET' && it.url.startsWith('/i?')));
  }

  /** Those that were taken. */
  get taken() {
    return this.posts.filter((it) => it.status >= 200 && it.status < 300);
  }

  async close() {
    this.listener.closeAllConnections();
    await new Promise((closed) => { this.listener.close(closed); });
  }
}

/** The labels of the events in a request of a Snowplow tracker or of REST. */
export function labels({ url, body }) {
  if (!body) return [new URL(url, 'http://localhost').searchParams.get('se_la')];
  let parsed;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  const list = parsed.data ?? parsed.events ?? [parsed];
  return list.map((it) => it.se_la ?? it.additional_properties?.label);
}
