// What is demanded of every page in every state: WCAG 2.2 AA and RGAA 4.1 as far as axe can tell, valid HTML, no
// sideways scroll on a phone, no address, and on demand a picture.

import { AxeBuilder } from '@axe-core/playwright';
import { HtmlValidate } from 'html-validate';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'RGAAv4'];

/** CSS pixels: a desk, and the width at which WCAG 1.4.10 (reflow) is judged. */
const widths = [1280, 320];

/** Height of a picture at most, in CSS pixels. */
const tallest = 6000;

const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:recommended', 'html-validate:document', 'html-validate:a11y'],
  rules: {
    'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'submit', 'button', 'reset'] }], // several may be ticked
    'doctype-style': 'off', // both cases are the same doctype
    'long-title': 'off', // a title holds the subject of the conversation, then its state (I219)
    'void-style': 'off', // a message is written by Go's renderer, which closes void elements; both forms are HTML
    'require-sri': ['error', { target: 'crossorigin' }], // our own style sheet comes with the page
    'valid-id': ['error', { relaxed: true }], // a message's id holds a dot, which HTML allows
  },
});

/** Collects the faults of the pages that one visitor meets. */
export class Inspector {
  faults = [];

  /**
   * forbidden lists texts that no page may hold. pictures is a folder, or empty for none; seen is how
   * many states were met before, which numbers the pictures. brief is for a round that meets the same
   * pages as another: axe looks at the narrow page only.
   */
  constructor(visitor, { forbidden, pictures, seen = 0, brief = false }) {
    Object.assign(this, { visitor, forbidden, pictures, seen, brief });
  }

  /** Looks at a page as it stands. name tells the state. */
  async look(page, name) {
    this.seen++;
    await this.checkSource(page, name);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      if (this.pictures) await this.take(page, `${name}-${width}`);
      await this.checkWidth(page, name, width);
      if (this.brief && width !== widths.at(-1)) continue;
      await this.checkAxe(page, `${name} at ${width} px`, new AxeBuilder({ page }).withTags(tags));
    }
    await page.setViewportSize({ width: widths[0], height: 800 });
    if (this.brief) return;
    await page.emulateMedia({ colorScheme: 'dark' });
    await this.checkAxe(page, `${name}, dark`, new AxeBuilder({ page }).withRules(['color-contrast']));
    await page.emulateMedia({ colorScheme: 'light' });
  }

  /** Judges the HTML that the server sent, not what the browser made of it. */
  async checkSource(page, name) {
    const html = await page.answer.text();
    for (const text of this.forbidden) {
      if (html.toLowerCase().includes(text.toLowerCase())) this.faults.push(`${name}: the page holds ${text}`);
    }
    const report = await validator.validateString(html);
    for (const { messages } of report.results) {
      for (const m of messages) this.faults.push(`${name}: ${m.ruleId}, line ${m.line}: ${m.message}`);
    }
  }

  async checkWidth(page, name, width) {
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    if (needed > width) this.faults.push(`${name}: ${needed} px wide at ${width} px`);
  }

  async checkAxe(page, name, axe) {
    // The pages have no frames, so the builder need not open a page of its own to join their results.
    const { violations } = await this.visitor.withScript(page, () => axe.setLegacyMode().analyze());
    for (const v of violations) {
      for (const node of v.nodes) this.faults.push(`${name}: ${v.id}: ${node.target.join(' ')}: ${node.failureSummary}`);
    }
  }

  async take(page, name) {
    await mkdir(this.pictures, { recursive: true });
    const number = String(this.seen).padStart(2, '0');
    const { width, height } = await page.evaluate(() => ({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight }));
    // The page of the developers is so long that a picture of the whole takes minutes.
    const clip = { x: 0, y: 0, width, height: Math.min(height, tallest) };
    await page.screenshot({ path: join(this.pictures, `${number}-${name}.png`), fullPage: true, clip });
  }
}
