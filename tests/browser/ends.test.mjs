// A professional's ledger in a real browser: its lists, several exchanges ended together with a preview, ten minutes to
// take that back, and the documents of a conversation. Without scripts, and then with them and the keyboard alone.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { call } from './api.mjs';
import { startDemo } from './demo.mjs';
import { eventually } from './eventually.mjs';
import { Inspector } from './inspector.mjs';
import { press, reach } from './keyboard.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

const said = async (element) => (await element.innerText()).replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ');

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Writes from the professional's mailbox to a patient, and returns the conversation as the patient has it. */
async function write(doctor, patient, subject, more = {}) {
  const { id } = await call(demo, doctor.token, 'POST', '/conversations', {
    mailbox: doctor.mailboxes[0], patient: { ins: patient.ins }, subject, text: 'Bonjour.', ...more,
  });
  const { items } = await call(demo, patient.token, 'GET', '/inbox');
  return { id, mine: items.find((t) => t.subject === subject).id };
}

/** Waits until a list of the professional, which is projected, holds so many exchanges. */
const counted = (doctor, list, n) => eventually(`${n} exchanges of ${list}`, async () => {
  const { items } = await call(demo, doctor.token, 'GET', `/exchanges?${list}`);
  return items.length === n;
});

it('looks at the lists, ends two exchanges together, and takes one back, without scripts', { timeout: 240_000 }, async () => {
  const { patients: [first, second, third, stranger], professionals: [doctor] } = demo.ready;
  const file = { name: 'bilan.txt', type: 'text/plain', base64: Buffer.from('bilan complet').toString('base64') };
  const one = await write(doctor, first, 'Votre bilan', { readReceipt: true, attachments: [file] });
  const two = await write(doctor, second, 'Votre suivi');
  await write(doctor, third, 'Votre ordonnance');
  await call(demo, second.token, 'POST', `/inbox/${two.mine}/replies`, { text: 'J’ai une question.' });
  await counted(doctor, 'list=waiting', 1);
  await counted(doctor, 'list=unread', 1);

  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', doctor.name);
  const inspector = new Inspector(visitor, { forbidden: [stranger.address], pictures: process.env.SCREENSHOTS, seen: 380 });
  const look = (state) => inspector.look(page, state);
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const lists = await said(page.getByRole('navigation', { name: 'Choix de la liste' }));
  for (const words of ['Tous (3)', 'Ouverts (3)', 'En attente de votre réponse (1)', 'Non lus par le patient (1)', 'Terminés (0)']) {
    assert.ok(lists.includes(words), `${words} is missing in ${lists}`);
  }
  await look('ledger');
  await page.getByRole('link', { name: /^En attente de votre réponse/ }).click();
  assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), [second.name]);
  await look('ledger-waiting');
  await page.getByRole('link', { name: /^Attend votre réponse depuis aujourd’hui/ }).click();
  await page.locator('summary', { hasText: 'Répondre' }).waitFor();
  await look('desk-thread-waiting');
  await page.getByRole('link', { name: second.name }).click();
  await look('exchange-waiting');
  await page.getByRole('link', { name: 'Mettre fin aux échanges' }).click();
  assert.match(await said(page.locator('.alert')), /attend votre réponse/);
  await look('end-waiting');
  await page.getByRole('link', { name: 'Échanges', exact: true }).first().click();
  await page.getByRole('link', { name: /^Non lus par le patient/ }).click();
  assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), [first.name]);
  await page.getByRole('link', { name: /^Réponses non arrivées/ }).click();
  await look('ledger-empty-list');

  await page.getByRole('link', { name: /^Ouverts/ }).click();
  await press('Mettre fin aux échanges cochés…');
  await look('ends-none');
  await page.getByRole('link', { name: 'Revenir aux échanges ouverts' }).click();
  await page.getByLabel(`Choisir l’échange avec ${first.name}`).check();
  await page.getByLabel(`Choisir l’échange avec ${second.name}`).check();
  await press('Mettre fin aux échanges cochés…');
  const preview = await said(page.locator('main'));
  for (const words of ['ces 2 échanges', 'Votre bilan', 'Votre suivi', 'Un patient attend votre réponse']) {
    assert.ok(preview.includes(words), `${words} is missing in ${preview}`);
  }
  assert.ok(!preview.includes('Votre ordonnance'));
  await look('ends');
  await page.getByLabel('Motif').fill('Fin du suivi');
  await press('Confirmer la fin');
  await page.getByRole('status').filter({ hasText: 'Ces fins sont prévues dans dix minutes' }).waitFor();
  const planned = page.getByRole('region', { name: '2 fins prévues' });
  assert.match(await said(planned), /Fin prévue le [\s\S]*Fin du suivi/);
  await look('ledger-planned');

  const reply = await call(demo, second.token, 'GET', `/inbox/${two.mine}`);
  assert.equal(reply.reply.allowed, true);
  assert.ok(reply.reply.until, 'the patient is told until when he may reply');
  await call(demo, second.token, 'POST', `/inbox/${two.mine}/replies`, { text: 'Merci.' });
  await planned.getByRole('button', { name: new RegExp(`^Annuler.*${first.name}`) }).click();
  await page.getByRole('status').filter({ hasText: 'La fin prévue est annulée' }).waitFor();
  await page.getByRole('region', { name: 'Une fin prévue' }).getByRole('button').click();
  assert.equal(await page.getByRole('region', { name: 'Une fin prévue' }).count(), 0);
  await look('ledger-kept');

  await page.getByRole('link', { name: first.name, exact: true }).click();
  await page.getByRole('link', { name: 'Votre bilan' }).click();
  await look('desk-thread-document');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'bilan.txt' }).click()]);
  assert.equal(download.suggestedFilename(), 'bilan.txt');
  await call(demo, doctor.token, 'POST', `/exchanges/${(await call(demo, doctor.token, 'GET', '/exchanges?state=open')).items[0].id}/end`);
  await call(demo, first.token, 'POST', `/inbox/${one.mine}/opened`);
  await counted(doctor, 'list=unread', 0);
  assert.deepEqual(inspector.faults, []);
  await visitor.leave();
});

it('writes, and ends an exchange, by the keyboard alone, with scripts', { timeout: 240_000 }, async () => {
  const { patients: [, , , patient], professionals: [, doctor] } = demo.ready;
  const { mine } = await write(doctor, patient, 'Votre rééducation');
  const visitor = await Visitor.arrive(browser, { script: true });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', doctor.name);
  await page.reload();
  await press(page, page.getByRole('link', { name: patient.name, exact: true }));
  await page.waitForURL(/echanges/);
  await press(page, page.getByRole('link', { name: 'Votre rééducation' }));
  await page.waitForURL(/conversations/);
  await press(page, page.locator('summary', { hasText: 'Écrire au patient' }));
  await reach(page, page.getByLabel('Votre message'));
  await page.keyboard.type('Comment allez-vous ?');
  await press(page, page.getByLabel('Demander un accusé de lecture'), 'Space');
  await press(page, page.getByRole('button', { name: 'Envoyer au patient' }));
  await page.getByRole('status').filter({ hasText: 'Message envoyé.' }).waitFor();
  const thread = await call(demo, patient.token, 'GET', `/inbox/${mine}`);
  assert.equal(thread.messages[0].text.trim(), 'Comment allez-vous ?');

  await page.goto(`${demo.ready.http}/pro`);
  assert.equal(await page.getByRole('button', { name: 'Mettre fin aux échanges cochés…' }).count(), 0); // of one
  await press(page, page.getByRole('link', { name: `Mettre fin aux échanges avec ${patient.name}` }));
  await page.getByRole('heading', { level: 1, name: 'Mettre fin aux échanges' }).waitFor();
  await press(page, page.getByRole('button', { name: 'Mettre fin dans dix minutes' }));
  await page.getByRole('region', { name: 'Une fin prévue' }).waitFor();
  await press(page, page.getByRole('region', { name: 'Une fin prévue' }).getByRole('button'));
  await page.getByRole('status').filter({ hasText: 'La fin prévue est annulée' }).waitFor();
  await visitor.leave();
});
