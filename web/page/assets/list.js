// Keeps the list of conversations fresh while somebody looks at it. Without this file the link above the list reloads it.
// Nothing here moves the focus, and no event carries content: the list is asked for again, as the page itself was.

const list = document.getElementById('liste');
const status = document.getElementById('liste-etat');
const reload = document.getElementById('liste-lien');

let source = null; // the open stream of events
let asking = false; // the list is on its way
let again = false; // it changed meanwhile
let waiting = null; // a list that came while what it would take away had the focus

if (list?.dataset.evenements && 'EventSource' in window) {
  listen();
  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : listen()));
  window.addEventListener('pagehide', stop);
  list.addEventListener('focusout', () => setTimeout(() => waiting && show(waiting)));
}

function listen() {
  if (source || document.hidden) return;
  source = new EventSource(`${list.dataset.evenements}?vu=${encodeURIComponent(list.dataset.vu)}`);
  source.addEventListener('open', () => { reload.hidden = true; });
  source.addEventListener('liste', ask);
  source.addEventListener('fin', giveUp);
  source.addEventListener('error', () => { if (source?.readyState === EventSource.CLOSED) giveUp(); });
}

function stop() {
  source?.close();
  source = null;
}

/** Leaves the list to the link. */
function giveUp() {
  stop();
  reload.hidden = false;
}

/** Asks for the list. The answer is parsed by the browser, and runs nothing. */
function ask() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  const request = new XMLHttpRequest();
  request.open('GET', list.dataset.liste);
  request.responseType = 'document';
  request.addEventListener('loadend', () => {
    asking = false;
    const fresh = request.status === 200 && request.response?.getElementById('liste');
    if (fresh) show(fresh);
    else giveUp();
    if (again) {
      again = false;
      ask();
    }
  });
  request.send();
}

/** Puts a fresh list in the place of the old one. Where the focus is, what has it stays. */
function show(fresh) {
  const held = document.activeElement?.closest('#liste .thread');
  if (held || list.contains(document.activeElement)) {
    const kept = held && fresh.querySelector(`.thread[data-id="${CSS.escape(held.dataset.id)}"]`);
    if (!kept) {
      waiting = fresh;
      return;
    }
    around(held, kept);
  } else {
    list.replaceChildren(...fresh.childNodes);
  }
  waiting = null;
  list.dataset.vu = fresh.dataset.vu;
  if (status.textContent !== fresh.dataset.annonce) status.textContent = fresh.dataset.annonce;
}

/** Renews the line that has the focus without its link, and all lines around it. */
function around(held, kept) {
  const old = held.parentElement;
  const lines = [...kept.parentElement.children];
  const at = lines.indexOf(kept);
  for (const line of [...old.children]) if (line !== held) line.remove();
  held.before(...lines.slice(0, at));
  held.after(...lines.slice(at + 1));
  held.className = kept.className;
  const link = held.querySelector('h2');
  for (const part of [...held.children]) if (part !== link) part.remove();
  link.after(...[...kept.children].filter((part) => part.tagName !== 'H2'));
}
