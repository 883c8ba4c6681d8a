import type { Comparison, Question, RunOptions } from './question.ts';
import { openTransferLab, THERE, type TransferLab } from './transfer-lab.ts';
import { contest, meterHere, type Way } from './transfer-meter.ts';
import { type PeerName, peerOf } from './transfer-peers.ts';

export const question: Question = {
  id: 'P05',
  title: 'A file of 1 GiB from memory to memory, up and down',
  verified:
    'the SHA-256 of each copy was that of its source; ours had compared it itself before the file got its name.',
  peers: ['rsync --version', 'ssh -V'],
  async run(options) {
    await using lab = await openTransferLab();
    const mebibytes = options.quick ? 64 : 1024;
    await lab.here(`head -c ${mebibytes}M /dev/urandom > ${lab.folder}/whole`);
    await lab.there(`mkdir -p ${THERE}`);
    await lab.ours({ direction: 'push', local: `${lab.folder}/whole`, remote: `${THERE}/whole` });
    const found: Comparison[] = [];
    for (const direction of ['down', 'up'] as const) {
      // two copies may be more than the host's memory has room for
      if (direction === 'up') await lab.there(`rm ${THERE}/whole`);
      found.push(await copy(lab, direction, options));
    }
    return found;
  },
};

async function copy(lab: TransferLab, direction: 'up' | 'down', options: RunOptions): Promise<Comparison> {
  const [root, script] = direction === 'up' ? [THERE, lab.there] : [lab.folder, lab.here];
  const wanted = await lab.here(`sha256sum < ${lab.folder}/whole`);
  const before = async (): Promise<void> => void (await script(`rm -f ${root}/copy`));
  const after = async (): Promise<void> => {
    if ((await script(`sha256sum < ${root}/copy`)) !== wanted)
      throw new Error('The copy is not what was copied.');
  };
  const work = { lab, direction, from: 'whole', to: 'copy', before, after };
  const peer = (name: PeerName): Way => peerOf(name, true, work);
  const request =
    direction === 'up'
      ? ({ direction: 'push', local: `${lab.folder}/whole`, remote: `${THERE}/copy` } as const)
      : ({ direction: 'pull', local: `${lab.folder}/copy`, remote: `${THERE}/whole` } as const);
  return await contest(
    {
      title: direction,
      rounds: options.quick ? 1 : 5,
      ours: {
        what: 'transfer() over an open connection, compared by SHA-256, on disk',
        run: async () => {
          await before();
          const cost = await meterHere(async () => await lab.ours(request));
          await after();
          return cost;
        },
      },
      peers: [peer('scp'), peer('sftp'), peer('rsync')],
      target: { kind: 'times-faster', atLeast: 1 },
    },
    options,
  );
}
