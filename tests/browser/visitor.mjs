// A person at a browser: one browser context, and what was seen from outside while it was used.

import { chromium } from 'playwright-core';

/** Starts Debian's Chromium. It makes no call of its own, so that each call seen is a page's. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

/** One person's browser, empty at first. */
export class Visitor {
  dialogs = []; // messages of the dialogs that any page opened
  origins = new Set(); // of every request that any page made

  /** Opens a browser with or without scripts, and with or without regard for the policy of pages. */
  static async arrive(browser, { script, bypassCSP = false }) {
    const visitor = new Visitor();
    visitor.script = script;
    visitor.context = await browser.newContext({ locale: 'fr-FR', timezoneId: 'Europe/Paris', reducedMotion: 'reduce', bypassCSP });
    visitor.context.setDefaultTimeout(20_000); // milliseconds: the machine may be busy
    visitor.context.on('request', (request) => visitor.origins.add(new URL(request.url()).origin));
    visitor.context.on('dialog', (dialog) => {
      visitor.dialogs.push(dialog.message());
      dialog.dismiss().catch(() => {}); // its page may have gone
    });
    visitor.page = await visitor.tab();
    return visitor;
  }

  /** Comes in by one of the doors of the home page, 'patient' or 'professionnel', as somebody that the provider knows. */
  async logIn(demo, door, name) {
    await this.page.goto(demo.ready.http);
    await this.page.getByRole('region', { name: `Vous êtes ${door}` }).getByRole('link').click();
    await this.page.getByRole('button', { name }).click();
    await this.page.waitForURL((url) => url.origin === demo.ready.http);
  }

  /** Opens one more tab. `tab.answer` is the answer that it shows. */
  async tab() {
    const page = await this.context.newPage();
    // Not the javaScriptEnabled of the context: that one stops the checks of a page, too.
    page.devtools = await this.context.newCDPSession(page);
    await this.allowScript(page, this.script);
    page.on('response', (answer) => {
      const redirect = answer.status() >= 300 && answer.status() < 400;
      // A document in a frame is no answer of the page.
      if (answer.request().isNavigationRequest() && !redirect && answer.frame() === page.mainFrame()) page.answer = answer;
    });
    return page;
  }

  allowScript(page, allowed) {
    return page.devtools.send('Emulation.setScriptExecutionDisabled', { value: !allowed });
  }

  /** Runs a check that needs scripts on a page that may have none. */
  async withScript(page, check) {
    await this.allowScript(page, true);
    try {
      return await check();
    } finally {
      await this.allowScript(page, this.script);
    }
  }

  leave() {
    return this.context.close();
  }
}
