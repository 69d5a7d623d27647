// Hostile HTML in a real browser: every attack of vectors.mjs is sent as mail and opened by the patient,
// with our content policy and without it. Nothing may run, nothing may be called, and no element or
// attribute may be left that could.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { startDemo } from './demo.mjs';
import { setTrap } from './hostile.mjs';
import { Inspector } from './inspector.mjs';
import { carries, send } from './mail.mjs';
import { vectors } from './vectors.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

/** How many attacks one message carries, each in a part of its own. */
const perMessage = 12;

/** What a message may keep: elements, and attributes with what their values look like. */
const elements = new Set(`p div br hr blockquote pre code b strong i em u s del ins sub sup small ul ol li dl dt dd a img
  h3 h4 h5 h6 table caption thead tbody tfoot tr th td`.split(/\s+/));
const attributes = {
  href: /^(https?:\/\/|mailto:)/, rel: /^nofollow noreferrer( noopener)?$/, target: /^_blank$/, src: /^data:image\/(png|jpeg|gif);base64,/,
  alt: /^/, width: /^\d+$/, height: /^\d+$/,
};

let demo, browser, trap, attacks;

before(async () => {
  [demo, browser, trap] = await Promise.all([startDemo(), launchBrowser(), setTrap()]);
  attacks = vectors(trap.origin);
  const { patients, professionals } = demo.ready;
  for (let i = 0; i < attacks.length; i += perMessage) {
    const html = attacks.slice(i, i + perMessage).map(({ name, html }) => `<p>Attaque ${name}</p>${html}`);
    await send(demo, { from: professionals[0].mailboxes[0], to: patients[0].address, subject: `Attaques ${i}`, text: 'Texte', html });
  }
});
after(async () => {
  await browser?.close();
  trap?.close();
  await demo?.stop();
});

it('many of the attacks work where nothing stops them', { timeout: 200_000 }, async () => {
  const patience = Date.now() + 60_000; // an attack may freeze the browser for as long as it likes
  let victim = await Visitor.arrive(browser, { script: true });
  const dialogs = new Set();
  for (const { html } of attacks) {
    if (Date.now() > patience) break;
    trap.serve(html);
    const done = await within(5000, victim.page.goto(`${trap.origin}/control`, { waitUntil: 'load', timeout: 4000 }).then(() => provoke(victim.page)));
    for (const name of victim.dialogs) dialogs.add(name);
    if (!done) {
      within(1000, victim.leave());
      victim = await Visitor.arrive(browser, { script: true });
    }
  }
  const worked = attacks.filter(({ name }) => dialogs.has(name) || trap.calls.includes(`/called/${name}`));
  await within(5000, victim.leave());
  trap.calls.length = 0;
  console.log(`${worked.length} of ${attacks.length} attacks work in this browser`);
  assert.ok(worked.length >= 30, `only ${worked.map(({ name }) => name).join(' ')} work`);
});

for (const policy of [true, false]) {
  describe(policy ? 'with the content policy' : 'without the content policy', () => {
    it('no attack works', { timeout: 300_000 }, async () => {
      const visitor = await Visitor.arrive(browser, { script: true, bypassCSP: !policy });
      const { page } = visitor;
      await page.goto(demo.ready.web.patientLogin);
      await page.getByRole('button', { name: demo.ready.patients[0].name }).click();
      await page.waitForURL(`${demo.ready.http}/messages`);
      const threads = await page.locator('.thread a').evaluateAll((links) => links.map((a) => a.href));
      assert.equal(threads.length, Math.ceil(attacks.length / perMessage));
      let shown = '';
      for (const thread of threads) {
        await page.goto(thread, { waitUntil: 'load' });
        shown += await page.locator('.mail').innerText();
        assert.deepEqual(await page.locator('.mail *').evaluateAll(strange, [[...elements], sources(attributes)]), []);
        assert.equal(await page.locator('h1').count(), 1);
        assert.equal(await page.locator('.mail [data-click]').count(), 0);
        for (const link of await page.locator('.mail a:not([href])').all()) await link.click();
        await provoke(page);
      }
      for (const { name } of attacks) assert.ok(shown.includes(`Attaque ${name}`), `the text before ${name} is lost`);
      assert.deepEqual(visitor.dialogs, []);
      assert.deepEqual(trap.calls, []);
      assert.ok(!visitor.origins.has(trap.origin));
      await visitor.leave();
    });
  });
}

describe('a message with a picture', () => {
  const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR42mPQiDoBRAwQCgAhpgUp8+/LywAAAABJRU5ErkJggg==';

  for (const script of [true, false]) {
    it(`shows it, the text alone, and the original without addresses, ${script ? 'with' : 'without'} JavaScript`, { timeout: 120_000 }, async () => {
      const { patients, professionals } = demo.ready;
      const [patient, sender] = [patients[1], professionals[0].mailboxes[0]];
      const subject = `Image ${script}`;
      await send(demo, {
        from: sender, to: patient.address, subject, text: 'Le texte seul.',
        html: `<p>Le <b>logo</b> : <img src="data:image/png;base64,${dot}" alt="logo du cabinet"> <img src="${trap.origin}/pixel" alt="pixel">`
          + '<a href="https://sante.example/">lien</a></p>',
        file: {
          name: 'joint.eml', type: 'message/rfc822',
          content: `From: <${sender}>\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>Message <b>transmis</b></p>\r\n`,
        },
      });
      const visitor = await Visitor.arrive(browser, { script });
      const { page } = visitor;
      const inspector = new Inspector(visitor, { forbidden: [sender], pictures: '' });
      await page.goto(demo.ready.web.patientLogin);
      await page.getByRole('button', { name: patient.name }).click();
      await page.waitForURL(`${demo.ready.http}/messages`);
      await page.getByRole('link', { name: subject }).click();
      await page.getByRole('heading', { level: 1, name: subject }).waitFor();
      const drawn = await visitor.withScript(page, () => page.locator('.mail img').evaluateAll((found) => found.map((e) => [e.alt, e.naturalWidth])));
      assert.deepEqual(drawn, [['logo du cabinet', 2]]);
      await page.getByText('ne sont pas chargées, pour protéger votre vie privée').waitFor();
      assert.equal(await page.getByRole('link', { name: 'lien' }).getAttribute('rel'), 'nofollow noreferrer noopener');
      await inspector.look(page, 'picture');

      await page.getByRole('link', { name: 'Afficher le texte seul' }).click();
      await page.getByText('Le texte seul.').waitFor();
      assert.equal(await page.locator('.mail').count(), 0);
      await inspector.look(page, 'text-alone');

      await page.getByRole('link', { name: 'Lire le message joint' }).click();
      await page.locator('.mail', { hasText: 'Message transmis' }).waitFor();
      await inspector.look(page, 'attached-message');
      await page.getByRole('link', { name: 'Revenir à la conversation' }).click();

      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'message d’origine' }).click()]);
      const original = await readFile(await download.path(), 'latin1');
      assert.equal(download.suggestedFilename(), 'message.eml');
      assert.ok(!original.split('\r\n\r\n')[0].toLowerCase().includes(sender.toLowerCase()), 'the original holds the address (D11)');
      assert.match(original, /^From: .* :;\r\n/);
      assert.ok(carries(original, Buffer.from('Le texte seul.')), 'the original lacks the text');

      assert.deepEqual(inspector.faults, []);
      assert.deepEqual(visitor.dialogs, []);
      assert.deepEqual(trap.calls, []);
      await visitor.leave();
    });
  }
});

/** Resolves to whether a promise was kept within so many milliseconds. */
function within(milliseconds, promise) {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(() => resolve(false), milliseconds); });
  return Promise.race([promise.then(() => true, () => false), late]).finally(() => clearTimeout(timer));
}

/** Does what a reader may do, clicks on what asks for it, and lets the page be drawn twice. */
function provoke(page) {
  return within(3000, page.evaluate(() => {
    for (const e of document.querySelectorAll('[data-click]')) e.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    return new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); });
  })); // the page may have been led away, or stand behind another one, where it is not drawn
}

/** Regular expressions as texts, which can be handed to a page. */
const sources = (map) => Object.fromEntries(Object.entries(map).map(([key, { source }]) => [key, source]));

/** In the page: what of the elements found may not be there. */
function strange(found, [names, values]) {
  const faults = [];
  for (const e of found) {
    if (!names.includes(e.localName) || e.namespaceURI !== 'http://www.w3.org/1999/xhtml') faults.push(e.outerHTML);
    for (const { name, value } of e.attributes) {
      if (!values[name] || !new RegExp(values[name]).test(value)) faults.push(`${name}="${value}"`);
    }
  }
  return faults;
}
