import { setTimeout as pause } from 'node:timers/promises';

const patience = 90_000; // milliseconds; a claimed effect is taken up again after one minute

/**
 * Resolves with the first truthy result of a probe. It is for what happens in another process and
 * tells nobody; everything else is awaited.
 */
export async function eventually(what, probe) {
  for (const end = Date.now() + patience; Date.now() < end;) {
    const result = await probe();
    if (result) return result;
    await pause(20);
  }
  throw new Error(`no ${what} in ${patience / 1000} s`);
}
