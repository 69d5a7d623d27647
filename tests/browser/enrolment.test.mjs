// Enrolment face to face in real browsers without scripts: the officer reads the label back and hands a code over, the
// patient is told that the login leads nowhere yet, and links it.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startDemo } from './demo.mjs';
import { Inspector } from './inspector.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

it('enrols a patient, who links the login by the code', { timeout: 240_000 }, async () => {
  const { newcomer, professionals, patients: [other] } = demo.ready;
  const officer = await Visitor.arrive(browser, { script: false });
  const desk = officer.page;
  await officer.logIn(demo, 'professionnel', professionals.find((p) => p.enrols).name);
  const atDesk = new Inspector(officer, { forbidden: [other.address], pictures: process.env.SCREENSHOTS, seen: 500 });
  await desk.getByRole('link', { name: 'Inscriptions' }).click();
  await atDesk.look(desk, 'enrolments-empty');
  await desk.getByLabel('Matricule INS').fill(newcomer.ins);
  await desk.getByLabel('Nom de naissance').fill(newcomer.familyName);
  await desk.getByLabel('Prénoms de naissance').fill(newcomer.givenNames);
  await desk.getByLabel('Date de naissance').fill('1993-05-17');
  await desk.getByLabel('Féminin').check();
  await desk.getByLabel('Passeport').check();
  await desk.getByLabel('L’INS est qualifiée').check();
  await desk.getByRole('button', { name: 'Vérifier avant d’inscrire' }).click();
  assert.match(await desk.getByRole('alert').innerText(), /ne s’accordent pas/);
  await atDesk.look(desk, 'enrolment-confirm-unlike');
  await desk.getByRole('button', { name: 'Corriger' }).click();
  await desk.getByLabel('Date de naissance').fill(newcomer.birthDate);
  await desk.getByRole('button', { name: 'Vérifier avant d’inscrire' }).click();
  await desk.getByRole('button', { name: 'Oui, créer le code' }).click();
  const code = await desk.locator('strong.code').innerText();
  assert.match(code, /^([2-9A-Z]{4}-){3}[2-9A-Z]{4}$/);
  await atDesk.look(desk, 'enrolment-code');
  await desk.reload();
  await desk.getByRole('heading', { name: 'Ce code a déjà été affiché' }).waitFor();
  await atDesk.look(desk, 'enrolment-code-shown');

  const patient = await Visitor.arrive(browser, { script: false });
  const { page } = patient;
  await patient.logIn(demo, 'patient', newcomer.familyName);
  const atHome = new Inspector(patient, { forbidden: [newcomer.ins], pictures: process.env.SCREENSHOTS, seen: 510 });
  await atHome.look(page, 'link');
  await page.getByLabel('Votre code').fill('2345-6789');
  await page.getByRole('button', { name: 'Rattacher mon identité' }).click();
  assert.equal(page.answer.status(), 422);
  await atHome.look(page, 'link-fault');
  await page.getByLabel('Votre code').fill(code.replaceAll('-', ' ').toLowerCase());
  await page.getByRole('button', { name: 'Rattacher mon identité' }).click();
  await page.waitForURL(/\/conditions/);

  await desk.goto(`${demo.ready.http}/pro/inscriptions`);
  await desk.getByText('Utilisé', { exact: true }).waitFor();
  await atDesk.look(desk, 'enrolments');
  await desk.getByRole('link', { name: 'Représentants légaux' }).click();
  await atDesk.look(desk, 'representations');
  const declare = desk.locator('form[action="/pro/representations"]');
  await declare.getByLabel('Matricule INS du patient').fill(newcomer.ins);
  await declare.getByLabel('Matricule INS du représentant').fill(other.ins);
  await declare.getByLabel('Personne chargée de la protection').check();
  await declare.getByLabel('Lire', { exact: true }).check();
  await declare.getByLabel('J’ai vu les papiers').check();
  await declare.getByRole('button', { name: 'Vérifier avant d’enregistrer' }).click();
  await desk.getByRole('heading', { name: 'Est-ce bien cela' }).waitFor();
  await atDesk.look(desk, 'representation-confirm');
  await desk.getByRole('button', { name: 'Corriger' }).click();
  assert.equal(await declare.getByLabel('Matricule INS du représentant').inputValue(), other.ins);
  await declare.getByRole('button', { name: 'Vérifier avant d’enregistrer' }).click();
  await desk.getByRole('button', { name: 'Oui, enregistrer' }).click();
  assert.match(await desk.getByRole('status').innerText(), /Représentation enregistrée/);

  assert.deepEqual(atDesk.faults, []);
  assert.deepEqual(atHome.faults, []);
  await officer.leave();
  await patient.leave();
});
