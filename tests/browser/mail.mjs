// The professional's side: Debian's swaks sends, the operator's Maildir receives.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.mjs';

const run = promisify(execFile);

/**
 * Sends a message through the operator of its sender and resolves when the bridge has taken it;
 * rejects with the whole session otherwise. Besides from, to and subject a message may have text,
 * html (one page or several), file ({name, type, content}), cc and header (name: value).
 */
export async function send(demo, message) {
  const dir = await mkdtemp(join(tmpdir(), 'mesbridge-mail-'));
  const kept = async (name, content) => {
    await writeFile(join(dir, name), content);
    return `@${join(dir, name)}`;
  };
  const operator = demo.operatorOf(message.from);
  const args = [
    '--server', demo.ready.smtp, '--tls', '--tls-verify', '--tls-ca-path', demo.ready.pki.ca,
    '--tls-cert', operator.cert, '--tls-key', operator.key,
    '--from', message.from, '--to', message.to, '--header', `Subject: ${encodedWord(message.subject)}`,
  ];
  if (message.cc) args.push('--header', `Cc: ${message.cc}`);
  for (const [name, value] of Object.entries(message.header ?? {})) args.push('--header', `${name}: ${value}`);
  args.push('--attach-type', 'text/plain; charset=utf-8', '--attach-body', await kept('text', message.text ?? ''));
  for (const [i, page] of [message.html ?? []].flat().entries()) {
    args.push('--attach-type', 'text/html; charset=utf-8', '--attach-body', await kept(`html${i}`, page));
  }
  if (message.file) {
    const { name, type, content } = message.file;
    args.push('--attach-type', type, '--attach-name', name, '--attach', await kept('file', content));
  }
  try {
    await run('swaks', args);
  } catch (refused) {
    throw new Error(`swaks: ${refused.message}\n${refused.stdout}`, { cause: refused });
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** A header text in RFC 2047 form, which any text may take. */
function encodedWord(text) {
  return `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
}

/** The messages in the Maildir of a mailbox, oldest first, each as its bytes in a latin1 string. */
export async function received(demo, mailbox) {
  const dir = join(demo.ready.operatorMaildirs, mailbox.toLowerCase(), 'new');
  const names = await readdir(dir).catch(() => []); // there is none before the first message
  const files = names.map((name) => join(dir, name));
  const all = await Promise.all(files.map(async (file) => ({ at: (await stat(file)).mtimeMs, raw: await readFile(file, 'latin1') })));
  return all.sort((a, b) => a.at - b.at).map(({ raw }) => raw);
}

/** Waits for the n-th message in a Maildir. */
export function nth(demo, mailbox, n) {
  return eventually(`message ${n} in the Maildir`, async () => (await received(demo, mailbox))[n - 1]);
}

/** The value of a header field, unfolded (RFC 5322 section 2.2.3); empty when it is missing. */
export function field(raw, name) {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]/g, ' ');
  const line = head.split('\r\n').find((l) => l.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line ? line.slice(name.length + 1).trim() : '';
}

/** Reports whether a message carries a document, byte for byte, in base64. */
export function carries(raw, content) {
  return raw.replaceAll('\r\n', '').includes(content.toString('base64'));
}
