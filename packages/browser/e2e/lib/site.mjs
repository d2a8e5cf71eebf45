// Serves the pages of the tests, from an origin of their own.

import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { ours, packaged } from './packages.mjs';

const PAGES = new URL('../site/', import.meta.url);
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css' };

/** Scripts that pages load by a short name. */
const PACKAGES = {
  '/official.js': () => packaged('@snowplow/browser-tracker/dist/index.umd.min.js'),
  '/vue3.js': () => packaged('vue/dist/vue.global.js'),
  '/vue3.esm.js': () => packaged('vue/dist/vue.esm-browser.js'),
  '/vue2.js': () => packaged('vue2/dist/vue.js'),
};

/**
 * Opens a site; `pages` adds pages to those in the folder, each a text or a function that makes
 * it of the query, `headers` are sent with each answer, and `values` stand where pages name them
 * in double braces.
 */
export async function openSite(pages = {}, { headers = {}, values = {} } = {}) {
  const listener = createServer((request, response) => {
    if (answer(request, response, { pages, headers, values })) return;
    response.writeHead(404).end('There is no such page.');
  });
  await new Promise((listening) => { listener.listen(0, '127.0.0.1', listening); });
  const url = `http://127.0.0.1:${listener.address().port}`;
  const close = () => {
    listener.closeAllConnections();
    return new Promise((closed) => { listener.close(closed); });
  };
  return { url, close };
}

/** Answers a request for a page, if there is such a page. */
export function answer(request, response, { pages = {}, headers = {}, values = {} } = {}) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const body = request.method === 'GET' ? find(pathname, searchParams, pages) : undefined;
  if (body === undefined) return false;
  const type = TYPES[extname(pathname)] ?? TYPES['.html'];
  response.writeHead(200, { 'Content-Type': type, ...headers });
  response.end(type === TYPES['.html'] ? fill(String(body), values) : body);
  return true;
}

const fill = (text, values) => text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? '');

function find(path, query, pages) {
  const page = pages[path];
  if (page !== undefined) return typeof page === 'function' ? page(query) : page;
  if (PACKAGES[path]) return PACKAGES[path]();
  if (path.startsWith('/dist/')) return ours(path.slice('/dist/'.length));
  const file = new URL(`.${path}`, PAGES);
  return existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined;
}
