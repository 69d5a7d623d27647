// Our authorization server as a client of another make sees it: openid-client, which is certified for the
// OpenID Connect profiles. The clients are registered on the command line while the demonstration runs.
// The consent page and the login are used in a real browser.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import * as client from 'openid-client';
import { built, startDemo } from './demo.mjs';
import { launchBrowser, Visitor } from './visitor.mjs';

let demo, browser, landing, redirect;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
  landing = createServer((_, answer) => answer.end('arrived')).listen(0, '127.0.0.1');
  await once(landing, 'listening');
  redirect = `http://127.0.0.1:${landing.address().port}/retour`;
});
after(async () => {
  await browser?.close();
  landing?.close();
  await demo?.stop();
});

/** Registers a client and resolves to its secret, if it has one. */
async function register(...options) {
  const { stdout } = await promisify(execFile)(built, ['clients', 'add', '--data', demo.data, ...options]);
  return /^client_secret: (\S+)$/m.exec(stdout)?.[1];
}

const insecure = { execute: [client.allowInsecureRequests] }; // plain http on loopback
const discover = (id, authentication) => client.discovery(new URL(demo.ready.http), id, undefined, authentication, insecure);
const basic = client.ClientSecretBasic;

/** Takes a person from an authorization URL to the client's landing page and resolves to its URL. */
async function agree(visitor, url, answer = 'Autoriser') {
  const { page } = visitor;
  await page.goto(url.href);
  const person = page.getByRole('button', { name: 'MARTINOT' });
  if (await person.count()) await person.click();
  await page.getByRole('button', { name: answer }).click();
  await page.waitForURL(`${redirect}?**`);
  return new URL(page.url());
}

async function ask(config, extra = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: redirect, scope: 'openid offline_access patient.read', state: client.randomState(), nonce: client.randomNonce(),
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...extra,
  };
  const checks = { pkceCodeVerifier: verifier, expectedState: parameters.state, expectedNonce: parameters.nonce };
  return { parameters, checks };
}

const inbox = (token) => fetch(`${demo.ready.http}/api/v1/inbox`, { headers: { authorization: `Bearer ${token}` } });

it('a patient application: pushed request, code, identity, refresh, reuse, revocation', async () => {
  const secret = await register('--id', 'carnet', '--name', 'Carnet de santé', '--kind', 'patient', '--redirect', redirect,
    '--scope', 'openid,offline_access,patient.read');
  const config = await discover('carnet', basic(secret));
  const { parameters, checks } = await ask(config);
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'], 'the request is not in the URL');
  const visitor = await Visitor.arrive(browser, { script: false });
  const arrived = await agree(visitor, url);
  const tokens = await client.authorizationCodeGrant(config, arrived, checks);
  assert.equal(tokens.claims().iss, demo.ready.http);
  assert.equal(tokens.scope, 'openid offline_access patient.read');
  assert.equal((await inbox(tokens.access_token)).status, 200);

  await assert.rejects(client.authorizationCodeGrant(config, arrived, checks), { error: 'invalid_grant' }, 'a code counts twice');
  assert.equal((await inbox(tokens.access_token)).status, 401, 'a code that came again leaves its tokens alive');

  const again = await ask(config);
  const fresh = await client.authorizationCodeGrant(config,
    await agree(visitor, client.buildAuthorizationUrl(config, again.parameters)), again.checks);
  const renewed = await client.refreshTokenGrant(config, fresh.refresh_token);
  assert.equal((await inbox(renewed.access_token)).status, 200);
  assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, true);
  await assert.rejects(client.refreshTokenGrant(config, fresh.refresh_token), { error: 'invalid_grant' }, 'a refresh token counts twice');
  assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, false, 'a stolen family lives on (RFC 9700)');
  await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: 'invalid_grant' });

  const last = await ask(config);
  const ended = await client.authorizationCodeGrant(config,
    await agree(visitor, client.buildAuthorizationUrl(config, last.parameters)), last.checks);
  await client.tokenRevocation(config, ended.refresh_token);
  assert.equal((await inbox(ended.access_token)).status, 401);
  await visitor.leave();
});

it('userinfo, a request without any page, and a logout that the client asks for', async () => {
  const secret = await register('--id', 'fidele', '--name', 'Application fidèle', '--kind', 'patient', '--redirect', redirect,
    '--post-logout', redirect, '--scope', 'openid,profile,patient.read');
  const config = await discover('fidele', basic(secret));
  const visitor = await Visitor.arrive(browser, { script: false });
  const first = await ask(config, { scope: 'openid profile patient.read' });
  const tokens = await client.authorizationCodeGrant(config,
    await agree(visitor, client.buildAuthorizationUrl(config, first.parameters)), { ...first.checks, maxAge: 600 });
  const { sub } = tokens.claims();
  for (const method of ['GET', 'POST']) {
    const about = await client.fetchUserInfo(config, tokens.access_token, sub, { method });
    assert.deepEqual(Object.keys(about).sort(), ['acr', 'name', 'sub'], 'more than the scopes grant');
    assert.match(about.name, /MARTINOT/);
  }
  await assert.rejects(client.fetchUserInfo(config, tokens.id_token, sub), 'an ID token is taken for an access token');

  const silent = await ask(config, { scope: 'openid profile', prompt: 'none', id_token_hint: tokens.id_token });
  await visitor.page.goto(client.buildAuthorizationUrl(config, silent.parameters).href);
  await visitor.page.waitForURL(`${redirect}?**`);
  const again = await client.authorizationCodeGrant(config, new URL(visitor.page.url()), silent.checks);
  assert.equal(again.claims().sub, sub);
  assert.equal(again.claims().auth_time, tokens.claims().auth_time);

  await visitor.page.goto(client.buildEndSessionUrl(config, { post_logout_redirect_uri: redirect, id_token_hint: tokens.id_token, state: 'fin' }).href);
  await visitor.page.waitForURL(`${redirect}?state=fin`);
  const after = await ask(config, { scope: 'openid', prompt: 'none' });
  await visitor.page.goto(client.buildAuthorizationUrl(config, after.parameters).href);
  await visitor.page.waitForURL(`${redirect}?**`);
  await assert.rejects(client.authorizationCodeGrant(config, new URL(visitor.page.url()), after.checks), { error: 'login_required' });
  await visitor.leave();
});

it('a person who refuses sends the client an error that names its issuer', async () => {
  await register('--id', 'curieuse', '--name', 'Application curieuse', '--kind', 'patient', '--redirect', redirect,
    '--scope', 'openid,offline_access,patient.read', '--public');
  const config = await discover('curieuse', client.None());
  const { parameters, checks } = await ask(config);
  const visitor = await Visitor.arrive(browser, { script: false });
  const arrived = await agree(visitor, client.buildAuthorizationUrl(config, parameters), 'Refuser');
  assert.equal(arrived.searchParams.get('iss'), demo.ready.http);
  await assert.rejects(client.authorizationCodeGrant(config, arrived, checks), { error: 'access_denied' });
  await visitor.leave();
});

it('an answer of another issuer, state, nonce or verifier is refused by one side or the other', async () => {
  const secret = await register('--id', 'prudente', '--name', 'Application prudente', '--kind', 'patient', '--redirect', redirect,
    '--scope', 'openid,offline_access,patient.read');
  const config = await discover('prudente', basic(secret));
  const visitor = await Visitor.arrive(browser, { script: false });
  for (const [what, spoil, reason] of [
    ['issuer', (url) => url.searchParams.set('iss', 'https://autre.exemple'), /"iss"/],
    ['state', (url) => url.searchParams.set('state', 'other-state-of-somebody'), /"state"/],
    ['nonce', (_, checks) => { checks.expectedNonce = 'another-nonce'; }, /"nonce"/],
    ['verifier', (_, checks) => { checks.pkceCodeVerifier = client.randomPKCECodeVerifier(); }, /invalid_grant/],
  ]) {
    const { parameters, checks } = await ask(config);
    const arrived = await agree(visitor, client.buildAuthorizationUrl(config, parameters));
    spoil(arrived, checks);
    await assert.rejects(client.authorizationCodeGrant(config, arrived, checks),
      (fault) => reason.test([fault.error, fault.message, fault.cause?.message].join(' ')), `another ${what}`);
  }
  await visitor.leave();
});

it('a clinic authenticates with its own key', async () => {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const file = await demo.keep('jwks.json', JSON.stringify({ keys: [{ ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), kid: 'k1' }] }));
  const [{ finess, mailboxes }] = demo.ready.clinics;
  assert.equal(await register('--id', 'sih', '--name', 'Dossier de soins', '--kind', 'application', '--scope', 'thread.read',
    '--finess', finess, '--mailbox', mailboxes[0], '--jwks', file), undefined, 'a client with a key got a secret');
  const config = await discover('sih', client.PrivateKeyJwt({ key: keys.privateKey, kid: 'k1' }));
  const tokens = await client.clientCredentialsGrant(config, { scope: 'thread.read' });
  const read = await fetch(`${demo.ready.http}/api/v1/exchanges?mailbox=${encodeURIComponent(mailboxes[0])}`,
    { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.equal(read.status, 200);
  await assert.rejects(client.clientCredentialsGrant(config, { scope: 'episode.close' }), { error: 'invalid_scope' });
});
