import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';

/** Lines of one part of the answer, by the part's name. */
export type Sections = ReadonlyMap<string, readonly string[]>;

/**
 * Cuts the answer between the marker's `begin` and `end` into sections; what stands before and
 * after (login banners, noisy start files) is dropped.
 * @throws DeckhandError `ssh.no-shell` when the script never began, `host.unsupported` when it never ended.
 */
export function splitSections(output: string, marker: string, host: string): Sections {
  const lines = output.split('\n');
  const begin = lines.indexOf(`${marker} begin`);
  if (begin < 0) throw notRun(output, host);
  const end = lines.indexOf(`${marker} end`, begin);
  if (end < 0) throw cutShort(host);
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines.slice(begin + 1, end)) {
    if (line.startsWith(`${marker} section `)) {
      current = [];
      sections.set(line.slice(marker.length + ' section '.length), current);
    } else if (line.trim() !== '') {
      current.push(sanitiseText(line.replaceAll('\t', ' ')).trim());
    }
  }
  return sections;
}

function notRun(output: string, host: string): DeckhandError {
  const answer = tailOf(sanitiseText(output).trim(), 200);
  const said = answer === '' ? 'it printed nothing' : `it printed: ${answer}`;
  return new DeckhandError('ssh.no-shell', `${host} did not run the facts script; ${said}.`, {
    details: { host },
  });
}

function cutShort(host: string): DeckhandError {
  return new DeckhandError(
    'host.unsupported',
    `${host} began to answer the facts script, but the end of the answer is missing.`,
    { details: { host }, hint: 'Look at /proc and at hanging mounts on the host, then ask again.' },
  );
}
