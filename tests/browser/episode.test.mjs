// The board of an establishment in a real browser without scripts: what a close would end, the close with
// and without a delay, and its cancellation (D24).
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

it('lists the visits of an establishment, closes one and cancels it', { timeout: 180_000 }, async () => {
  const { clinics: [clinic], patients: [patient, other], professionals: [, , secretary] } = demo.ready;
  const tell = (visit, { ins }) => call(demo, clinic.token, 'PUT', `/facilities/${clinic.finess}/episodes/${visit}`,
    { state: 'open', eventId: `open-${visit}`, patient: { ins }, unit: 'Cardiologie' });
  await tell('V2026-0815', patient);
  await tell('V2026-0999', other);
  const open = (token, mailbox, subject) => call(demo, token, 'POST', '/conversations', {
    mailbox, patient: { ins: patient.ins }, subject, text: 'Bonjour.', episode: { finess: clinic.finess, visit: 'V2026-0815' },
  });
  await open(secretary.token, secretary.mailboxes[0], 'Votre sortie de cardiologie');
  await open(clinic.token, clinic.mailboxes[0], 'Votre dossier');

  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', secretary.name);
  const inspector = new Inspector(visitor, { forbidden: [patient.address], pictures: process.env.SCREENSHOTS, seen: 180 });
  const look = (state) => inspector.look(page, state);
  const status = (text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const close = page.getByRole('button', { name: 'Clore la prise en charge' });

  await page.getByRole('navigation', { name: 'Menu principal' }).getByRole('link', { name: 'Établissement' }).click();
  const visits = page.locator('.visits');
  assert.equal(await visits.getByRole('listitem').count(), 2);
  await look('board');
  await page.getByRole('link', { name: 'Venue V2026-0999' }).click();
  await look('episode-without-conversation');
  await page.getByRole('link', { name: 'Établissement' }).first().click();
  await visits.getByRole('link', { name: patient.name }).click();
  assert.match(await said(page.locator('main')), /Votre sortie de cardiologie[\s\S]*Une clôture la termine\./);
  assert.equal(await page.getByText('Votre dossier').count(), 0, 'the subject of a mailbox that she may not read');
  await look('episode');

  const atOnce = page.getByRole('radio', { name: 'Tout de suite' });
  assert.equal(await page.getByRole('radio', { name: 'À une date annoncée au patient' }).isChecked(), true);
  await page.getByLabel('délai avant la clôture').evaluate((field) => { field.type = 'text'; field.value = 'demain'; });
  await close.click();
  assert.equal(page.answer.status(), 422);
  await look('episode-fault');
  await page.getByLabel('délai avant la clôture').fill('7');
  await page.getByLabel('Qui contacter ensuite').fill('secrétariat de cardiologie');
  await page.getByLabel('Dernier message au patient').fill('Bon retour chez vous.');
  await close.click();
  await status('Clôture annoncée au patient.');
  assert.match(await said(page.locator('main')), /Clôture annoncée au patient pour[\s\S]*Qui contacter ensuite\s+secrétariat de cardiologie[\s\S]*Bon retour chez vous\./);
  await page.getByRole('heading', { name: 'Changer la date, ou clore tout de suite' }).waitFor();
  assert.equal(await page.getByLabel('délai avant la clôture').inputValue(), '7');
  assert.equal(await page.getByLabel('Dernier message au patient').inputValue(), 'Bon retour chez vous.');
  await look('episode-closing');
  await page.getByRole('button', { name: 'Annuler la clôture' }).click();
  await status('Clôture annulée. La date avait été annoncée au patient');
  await look('episode-cancelled');
  await page.getByRole('status').getByRole('link', { name: 'Votre sortie de cardiologie' }).click();
  const notice = page.getByRole('article').filter({ hasText: 'Votre prise en charge par' });
  assert.equal(await notice.getByText('Le patient ne peut pas répondre à ce message').count(), 0, 'the announcement contradicts itself');
  await page.goBack();
  await atOnce.check();
  await close.click();
  await status('Prise en charge close.');
  await look('episode-closed');
  await page.getByRole('link', { name: 'Établissement' }).first().click();
  await page.getByRole('link', { name: 'Closes' }).click();
  await visits.getByRole('link', { name: patient.name }).waitFor();
  assert.ok((await said(visits)).includes('Venue V2026-0815 – Cardiologie'), 'the visit under the name of the patient');
  await look('board-closed');

  await page.getByRole('link', { name: 'Tableau de bord' }).click();
  assert.match(await said(page.getByRole('table', { name: 'Prises en charge en cours par unité de soins' })), /Cardiologie\s+masqué/);
  await look('dashboard');
  await page.getByLabel('Patient sans réponse depuis').selectOption({ label: '14 jours' });
  await page.getByRole('button', { name: 'Afficher' }).click();
  await page.getByRole('heading', { name: 'Patients sans réponse depuis plus de 14 jours' }).waitFor();
  await page.getByRole('link', { name: 'Établissement' }).first().click();
  await page.getByRole('link', { name: 'Venue V2026-0999' }).waitFor();
  await visitor.leave();
  assert.deepEqual(inspector.faults, []);
});
