import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTinyModel, TINY_SENTENCE } from '../test/model/tiny-model.ts';
import type { Comparison } from './question.ts';

/** The command line, in a folder of its own; gives what it printed. */
type Deckhand = (...words: readonly string[]) => Promise<string>;

const ROUNDS = 5;

/** From a host without anything to the first answer of a model, by two commands, and the same two commands again. */
export async function deployTimes(
  deckhand: Deckhand,
  lab: {
    readonly folder: string;
    readonly hosts: readonly { readonly name: string }[];
    readonly configFile: string;
  },
  quick: boolean,
): Promise<readonly Comparison[]> {
  const reach = ['--ssh-config', lab.configFile];
  const host = lab.hosts[0]?.name ?? '';
  const model = join(lab.folder, 'tiny.gguf');
  await writeFile(model, makeTinyModel());
  /** Milliseconds to the answer, and bytes that were sent. */
  const answered = async (): Promise<{ readonly time: number; readonly sent: number }> => {
    const begun = performance.now();
    const told = await deckhand('model', 'deploy', ...reach, host, model, '--threads', '1', '--json');
    const answer = await deckhand('chat', 'tiny', 'hi', ...reach, '--temperature', '0');
    const time = performance.now() - begun;
    if (answer !== `${TINY_SENTENCE}\n`) throw new Error(`it said ${answer.slice(0, 100)}`);
    const { results } = JSON.parse(told) as {
      readonly results: readonly { readonly result: { readonly uploaded: number } }[];
    };
    return { time, sent: results[0]?.result.uploaded ?? Number.NaN };
  };
  const firsts: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
    const first = await answered();
    const second = await answered();
    if (!(first.sent > 0) || second.sent !== 0)
      throw new Error(`sent ${first.sent}, then ${second.sent} bytes`);
    firsts.push(first.time);
    seconds.push(second.time);
    await deckhand('model', 'remove', ...reach, `${host}/tiny`);
  }
  return [
    {
      title: 'a host with nothing but sshd: engine and model sent, started, proved, and one answer',
      ours: { what: 'model deploy; chat', times: firsts },
      target: { kind: 'at-most', limit: 5_000 },
    },
    {
      title: 'the same again: nothing is sent',
      ours: { what: 'model deploy; chat', times: seconds },
      target: { kind: 'at-most', limit: 1_500 },
    },
  ];
}
