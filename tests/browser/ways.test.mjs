// The other ways to use the pages: by the keyboard alone, enlarged, in the system's colours, without motion, on paper and
// over a slow line. What a patient, a professional and an establishment do most is done by the keyboard; each page that
// they meet is walked through, adapted (WCAG 1.4.4, 1.4.10, 1.4.12, 2.1, 2.4; RGAA 10, 12) and weighed.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { adapt } from './adaptation.mjs';
import { call } from './api.mjs';
import { startDemo } from './demo.mjs';
import { press, reach, walk } from './keyboard.mjs';
import { nth, received, send } from './mail.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';
import { weigh } from './weight.mjs';

const pictures = process.env.SCREENSHOTS;
const said = async (element) => (await element.innerText()).replaceAll('\u00a0', ' ');
const status = (page, words) => page.getByRole('status').filter({ hasText: words }).first().waitFor();

let demo, browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Walks through the page by the keyboard and adapts it in each way. Pictures are kept of those named. */
async function bears(page, name, shown = []) {
  await walk(page);
  const faults = await adapt(page, async (way) => {
    if (!pictures || !shown.includes(way)) return;
    await mkdir(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `500-${name}-${way.replaceAll(' ', '-')}.png`), fullPage: true });
  });
  assert.deepEqual(faults, [], name);
}

/** Prints the page as a browser does, onto A4, and resolves to how many sheets it takes. */
async function print(page, name) {
  const sheets = (await page.pdf({ format: 'A4', preferCSSPageSize: true })).toString('latin1');
  if (pictures) await writeFile(join(pictures, `500-${name}.pdf`), sheets, 'latin1');
  return sheets.match(/\/Type\s*\/Page\b/g).length;
}

it('a patient reads, answers and blocks by the keyboard, enlarges the pages and prints them', { timeout: 240_000 }, async () => {
  const { patients: [patient], professionals: [doctor] } = demo.ready;
  const mail = { from: doctor.mailboxes[0], to: patient.address };
  for (let n = 1; n <= 9; n++) await send(demo, { ...mail, subject: `Suivi ${n}`, text: 'Bonjour.' });
  const long = 'Le traitement se poursuit comme convenu lors de notre dernière rencontre.\n'.repeat(12);
  await send(demo, { ...mail, subject: 'Votre traitement', text: long, header: { 'Message-Id': '<paper@operator.test>' } });
  for (let n = 1; n <= 3; n++) await send(demo, { ...mail, subject: 'Re: Votre traitement', text: long, header: { 'In-Reply-To': '<paper@operator.test>' } });

  const visitor = await Visitor.arrive(browser, { script: true });
  const { page } = visitor;
  await visitor.logIn(demo, 'patient', patient.name);
  await weigh(visitor, `${demo.ready.http}/messages`);
  await page.reload();
  await press(page, page.getByRole('link', { name: 'Votre traitement' }).first());
  await page.waitForURL(/\/messages\//);
  await weigh(visitor, page.url());
  const before = (await received(demo, doctor.mailboxes[0])).length;
  await press(page, page.locator('summary', { hasText: 'Répondre' }));
  await reach(page, page.getByLabel('Votre message'));
  await page.keyboard.type('Merci docteur.');
  await press(page, page.getByRole('button', { name: 'Envoyer' }));
  await status(page, 'Votre message est enregistré et part vers le professionnel.');
  await nth(demo, doctor.mailboxes[0], before + 1);
  await bears(page, 'conversation', ['zoom', 'spacing', 'large text', 'forced colours', 'paper']);

  await page.emulateMedia({ media: 'print' });
  const paper = await said(page.locator('body'));
  for (const words of [patient.name, 'Votre traitement', doctor.name.split(' ').at(-1), 'Merci docteur.']) {
    assert.ok(paper.includes(words), `${words} is not printed`);
  }
  assert.match(paper, /(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) \d/);
  for (const words of ['Répondre', 'Mes échanges', 'Supprimer', 'Se déconnecter', 'http://']) assert.ok(!paper.includes(words), `${words} is printed`);
  await page.emulateMedia({ media: 'screen' });
  assert.ok(await print(page, 'conversation') > 1, 'the conversation was to take more than one sheet');

  for (const path of ['/messages', '/documents', '/oppositions', '/aidants', '/compte', '/historique']) {
    await page.goto(demo.ready.http + path);
    await bears(page, path.slice(1), path === '/messages' ? ['zoom', 'forced colours', 'paper'] : []);
  }
  await page.goto(`${demo.ready.http}/messages`);
  await press(page, page.getByRole('link', { name: 'Mes échanges' }));
  await page.waitForURL(/contacts/);
  await press(page, page.getByRole('link', { name: /^Bloquer ce professionnel/ }));
  await page.waitForURL(/bloquer/);
  await bears(page, 'block');
  await press(page, page.getByRole('button', { name: 'Bloquer' }));
  await status(page, /^Vous avez bloqué .*\. Ce (professionnel|service|cabinet) n’est pas prévenu\.$/);
  await bears(page, 'contacts');
  await press(page, page.getByRole('button', { name: 'Débloquer' }));
  await status(page, /^Vous avez débloqué /);
  await visitor.leave();
});

it('a professional writes a first message by the keyboard', { timeout: 240_000 }, async () => {
  const { patients: [, patient], professionals: [, doctor] } = demo.ready;
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', doctor.name);
  await page.reload();
  await press(page, page.getByRole('link', { name: 'Écrire à un patient' }));
  await page.waitForURL(/ecrire/);
  await bears(page, 'identify');
  await page.reload();
  await reach(page, page.getByLabel('Matricule INS du patient'));
  await page.keyboard.type(patient.ins);
  await press(page, page.getByLabel('L’identité est qualifiée'), 'Space');
  await press(page, page.getByRole('button', { name: 'Continuer' }));
  await page.getByRole('heading', { level: 1, name: 'Le message' }).waitFor();
  await press(page, page.getByLabel('C’est bien ce patient'), 'Space');
  await reach(page, page.getByLabel('Objet'));
  await page.keyboard.type('Votre bilan');
  await reach(page, page.getByLabel('Votre message'));
  await page.keyboard.type('Bonjour, votre bilan est bon.');
  await press(page, page.getByRole('button', { name: 'Envoyer au patient' }));
  await status(page, 'Message envoyé.');
  const { items: [thread] } = await call(demo, patient.token, 'GET', '/inbox');
  assert.equal(thread.subject, 'Votre bilan');

  await weigh(visitor, page.url());
  await bears(page, 'desk-conversation', ['zoom', 'large text', 'paper']);
  await page.emulateMedia({ media: 'print' });
  const paper = await said(page.locator('body'));
  for (const words of [doctor.name, patient.name, 'Votre bilan', 'votre bilan est bon.']) assert.ok(paper.includes(words), `${words} is not printed`);
  await page.emulateMedia({ media: 'screen' });
  assert.equal(await print(page, 'desk-conversation'), 1);
  await weigh(visitor, `${demo.ready.http}/pro`);
  for (const path of ['', '/boites', '/annuaire']) {
    await page.goto(`${demo.ready.http}/pro${path}`);
    await bears(page, `desk${path.replace('/', '-')}`, path ? [] : ['zoom', 'large text', 'paper']);
  }
  await visitor.leave();
});

it('an establishment closes a visit by the keyboard', { timeout: 240_000 }, async () => {
  const { clinics: [clinic], patients: [, , patient], professionals: [, , secretary] } = demo.ready;
  await call(demo, clinic.token, 'PUT', `/facilities/${clinic.finess}/episodes/V2026-0815`,
    { state: 'open', eventId: 'open-V2026-0815', patient: { ins: patient.ins }, unit: 'Cardiologie' });
  await call(demo, secretary.token, 'POST', '/conversations', {
    mailbox: secretary.mailboxes[0], patient: { ins: patient.ins }, subject: 'Votre sortie', text: 'Bonjour.',
    episode: { finess: clinic.finess, visit: 'V2026-0815' },
  });
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'professionnel', secretary.name);
  await page.goto(`${demo.ready.http}/clinique`);
  await weigh(visitor, page.url());
  await bears(page, 'establishment', ['zoom', 'paper']);
  await page.reload();
  await press(page, page.getByRole('link', { name: 'Tableau de bord' }));
  await page.waitForURL(/tableau/);
  await weigh(visitor, page.url());
  await bears(page, 'dashboard', ['zoom', 'large text', 'forced colours', 'paper']);
  await page.goto(`${demo.ready.http}/clinique`);
  await press(page, page.locator('.visits').getByRole('link', { name: patient.name }));
  await page.waitForURL(/venues/);
  await bears(page, 'episode');
  await page.reload();
  await reach(page, page.getByLabel('Qui contacter ensuite'));
  await page.keyboard.type('secrétariat de cardiologie');
  await press(page, page.getByRole('button', { name: 'Clore la prise en charge' }));
  await status(page, 'Clôture annoncée au patient.');
  await press(page, page.getByRole('button', { name: 'Annuler la clôture' }));
  await status(page, 'Clôture annulée.');
  await visitor.leave();
});

it('a stranger reads what is open to all', { timeout: 120_000 }, async () => {
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  for (const path of ['/', '/accessibilite', '/clinique']) {
    await page.goto(demo.ready.http + path);
    await bears(page, path.slice(1) || 'home');
  }
  await visitor.leave();
});
