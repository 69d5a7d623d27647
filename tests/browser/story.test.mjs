// The story of a patient and a professional in a real browser, on the built program, twice: with
// scripts and without. Each step stands on what the one before has left. Every page is inspected in
// every state that it is met in; the last step tells what was found.
//
// Run it with make test-browser, or make screenshots to keep a picture of each state.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { startDemo } from './demo.mjs';
import { eventually } from './eventually.mjs';
import { setTrap } from './hostile.mjs';
import { Inspector } from './inspector.mjs';
import { press, reach } from './keyboard.mjs';
import { carries, field, nth, received, send } from './mail.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

// Not all text, so that a changed line end or character would show.
const report = Buffer.concat([Buffer.from('%PDF-1.4\n%âãÏÓ\r\n'), Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256))]);
const pdf = (name, content = report) => ({ name, mimeType: 'application/pdf', buffer: content });

/** What HTML may not bring into a page of ours. */
const active = 'script, style, link, img, svg, iframe, object, embed, video, audio, form, input, button, details, a[href^=javascript], [style], [class], [id], [onclick], [onerror]';

/** The text of an element as it is read; a no-break space is a space. */
const said = async (element) => (await element.innerText()).replaceAll('\u00a0', ' ');

let demo, browser, trap;

before(async () => {
  [demo, browser, trap] = await Promise.all([startDemo(), launchBrowser(), setTrap()]);
});
after(async () => {
  await browser?.close();
  trap?.close();
  await demo?.stop();
});

it('the attacks of the hostile message work where nothing stops them', async () => {
  const victim = await Visitor.arrive(browser, { script: true });
  await victim.page.goto(`${trap.origin}/control`);
  for (const kind of ['script', 'onerror', 'svg']) assert.ok(victim.dialogs.includes(kind), `no dialog of ${kind}: ${victim.dialogs}`);
  for (const path of ['/pixel.gif', '/import.css', '/sheet.css', '/style.png', '/frame']) {
    assert.ok(trap.calls.includes(path), `${path} was not called: ${trap.calls}`);
  }
  await victim.leave();
  const scriptless = await Visitor.arrive(browser, { script: false });
  await scriptless.page.goto(`${trap.origin}/control`);
  assert.deepEqual(scriptless.dialogs, [], 'a browser without scripts runs them');
  await scriptless.leave();
  trap.calls.length = 0;
});

describe('with JavaScript', () => story({ script: true, person: 0 }));
describe('without JavaScript', () => story({ script: false, person: 1 }));

/** Registers the steps. person chooses a patient and a professional whom nobody else uses. */
function story({ script, person }) {
  let patient, professional, colleague, visitor, page, inspector;
  let first; // address of the first conversation's page
  let arrived; // how many replies lay in the professional's Maildir when this round began
  let broken = false;

  /** One step. After one that failed there is nothing for the next to stand on. */
  const step = (name, run) => it(name, { timeout: 180_000 }, async (t) => {
    if (broken) return t.skip('an earlier step failed');
    broken = true;
    await run();
    broken = false;
  });

  const look = (name, at = page) => inspector.look(at, name);
  const heading = () => page.getByRole('heading', { level: 1 });
  const familyName = () => professional.name.split(' ').at(-1);
  const write = (message) => send(demo, { from: professional.mailbox, to: patient.address, ...message });
  const reply = (n) => nth(demo, professional.mailbox, arrived + n);

  /** Opens a conversation from the list, as a person does. */
  const open = async (subject) => {
    await page.goto(`${demo.ready.http}/messages`);
    await page.getByRole('link', { name: subject }).click();
    await heading().filter({ hasText: subject }).waitFor();
  };
  /** Opens the form of the conversation on the page. */
  const compose = (at = page) => at.locator('summary', { hasText: /Répondre|Reprendre/ }).click();
  const sendForm = (at = page) => at.getByRole('button', { name: 'Envoyer' }).click();
  const status = (text) => page.getByRole('status').filter({ hasText: text }).waitFor();

  before(async () => {
    const { patients, professionals, clinics } = demo.ready;
    patient = patients[person];
    professional = { ...professionals[person], mailbox: professionals[person].mailboxes[0] };
    colleague = professionals[1 - person].mailboxes[0];
    arrived = (await received(demo, professional.mailbox)).length;
    visitor = await Visitor.arrive(browser, { script });
    page = visitor.page;
    inspector = new Inspector(visitor, {
      forbidden: [...professionals, ...clinics].flatMap((p) => p.mailboxes), // R71, D11
      pictures: script ? process.env.SCREENSHOTS : '', brief: !script, // the other round looks the same
    });
  });
  after(() => visitor?.leave());

  step('shows a stranger what the service is', async () => {
    if (!script) { // these pages have none
      await page.goto(demo.ready.http);
      return;
    }
    await page.goto(`${demo.ready.http}/accessibilite`);
    await look('accessibility');
    await page.goto(`${demo.ready.http}/clinique`);
    await look('establishment-stranger');
    await page.goto(`${demo.ready.http}/developpeurs`);
    await look('developers');
    await page.getByRole('link', { name: 'POST /api/v1/conversations', exact: true }).click();
    const folded = page.locator('details').filter({ hasText: '-X DELETE ' }).locator('pre');
    await page.locator('details[open]', { hasText: 'POST /api/v1/conversations' }).locator('pre').waitFor();
    assert.equal(await folded.first().isVisible(), false);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await folded.first().isVisible(), true); // paper has no fold
    await page.emulateMedia({ media: null });
    await page.goto(`${demo.ready.http}/rien`);
    assert.equal(page.answer.status(), 404);
    await look('not-found');
    await page.goto(demo.ready.http);
    await look('home');
  });

  step('lets the patient in by way of the provider', async () => {
    await page.getByRole('region', { name: 'Vous êtes patient' }).getByRole('link').click();
    await look('provider-patient');
    await page.getByRole('button', { name: patient.name }).click();
    await page.waitForURL(`${demo.ready.http}/messages`);
    assert.match(await said(page.locator('.empty')), /Vous n’avez pas encore de message/);
    await look('inbox-empty');
  });

  step('shows the message that the professional sent, by name and never by address', async () => {
    await write({
      subject: 'Votre compte rendu', text: 'Bonjour Madame, ceci est le texte sans mise en forme.', html: trap.html,
      header: { 'Message-Id': `<first-${person}@operator.test>`, From: `"Quelqu'un d'autre" <${professional.mailbox}>` },
      file: { name: 'compte-rendu.pdf', type: 'application/pdf', content: report },
    });
    await page.goto(`${demo.ready.http}/messages`);
    const thread = page.locator('.thread');
    assert.equal(await thread.count(), 1);
    const line = await said(thread);
    for (const words of ['Votre compte rendu', familyName(), 'Non lu', 'Pièce jointe', 'Réponse possible']) {
      assert.ok(line.includes(words), `${words} is missing in ${line}`);
    }
    await look('inbox-unread');
    await open('Votre compte rendu');
    first = page.url();
    assert.match(await page.title(), /^Votre compte rendu \(réponse possible\)/); // I219
    assert.ok((await said(page.locator('.message header h3'))).includes(familyName()));
    await look('conversation');
  });

  step('shows safe HTML and nothing of what hides in it', async () => {
    const mail = page.locator('.mail');
    assert.match(await said(mail), /Vos résultats sont rassurants[\s\S]*essoufflement au repos[\s\S]*64 \/min/);
    for (const kept of ['strong', 'em', 'li', 'th']) assert.ok(await mail.locator(kept).count() > 0, `no ${kept}`);
    assert.deepEqual(await mail.locator(active).evaluateAll((found) => found.map((e) => e.outerHTML)), []);
    assert.ok(await page.locator('.message').isVisible());
    assert.equal(await page.locator('main > .message, main > p', { hasText: 'Après la fin' }).count(), 0, 'the message leaves its frame');
    await page.getByText('Continuer').waitFor(); // it is there, and no link
    assert.equal(await page.getByRole('link', { name: 'Continuer' }).count(), 0);
  });

  step('gives the document back byte for byte', async () => {
    const link = page.getByRole('link', { name: /^compte-rendu\.pdf/ });
    assert.match(await said(link), /^compte-rendu\.pdf, PDF, 5 Ko$/); // I220
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.equal(download.suggestedFilename(), 'compte-rendu.pdf');
    assert.ok(report.equals(await readFile(await download.path())), 'not the document that was sent');
  });

  step('says whether, to whom and until when a reply is possible', async () => {
    const right = await said(page.locator('.right'));
    assert.match(right, /^Vous pouvez répondre/);
    assert.match(right, new RegExp(`À .*${familyName()}`));
    assert.match(right, /Sans date limite, tant que ce professionnel n’a pas mis fin à vos échanges\./);
  });

  step('keeps a draft, and loses no text when something is wrong with the form', async () => {
    await compose();
    assert.match(await said(page.locator('.right')), /En cas d’urgence, appelez le 15 ou le 112 \(114 par SMS/); // I225
    await look('reply-form');
    await page.getByLabel('Votre message').fill('Un brouillon à reprendre plus tard.');
    await page.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    await status('Brouillon enregistré.');
    await look('draft-kept');
    await page.getByLabel('Pièces jointes').setInputFiles({ name: 'programme.exe', mimeType: 'application/pdf', buffer: report });
    await sendForm();
    if (!script) { // our script says so before anything is sent
      assert.equal(page.answer.status(), 422);
      assert.match(await said(page.locator('#fautes')), /^Votre message n’a pas été envoyé\.\s+« programme\.exe » : ce format n’est pas accepté/);
    }
    assert.match(await said(page.locator('#pieces-faute')), /« programme\.exe » : ce format n’est pas accepté/);
    assert.equal(await page.getByLabel('Votre message').inputValue(), 'Un brouillon à reprendre plus tard.');
    assert.equal(await page.getByLabel('Pièces jointes').getAttribute('aria-invalid'), 'true');
    await look('form-fault-file');
    if (script) await page.getByRole('button', { name: 'Retirer programme.exe' }).click();
    await page.getByLabel('Votre message').fill('   ');
    await sendForm();
    await page.getByRole('alert').filter({ hasText: 'Écrivez votre message avant de l’envoyer.' }).waitFor();
    await look('form-fault-text');
    if (script) { // an emptied text is an emptied draft, which is kept as the page is left
      return eventually('draft emptied', async () => {
        await page.goto(first);
        return await page.getByRole('button', { name: 'Supprimer le brouillon' }).count() === 0;
      });
    }
    await page.goto(first);
    await page.getByRole('button', { name: 'Supprimer le brouillon' }).click();
    await status('Brouillon supprimé.');
  });

  step('sends a reply with a document to the operator', async () => {
    await compose();
    await page.getByLabel('Votre message').fill('Merci docteur.\n\nVoici mes mesures.');
    await page.getByLabel('Pièces jointes').setInputFiles(pdf('mesures.pdf'));
    await sendForm();
    await status('Votre message est enregistré et part vers le professionnel.');
    const raw = await reply(1);
    assert.match(field(raw, 'From'), new RegExp(`<${patient.address}>$`)); // R156
    assert.equal(field(raw, 'In-Reply-To'), `<first-${person}@operator.test>`);
    assert.equal(field(raw, 'References'), `<first-${person}@operator.test>`);
    assert.match(raw, /\r\nMerci docteur\.\r\n\r\nVoici mes mesures\.\r\n/);
    assert.ok(carries(raw, report), 'the document is not what the patient attached');
    await page.reload();
    assert.match(await said(page.locator('.message.mine')), /mesures\.pdf, PDF/);
    await look('reply-sent');
  });

  step('can be answered by the keyboard alone', async () => {
    await page.goto(first);
    await press(page, page.locator('summary').first());
    await reach(page, page.locator('#texte'));
    await page.keyboard.type('Écrit au clavier.');
    page.once('filechooser', (chooser) => chooser.setFiles(pdf('clavier.pdf')));
    await press(page, page.locator('#pieces'), 'Space');
    await eventually('chosen file', () => page.locator('#pieces').evaluate((input) => input.files.length));
    await press(page, page.locator('button[value=envoyer]'));
    await status('Votre message est enregistré et part vers le professionnel.');
    assert.ok(carries(await reply(2), report));
  });

  step('offers to answer all who were addressed', async () => {
    await write({ subject: 'Avis partagé', text: 'Mon confrère lit aussi.', cc: colleague });
    await open('Avis partagé');
    await compose();
    await look('reply-to-all');
    await page.getByLabel('Répondre à tous').check();
    await page.getByLabel('Votre message').fill('Merci à tous deux.');
    const before = (await received(demo, colleague)).length;
    await sendForm();
    await status('Votre message est enregistré et part vers le professionnel.');
    await reply(3);
    await nth(demo, colleague, before + 1);
  });

  step('shows that one message allows no reply, and leaves the others open', async () => {
    await write({ subject: 'Une seule fois', text: 'Pour information.', header: { 'X-MSS-MES': 'FIN' } });
    await open('Une seule fois');
    assert.equal(await said(page.locator('#etat')), 'Ce message n’autorise pas la réponse.'); // R81
    await noReply();
    assert.match(await said(page.locator('.message .text')), /^Pour information\./);
    await look('no-reply');
    await page.goto(first);
    assert.match(await said(page.locator('.right')), /^Vous pouvez répondre/);
  });

  /** The page offers no way to reply. */
  async function noReply() {
    assert.equal(await page.locator('summary', { hasText: 'Répondre' }).count(), 0);
    assert.equal(await page.locator('form[action$="/repondre"]').count(), 0);
  }

  step('says who ended the exchange, and refuses what was being written', async () => {
    const writing = await visitor.tab();
    await writing.goto(first);
    await compose(writing);
    await writing.getByLabel('Votre message').fill('Encore une question, docteur.');
    await write({ subject: '[FIN]', text: 'Merci et au revoir.' });

    await page.goto(first);
    const name = await said(page.locator('.message:not(.mine) header h3').first());
    assert.ok(name.includes(familyName()));
    assert.equal(await said(page.locator('#etat')), `${name} a mis fin à vos échanges.`); // R86
    assert.match(await page.title(), /\(échange terminé\)/);
    await noReply();
    await look('ended');

    await sendForm(writing);
    await writing.locator('#refus').waitFor();
    if (!script) assert.equal(writing.answer.status(), 403);
    assert.match(await writing.title(), /^Message non envoyé/);
    const text = await said(writing.locator('main'));
    const [refusal, banner] = ['Votre message n’a pas été envoyé : l’échange a pris fin le', 'a mis fin à vos échanges.'].map((s) => text.indexOf(s));
    assert.ok(refusal > 0 && refusal < banner, `first that nothing was sent:\n${text}`);
    assert.match(text, /Votre texte est gardé en brouillon\./);
    assert.match(text, /Encore une question, docteur\./);
    await look('ended-refused', writing);
    await writing.close();
  });

  step('re-opens with a new message', async () => {
    await write({ subject: 'Un nouveau rendez-vous', text: 'Pouvez-vous venir lundi ?\n\n— Le cabinet' });
    await open('Un nouveau rendez-vous');
    assert.match(await said(page.locator('.right')), /^Vous pouvez répondre/); // D6
    await page.goto(`${demo.ready.http}/messages`);
    await look('inbox');
  });

  step('blocks a professional and lifts the block', async () => {
    await page.getByRole('link', { name: 'Mes échanges' }).click();
    await look('contacts');
    await page.getByRole('link', { name: `Bloquer ce professionnel` }).filter({ hasText: familyName() }).click();
    await look('block');
    await page.getByLabel('Dernier jour du blocage').fill('2020-01-31');
    await page.getByRole('button', { name: 'Bloquer' }).click();
    assert.equal(page.answer.status(), 422);
    await look('block-fault');
    await page.getByLabel('Dernier jour du blocage').fill('');
    await page.getByRole('button', { name: 'Bloquer' }).click();
    await status(/^Vous avez bloqué .*\. Ce (professionnel|service|cabinet) n’est pas prévenu\.$/);
    await look('contacts-blocked');
    await open('Un nouveau rendez-vous');
    assert.equal(await said(page.locator('#etat')), 'Vous avez bloqué ce professionnel.');
    await noReply();
    await look('blocked');
    await assert.rejects(write({ subject: 'Bloqué', text: 'Ne passe pas.' }), /550 5\.2\.1/); // D13

    await page.getByRole('link', { name: 'Gérer ce blocage' }).click();
    await page.getByRole('button', { name: 'Débloquer' }).click();
    await status(/^Vous avez débloqué /);
    await open('Un nouveau rendez-vous');
    assert.match(await said(page.locator('.right')), /^Vous pouvez répondre/); // D15
    await page.goto(first);
    assert.match(await said(page.locator('#etat')), /a mis fin à vos échanges\.$/);
  });

  step('lets the professional end the exchange on his own page', async () => {
    const desk = await Visitor.arrive(browser, { script });
    const at = desk.page;
    const inspectDesk = new Inspector(desk, { forbidden: [colleague, patient.address], pictures: inspector.pictures, seen: 60 });
    await at.goto(demo.ready.http);
    await at.getByRole('region', { name: 'Vous êtes professionnel' }).getByRole('link').click();
    await inspectDesk.look(at, 'provider-professional');
    await at.getByRole('button', { name: professional.name }).click();
    await at.waitForURL(`${demo.ready.http}/pro`);
    await inspectDesk.look(at, 'desk');
    await at.getByRole('link', { name: 'Mettre fin aux échanges' }).click();
    assert.match(await said(at.locator('main')), /Un nouveau rendez-vous/);
    await inspectDesk.look(at, 'desk-end');
    await at.getByRole('button', { name: 'Mettre fin tout de suite' }).click();
    await at.getByRole('status').filter({ hasText: /Les échanges avec .+ ont pris fin/ }).waitFor();
    await inspectDesk.look(at, 'desk-ended');
    await at.getByRole('link', { name: 'Établissement' }).first().click();
    await inspectDesk.look(at, 'establishment');
    await desk.leave();
    inspector.faults.push(...inspectDesk.faults);
    await open('Un nouveau rendez-vous');
    assert.match(await said(page.locator('#etat')), /a mis fin à vos échanges\.$/);
  });

  step('lets the patient out', async () => {
    await page.getByRole('button', { name: 'Se déconnecter' }).click();
    await page.waitForURL((url) => url.origin === demo.ready.http && url.pathname === '/');
    await look('logged-out');
    await page.goto(first);
    assert.notEqual(new URL(page.url()).origin, demo.ready.http, 'a conversation opens without login');
  });

  step('has let nothing run, leave or arrive that should not', async () => {
    assert.deepEqual(visitor.dialogs, []);
    assert.deepEqual(trap.calls, []);
    assert.deepEqual([...visitor.origins].filter((o) => o !== demo.ready.http && o !== new URL(page.url()).origin), []);
    assert.equal((await received(demo, professional.mailbox)).length, arrived + 3, 'replies that were sent, and no other');
  });

  step('has met no page with a fault', () => {
    assert.ok(inspector.seen > 15);
    assert.deepEqual(inspector.faults, []);
  });
}
