import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const PARTS = ['base', 'start', 'follow', 'begin', 'processes', 'cancel', 'pause', 'clean-up', 'dispatch'];

/** The script that runs on the target: the parts in `script/`, without their comments. ASCII, ends in a newline. */
export const HOLDER_SCRIPT = PARTS.map(readPart).join('');

/** The address of exactly this script: a changed one is installed beside the old, which go on running. */
export const HOLDER_HASH = createHash('sha256').update(HOLDER_SCRIPT).digest('hex').slice(0, 32);

function readPart(name: string): string {
  const text = readFileSync(new URL(`./script/${name}.sh`, import.meta.url), 'utf8');
  const lines = text.split('\n').filter(line => line.trim() !== '' && !/^\s*#(?!!)/.test(line));
  return `${lines.join('\n')}\n`;
}
