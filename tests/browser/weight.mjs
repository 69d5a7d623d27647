// What a page weighs on its first visit, and in how many rounds it comes.

import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';

/**
 * Opens an address with an empty cache and asserts that all of it is less than 60 kB and that the page itself names all
 * that it needs: one round after the page. answers is how many come at least.
 */
export async function weigh(visitor, url, answers = 2) {
  const page = await visitor.tab();
  const log = await visitor.context.newCDPSession(page);
  await log.send('Network.enable');
  await log.send('Network.setCacheDisabled', { cacheDisabled: true });
  const [weights, asked] = [new Map(), []];
  log.on('Network.requestWillBeSent', ({ request, initiator }) => asked.push([request.url, initiator.type]));
  log.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => weights.set(requestId, encodedDataLength));
  await page.goto(url, { waitUntil: 'load' });
  await eventually('all answers', () => weights.size >= answers);
  const total = [...weights.values()].reduce((a, b) => a + b, 0);
  console.log(`${new URL(url).pathname.replace(/[\w-]{12,}/g, '…')}: ${total} octets in ${weights.size} answers`);
  assert.ok(total > 3000 && total < 60_000, `${url} weighs ${total} octets`);
  for (const [address, initiator] of asked) {
    // The stream of the list stays open, and brings nothing that the page needs.
    if (address !== url && !address.includes('/evenements')) assert.equal(initiator, 'parser', `${address} is asked for late`);
  }
  await page.close();
}
