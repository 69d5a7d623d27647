// A running demonstration of the built program, on free ports over a directory of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.mjs';

/** The program that MESBRIDGE names, or bin/mesbridge. */
export const built = process.env.MESBRIDGE || fileURLToPath(new URL('../../bin/mesbridge', import.meta.url));

/**
 * Starts the built program and resolves when all its listeners
 * accept. `ready` is its ready file (docs/contract.md). Whoever starts it stops it. With past, people
 * wrote to each other before it began.
 */
export async function startDemo({ past = false } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'mesbridge-browser-'));
  const [data, file] = [join(dir, 'data'), join(dir, 'ready.json')];
  const any = '127.0.0.1:0';
  const child = spawn(
    built,
    ['demo', '--data', data, '--http', any, '--smtp', any, '--ops', any, '--ready', file, ...(past ? ['--past'] : [])],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  ended.catch(() => {}); // a program that cannot be started is told by the wait below
  let output = '';
  child.stdout.on('data', (text) => { output += text; });
  child.stderr.on('data', (text) => { output += text; });
  const orphan = () => child.kill();
  process.once('exit', orphan);

  const ready = await eventually('ready file', async () => {
    assert.equal(child.exitCode, null, `the demonstration ended before it was ready\n${output}`);
    const text = await readFile(file, 'utf8').catch(() => '');
    return text && JSON.parse(text); // it appears whole or not at all
  });

  return {
    ready,
    /** Its data directory. */
    data,
    /** Writes a file that goes when the demonstration stops, and resolves to its path. */
    async keep(name, content) {
      const path = join(dir, name);
      await writeFile(path, content);
      return path;
    },
    /** The certificate and key of the operator that serves a mailbox's domain. */
    operatorOf(mailbox) {
      const domain = mailbox.slice(mailbox.indexOf('@') + 1);
      return ready.pki.operators.find((operator) => operator.domains.includes(domain));
    },
    /** Stops it as an operator would; it must end cleanly. Its data are removed. */
    async stop() {
      process.off('exit', orphan);
      child.kill('SIGTERM');
      const [code] = await ended;
      await rm(dir, { recursive: true, force: true });
      assert.equal(code, 0, `the demonstration did not stop cleanly\n${output}`);
    },
  };
}
