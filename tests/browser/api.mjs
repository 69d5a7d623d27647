// The API as a program with a token of the ready file calls it.

import assert from 'node:assert/strict';

/** Makes a call that must succeed and resolves to what was answered, or to nothing for an empty answer. */
export async function call(demo, token, method, path, body) {
  const answer = await fetch(`${demo.ready.http}/api/v1${path}`, {
    method, body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}
