// Health documents in a message, in a real browser without scripts: what the cards say (OP14), that the
// files come back byte for byte, that nothing of an archive is ever run, and that a document that was saved
// outlives its conversation (R115, I178).
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, it } from 'node:test';
import { archive } from './archive.mjs';
import { startDemo } from './demo.mjs';
import { setTrap } from './hostile.mjs';
import { Inspector } from './inspector.mjs';
import { send } from './mail.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

const said = async (element) => (await element.innerText()).replaceAll('\u00a0', ' ');
const report = Buffer.from('%PDF-1.4\n%âãÏÓ\r\nAnalyses de sang');

let demo, browser, trap;

before(async () => {
  [demo, browser, trap] = await Promise.all([startDemo(), launchBrowser(), setTrap()]);
});
after(async () => {
  await browser?.close();
  trap?.close();
  await demo?.stop();
});

it('shows documents as cards, offers what they embed, and runs nothing', { timeout: 180_000 }, async () => {
  const [patient] = demo.ready.patients;
  const mailbox = demo.ready.professionals[0].mailboxes[0];
  const common = { ins: patient.ins, author: { given: 'Irène', family: 'PETIT' }, organisation: 'Laboratoire du Port' };
  const documents = [
    { ...common, title: 'Compte rendu d’analyses de sang', kind: 'CR d’examens biologiques', code: '11502-2', time: '20260504091500+0200', pdf: report },
    { ...common, title: 'Lettre de sortie', kind: 'Lettre de liaison', code: '11490-0', time: '20260505', sections: ['Synthèse', 'Traitements'] },
  ];
  const whole = archive(documents, trap.origin);
  await send(demo, {
    from: mailbox, to: patient.address, subject: 'XDM/1.0/DDM+CR d’examens biologiques CORSE DOMINIQUE', text: 'Bonjour, voici vos documents.',
    file: { name: 'IHE_XDM.ZIP', type: 'application/zip', content: whole },
  });
  await assert.rejects(send(demo, {
    from: mailbox, to: patient.address, subject: 'Autre patient',
    file: { name: 'IHE_XDM.ZIP', type: 'application/zip', content: archive([{ ...documents[0], ins: '153124500723160' }], trap.origin) },
  }), /554 5\.6\.0 Le document joint concerne un autre patient que le destinataire\./); // D31

  await send(demo, {
    from: mailbox, to: patient.address, subject: 'Un avis transmis', text: 'Voici l’avis de mon confrère.',
    file: {
      name: 'avis.eml', type: 'message/rfc822',
      content: 'From: <confrere@ailleurs.test>\r\nSubject: Avis\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLe cœur va bien.\r\n',
    },
  });

  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'patient', patient.name);
  assert.equal(await page.getByText('Autre patient').count(), 0);
  await page.getByRole('link', { name: 'CR d’examens biologiques CORSE DOMINIQUE' }).click();
  assert.equal(await page.getByText('XDM/1.0').count(), 0, 'the technical prefix is shown (R43)');

  const cards = page.locator('.documents li');
  assert.equal(await cards.count(), 2);
  const first = await said(cards.nth(0));
  for (const words of ['Compte rendu d’analyses de sang', 'CR d’examens biologiques', 'lundi 4 mai 2026', 'Dr Irène PETIT, Laboratoire du Port', '.pdf, PDF, 36 octets']) {
    assert.ok(first.includes(words), `${words} is missing in ${first}`);
  }
  assert.match(await said(cards.nth(1)), /Lettre de sortie[\s\S]*mardi 5 mai 2026[\s\S]*Taille[\s\S]*Document structuré/);
  assert.match(await said(page.locator('.technical')), /Données structurées[\s\S]*IHE_XDM\.ZIP, archive ZIP/);
  assert.equal(await page.getByText('INDEX.HTM').count() + await page.getByText('CDA.XSL').count(), 0);

  const fetched = async (link) => {
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
  };
  const pdf = await fetched(cards.nth(0).locator('a[download]'));
  assert.equal(pdf.name, 'Compte rendu d’analyses de sang.pdf');
  assert.ok(report.equals(pdf.content), 'not the PDF that the document embeds');
  assert.ok(whole.equals((await fetched(page.locator('.technical').getByRole('link'))).content), 'not the archive that was sent');

  const inspector = new Inspector(visitor, { forbidden: [mailbox], pictures: process.env.SCREENSHOTS, seen: 90 });
  await inspector.look(page, 'documents');

  await page.getByRole('link', { name: 'Mes documents' }).click();
  await inspector.look(page, 'saved-none');
  await page.goBack();
  await cards.nth(0).getByRole('button', { name: 'Enregistrer dans mes documents' }).click();
  await page.getByRole('status').filter({ hasText: 'il n’est pas ajouté à Mon espace santé' }).waitFor();
  await inspector.look(page, 'saved-here');
  await page.getByRole('link', { name: 'Voir mes documents' }).click();
  await inspector.look(page, 'saved');

  await page.getByRole('link', { name: 'Mes messages' }).click();
  await page.getByRole('link', { name: 'CORSE DOMINIQUE' }).click();
  await page.getByRole('link', { name: 'Supprimer la conversation' }).click();
  await inspector.look(page, 'delete');
  const gone = page.url().replace('/supprimer', '');
  await page.getByRole('button', { name: 'Supprimer la conversation' }).click();
  await page.getByRole('status').filter({ hasText: 'Conversation supprimée.' }).waitFor();
  await inspector.look(page, 'deleted');
  await page.goto(gone); // from a bookmark
  await page.getByRole('heading', { level: 1, name: 'Message supprimé' }).waitFor();
  await inspector.look(page, 'deleted-opened');

  await page.getByRole('link', { name: 'Mes documents' }).click();
  const kept = await fetched(page.getByRole('link', { name: /^Télécharger Compte rendu d’analyses de sang/ }));
  assert.ok(report.equals(kept.content), 'not the document that was saved');
  await page.getByRole('link', { name: 'Supprimer' }).click();
  await page.getByText('ce document sera perdu').waitFor();
  await inspector.look(page, 'delete-document');
  await page.getByRole('button', { name: 'Supprimer le document' }).click();
  await page.getByRole('status').filter({ hasText: 'Document supprimé.' }).waitFor();

  await page.getByRole('link', { name: 'Mes messages' }).click();
  await page.getByRole('link', { name: 'Un avis transmis' }).click();
  await inspector.look(page, 'with-attached-message');
  await page.getByRole('link', { name: 'Lire le message joint' }).click();
  await page.getByText('Le cœur va bien.').waitFor();
  await inspector.look(page, 'attached-message');
  assert.deepEqual(inspector.faults, []);
  assert.deepEqual(visitor.dialogs, []);
  assert.deepEqual(trap.calls, []);
  await visitor.leave();
});
