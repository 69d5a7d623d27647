// Every page that a link leads to, in a demonstration that has a past: lists that are full, figures that are drawn,
// states that a story does not pass. Each is valid, accessible and fits a phone, and no link is broken.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startDemo } from './demo.mjs';
import { Inspector } from './inspector.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo({ past: true }), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A page's kind: its path without what names one thing. Ids have digits, or are long. */
const kind = (url) => new URL(url).pathname.split('/').map((part) => (/\d|.{16}/.test(part) ? ':id' : part)).join('/');

/** What is a file, or no page of ours. */
const file = (link) => link.download || link.type || /\.(json|csv|zip)$|\/originaux\/|^\/\.well-known\//.test(new URL(link.href).pathname);

for (const [door, who, least, seen] of [
  ['patient', (ready) => ready.patients[0], 18, 700], ['professionnel', (ready) => ready.professionals[0], 12, 730],
  ['professionnel', (ready) => ready.professionals[2], 14, 760],
]) {
  it(`follows every link of a ${door} with a past (${seen})`, { timeout: 240_000 }, async () => {
    const visitor = await Visitor.arrive(browser, { script: true });
    const { page } = visitor;
    await visitor.logIn(demo, door, who(demo.ready).name);
    const inspector = new Inspector(visitor, { forbidden: ['@patient.mssante.fr'], pictures: process.env.SCREENSHOTS, seen, brief: true });
    const met = new Map();
    const open = [page.url()];
    while (open.length > 0) {
      const url = open.shift();
      if (met.has(kind(url))) continue;
      await page.goto(url, { waitUntil: 'domcontentloaded' });
      met.set(kind(url), url);
      assert.equal(page.answer.status(), 200, `${kind(url)} answers ${page.answer.status()}`);
      await inspector.look(page, `past${kind(url).replaceAll('/', '-').replaceAll(':', '')}`);
      const links = await page.locator('a[href]').evaluateAll((all) => all.map((a) => ({ href: a.href, download: a.hasAttribute('download'), type: a.type })));
      for (const link of links) {
        if (link.href.startsWith(demo.ready.http) && !file(link)) open.push(link.href.split('#')[0]);
      }
    }
    assert.ok(met.size >= least, `only ${met.size} pages were met: ${[...met.keys()].join(' ')}`);
    assert.deepEqual(inspector.faults, []);
    await visitor.leave();
  });
}
