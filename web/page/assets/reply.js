// Helps with writing a reply: keeps the draft, shows what the documents weigh, and sends with progress. Without this file the
// form works as any form does. No text is kept in the browser: a shared computer shows nothing to the next person.

const calm = 3_000; // ms without a key before the draft is kept
const pace = 10_000; // ms between two keepings, for each leaves a trace

/** Makes an element with properties and children; texts become text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A number of octets as people read it, in the way of the server: rounded down, so that a budget holds. */
function size(n) {
  if (n < 1000) return `${n} octet${n > 1 ? 's' : ''}`;
  if (n < 1_000_000) return `${Math.floor(n / 1000)} Ko`;
  return `${(Math.floor(n / 100_000) / 10).toLocaleString('fr-FR')} Mo`;
}

/** Keeps the text of a form as the draft of its conversation. */
class Draft {
  constructor(form, over) {
    Object.assign(this, { form, text: form.elements.texte, seen: form.elements.vu, state: document.getElementById('brouillon-etat') });
    this.kept = form.dataset.garde ? this.text.defaultValue : null; // what stands at the server, as far as is known
    this.last = 0;
    this.running = null;
    this.over = over; // an AbortSignal: the form has gone
    const on = (target, name, act) => target.addEventListener(name, act, { signal: over });
    on(this.text, 'input', () => this.plan());
    on(document, 'visibilitychange', () => { if (document.hidden) this.keep(); });
    on(window, 'pagehide', () => this.keep(true));
    on(window, 'beforeunload', (event) => { if (this.loses()) event.preventDefault(); });
    if (!this.same(this.text.value)) this.plan();
  }

  /** Reports whether the server has a text already. */
  same(text) { return this.kept !== null && text.trim() === this.kept.trim(); }

  /** Reports whether leaving the page would lose something typed. */
  loses() { return !this.over.aborted && (this.failed || this.other !== undefined) && !this.same(this.text.value); }

  plan() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), Math.max(calm, this.last + pace - Date.now()));
  }

  /** Stops keeping, and waits until nothing is on its way: the message takes the draft's place. */
  async stop() {
    clearTimeout(this.timer);
    this.stopped = true;
    await this.running;
  }

  resume() { this.stopped = false; }

  /** Keeps the text because the writer asks for it, and says so in any case. */
  async ask() {
    await this.keep();
    if (this.same(this.text.value) && !this.failed) this.say(this.form.elements.pieces?.files.length
      ? 'Brouillon enregistré, sans les pièces jointes : elles restent dans cette page tant que vous ne la quittez pas.'
      : 'Brouillon enregistré.');
  }

  /** Keeps the text now, when it is not kept yet. leaving lets the request outlive the page. */
  async keep(leaving = false) {
    clearTimeout(this.timer);
    if (this.running && !leaving) await this.running;
    const text = this.text.value;
    if (this.stopped || this.over.aborted || this.other !== undefined || this.same(text)) return;
    this.last = Date.now();
    this.running = this.post(text, leaving).finally(() => { this.running = null; });
    await this.running;
  }

  async post(text, leaving) {
    const body = new URLSearchParams({ csrf: this.form.elements.csrf.value, vu: this.seen.value, texte: text });
    try {
      const answer = await fetch(this.form.dataset.brouillon, { method: 'POST', body, redirect: 'manual', keepalive: leaving && text.length < 10_000 });
      if (answer.status === 409) return this.conflict(await answer.json());
      if (!answer.ok) throw answer;
      this.seen.value = (await answer.json()).vu;
      this.kept = text;
      this.failed = false;
      this.say(text.trim() ? 'Brouillon enregistré.' : 'Brouillon vide.', text.trim() ? ` À ${clock()}.` : '');
    } catch (fault) {
      this.failed = true;
      this.say(fault.status === 413
        ? 'Votre texte est trop long pour être gardé en brouillon. Il reste dans cette page tant que vous ne la quittez pas.'
        : fault.status
          ? 'Le brouillon n’est plus enregistré : vous avez peut-être été déconnecté. Copiez votre texte avant de quitter la page.'
          : 'Le brouillon n’est pas enregistré : pas de connexion. Un nouvel essai suit.');
      if (!fault.status) this.plan();
    }
  }

  /** Says a sentence, and beside it what changes too often to be read aloud. */
  say(sentence, beside = '') {
    const [spoken, silent] = this.state.children;
    if (spoken.textContent !== sentence) spoken.textContent = sentence;
    silent.textContent = beside;
  }

  /** Another text was kept meanwhile: nothing is overwritten before the writer chooses. */
  conflict({ vu, texte }) {
    this.other = texte;
    const gone = texte === '';
    const mine = make('button', { type: 'button', className: 'button second', textContent: 'Garder mon texte' });
    const theirs = make('button', { type: 'button', className: 'button second', textContent: 'Prendre l’autre texte' });
    const box = make('div', { className: 'info', id: 'brouillon-autre', role: 'group', ariaLabel: 'Deux brouillons différents' },
      make('p', {}, gone
        ? 'Ce brouillon a été envoyé ou supprimé dans une autre fenêtre. Votre texte n’est plus enregistré.'
        : 'Un autre texte a été enregistré pour ce brouillon, dans une autre fenêtre ou par une personne qui agit pour vous. Rien n’a été remplacé.'));
    if (!gone) box.append(make('details', {}, make('summary', {}, 'Lire l’autre texte'), make('p', { className: 'text' }, texte)));
    box.append(make('p', { className: 'actions' }, mine, ...(gone ? [] : [theirs])));
    const settle = () => {
      this.seen.value = vu;
      this.kept = texte;
      this.other = undefined;
      box.remove();
      this.text.focus();
    };
    mine.addEventListener('click', () => { settle(); this.keep(); });
    theirs.addEventListener('click', () => { settle(); this.text.value = texte; });
    this.state.after(box);
    this.say('Le brouillon a changé ailleurs : choisissez le texte à garder.');
  }
}

const clock = () => new Date().toLocaleTimeString('fr-FR', { hour: '2-digit', minute: '2-digit' }).replace(':', ' h ');

/** The documents that were chosen, in as many goes as one likes. */
class Files {
  constructor(form) {
    Object.assign(this, { form, input: form.elements.pieces, hint: document.getElementById('pieces-aide'), chosen: [] });
    this.budget = Number(this.hint.dataset.reste);
    this.list = make('ul', { className: 'chosen' });
    this.rest = make('p', { className: 'hint', role: 'status' });
    this.input.closest('.field').after(this.list, this.rest);
    this.input.addEventListener('change', () => this.add([...this.input.files]));
  }

  add(files) {
    const same = (a) => (b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
    this.chosen.push(...files.filter((file) => !this.chosen.some(same(file))));
    this.show();
  }

  /** Gives the field what is chosen, so that the form sends it with or without this file. */
  show() {
    const held = new DataTransfer();
    for (const file of this.chosen) held.items.add(file);
    this.input.files = held.files;
    this.list.replaceChildren(...this.chosen.map((file, i) => {
      const remove = make('button', { type: 'button', className: 'quiet' }, 'Retirer', make('span', { className: 'sr' }, ` ${file.name}`));
      remove.addEventListener('click', () => {
        this.chosen.splice(i, 1);
        this.show();
        (this.list.querySelectorAll('button')[Math.min(i, this.chosen.length - 1)] ?? this.input).focus();
      });
      return make('li', {}, make('span', {}, make('bdi', {}, file.name), `, ${size(file.size)}`), ' ', remove);
    }));
    const left = this.budget - this.total();
    this.rest.textContent = this.chosen.length && left >= 0 ? `Il reste ${size(left)} sur ${size(this.budget)}.` : '';
    this.tell(this.fault());
  }

  total() { return this.chosen.reduce((sum, file) => sum + file.size, 0); }

  /** What is wrong with the documents, empty for nothing. The server looks at their content. */
  fault() {
    const accepted = this.input.accept.split(',');
    const faults = [];
    let odd = false;
    for (const { name, size: octets } of this.chosen) {
      if (!accepted.some((ending) => name.toLowerCase().endsWith(ending))) {
        odd = true;
        faults.push(`« ${name} » : ce format n’est pas accepté.`);
      } else if (octets === 0) {
        faults.push(`« ${name} » est vide. Retirez-le ou choisissez-en un autre.`);
      }
    }
    if (odd) faults.push('Formats acceptés : JPG, PNG, TIFF, TXT, PDF, RTF, DOC. Prenez plutôt une photo JPG, ou enregistrez le document en PDF.');
    const excess = this.total() - this.budget;
    if (excess > 0) faults.push(`La taille du ou des documents dépasse la limite autorisée de ${size(excess)}. Retirez un document ou réduisez-le.`);
    return faults.join('\n');
  }

  /** Says what is wrong beside the field, and ties it to the field. */
  tell(text) {
    let fault = document.getElementById('pieces-faute');
    if (!text) {
      fault?.remove();
      this.input.removeAttribute('aria-invalid');
      this.input.setAttribute('aria-describedby', 'pieces-aide');
      return;
    }
    fault ??= make('span', { className: 'fault', id: 'pieces-faute', role: 'alert' });
    fault.textContent = text;
    this.hint.after(fault);
    this.input.setAttribute('aria-invalid', 'true');
    this.input.setAttribute('aria-describedby', 'pieces-aide pieces-faute');
  }
}

/** Sends the form with progress. Whatever happens, the text and the documents stay until the message has gone. */
class Sending {
  constructor(form, draft, files) {
    Object.assign(this, { form, draft, files });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (event.submitter?.value === 'brouillon') draft.ask();
      else this.send();
    });
    window.addEventListener('beforeunload', (event) => { if (this.request) event.preventDefault(); }, { signal: draft.over });
  }

  async send() {
    if (this.request) return;
    if (this.files.fault()) {
      this.files.input.focus();
      return;
    }
    this.request = new XMLHttpRequest();
    this.show();
    await this.draft.stop();
    const body = new FormData(this.form);
    body.set('action', 'envoyer');
    const { request } = this;
    request.open('POST', this.form.getAttribute('action')); // a button of the form is named action, too
    request.responseType = 'document';
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      this.bar.max = total;
      this.bar.value = loaded;
      this.percent.textContent = ` ${Math.floor((100 * loaded) / total)} %`;
    });
    request.addEventListener('load', () => this.arrived(request));
    request.addEventListener('error', () => this.failed('La connexion a été coupée : votre message n’est peut-être pas parti. Votre texte et vos documents sont encore ici. Envoyez de nouveau : il ne partira pas deux fois.'));
    request.addEventListener('abort', () => this.failed('Envoi arrêté. Votre texte et vos documents sont encore ici.'));
    request.send(body);
  }

  show() {
    const cancel = make('button', { type: 'button', className: 'quiet', textContent: 'Arrêter l’envoi' });
    cancel.addEventListener('click', () => this.request?.abort());
    this.bar = make('progress', { ariaLabel: 'Envoi du message', max: 1, value: 0 });
    this.percent = make('span', { className: 'hint' });
    this.box?.remove();
    this.box = make('div', { className: 'sending', id: 'envoi' },
      make('p', { role: 'status' }, 'Envoi en cours…'), this.bar, this.percent, cancel);
    this.form.querySelector('.actions').after(this.box);
    this.form.setAttribute('aria-busy', 'true');
  }

  /** Nothing was sent, as far as one knows: says so, and gives the form back. */
  failed(text) {
    this.request = null;
    this.draft.resume();
    this.form.removeAttribute('aria-busy');
    const said = make('p', { className: 'alert', role: 'alert', tabIndex: -1 }, text);
    this.box.replaceWith(said);
    this.box = said;
    said.focus();
    this.draft.keep();
  }

  /** Shows the page that the server answered: the conversation with the message, or the form with what is wrong. */
  arrived(request) {
    const answer = request.response;
    const main = answer?.getElementById('contenu');
    const sent = request.status === 200 && main?.querySelector('.notice');
    if (!sent && !main?.querySelector('#reponse, #refus, #garde')) {
      const why = main?.querySelector('h1')?.textContent ?? 'Le service n’a pas répondu comme prévu';
      this.failed(`${why}. Votre message n’a pas été envoyé. Votre texte et vos documents sont encore ici.`);
      return;
    }
    const { chosen } = this.files;
    document.title = answer.title;
    document.getElementById('contenu').replaceWith(main);
    if (sent) history.replaceState(null, '', request.responseURL);
    begin(sent ? [] : chosen);
    const first = main.querySelector('[role=alert], [role=status]:not(:empty)') ?? main;
    first.tabIndex = -1;
    first.focus();
  }
}

let over; // ends what belongs to the form before

/** Takes charge of the form on the page, if there is one. */
function begin(chosen) {
  over?.abort();
  over = new AbortController();
  const form = document.getElementById('reponse');
  if (!form) return;
  const draft = new Draft(form, over.signal);
  const files = new Files(form);
  if (chosen.length) {
    files.chosen = chosen;
    const fault = document.getElementById('pieces-faute')?.textContent;
    files.show();
    if (fault && !files.fault()) files.tell(fault);
  }
  for (const note of document.querySelectorAll('.again')) note.remove(); // the documents are still chosen
  for (const link of document.querySelectorAll('a[href="#texte"]')) { // some browsers do not open what a link leads into
    link.addEventListener('click', () => { form.closest('details').open = true; }, { signal: over.signal });
  }
  new Sending(form, draft, files);
}

begin([]);
