// What Node programs are served with: fastify, which parses the same bodies and keeps nothing.
//
// Says where it listens as the product does.

import { createRequire } from 'node:module';

// The package is installed in the folder we are started in.
const require = createRequire(`${process.cwd()}/`);
const server = require('fastify')({ bodyLimit: 2 ** 21 });

server.post('/api/v4/usage_data/track_event', async ({ body }, reply) => {
  if (typeof body.event !== 'string') return reply.code(400).send();
  return { status: 'accepted' };
});

server.post('/com.snowplowanalytics.snowplow/tp2', async ({ body }, reply) => {
  for (const event of body.data) {
    const contexts = JSON.parse(Buffer.from(event.cx, 'base64url').toString());
    if (!Array.isArray(contexts.data)) return reply.code(400).send();
  }
  return 'ok';
});

const address = await server.listen({ host: '127.0.0.1', port: 0 });
console.log(`listening on ${address}`);
