// Who acts for whom, in a real browser without scripts: a parent for a child, a caregiver from the invitation to
// the end, and what each of them sees.
//
// Run it with make test-browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startDemo } from './demo.mjs';
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
async function enter(name, seen) {
  const visitor = await Visitor.arrive(browser, { script: false });
  const { page } = visitor;
  await visitor.logIn(demo, 'patient', name);
  const inspector = new Inspector(visitor, {
    forbidden: demo.ready.professionals.flatMap((p) => p.mailboxes), pictures: process.env.SCREENSHOTS, seen,
  });
  return {
    page,
    look: (state) => inspector.look(page, state),
    follow: (link) => page.getByRole('link', { name: link }).first().click(),
    press: (button) => page.getByRole('button', { name: button }).first().click(),
    status: (text) => page.getByRole('status').filter({ hasText: text }).waitFor(),
    heading: (name) => page.getByRole('heading', { level: 1, name }).waitFor(),
    banner: () => page.locator('.acting'),
    async leave() {
      await visitor.leave();
      assert.deepEqual(inspector.faults, []);
    },
  };
}

/** The patient of the ready file with a matricule. */
const byINS = (ins) => demo.ready.patients.find((patient) => patient.ins === ins);

it('lets a parent act for a child, who sees it (D28, R130, R134)', { timeout: 240_000 }, async () => {
  const child = demo.ready.patients.find(({ representatives }) => representatives?.length);
  const parent = byINS(child.representatives[0]);
  await send(demo, { from: demo.ready.professionals[0].mailboxes[0], to: child.address, subject: 'Vaccin', text: 'Bonjour.' });
  const { page, look, follow, press, status, heading, banner, leave } = await enter(parent.name, 140);
  assert.equal(await banner().count(), 0);
  await follow('Mes profils');
  await look('profiles');
  await press(`Agir pour ${child.name}`);
  await heading('Mes messages');
  assert.match(await said(banner()), new RegExp(`^Vous agissez pour ${child.name} \\(représentant légal, jusqu’au `));
  await look('acting-inbox');
  await follow('Vaccin');
  await look('acting-conversation');
  await page.getByText('Répondre', { exact: true }).first().click();
  await page.getByLabel('Votre message').fill('Merci docteur.');
  await press('Envoyer');
  await status('Votre message est enregistré et part vers le professionnel.');
  assert.match(await said(page.locator('article.mine')), new RegExp(`${parent.name} \\(représentant\\)`));
  assert.match(await said(page.locator('article.mine')), new RegExp(`par ${parent.name}, représentant légal de ${child.name}\\.`));
  for (const [link, name] of [['Mes échanges', 'acting-contacts'], ['Mes oppositions', 'acting-objections'], ['Mes aidants', 'acting-delegates'], ['Mon compte', 'acting-account']]) {
    await follow(link);
    assert.equal(await banner().count(), 1);
    await look(name);
  }
  await follow('Mes aidants');
  await follow(`Ne plus agir pour ${child.name}`);
  await heading(`Ne plus agir pour ${child.name}`);
  await page.goto(`${demo.ready.http}/messages`);
  await press('Revenir à ma messagerie');
  await heading('Mes messages');
  assert.equal(await banner().count(), 0);
  await leave();

  const own = await enter(child.name, 150);
  await own.follow('Vaccin');
  await own.look('written-by-representative');
  await own.page.goto(`${demo.ready.http}/historique`);
  assert.match(await said(own.page.locator('main')), new RegExp(`${parent.name} a répondu en votre nom`));
  await own.follow('Mes aidants');
  assert.match(await said(own.page.locator('main')), /Cet accès vient de la loi/);
  await own.leave();
});

it('takes a caregiver from the invitation to the end (R128, R133, R135)', { timeout: 240_000 }, async () => {
  const [patient, friend] = [demo.ready.patients[0], demo.ready.patients[1]];
  await send(demo, { from: demo.ready.professionals[0].mailboxes[0], to: patient.address, subject: 'Ordonnance', text: 'Bonjour.' });
  const me = await enter(patient.name, 160);
  await me.follow('Mes aidants');
  await me.look('delegates-none');
  await me.page.getByLabel('Nom de la personne').fill('Mon voisin');
  await me.page.getByLabel('Dernier jour de l’accès').fill('2020-01-01');
  await me.press('Préparer l’invitation');
  assert.equal(me.page.answer.status(), 422);
  await me.look('invitation-fault');
  await me.page.getByLabel('Dernier jour de l’accès').fill('');
  await me.press('Préparer l’invitation');
  await me.status('Invitation prête.');
  await me.look('invitation-ready');
  const code = await said(me.page.locator('.code'));
  assert.match(code, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);

  const them = await enter(friend.name, 170);
  await them.follow('Mes profils');
  await them.page.getByLabel('Code de l’invitation').fill('AAAA-AAAA-AAAA-AAAA');
  await them.press('Voir l’invitation');
  assert.equal(them.page.answer.status(), 404);
  await them.look('code-fault');
  await them.page.getByLabel('Code de l’invitation').fill(code.toLowerCase());
  await them.press('Voir l’invitation');
  await them.look('invitation');
  await them.press('Accepter');
  await them.status('Invitation acceptée.');
  await them.press(`Agir pour ${patient.name}`);
  await them.follow('Ordonnance');
  await them.look('caregiver-conversation');
  for (const absent of ['Supprimer la conversation', 'Bloquer ce professionnel', 'Mes oppositions', 'Mes aidants']) {
    assert.equal(await them.page.getByRole('link', { name: absent }).count(), 0, absent);
  }
  await them.page.getByText('Répondre', { exact: true }).first().click();
  await them.page.getByLabel('Votre message').fill('Nous viendrons.');
  await them.press('Envoyer');
  await them.status('Votre message est enregistré et part vers le professionnel.');

  await me.page.reload();
  await me.look('delegates');
  await me.press('Mettre fin à l’accès');
  await me.status(/^L’accès de .* est terminé\.$/);
  await me.look('delegate-ended');
  await them.page.reload();
  assert.equal(them.page.answer.status(), 404);
  await them.look('acts-no-more');
  await them.follow('Revenir à mes messages');
  assert.equal(await them.banner().count(), 0);
  await me.press(/^Rétablir l’accès de /);
  await me.status(/^L’accès de .* est rétabli\.$/);
  await them.follow('Mes profils');
  await them.follow(`Ne plus agir pour ${patient.name}`);
  await them.look('give-up');
  await them.press('Ne plus agir pour cette personne');
  await them.status('Vous n’agissez plus pour cette personne.');
  await them.leave();
  await me.leave();
});
