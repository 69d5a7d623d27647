// A shared mailbox in a real browser without scripts: two users agree who answers, leave a note, begin with a template, and
// the mailbox's responsible person declares an absence with a cover, which the patient reads before he writes.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { call } from './api.mjs';
import { startDemo } from './demo.mjs';
import { Inspector } from './inspector.mjs';
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

it('lets the users of a shared mailbox agree who answers, and tells patients of an absence', { timeout: 240_000 }, async () => {
  const { patients: [patient], professionals: [doctor, , secretary, manager] } = demo.ready;
  const box = secretary.mailboxes[0];
  const { items } = await call(demo, manager.token, 'GET', '/mailboxes');
  const key = items.find((m) => m.address === box).id;
  await call(demo, manager.token, 'POST', `/mailboxes/${key}/users`, { person: doctor.id, name: doctor.name });
  const thread = await call(demo, secretary.token, 'POST', '/conversations', {
    mailbox: box, patient: { ins: patient.ins }, subject: 'Votre suivi', text: 'Bonjour, comment allez-vous ?',
  });
  await call(demo, doctor.token, 'POST', `/conversations/${thread.id}/presence?mailbox=${box}`);

  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', secretary.name);
  const inspector = new Inspector(visitor, { forbidden: doctor.mailboxes, pictures: process.env.SCREENSHOTS, seen: 360 });
  const look = (state) => inspector.look(page, state);
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const status = (text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const open = () => page.goto(`${demo.ready.http}/pro/conversations/${thread.id}`);

  await open();
  const team = page.getByRole('region', { name: 'Entre collègues' });
  assert.match(await said(team), new RegExp(`conversation ouverte : ${doctor.name}`));
  await look('team-free');
  await press('Je m’en occupe');
  await status('Vous vous occupez de cette conversation.');
  await page.locator('summary', { hasText: 'Ajouter une note interne' }).click();
  await page.getByLabel('Note pour les utilisateurs de la boîte').fill('Rappeler la patiente lundi.');
  await press('Enregistrer la note');
  await status('Note enregistrée.');
  await look('team-mine');

  const taken = await call(demo, doctor.token, 'PUT', `/conversations/${thread.id}/care?mailbox=${box}`);
  assert.equal(taken.care.by, secretary.name);
  assert.equal(taken.care.mine, false);
  await page.locator('summary', { hasText: 'Écrire au patient' }).click();
  await page.getByLabel('Commencer par un modèle').selectOption({ label: 'Résultats reçus' });
  await press('Utiliser ce modèle');
  assert.match(await page.getByLabel('Votre message').inputValue(), new RegExp(`vos résultats[\\s\\S]*${secretary.name}`));
  await look('team-template');

  const { self, colleagues } = await call(demo, doctor.token, 'GET', `/conversations/${thread.id}/team?mailbox=${box}`);
  assert.equal(colleagues[0].name, secretary.name);
  await call(demo, doctor.token, 'POST', `/conversations/${thread.id}/care/handover?mailbox=${box}`, { to: self, note: 'Je réponds.' });
  await press('Envoyer au patient');
  assert.equal(page.answer.status(), 422);
  assert.match(await said(page.getByRole('alert')), new RegExp(`${doctor.name} s’occupe maintenant`));
  await look('team-told-first');
  await press('Envoyer au patient');
  await status('Message envoyé.');
  await page.locator('summary', { hasText: 'Confier à un collègue' }).click();
  await look('team-other');
  await page.goto(`${demo.ready.http}/pro`);
  assert.match(await said(page.locator('main')), new RegExp(`Suivi\\s+${doctor.name} depuis le`));
  await look('team-ledger');

  await page.getByRole('link', { name: 'Mes boîtes' }).first().click();
  await page.getByRole('link', { name: /^Modèles de message/ }).click();
  await look('templates');
  await page.getByRole('link', { name: /^Modifier/ }).first().click();
  await look('template');
  await visitor.leave();
  assert.deepEqual(inspector.faults, []);

  await absence(patient, doctor, manager);
});

/** The responsible person declares an absence with the doctor as cover; the patient reads it before he writes. */
async function absence(patient, doctor, manager) {
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', manager.name);
  const inspector = new Inspector(visitor, { forbidden: [patient.ins], pictures: process.env.SCREENSHOTS, seen: 380 });
  await page.goto(`${demo.ready.http}/pro/boites`);
  await page.getByRole('link', { name: /^Absence/ }).click();
  await inspector.look(page, 'absence-none');
  const last = new Date(Date.now() + 7 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await page.getByLabel('Dernier jour').fill(last);
  await page.getByLabel('Texte pour les patients').fill('Le secrétariat répond au téléphone de 9 h à 17 h.');
  await page.getByLabel('Adresse MSSanté de qui vous remplace').fill(doctor.mailboxes[0]);
  await page.getByLabel('Cette personne peut lire et écrire').check();
  await page.getByRole('button', { name: 'Enregistrer l’absence' }).click();
  await page.getByRole('status').filter({ hasText: 'Absence enregistrée.' }).waitFor();
  await inspector.look(page, 'absence-declared');
  assert.deepEqual(inspector.faults, []);
  await visitor.leave();

  const reader = await Visitor.arrive(browser, { script: false });
  await reader.logIn(demo, 'patient', patient.name);
  const shown = new Inspector(reader, { forbidden: [doctor.mailboxes[0], 'Rappeler la patiente', 'Je réponds.'], pictures: process.env.SCREENSHOTS, seen: 400 });
  await reader.page.getByRole('link', { name: /Votre suivi/ }).click();
  const away = await said(reader.page.locator('.away'));
  for (const words of ['absence jusqu’au', 'appelez le 15 ou le 112', doctor.name.split(' ').at(-1), 'Le secrétariat répond']) {
    assert.ok(away.includes(words), `${words} is missing in ${away}`);
  }
  await shown.look(reader.page, 'conversation-away');
  assert.deepEqual(shown.faults, []);
  await reader.leave();
}
