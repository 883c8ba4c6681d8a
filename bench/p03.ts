import { BenchDaemon, builtProgram } from './bench-daemon.ts';
import { expectCode, MANY_BENCH_HOSTS, openLab, runProgram } from './lab-link.ts';
import { inTurns, timed, type Question } from './question.ts';

export const question: Question = {
  id: 'P03',
  title:
    'A trivial command on one host by the command line, the daemon and its connection warm: whole process',
  verified: 'the exit code 3 of the command was the exit code of each process, on both sides.',
  peers: ['ssh -V'],
  async run({ quick }) {
    await using lab = await openLab(MANY_BENCH_HOSTS.slice(0, 1));
    const name = lab.hosts[0]?.name ?? '';
    await using daemon = await BenchDaemon.start({ sshConfigFile: lab.configFile });
    const control = await lab.openMaster(name);
    const exec =
      (...flags: readonly string[]) =>
      async (): Promise<void> => {
        const { code, stderr } = await daemon.command(['exec', ...flags, name, '--', 'exit 3']);
        expectCode(code, 3, `deckhand exec: ${stderr}`);
      };
    await exec()();
    const [held = [], direct = [], version = [], ssh = [], node = []] = await inTurns(quick ? 3 : 50, [
      () => timed(exec()),
      () => timed(exec('--direct')),
      () =>
        timed(async () => {
          const { code } = await runProgram(
            process.execPath,
            [builtProgram, '--version'],
            daemon.environment,
          );
          expectCode(code, 0, 'deckhand --version');
        }),
      () =>
        timed(async () =>
          expectCode((await runProgram('ssh', [...lab.sshWords(name, ...control), 'exit 3'])).code, 3, 'ssh'),
        ),
      () =>
        timed(async () =>
          expectCode((await runProgram(process.execPath, ['-e', '0'], daemon.environment)).code, 0, 'node'),
        ),
    ]);
    const start = { what: "node -e 0: node's own start", times: node };
    const mux = { what: 'ssh over its ControlMaster', times: ssh };
    const ours = { what: 'deckhand exec HOST -- …, by the built package', times: held };
    return [
      { title: "over node's own start, p50", ours, peer: start, target: { kind: 'added', atMost: 25 } },
      {
        title: 'the same without the holder (--direct)',
        ours: { what: 'deckhand exec --direct HOST -- …', times: direct },
        peer: start,
      },
      {
        title: 'what of it is start-up: no daemon, no host',
        ours: { what: 'deckhand --version', times: version },
        peer: start,
      },
      { title: 'beside the system client', ours, peer: mux },
    ];
  },
};
