// The pages as somebody uses them who has a keyboard alone.

import assert from 'node:assert/strict';

/** What has the focus: where it stands in the document, what it is called, and whether one sees that it has it. */
function focused() {
  const at = document.activeElement;
  const ringed = (pseudo) => getComputedStyle(at, pseudo).outlineStyle !== 'none';
  return {
    place: [...document.querySelectorAll('*')].indexOf(at),
    name: at.id || at.innerText || at.tagName,
    nowhere: at === document.body,
    ringed: ringed(null) || ringed('::after'), // a card that is one link is ringed as a whole
    skip: at.matches('a.skip'),
  };
}

/** Presses Tab until the element has the focus. Every stop on the way shows that it has it. */
export async function reach(page, target) {
  for (let stops = 0; stops < 90; stops++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(focused);
    assert.ok(stop.ringed || stop.nowhere, `the focus does not show at ${stop.name}`);
    if (await target.evaluate((e) => e === document.activeElement)) return;
  }
  assert.fail(`the keyboard does not reach ${target}`);
}

/** Reaches an element and presses a key there. */
export async function press(page, target, key = 'Enter') {
  await reach(page, target);
  await page.keyboard.press(key);
}

/**
 * Walks through a whole page: the first stop is the link over the menu, which leads to the content; each further stop
 * comes no earlier in the document than the one before (a date is several stops); and the way leads out again.
 */
export async function walk(page) {
  await page.reload();
  await page.keyboard.press('Tab');
  assert.ok((await page.evaluate(focused)).skip, 'the first stop is not the link to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'contenu');
  await page.reload();
  let last = -1;
  for (let stops = 0; stops < 200; stops++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(focused);
    if (stop.nowhere || (stops > 0 && stop.skip)) return;
    assert.ok(stop.ringed, `the focus does not show at ${stop.name}`);
    assert.ok(stop.place >= last, `the keyboard goes back to ${stop.name}`);
    last = stop.place;
  }
  assert.fail('the keyboard does not leave the page');
}
