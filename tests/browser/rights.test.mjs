// What patients decide about their messaging, in a real browser without scripts: terms of use, objections,
// history and account, what the professional sees of it, and the way out of every device.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { call } from './api.mjs';
import { startDemo } from './demo.mjs';
import { eventually } from './eventually.mjs';
import { Inspector } from './inspector.mjs';
import { send } from './mail.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

const said = async (element) => (await element.innerText()).replaceAll('\u00a0', ' ');

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A person who has just come in, with what is needed to use and judge the pages. */
async function enter(door, name, seen) {
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, door, name);
  const forbidden = door === 'patient' ? demo.ready.professionals.flatMap((p) => p.mailboxes) : []; // R71, D11
  const inspector = new Inspector(visitor, { forbidden, pictures: process.env.SCREENSHOTS, seen });
  return {
    visitor, page, inspector,
    look: (state) => inspector.look(page, state),
    follow: (link) => page.getByRole('link', { name: link }).first().click(),
    press: (button) => page.getByRole('button', { name: button }).first().click(),
    status: (text) => page.getByRole('status').filter({ hasText: text }).waitFor(),
    async leave() {
      await visitor.leave();
      assert.deepEqual(inspector.faults, []);
    },
  };
}

it('asks for the terms of use before anything else (D32)', { timeout: 120_000 }, async () => {
  const pending = demo.ready.patients.find(({ terms }) => terms === 'pending');
  const { page, look, press, follow, leave } = await enter('patient', pending.name, 110);
  assert.equal(new URL(page.url()).pathname, '/conditions');
  await look('terms');
  await page.getByLabel('J’ai lu ces conditions').check();
  await press('Accepter');
  await page.getByRole('heading', { level: 1, name: 'Mes messages' }).waitFor();
  await follow('Conditions d’utilisation');
  assert.match(await said(page.locator('.notice')), /^Vous les avez acceptées le /);
  await look('terms-accepted');
  await leave();
});

it('lets a patient object, and lift it (D14, D15)', { timeout: 180_000 }, async () => {
  const [patient, doctor] = [demo.ready.patients[0], demo.ready.professionals[0]];
  const mail = { from: doctor.mailboxes[0], to: patient.address, subject: 'Votre suivi', text: 'Bonjour.' };
  const { page, look, follow, press, status, leave } = await enter('patient', patient.name, 120);
  await follow('Mes oppositions');
  await look('objections-none');
  await send(demo, mail);
  await page.reload();
  const messages = page.getByRole('region', { name: 'Je ne veux plus recevoir de messages de' });
  await messages.getByRole('button', { name: 'Enregistrer mon opposition' }).click();
  assert.equal(page.answer.status(), 422);
  await look('objections-fault');
  await messages.getByLabel('Tous les professionnels et établissements').check();
  await messages.getByRole('button', { name: 'Enregistrer mon opposition' }).click();
  await status('Opposition enregistrée.');
  const exchange = page.getByRole('region', { name: 'Je m’oppose à l’échange d’informations' });
  await exchange.getByLabel('Tous les médecins').check();
  await exchange.getByRole('button', { name: 'Enregistrer mon opposition' }).click();
  await status('Opposition enregistrée.');
  await look('objections');
  await assert.rejects(send(demo, mail), /550 5\.2\.1/); // D13
  await page.goto(`${demo.ready.http}/messages`);
  await follow('Votre suivi');
  await look('objected');
  await follow('Mes oppositions');
  await messages.getByRole('button', { name: 'Lever cette opposition' }).click();
  await status('Opposition levée.');
  await leave();

  await call(demo, doctor.token, 'PUT', '/oppositions', {
    mailbox: doctor.mailboxes[0], patient: { ins: patient.ins }, toPatient: false, toProfessionals: true,
  });
  const desk = await enter('professionnel', doctor.name, 130);
  assert.match(await said(desk.page.locator('.contact')), /Opposition du patient\s+à l’échange d’informations[\s\S]*Enregistré de votre côté/);
  await desk.look('desk-objection');
  await desk.leave();
});

it('shows the history, and closes and opens the account as often as one likes (D16)', { timeout: 180_000 }, async () => {
  const [patient, doctor] = [demo.ready.patients[1], demo.ready.professionals[1]];
  await send(demo, { from: doctor.mailboxes[0], to: patient.address, subject: 'Votre suivi', text: 'Bonjour.' });
  const { page, visitor, look, follow, press, leave } = await enter('patient', patient.name, 140);
  await follow('Votre suivi');
  await follow('Mon compte');
  await look('account');
  await follow('Mon historique');
  assert.match(await said(page.locator('main')), /vous a écrit\.[\s\S]*Vous avez accepté les conditions d’utilisation\./);
  await look('history');
  await follow('Mon compte');
  await follow('Être averti par e-mail');
  await page.getByText('(adresse donnée à votre inscription)').waitFor();
  await look('notification-given');
  const order = async (command, name, state) => {
    await page.goto(`${demo.ready.http}/compte`); // a closed account has no menu
    await follow(command);
    await look(`confirm-${name}`);
    await press(command);
    await page.getByText(state).waitFor();
  };
  await order('Fermer ma messagerie', 'close-messaging', 'État : messagerie fermée');
  await look('account-messaging-closed');
  await follow('Mes messages');
  await follow('Votre suivi');
  await look('frozen');
  await order('Rouvrir ma messagerie', 'reopen-messaging', 'État : messagerie ouverte');
  await order('Fermer mon compte', 'close', 'Votre compte est fermé et vos connexions prennent fin.');
  await look('account-closed');
  await eventually('the session of a closed account to end (R148)', async () => {
    await page.goto(`${demo.ready.http}/compte`);
    return new URL(page.url()).origin !== demo.ready.http;
  });
  await visitor.logIn(demo, 'patient', patient.name);
  await page.goto(`${demo.ready.http}/compte`);
  await look('account-closed-again');
  await order('Rouvrir mon compte', 'reopen', 'État : messagerie ouverte');
  await leave();
});

/** The neutral e-mails that reached the relay for an address. */
async function notified(address) {
  const box = join(demo.ready.notificationsMaildir, address, 'new');
  const names = await readdir(box).catch(() => []); // there is no box before the first of them
  return Promise.all(names.map((name) => readFile(join(box, name), 'utf8')));
}

it('tells a patient by e-mail where he wants it, and not when he does not (R123, R124)', { timeout: 180_000 }, async () => {
  const [patient, doctor] = [demo.ready.patients[2], demo.ready.professionals[0]];
  const write = (subject) => send(demo, { from: doctor.mailboxes[0], to: patient.address, subject, text: 'Le secret du message.' });
  const { page, look, follow, press, status, leave } = await enter('patient', patient.name, 150);
  const choose = async (answer, address) => {
    await page.goto(`${demo.ready.http}/compte`);
    await follow('Être averti par e-mail');
    await page.getByLabel(answer, { exact: true }).check();
    await page.getByLabel('Votre adresse e-mail').fill(address);
    await press('Enregistrer');
  };
  await page.goto(`${demo.ready.http}/notifications`);
  await page.getByText('aucune adresse n’est enregistrée').waitFor();
  await look('notification-none');
  await choose('Oui, par e-mail', doctor.mailboxes[0].replace(/.*@/, 'moi@'));
  assert.equal(page.answer.status(), 422); // an address of the trust space is none of his own
  await choose('Oui, par e-mail', 'premiere@courriel.exemple.fr');
  await status('Vous serez averti à premiere@courriel.exemple.fr.');
  await look('notification');
  await write('Sujet discret');
  const first = await eventually('neutral e-mail', async () => (await notified('premiere@courriel.exemple.fr'))[0]);
  for (const secret of ['discret', 'secret', doctor.name, doctor.mailboxes[0], patient.ins, patient.name, patient.address, 'http']) {
    assert.ok(!first.includes(secret), `the e-mail holds ${secret}`); // R123
  }
  await choose('Non', 'premiere@courriel.exemple.fr');
  await status('Vous ne serez plus averti par e-mail.');
  await write('Sans avis');
  await choose('Oui, par e-mail', 'seconde@courriel.exemple.fr');
  await page.goto(`${demo.ready.http}/messages`);
  await write('Autre adresse');
  await eventually('neutral e-mail at the other address', async () => (await notified('seconde@courriel.exemple.fr'))[0]);
  assert.equal((await notified('premiere@courriel.exemple.fr')).length, 1, 'he was told against his wish');
  await follow('Mon compte');
  await follow('Télécharger mes données');
  await look('takeaway');
  await leave();
});

it('blocks until a day, and takes it back at once (D12)', { timeout: 120_000 }, async () => {
  const patient = demo.ready.patients[2];
  const { page, look, follow, press, status, leave } = await enter('patient', patient.name, 155);
  await follow('Mes échanges');
  await follow('Bloquer ce professionnel');
  await page.getByLabel('Dernier jour du blocage').fill('2099-12-31');
  await press('Bloquer');
  await status(/^Vous avez bloqué .*\. Ce (professionnel|service|cabinet) n’est pas prévenu\.$/);
  assert.match(await said(page.locator('.contact').first()), /Blocage\s*:?\s*jusqu’au jeudi 31 décembre 2099 inclus/);
  await look('blocked-undo');
  await press('Annuler ce blocage');
  await status(/^Vous avez débloqué /);
  await look('unblocked');
  await leave();
});

it('ends every session of a patient at once, then erases all that there is', { timeout: 120_000 }, async () => {
  const patient = demo.ready.patients[2];
  const elsewhere = await enter('patient', patient.name, 160);
  const here = await enter('patient', patient.name, 165);
  await here.follow('Mon compte');
  await here.press('Se déconnecter de tous les appareils');
  await here.page.waitForURL((url) => url.origin === demo.ready.http && url.pathname === '/');
  for (const { page } of [here, elsewhere]) {
    await page.goto(`${demo.ready.http}/messages`);
    assert.notEqual(new URL(page.url()).origin, demo.ready.http, 'the inbox opens without login');
  }
  await elsewhere.leave();
  await call(demo, patient.token, 'GET', '/inbox'); // the demonstration's own tokens are for scripts, and stay

  await here.visitor.logIn(demo, 'patient', patient.name);
  await here.follow('Mon compte');
  await here.follow('Effacer toutes mes données');
  await here.look('confirm-erase');
  await here.page.locator('#certain').evaluate((box) => { box.required = false; }); // as a browser without the check
  await here.press('Effacer toutes mes données');
  assert.equal(here.page.answer.status(), 422);
  await here.look('confirm-erase-fault');
  await here.page.getByLabel('Je comprends').check();
  await here.press('Effacer toutes mes données');
  await here.page.getByText('Toutes vos données ont été effacées').waitFor();
  await here.look('erased');
  await here.leave();
});
