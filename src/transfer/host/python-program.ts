import type { Capabilities } from './capabilities.ts';
import { quoteRaw } from './run-script.ts';

/** Without what a place or an account adds to it, which takes longer than most programs. */
const WORDS = ['-I', '-S', '-c'];
/** Names of python3 in PATH may be programs that look for one first. */
const USUAL = '/usr/bin/python3';

/** Shell text that runs a program of python3; `words`: as the shell takes them. */
export function pythonText(program: string, words: readonly string[]): string {
  const start = `p=${USUAL}; [ -x $p ] || p=python3`;
  return `${start}; "$p" ${WORDS.join(' ')} ${quoteRaw(program)} ${words.join(' ')}`;
}

/** The same as words of a process of this machine. */
export function pythonHere(program: string, words: readonly string[]): readonly [string, ...string[]] {
  return [USUAL, ...WORDS, program, ...words];
}

/** On a Mac the name may be there for something that asks a person to install it. */
export function hasPython({ python, system }: Capabilities): boolean {
  return python && system !== 'Darwin';
}

/** Where `pythonHere` would be found, on systems where it is what it says. */
export const PYTHON_HERE = process.platform === 'linux' ? USUAL : undefined;
