// Warns two minutes before somebody is logged out for lack of activity, and lets him stay. Without this file the page says
// until when, and links to a page in a new window, which counts as activity. Nothing here touches what was typed or moves the
// focus of somebody who writes.

const ahead = 120_000; // ms from the warning to the end
const place = document.getElementById('connexion');
const idle = Number(place.dataset.repos) * 1000; // ms that each activity gives
const limit = Date.now() + Number(place.dataset.limite) * 1000; // the end that nothing moves
const links = document.querySelectorAll('[data-connexion="rester"]');
const others = 'BroadcastChannel' in window ? new BroadcastChannel('connexion') : null; // the other windows of this browser

let end = Date.now() + Number(place.dataset.reste) * 1000;
let timer = null;
let asking = false;
let back = null; // what had the focus before the notice

const box = document.createElement('section'); // a landmark: it stands outside of the others
const words = document.createElement('p');
const stay = document.createElement('button');
box.className = 'session';
box.setAttribute('aria-label', 'Fin de connexion');
words.setAttribute('role', 'status');
stay.type = 'button';
stay.className = 'button';
stay.textContent = 'Rester connecté';
box.append(words); // empty: a live region is there before it speaks
document.querySelector('.skip').after(box);

for (const link of links) {
  link.querySelector('[data-connexion="fenetre"]').remove();
  link.removeAttribute('target');
  link.addEventListener('click', (event) => {
    event.preventDefault();
    renew(true);
  });
}
stay.addEventListener('click', () => renew(true));
box.addEventListener('focusin', ({ relatedTarget }) => { if (!box.contains(relatedTarget)) back = relatedTarget; });
// Who types is there; asked for at most once in half of the time.
document.addEventListener('input', () => { if (end - Date.now() < idle / 2 && Date.now() < end) renew(false); });
document.addEventListener('visibilitychange', watch); // a machine that slept missed the timer
window.addEventListener('pageshow', watch);
others?.addEventListener('message', ({ data }) => { if (data > end) last(data); });
others?.postMessage(end);
watch();

/** Looks what time it is, and when to look again. */
function watch() {
  clearTimeout(timer);
  const left = end - Date.now();
  if (left <= 0) over();
  else if (left <= ahead) warn();
  else quiet();
  if (left > 0) timer = setTimeout(watch, Math.max(0, left > ahead ? left - ahead : left) + 100);
}

/** The session lasts until then. */
function last(until) {
  end = Math.min(until, limit);
  for (const span of document.querySelectorAll('[data-connexion="heure"]')) span.textContent = hour(end);
  watch();
}

function warn() {
  if (limit - end < 1000) {
    say(`Votre connexion prend fin à ${hour(end)} et ne peut pas être prolongée. Envoyez ou enregistrez ce que vous écrivez.`);
  } else {
    say(`Sans activité de votre part, votre connexion prend fin à ${hour(end)}.`, stay);
  }
}

function over() {
  const again = document.createElement('a');
  again.href = '/connexions';
  again.target = '_blank';
  again.textContent = 'S’identifier de nouveau (nouvelle fenêtre)';
  say('Votre connexion a pris fin. Ce que vous avez écrit reste dans cette page. Identifiez-vous dans une autre fenêtre, puis revenez ici.', again);
}

/** Takes the notice away. Who stood in it goes back to where he was. */
function quiet() {
  const inside = box.contains(document.activeElement);
  say('');
  if (inside) (back?.isConnected ? back : document.getElementById('contenu')).focus();
}

function say(text, ...more) {
  if (words.textContent !== text) words.textContent = text;
  box.classList.toggle('open', text !== '');
  document.documentElement.classList.toggle('session-open', text !== '');
  for (const old of [...box.children].slice(1)) if (!more.includes(old)) old.remove();
  for (const element of more) if (element.parentElement !== box) box.append(element);
}

/** Asks for more time. A failure is told to who asked; the notice comes back in any case. */
async function renew(told) {
  if (asking) return;
  asking = true;
  try {
    const body = new URLSearchParams({ csrf: place.dataset.jeton, return: '/connexions' });
    const answer = await fetch('/oauth/session/renew', { method: 'POST', body, redirect: 'manual' });
    if (answer.status === 403) {
      end = Date.now(); // it ended, or another one took its place
      watch();
    } else if (answer.type === 'opaqueredirect') {
      last(Date.now() + idle);
      others?.postMessage(end);
      if (told && end - Date.now() > ahead) confirm();
    } else {
      throw answer;
    }
  } catch {
    if (told) say('La connexion n’a pas pu être prolongée. Vérifiez votre accès à internet, puis réessayez.', stay);
  } finally {
    asking = false;
  }
}

/** Says for ten seconds that there is more time. */
function confirm() {
  say(`Vous restez connecté jusqu’à ${hour(end)}.`);
  clearTimeout(timer);
  timer = setTimeout(watch, 10_000);
}

function hour(instant) {
  const [h, m] = new Intl.DateTimeFormat('fr-FR', { hour: 'numeric', minute: '2-digit', timeZone: 'Europe/Paris' }).format(instant).split(':');
  return m === '00' ? `${Number(h)}\u00a0h` : `${Number(h)}\u00a0h\u00a0${m}`;
}
