import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeckhandApi } from '../src/api/contract.ts';
import { planSchema } from '../src/core/plan.ts';
import { parseYaml } from '../src/core/yaml.ts';
import { openDeckhand } from '../src/index.ts';
import type { LabHost } from '../test/lab/lab.ts';
import { BENCH_HOSTS, expectCode, openLab, runProgram, type LabLink } from './lab-link.ts';
import { inTurns, timed, type Comparison, type Question } from './question.ts';

const firstRuns = 5;
const noChangeRuns = 7;
const folder = join(import.meta.dirname, 'p09');

export const question: Question = {
  id: 'P09',
  title: 'Ten states of an nginx site on five booted hosts: from nothing, and again with nothing to do',
  verified:
    'the page was served on every host after each run; from nothing every state changed, again nothing did.',
  peers: ['ansible-playbook --version'],
  async run() {
    const { code } = await runProgram('ansible-playbook', ['--version']);
    if (code !== 0) throw new Error('P09 needs ansible-playbook: apt-get install ansible-core');
    await using lab = await openLab(BENCH_HOSTS);
    const first = await fromNothing(lab);
    return [first, ...(await again(lab))];
  },
};

/** Every run begins with five pristine hosts; the resets are not timed. */
async function fromNothing(lab: LabLink): Promise<Comparison> {
  const [ours = [], peer = []] = await inTurns(firstRuns, [
    async () => {
      await Promise.all(lab.hosts.map(host => host.reset()));
      const time = await timed(async () => {
        await using engine = await open(lab);
        await applyPlan(engine, lab, 'changes');
      });
      await verify(lab.hosts);
      return time;
    },
    async () => {
      await Promise.all(lab.hosts.map(host => host.reset()));
      const time = await timed(() => runPlaybook(lab, 'changes'));
      await verify(lab.hosts);
      return time;
    },
  ]);
  return {
    title: 'from nothing, p50 (mostly apt, equal on both sides)',
    ours: { what: 'engine opened, connected, applied, proved, closed', times: ours },
    peer: { what: 'ansible-playbook, pipelining, 50 forks, no facts', times: peer },
    target: { kind: 'times-faster', atLeast: 2 },
  };
}

/** The peer has its master connections open from the runs before, as a person's second run would. */
async function again(lab: LabLink): Promise<readonly Comparison[]> {
  await using engine = await open(lab);
  await applyPlan(engine, lab, 'either');
  await runPlaybook(lab, 'either');
  const [warm = [], cold = [], peer = []] = await inTurns(noChangeRuns, [
    () => timed(() => applyPlan(engine, lab, 'nothing')),
    () =>
      timed(async () => {
        await using fresh = await open(lab);
        await applyPlan(fresh, lab, 'nothing');
      }),
    () => timed(() => runPlaybook(lab, 'nothing')),
  ]);
  await verify(lab.hosts);
  const playbook = { what: 'ansible-playbook, its connections open', times: peer };
  return [
    {
      title: 'nothing to do, connections open, p50',
      ours: { what: 'run through an open engine', times: warm },
      peer: playbook,
      target: { kind: 'times-faster', atLeast: 50 },
    },
    {
      title: 'nothing to do, from cold, p50',
      ours: { what: 'engine opened, connected, checked, proved, closed', times: cold },
      peer: playbook,
    },
  ];
}

async function open(lab: LabLink): Promise<DeckhandApi> {
  const settingsFile = join(lab.folder, 'deckhand.yaml');
  await writeFile(settingsFile, 'concurrency: 50\n');
  return await openDeckhand({ settingsFile, sshConfigFile: lab.configFile });
}

type Expectation = 'changes' | 'nothing' | 'either';

async function applyPlan(engine: DeckhandApi, lab: LabLink, expectation: Expectation): Promise<void> {
  const file = join(folder, 'plan.yaml');
  const plan = planSchema.parse(parseYaml(await readFile(file, 'utf8'), file, 'plan.invalid'));
  const report = await engine.run(
    { hosts: lab.hosts.map(host => host.name).join(','), plan, confirm: 'plan' },
    { signal: new AbortController().signal, approve: () => Promise.resolve('approve') },
  );
  if (report.outcome !== 'proved') throw new Error(`Not proved: ${JSON.stringify(report.hosts, null, 1)}`);
  for (const { host, changed } of report.hosts) expectChange(host, changed, expectation);
}

async function runPlaybook(lab: LabLink, expectation: Expectation): Promise<void> {
  const inventory = `${lab.hosts.map(host => host.name).join(',')},`;
  const { code, stdout } = await runProgram(
    'ansible-playbook',
    ['-i', inventory, '--ssh-common-args', `-F ${lab.configFile}`, join(folder, 'site.yaml')],
    { ANSIBLE_PIPELINING: '1', ANSIBLE_FORKS: '50', ANSIBLE_HOST_KEY_CHECKING: 'True', ANSIBLE_NOCOLOR: '1' },
  );
  if (code !== 0) throw new Error(stdout);
  expectCode(code, 0, 'ansible-playbook');
  const recap = [...stdout.matchAll(/^(\S+)\s*: ok=\d+\s+changed=(\d+)/gm)];
  expectCode(recap.length, lab.hosts.length, 'the recap of the playbook');
  for (const [, host = '', changed = ''] of recap) expectChange(host, Number(changed), expectation);
}

function expectChange(host: string, changed: number, expectation: Expectation): void {
  if (expectation === 'either' || (expectation === 'nothing') === (changed === 0)) return;
  throw new Error(`${host}: ${changed} changes, expected ${expectation}: the figures would mean nothing.`);
}

async function verify(hosts: readonly LabHost[]): Promise<void> {
  for (const host of hosts) {
    const { stdout } = await host.run('curl -fsS -m 5 http://127.0.0.1:8080/ && systemctl is-active nginx');
    if (stdout !== '<p>the bench page</p>\nactive\n') throw new Error(`${host.name} serves '${stdout}'.`);
  }
}
