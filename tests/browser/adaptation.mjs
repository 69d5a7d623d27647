// A page as people adapt it: at 200 %, with wider spacing, in the colours of their system, without motion, on paper.

/** Text spacing that a page must bear (WCAG 2.1, 1.4.12). */
const spacing = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
  p { margin-bottom: 2em !important; }`;

/** Replaces what the earlier call added. The policy of our pages forbids an inline style, not this one. */
const style = (page, css) => page.evaluate((text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [sheet];
}, css);

/** What is cut off, or leaves the page sideways. */
function lost() {
  const root = document.documentElement;
  const faults = root.scrollWidth > root.clientWidth ? [`${root.scrollWidth} px wide at ${root.clientWidth} px`] : [];
  for (const e of document.querySelectorAll('body *')) {
    const { overflowX, overflowY, clipPath, display } = getComputedStyle(e);
    if (clipPath !== 'none' || display === 'inline' || e.closest('svg, .sr')) continue;
    const hides = (value) => value === 'hidden' || value === 'clip';
    if (hides(overflowX) && e.scrollWidth > e.clientWidth + 1 || hides(overflowY) && e.scrollHeight > e.clientHeight + 1) {
      faults.push(`cut off: ${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`);
    }
  }
  return faults;
}

/** What can only be told by colours that are gone. */
function uncoloured() {
  const faults = [];
  for (const e of document.querySelectorAll('.button, input, select, textarea')) {
    if (e.checkVisibility() && e.type !== 'hidden' && parseFloat(getComputedStyle(e).borderTopWidth) === 0 && !['checkbox', 'radio'].includes(e.type)) {
      faults.push(`no edge: ${e.outerHTML.slice(0, 60)}`);
    }
  }
  const entries = [...document.querySelectorAll('.menu a')];
  const edge = (e) => getComputedStyle(e).borderBottomColor;
  const [here, elsewhere] = [entries.find((e) => e.hasAttribute('aria-current')), entries.find((e) => !e.hasAttribute('aria-current'))];
  if (here && elsewhere && edge(here) === edge(elsewhere)) faults.push('the menu does not show where one is');
  return faults;
}

/** What moves although it should not. */
const moving = () => [...document.querySelectorAll('*')]
  .filter((e) => getComputedStyle(e).transitionDuration !== '0s' || getComputedStyle(e).animationName !== 'none')
  .map((e) => `moves: ${e.outerHTML.slice(0, 60)}`);

/** What paper has no use for. */
const pressable = () => [...document.querySelectorAll('nav, button, input, select, textarea, summary, .button, .skip, .demo')]
  .filter((e) => e.checkVisibility())
  .map((e) => `printed: ${e.outerHTML.slice(0, 60)}`);

/** Adapts the page in each way and returns the faults. take, if any, is called with the name of each way. */
export async function adapt(page, take = () => {}) {
  const faults = [];
  const judge = async (way, check) => {
    await take(way);
    for (const fault of await page.evaluate(check)) faults.push(`${way}: ${fault}`);
  };
  await page.setViewportSize({ width: 640, height: 400 }); // 1280 by 800 at 200 % (WCAG 1.4.4, RGAA 10.4)
  await judge('zoom', lost);
  await style(page, spacing);
  await judge('spacing', lost);
  await page.setViewportSize({ width: 1280, height: 800 });
  await style(page, 'html { font-size: 200% !important; }');
  await judge('large text', lost);
  await style(page, '');
  await page.emulateMedia({ forcedColors: 'active' });
  await judge('forced colours', uncoloured);
  await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'reduce' });
  await judge('reduced motion', moving);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await judge('paper', pressable);
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
  return faults;
}
