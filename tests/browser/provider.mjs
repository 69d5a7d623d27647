// A structure's OpenID provider of another make: oidc-provider, which is certified for the OpenID Connect profiles.
// tests/interop_provider_test.go starts it:
//
//   node provider.mjs '{"clients": [...], "people": {"login": {"given_name": "…", "family_name": "…"}}}'
//
// The clients are in the terms of OpenID Connect Registration. Whoever types the login of one of the people is that
// person; the password does not count. It prints its issuer as one line of JSON when it listens on a free port of
// loopback, and ends when its standard input does, as it does with the program that started it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { clients, people } = JSON.parse(process.argv[2]);

/** A private key that signs with the algorithm. */
async function signingKey(alg, parameters) {
  const { privateKey } = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
  const { kty, n, e, d, p, q, dp, dq, qi, crv, x, y } = await crypto.subtle.exportKey('jwk', privateKey);
  return { kty, n, e, d, p, q, dp, dq, qi, crv, x, y, alg, use: 'sig', kid: alg };
}

const keys = await Promise.all([
  signingKey('RS256', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }),
  signingKey('ES256', { name: 'ECDSA', namedCurve: 'P-256' }),
]);

/** Reads a client's keys. The provider refuses addresses of this machine; here they are the only ones. */
async function fromLoopback(url, { dispatcher, ...options }) {
  if (new URL(url).hostname !== '127.0.0.1') throw new Error(`not on loopback: ${url}`);
  return fetch(url, options);
}

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  cookies: { keys: [crypto.randomUUID()] },
  claims: { openid: ['sub'], profile: ['given_name', 'family_name'] },
  pkce: { required: () => true },
  findAccount: (_, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
  // Without offline_access, which would need prompt=consent, refresh tokens end with the session there, as those of
  // Pro Santé Connect do; each counts once.
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  fetch: fromLoopback,
  features: {
    devInteractions: { enabled: true },
    encryption: { enabled: true },
    jwtUserinfo: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
});
for (const event of ['authorization.error', 'grant.error', 'userinfo.error', 'end_session.error', 'server_error']) {
  provider.on(event, (_, fault) => console.error(event, fault.message, fault.error_description ?? '', fault.cause ?? ''));
}
server.on('request', provider.callback());

process.stdin.on('end', () => process.exit()).resume();
console.log(JSON.stringify({ issuer }));
