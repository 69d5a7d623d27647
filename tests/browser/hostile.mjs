// HTML that tries to run, to call home and to take over the page, and the server that it calls.

import { createServer } from 'node:http';
import { once } from 'node:events';

/**
 * Starts a server on loopback that no page of ours may ever call. `calls` lists the paths that were
 * asked for. Its own page /control serves the hostile message, or what `serve` was given last, as it is,
 * to show that the attacks work in this browser where nothing stops them.
 */
export async function setTrap() {
  const calls = [];
  let served;
  const server = createServer((request, response) => {
    calls.push(request.url);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(request.url === '/control' ? `<!doctype html><title>control</title>${served ?? hostile(origin)}` : '');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { calls, origin, html: hostile(origin), serve: (html) => { served = html; }, close: () => server.close() };
}

/** What a message may keep, around what it may not. Every attack opens a dialog or calls the trap. */
function hostile(trap) {
  return `
<h1>Votre compte rendu</h1>
<p>Bonjour Madame,</p>
<p>Vos résultats sont <strong>rassurants</strong>. Prenez rendez-vous si <em>l’un</em> de ces signes apparaît :</p>
<ul><li>un essoufflement au repos ;</li><li>une douleur dans la poitrine.</li></ul>
<table><tr><th>Examen</th><th>Valeur</th></tr><tr><td>Fréquence cardiaque</td><td>64 /min</td></tr></table>
<script>alert('script'); fetch('${trap}/fetch');</script>
<style>@import url("${trap}/import.css"); main { display: none } body { background: url("${trap}/background.png") }</style>
<link rel="stylesheet" href="${trap}/sheet.css"><link rel="preload" as="image" href="${trap}/preload.png">
<img src="${trap}/pixel.gif" alt=""><img src="x:" onerror="alert('onerror')"><img srcset="${trap}/set.png 1x" alt="">
<svg onload="alert('svg')"><image href="${trap}/svg.png"></image><script>alert('svg script')</script></svg>
<p style="position: fixed; inset: 0; background: url('${trap}/style.png')" class="banner" id="contenu" onclick="alert('click')">Voile</p>
<iframe src="${trap}/frame"></iframe><iframe srcdoc="<script>parent.alert('srcdoc')</script>"></iframe>
<video autoplay poster="${trap}/poster.png" src="${trap}/video.mp4"></video><audio src="${trap}/audio.mp3" autoplay></audio>
<object data="${trap}/object"></object><embed src="${trap}/embed">
<details open ontoggle="alert('toggle')"><summary>s</summary>d</details>
<form action="${trap}/form"><label>Mot de passe <input name="p" autofocus onfocus="alert('focus')"></label><button>Valider</button></form>
<a href="javascript:alert('link')">Continuer</a>
<noscript><p title="</noscript><img src=x: onerror=alert('noscript')>"></p></noscript>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x: onerror=alert('math')&gt;"></mglyph></table></mtext></math>
</div></div></section></main><p>Après la fin</p>`;
}
