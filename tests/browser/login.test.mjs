// How people log in, stay logged in and leave: the way in, the exercise of a professional, a structure's staff, the connections
// of a person, and the warning before one ends.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startDemo } from './demo.mjs';
import { Inspector } from './inspector.mjs';
import { send } from './mail.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A browser with what is needed to use and judge the pages. */
async function arrive(script, seen) {
  const visitor = await Visitor.arrive(browser, { script });
  const { page } = visitor;
  const inspector = new Inspector(visitor, { forbidden: [], pictures: process.env.SCREENSHOTS, seen });
  return {
    visitor, page,
    at: (path) => demo.ready.http + path,
    look: (state) => inspector.look(page, state),
    press: (name) => page.getByRole('button', { name }).first().click(),
    follow: (name) => page.getByRole('link', { name }).first().click(),
    home: () => page.waitForURL((url) => url.origin === demo.ready.http),
    async leave() {
      await visitor.leave();
      assert.deepEqual(inspector.faults, []);
    },
  };
}

it('lets a professional choose the way in and the exercise, and change it (D26, I46)', { timeout: 120_000 }, async () => {
  const { page, at, look, press, follow, home, leave } = await arrive(false, 600);
  await page.goto(at('/oauth/login/professional'));
  await page.getByRole('heading', { level: 1, name: 'S’identifier comme professionnel' }).waitFor();
  await look('login-ways');
  await page.getByRole('region', { name: 'Pro Santé Connect' }).getByRole('link').click();
  await press('MERCANTON');
  await home();
  await page.getByRole('heading', { level: 1, name: 'Choisir votre exercice' }).waitFor();
  await look('login-exercise');
  await page.getByLabel('Cabinet du Pont-Neuf').check();
  await press('Continuer');
  if (new URL(page.url()).pathname === '/conditions') {
    await page.getByLabel('J’ai lu ces conditions').check();
    await press('Accepter');
  }
  assert.match(await page.locator('.who-exercise').innerText(), /Cabinet du Pont-Neuf/);
  await look('login-desk');
  await follow('Changer d’exercice');
  await page.getByLabel('Centre hospitalier du Valdoux').check();
  await look('login-exercise-other');
  await press('Continuer');
  await page.locator('.who-exercise', { hasText: 'Valdoux' }).waitFor();
  await follow('Mes connexions');
  await page.getByText('Cette connexion', { exact: true }).waitFor();
  await look('connections-professional');
  await leave();
});

it('lets in the staff of a structure that it lists, and nobody else (D26, D27)', { timeout: 120_000 }, async () => {
  for (const [name, listed] of [['Sophie AMBLARDET', true], ['Paul INTERVALLE', false]]) {
    const { page, at, look, press, home, leave } = await arrive(false, listed ? 610 : 620);
    await page.goto(at('/oauth/login/professional'));
    await page.getByRole('region', { name: 'Mon établissement' }).getByRole('link').first().click();
    await press(name);
    await home();
    if (listed) {
      await page.locator('.who-name', { hasText: name }).waitFor();
    } else {
      assert.equal(await page.locator('.who-name').count(), 0, 'somebody who is not listed is logged in');
      assert.equal(page.answer.status(), 403);
    }
    await look(listed ? 'login-staff' : 'login-staff-refused');
    await leave();
  }
});

it('shows where a patient is logged in, and ends one connection alone', { timeout: 120_000 }, async () => {
  const patient = demo.ready.patients[0].name;
  const [here, there] = [await arrive(false, 630), await arrive(false, 640)];
  await here.visitor.logIn(demo, 'patient', patient);
  await there.visitor.logIn(demo, 'patient', patient);
  await here.follow('Mon compte');
  await here.follow('Voir où vous êtes connecté');
  assert.equal(await here.page.getByText('Cette connexion', { exact: true }).count(), 1);
  await here.look('connections');
  await here.press('Mettre fin à cette connexion');
  await here.page.getByRole('status').filter({ hasText: 'Cette connexion a pris fin.' }).waitFor();
  assert.equal(await here.page.getByRole('button', { name: 'Mettre fin à cette connexion' }).count(), 0);
  await here.look('connections-one');
  await there.page.goto(there.at('/messages'));
  assert.notEqual(new URL(there.page.url()).origin, demo.ready.http, 'the other connection goes on');
  await there.leave();
  await here.leave();
});

it('warns before a connection ends, and lets the patient stay without losing a word (RGAA 13.1)', { timeout: 120_000 }, async () => {
  const [patient, doctor] = [demo.ready.patients[1], demo.ready.professionals[1]];
  await send(demo, { from: doctor.mailboxes[0], to: patient.address, subject: 'Votre suivi', text: 'Bonjour.' });
  const { visitor, page, look, press, follow, leave } = await arrive(true, 650);
  await page.clock.install();
  await visitor.logIn(demo, 'patient', patient.name);
  await follow('Votre suivi');
  await page.locator('summary', { hasText: 'Répondre' }).click();
  const text = page.getByLabel('Votre message');
  await text.fill('Un début de réponse.');
  const notice = page.locator('.session');
  await page.clock.fastForward('26:00');
  assert.equal(await notice.innerText(), '');
  await page.clock.fastForward('02:00');
  await notice.getByText('Sans activité de votre part, votre connexion prend fin à').waitFor();
  assert.equal(await text.evaluate((field) => document.activeElement === field), true, 'the notice took the focus');
  await look('session-warning');
  const stay = notice.getByRole('button', { name: 'Rester connecté' });
  const answer = page.waitForResponse((r) => new URL(r.url()).pathname === '/oauth/session/renew');
  await text.focus();
  await stay.focus();
  await page.keyboard.press('Enter');
  assert.equal((await answer).status(), 303);
  await notice.getByText('Vous restez connecté jusqu’à').waitFor();
  await page.clock.fastForward('00:11');
  await stay.waitFor({ state: 'detached' });
  assert.equal(await text.evaluate((field) => document.activeElement === field), true, 'the focus did not come back');
  const typed = page.waitForResponse((r) => new URL(r.url()).pathname === '/oauth/session/renew');
  await page.clock.fastForward('20:00');
  await text.press('End');
  await text.pressSequentially(' Suite.');
  await typed; // who types is there
  await page.clock.fastForward('28:00');
  await stay.waitFor();
  await page.clock.fastForward('02:00');
  await notice.getByText('Votre connexion a pris fin.').waitFor();
  assert.equal(await text.inputValue(), 'Un début de réponse. Suite.');
  await look('session-over');
  await leave();
});
