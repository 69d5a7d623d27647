// A patient reads and answers, with all that our script adds and without it: the list that renews itself, the page of a
// document, the draft, the progress of a long message, and what the first page weighs.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startDemo } from './demo.mjs';
import { eventually } from './eventually.mjs';
import { Inspector } from './inspector.mjs';
import { carries, nth, received, send } from './mail.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';
import { weigh } from './weight.mjs';

const paper = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const said = async (element) => (await element.innerText()).replaceAll('\u00a0', ' ');

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

describe('with JavaScript', () => story({ script: true, person: 0 }));
describe('without JavaScript', () => story({ script: false, person: 1 }));

function story({ script, person }) {
  let patient, doctor, visitor, page, inspector, conversation;
  let broken = false;
  const step = (name, run) => it(name, { timeout: 180_000 }, async (t) => {
    if (broken) return t.skip('an earlier step failed');
    broken = true;
    await run();
    broken = false;
  });
  const at = (path) => demo.ready.http + path;
  const look = (name) => inspector.look(page, `patient-${name}`);
  const write = (message) => send(demo, { from: doctor, to: patient.address, ...message });
  const text = () => page.getByLabel('Votre message');
  const compose = () => page.locator('summary', { hasText: /Répondre|Reprendre/ }).click();
  const status = (words) => page.getByRole('status').filter({ hasText: words }).first().waitFor();

  before(async () => {
    const { patients, professionals, clinics } = demo.ready;
    patient = patients[person];
    doctor = professionals[person].mailboxes[0];
    visitor = await Visitor.arrive(browser, { script });
    page = visitor.page;
    inspector = new Inspector(visitor, {
      forbidden: [...professionals, ...clinics].flatMap((p) => p.mailboxes), pictures: script ? process.env.SCREENSHOTS : '', brief: !script, seen: 200,
    });
    await visitor.logIn(demo, 'patient', patient.name);
  });
  after(() => visitor?.leave());

  step('renews the list, or says how to', async () => {
    await write({ subject: 'Premier message', text: 'Bonjour.' });
    await page.goto(at('/messages'));
    const link = page.getByRole('link', { name: 'Actualiser la liste' });
    if (!script) {
      await write({ subject: 'Second message', text: 'Encore.' });
      await link.click();
      await page.getByRole('link', { name: 'Second message' }).waitFor();
      return;
    }
    await link.waitFor({ state: 'hidden' }); // the stream is open
    await page.getByRole('link', { name: 'Premier message' }).focus();
    await write({ subject: 'Second message', text: 'Encore.' });
    await page.getByRole('link', { name: 'Second message' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Premier message', 'the focus was moved');
    assert.deepEqual(await page.locator('.thread h2').allInnerTexts(), ['Second message', 'Premier message']);
    await status('2 conversations non lues');
    await look('list-renewed');
  });

  step('shows the newest message on the first screen of a phone', async () => {
    await write({
      subject: 'Compte rendu', text: 'Voici votre compte rendu.', file: { name: 'bilan.pdf', type: 'application/pdf', content: paper },
    });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(at('/messages'));
    await page.getByRole('link', { name: 'Compte rendu' }).click();
    conversation = page.url();
    const box = await page.locator('.message .text').first().boundingBox();
    assert.ok(box.y + box.height < 740, `the newest message ends at ${box.y + box.height} px`);
    await look('newest-first');
  });

  step('shows a document on a page, kept apart', async () => {
    await page.getByRole('link', { name: 'Lire ici bilan.pdf' }).click();
    const frame = page.locator('iframe.paper');
    const answer = await page.request.get(new URL(await frame.getAttribute('src'), page.url()).href);
    assert.equal(answer.headers()['content-type'], 'application/pdf');
    assert.match(answer.headers()['content-security-policy'], /default-src 'none'.*frame-ancestors 'self'/);
    assert.ok(paper.equals(await answer.body()));
    await look('document');
    await page.getByRole('button', { name: 'Enregistrer dans mes documents' }).click();
    await status('Ce document reste dans ce service ; il n’est pas ajouté à Mon espace santé.');
    await write({ subject: 'Une photo', text: 'Voici.', file: { name: 'photo.png', type: 'image/png', content: picture } });
    await page.goto(at('/messages'));
    await page.getByRole('link', { name: 'Une photo' }).click();
    await page.getByRole('link', { name: 'Lire ici photo.png' }).click();
    assert.equal(await visitor.withScript(page, () => page.locator('.picture img').evaluate((image) => image.decode().then(() => image.naturalWidth))), 1);
    await look('picture');
  });

  step('keeps the draft, also against a second window', async () => {
    await page.goto(conversation);
    await compose();
    await text().fill('Un début de réponse.');
    const keep = () => page.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    if (!script) await keep();
    await status('Brouillon enregistré.'); // by itself, or by the button
    const second = await visitor.tab();
    await second.goto(conversation);
    assert.equal(await second.getByLabel('Votre message').inputValue(), 'Un début de réponse.');
    await second.getByLabel('Votre message').fill('Écrit dans la seconde fenêtre.');
    await second.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    await second.getByRole('status').filter({ hasText: 'Brouillon enregistré.' }).waitFor();
    await second.close();
    await text().fill('Écrit dans la première fenêtre.');
    await keep();
    if (script) {
      await page.getByRole('group', { name: 'Deux brouillons différents' }).waitFor();
      await look('draft-two');
      assert.equal(await text().inputValue(), 'Écrit dans la première fenêtre.');
      await page.getByRole('button', { name: 'Garder mon texte' }).click();
    } else {
      assert.equal(page.answer.status(), 409);
      assert.match(await said(page.locator('#autre')), /Écrit dans la seconde fenêtre\./);
      await look('draft-two-plain');
      await keep();
    }
    await status('Brouillon enregistré.');
    await eventually('draft kept', async () => {
      const other = await visitor.tab();
      await other.goto(conversation);
      const kept = await other.getByLabel('Votre message').inputValue();
      await other.close();
      return kept === 'Écrit dans la première fenêtre.';
    });
    await page.goto(at('/messages'));
    assert.match(await said(page.locator('.thread', { hasText: 'Compte rendu' })), /Brouillon/);
    await page.goto(conversation);
  });

  step('tells what is wrong with the documents and loses nothing', async () => {
    const files = page.getByLabel('Pièces jointes');
    await files.setInputFiles([{ name: 'virus.exe', mimeType: 'application/pdf', buffer: paper }]);
    await page.getByRole('button', { name: 'Envoyer' }).click();
    assert.match(await said(page.locator('#pieces-faute')), /« virus\.exe » : ce format n’est pas accepté/);
    assert.match(await files.getAttribute('aria-describedby'), /pieces-faute/);
    assert.equal(await text().inputValue(), 'Écrit dans la première fenêtre.');
    await look('file-fault');
    if (script) {
      await page.getByRole('button', { name: 'Retirer virus.exe' }).click();
      await files.setInputFiles({ name: 'un.pdf', mimeType: 'application/pdf', buffer: paper });
      await files.setInputFiles({ name: 'faux.pdf', mimeType: 'application/pdf', buffer: picture }); // the server looks inside
      await status(/Il reste .* sur /);
      await look('files-chosen');
      await page.getByRole('button', { name: 'Envoyer' }).click();
      await page.getByRole('alert').filter({ hasText: '« faux.pdf » : le contenu ne correspond pas' }).first().waitFor();
      assert.deepEqual(await files.evaluate((input) => [...input.files].map((f) => f.name)), ['un.pdf', 'faux.pdf'], 'the documents are lost');
      await toField();
      await page.getByRole('button', { name: 'Retirer faux.pdf' }).click();
    } else {
      await toField();
      assert.match(await said(page.locator('#fautes')), /Les pièces jointes sont à choisir de nouveau\./);
      await files.setInputFiles({ name: 'un.pdf', mimeType: 'application/pdf', buffer: paper });
    }
  });

  /** What is wrong has the focus when it is shown; from there the keyboard leads to the field. */
  async function toField() {
    assert.equal(await page.evaluate(() => document.activeElement.id), 'fautes');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'pieces');
  }

  step('sends with progress, and keeps all when the line breaks', async () => {
    const before = (await received(demo, doctor)).length;
    if (script) {
      await visitor.context.route('**/repondre', (route) => route.abort());
      await page.getByRole('button', { name: 'Envoyer' }).click();
      await page.getByRole('alert').filter({ hasText: 'La connexion a été coupée' }).waitFor();
      assert.equal(await text().inputValue(), 'Écrit dans la première fenêtre.');
      await look('line-broken');
      await visitor.context.unroute('**/repondre');
      await visitor.context.route('**/repondre', async (route) => {
        await page.getByRole('progressbar', { name: 'Envoi du message' }).waitFor();
        await look('sending');
        await route.continue();
      });
    }
    await page.getByRole('button', { name: 'Envoyer' }).click();
    await status('Votre message est enregistré et part vers le professionnel.');
    assert.ok(carries(await nth(demo, doctor, before + 1), paper));
    await page.goto(conversation);
    assert.match(await said(page.locator('.message.mine').first()), /Écrit dans la première fenêtre\./);
    assert.equal(await page.getByLabel('Votre message').inputValue(), '', 'the draft outlives its message');
  });

  step('weighs little: the first page comes in one round of less than 60 kB', async () => {
    for (let n = 1; n <= 12; n++) await write({ subject: `Suivi ${n}`, text: 'Texte.' });
    await weigh(visitor, at('/messages'), script ? 3 : 2);
  });

  step('has met no page with a fault', () => {
    assert.deepEqual(visitor.dialogs, []);
    assert.deepEqual(inspector.faults, []);
  });
}
