// Tracks orders with the official Node tracker, as it is, and ends when all of them were answered.
//
// The one argument is JSON: where to send, and for each tracker its configuration and how many
// orders of which users it tracks. Prints how many requests failed and were sent again.

import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

// The packages are installed in the folder we are started in.
const require = createRequire(`${process.cwd()}/`);
const {
  buildPageView, buildSelfDescribingEvent, buildStructEvent, newTracker,
} = require('@snowplow/node-tracker');

const STANDARD = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';

const { endpoint, trackers } = JSON.parse(process.argv[2]);
let failures = 0;
for (const [index, each] of trackers.entries()) {
  await track(`node-${index}`, each);
}
console.log(JSON.stringify({ failures }));

async function track(namespace, { base64, orders, others, users, ...emitter }) {
  let answered = 0;
  const tracker = newTracker({ namespace, appId: 'shop', encodeBase64: base64 }, {
    endpoint,
    ...emitter,
    onRequestSuccess: (events) => { answered += events.length; },
    onRequestFailure: () => { failures += 1; },
  });
  for (let n = 0; n < orders; n += 1) {
    const data = {
      environment: 'test', source: 'shop', user_id: n % users, project_id: 7, namespace_id: 2,
    };
    tracker.track(
      buildStructEvent({ category: 'shop', action: 'create_order', label: `${namespace}-${n}` }),
      [{ schema: STANDARD, data }],
    );
    // Batches grow to the buffer's size only if the tracker gets to send in between.
    if (n % 5 === 0) await setTimeout(1);
  }
  for (let n = 0; n < others; n += 1) {
    tracker.track(buildPageView({ pageUrl: 'https://shop.example.com/', pageTitle: 'Shop' }));
    const schema = 'iglu:com.example/order/jsonschema/1-0-0';
    tracker.track(buildSelfDescribingEvent({ event: { schema, data: { action: 'create_order' } } }));
  }
  // The tracker sends again what failed only when it is told to send.
  while (answered < orders + 2 * others) {
    tracker.flush();
    await setTimeout(10);
  }
}
