import { runScripted } from '../../src/cli/scripted-surroundings.ts';

/** One command line with all it gave, as text: what scripts and people rely on. */
export async function transcript(inputs: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runScripted(inputs);
  return [
    `$ deckhand ${inputs.map(quoted).join(' ')}`,
    ...block('stdout', stdout),
    ...block('stderr', stderr),
    `exit ${exitCode}`,
    '',
  ].join('\n');
}

function quoted(word: string): string {
  return /^[\w@./:=,-]+$/.test(word) ? word : `'${word}'`;
}

function block(name: string, text: string): readonly string[] {
  return text === '' ? [] : [`--- ${name}`, text.replace(/\n$/, ''), '---'];
}
