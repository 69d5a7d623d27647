// A professional at the desk in a real browser without scripts: to whom, what is known before a word is typed,
// the message, its receipt, the end of one conversation, the users of a shared mailbox, and one patient found among many.
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

it('writes to a patient from a qualified identity, sees the receipt, and ends the conversation', { timeout: 240_000 }, async () => {
  const { patients: [patient, other], professionals: [doctor] } = demo.ready;
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', doctor.name);
  const inspector = new Inspector(visitor, { forbidden: [other.address], pictures: process.env.SCREENSHOTS, seen: 300 });
  const look = (state) => inspector.look(page, state);
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  await look('desk-empty');

  await page.getByRole('link', { name: 'Écrire à un patient' }).click();
  await look('identify');
  await page.getByLabel('Matricule INS du patient').fill('279035121518901');
  await page.getByLabel('L’identité est qualifiée').check();
  await press('Continuer');
  assert.equal(page.answer.status(), 422);
  await look('identify-fault');
  await page.getByLabel('Matricule INS du patient').fill(patient.ins);
  await press('Continuer');
  const facts = await said(page.getByRole('region', { name: 'À ce patient' }));
  for (const words of [patient.ins, 'Femme', 'mars 1979', 'Inconnu de cette boîte', doctor.mailboxes[0], 'Rien n’est dit de la messagerie']) {
    assert.ok(facts.includes(words), `${words} is missing in ${facts}`);
  }
  await look('compose');

  await page.getByLabel('Objet').fill('Votre bilan');
  await page.getByLabel('Votre message').fill('Bonjour, votre bilan est bon.');
  await page.getByLabel('Pièces jointes').setInputFiles({ name: 'bilan.txt', mimeType: 'text/plain', buffer: Buffer.from('bilan') });
  await page.getByLabel('C’est bien ce patient').evaluate((box) => { box.required = false; });
  await page.getByLabel('Objet').press('Enter'); // sends, and looks for nobody in the directory
  assert.equal(page.answer.status(), 422);
  assert.match(await said(page.getByRole('alert')), /n’a pas été envoyé[\s\S]*Vos pièces jointes n’ont pas été gardées/);
  assert.equal(await page.getByLabel('Votre message').inputValue(), 'Bonjour, votre bilan est bon.');
  await look('compose-fault');
  await page.getByLabel('C’est bien ce patient').check();
  await page.getByLabel('Demander un accusé de lecture').check();
  await page.getByLabel('Pièces jointes').setInputFiles({ name: 'bilan.txt', mimeType: 'text/plain', buffer: Buffer.from('bilan') });
  await press('Envoyer au patient');
  await page.getByRole('status').filter({ hasText: 'Message envoyé.' }).waitFor();
  assert.match(await said(page.locator('.message').first()), /Votre bilan|votre bilan est bon[\s\S]*bilan\.txt/);
  await look('desk-thread');

  const { items: [thread] } = await call(demo, patient.token, 'GET', '/inbox');
  assert.equal(thread.subject, 'Votre bilan');
  await call(demo, patient.token, 'POST', `/inbox/${thread.id}/opened`);
  await call(demo, patient.token, 'POST', `/inbox/${thread.id}/replies`, { text: 'Merci docteur.' });
  await page.reload();
  const messages = await said(page.locator('main'));
  assert.match(messages, /Merci docteur\.[\s\S]*Ouvert le/);
  await look('desk-thread-answered');

  await page.locator('summary', { hasText: 'Répondre' }).click();
  await page.getByLabel('Votre message').fill('À bientôt.');
  await page.getByLabel('Le patient ne pourra pas répondre à ce message').check();
  await press('Envoyer au patient');
  await page.getByRole('status').filter({ hasText: 'Message envoyé.' }).waitFor();
  const state = async () => (await call(demo, patient.token, 'GET', `/inbox/${thread.id}`)).state;
  assert.equal(await state(), 'no-reply');

  await page.locator('summary', { hasText: 'Écrire au patient' }).click();
  await page.getByLabel('Votre message').fill('Vous pouvez répondre.');
  await press('Envoyer au patient');
  await page.getByRole('link', { name: 'Mettre fin à cette conversation' }).click();
  await look('end-thread');
  await press('Mettre fin à cette conversation');
  await page.getByRole('status').filter({ hasText: 'Cette conversation a pris fin.' }).waitFor();
  assert.equal(await state(), 'ended');
  await look('desk-thread-ended');

  await page.getByRole('link', { name: 'Échanges' }).first().click();
  await page.getByRole('link', { name: patient.name, exact: true }).click();
  await look('exchange');
  await press('Écrire un nouveau message');
  assert.ok((await said(page.getByRole('region', { name: 'À ce patient' }))).includes('peut recevoir votre message'));
  await look('compose-known');

  await page.goto(`${demo.ready.http}/pro/ecrire`);
  await page.getByLabel('Matricule INS du patient').fill(patient.ins);
  await page.getByLabel('L’identité est qualifiée').check();
  await press('Continuer');
  const known = await said(page.getByRole('region', { name: 'À ce patient' }));
  assert.ok(known.includes(`${patient.name} (connue de cette boîte)`) && known.includes('déjà un échange ouvert'), known);
  await look('compose-known-by-ins');
  await page.getByRole('link', { name: 'Voir l’échange' }).click();
  await page.getByRole('heading', { name: patient.name }).waitFor();
  assert.deepEqual(inspector.faults, []);
  await visitor.leave();
});

it('finds a colleague in the directory and puts him in copy', { timeout: 240_000 }, async () => {
  const { patients: [, , patient], professionals: [, doctor] } = demo.ready;
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', doctor.name);
  const inspector = new Inspector(visitor, { forbidden: [patient.address], pictures: process.env.SCREENSHOTS, seen: 320 });
  const look = (state) => inspector.look(page, state);
  const press = (name) => page.getByRole('button', { name, exact: true }).click();

  await page.getByRole('link', { name: 'Annuaire', exact: true }).click();
  await look('directory');
  await press('Chercher');
  assert.equal(page.answer.status(), 422);
  await look('directory-fault');
  await page.getByLabel('Profession').fill('medecin');
  await page.getByLabel('Ville, code postal').fill('21');
  await press('Chercher');
  await page.getByRole('heading', { name: 'Dr Éloïse TRÉVARIN' }).waitFor();
  assert.ok(!page.url().includes('medecin'));
  await look('directory-found');
  await press('Écrire à un patient, avec copie à ce professionnel : Dr Éloïse TRÉVARIN');
  await page.getByLabel('Matricule INS du patient').fill(patient.ins);
  await page.getByLabel('L’identité est qualifiée').check();
  await look('identify-copy');
  await press('Continuer');
  await page.getByLabel('Objet').fill('Suivi');
  await page.getByLabel('Votre message').fill('Bonjour.');
  const verdict = await said(page.getByRole('region', { name: 'À ce patient' }));
  await page.getByLabel('Chercher un professionnel').fill('guerandel');
  await press('Chercher dans l’annuaire');
  assert.equal(await page.getByLabel('Votre message').inputValue(), 'Bonjour.');
  assert.equal(await said(page.getByRole('region', { name: 'À ce patient' })), verdict);
  assert.ok(page.url().endsWith('#copie') && await page.getByLabel('Mme Maëlle GUÉRANDEL').isVisible());
  await page.keyboard.press('Tab');
  assert.ok(await page.getByLabel('Dr Éloïse TRÉVARIN').evaluate((box) => box === document.activeElement), 'the keyboard does not go on at the result');
  await page.getByLabel('Mme Maëlle GUÉRANDEL').check();
  await page.getByLabel('C’est bien ce patient').check();
  await look('compose-copies');
  await press('Envoyer au patient');
  await page.getByRole('status').filter({ hasText: 'Message envoyé.' }).waitFor();
  assert.match(await said(page.locator('.message').first()), /TRÉVARIN[\s\S]*GUÉRANDEL/);
  assert.deepEqual(inspector.faults, []);
  await visitor.leave();
});

it('lists the users of a shared mailbox, takes one off and puts him back', { timeout: 180_000 }, async () => {
  const { professionals: [doctor, , , manager] } = demo.ready;
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', manager.name);
  const inspector = new Inspector(visitor, { forbidden: doctor.mailboxes, pictures: process.env.SCREENSHOTS, seen: 340 });
  const look = (state) => inspector.look(page, state);
  const status = (text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const reads = async () => (await call(demo, doctor.token, 'GET', '/mailboxes')).items.length;

  await page.getByRole('link', { name: 'Mes boîtes' }).first().click();
  assert.match(await said(page.locator('main')), /ne donne pas le droit de lire/);
  await look('mailboxes-manager');
  await page.getByRole('link', { name: /^Gérer les utilisateurs/ }).click();
  await look('users');
  await page.getByRole('button', { name: 'Inscrire', exact: true }).evaluate((b) => { b.form.noValidate = true; });
  await page.getByRole('button', { name: 'Inscrire', exact: true }).click();
  assert.equal(page.answer.status(), 422);
  await look('users-fault');
  await page.getByLabel('Identifiant national').fill(doctor.id);
  await page.getByLabel('Prénom et nom').fill(doctor.name);
  await page.getByRole('button', { name: 'Inscrire', exact: true }).click();
  await status('La personne est inscrite.');
  assert.equal(await reads(), 2);
  await page.getByRole('button', { name: `Retirer l’accès de ${doctor.name}` }).click();
  await status('L’accès est retiré.');
  assert.equal(await reads(), 1);
  await look('users-after-removal');
  await page.getByRole('button', { name: `Inscrire de nouveau ${doctor.name}` }).click();
  await status('La personne est inscrite.');
  assert.equal(await reads(), 2);
  assert.deepEqual(inspector.faults, []);
  await visitor.leave();
});

it('finds one patient among those of a shared mailbox, and the lists by care', { timeout: 180_000 }, async () => {
  const { patients, professionals: [, , secretary] } = demo.ready;
  const [mailbox] = secretary.mailboxes;
  for (const { ins } of patients.slice(0, 3)) {
    await call(demo, secretary.token, 'POST', '/conversations', { mailbox, patient: { ins }, subject: 'Suivi', text: 'Bonjour.' });
  }
  const [sought, other] = patients;
  const beginning = sought.name.split(' ').at(-1).slice(0, 4).toLowerCase();
  for (const script of [false, true]) {
    const visitor = await Visitor.arrive(browser, { script });
    const { page } = visitor;
    await visitor.logIn(demo, 'professionnel', secretary.name);
    const inspector = new Inspector(visitor, { forbidden: [sought.address], pictures: process.env.SCREENSHOTS, seen: script ? 356 : 350 });
    const ask = async (text) => {
      await page.getByLabel('Retrouver un patient').fill(text);
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    };
    await page.getByRole('link', { name: 'Sans personne' }).click();
    await page.getByText('Aucun échange dans cette liste.').waitFor();
    await inspector.look(page, 'desk-nobody');
    await ask(beginning);
    await page.getByText('Un échange trouvé.').waitFor();
    assert.equal(await page.getByLabel('Retrouver un patient').inputValue(), beginning);
    assert.ok(!page.url().includes(beginning), page.url());
    assert.ok(!(await said(page.locator('main'))).includes(other.name));
    await inspector.look(page, 'desk-found');
    await ask('x');
    assert.equal(page.answer.status(), 422);
    await inspector.look(page, 'desk-search-fault');
    await ask('zz');
    await page.getByText('Aucun patient de cette boîte ne correspond.').waitFor();
    await inspector.look(page, 'desk-found-nobody');
    await ask(sought.ins);
    await page.getByLabel('Retrouver un patient').focus();
    for (const name of ['Chercher', 'Effacer la recherche']) {
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
    }
    await page.getByRole('link', { name: sought.name, exact: true }).click();
    await page.getByRole('heading', { name: sought.name }).waitFor();
    await page.goBack();
    await page.getByText('Un échange trouvé.').waitFor();
    await page.goForward();
    await page.getByRole('link', { name: 'Résultats de la recherche' }).click();
    await page.getByText('Un échange trouvé.').waitFor();
    assert.equal(await page.getByLabel('Retrouver un patient').inputValue(), sought.ins);
    assert.ok(!page.url().includes(sought.ins), page.url());
    await page.goto(`${demo.ready.http}/pro`);
    await page.getByRole('link', { name: other.name, exact: true }).waitFor();
    assert.deepEqual(inspector.faults, []);
    await visitor.leave();
  }
});
