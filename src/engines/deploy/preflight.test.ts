import { describe, expect, it } from 'vitest';
import { makeTinyModel } from '../../../test/model/tiny-model.ts';
import { deployParams } from '../../core/model-params.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { parseHeader } from '../gguf/parse-header.ts';
import { decide } from './preflight.ts';
import { lookedAgain, parseProbe, type ProbeFacts } from './probe.ts';
import { planDeploy } from './release.ts';
import type { Site } from './site.ts';
import { hasEnded, parseStatus } from './status.ts';

const bytes = makeTinyModel();
const GIB = 1024 ** 3;
const NOON = 1_800_000_000_000;

function plan(params: object = {}) {
  return planDeploy(
    deployParams.parse({ name: 'tiny', model: '/m/tiny.gguf', ...params }),
    {
      path: '/b',
      id: 'b'.repeat(16),
      size: 13_000_000,
      bytes: 33_000_000,
      files: 100,
      version: '1',
      architecture: 'x86_64',
      relocation: null,
      isSealed: true,
      program: 'bin/llama-server',
    },
    { path: '/m/tiny.gguf', size: bytes.length, header: parseHeader(bytes), sha256: 'a'.repeat(64) },
  );
}

const host: ProbeFacts = {
  system: 'Linux',
  architecture: 'x86_64',
  user: 'guest',
  uid: 1000,
  base: '/home/guest/.local/state/deckhand',
  processors: 2,
  memoryTotal: 4 * GIB,
  memoryAvailable: 2 * GIB,
  groupMemory: null,
  diskFree: 10 * GIB,
  inodesFree: 100_000,
  isNoexec: false,
  isWritable: true,
  graphics: 'none',
  graphicsRows: [],
  tools: ['tar', 'gzip', 'sha256sum', 'awk', 'dd', 'loginctl'],
  hasSystemd: true,
  hasUserManager: true,
  lingers: true,
  isSudoer: false,
  ports: new Set([22]),
  clock: NOON / 1000,
  hasEngine: false,
  hasModel: false,
  hasKey: false,
  current: null,
  previous: null,
  currentRelease: null,
  currentMemory: 0,
  isRunning: false,
  machine: '',
};

const on = (part: Partial<ProbeFacts>, params: object = {}) =>
  decide('web-1', { ...host, ...part }, plan(params), NOON);
const refusal = (part: Partial<ProbeFacts>, params: object = {}) => {
  try {
    on(part, params);
  } catch (error) {
    if (error instanceof DeckhandError) return `${error.code}: ${error.message}`;
  }
  return 'nothing';
};

describe('before anything changes', () => {
  it('what is missing is counted', () => {
    expect(on({}).missing).toEqual({ engine: 13_000_000, model: bytes.length });
    expect(on({ hasEngine: true, hasModel: true }).missing).toEqual({ engine: 0, model: 0 });
  });

  it('a host that cannot take it is refused, with the numbers', () => {
    expect(refusal({ architecture: 'aarch64' })).toBe(
      'host.architecture: web-1 is Linux on aarch64; the engine bundle is for Linux on x86_64.',
    );
    expect(refusal({ diskFree: 8 * 1024 * 1024 })).toBe(
      'host.disk-full: web-1: /home/guest/.local/state/deckhand has 8.0 MiB free; 49 MiB are needed (engine 44 MiB, model 0.2 MiB).',
    );
    expect(refusal({ memoryAvailable: 10 * 1024 * 1024 })).toMatch(
      /^host\.memory: web-1 has 10 MiB of memory for it; the model needs 28 MiB \(weights 0\.1 MiB, context of 2048 tokens 0\.5 MiB/,
    );
    expect(refusal({ groupMemory: 1024 })).toMatch(/^host\.memory/);
    expect(refusal({ isNoexec: true })).toMatch(/^host\.noexec/);
    expect(refusal({ isWritable: false })).toMatch(/^transfer\.no-permission/);
    expect(refusal({ inodesFree: 5 })).toMatch(/room for 5 more files/);
    expect(refusal({ tools: [] })).toMatch(/has no tar, gzip, sha256sum/);
    expect(refusal({ ports: new Set([80]) }, { port: 80 })).toMatch(/^engine\.port-busy/);
    expect(refusal({ hasSystemd: false }, { service: 'user' })).toMatch(/^privilege\.needed/);
  });

  it('the best service that the account may have is chosen', () => {
    expect(on({ uid: 0 }).release.service).toBe('system');
    expect(on({ isSudoer: true }).release.service).toBe('system');
    expect(on({}).release.service).toBe('user');
    const alone = on({ hasUserManager: false, lingers: false });
    expect(alone.release.service).toBe('detached');
    expect(alone.warnings[0]).toContain('sudo loginctl enable-linger guest');
  });

  it('a socket comes first, and never anything but the loopback', () => {
    const { listen, id } = on({}).release;
    expect(listen).toEqual({ path: `/home/guest/.local/state/deckhand/llm/tiny/run/${id}.sock` });
    const base = `/home/${'x'.repeat(80)}`;
    expect(on({ base }).release.listen).toEqual({ host: '127.0.0.1', port: 9931 });
    expect(on({ base, ports: new Set([9931]) }).release.listen).toEqual({ host: '127.0.0.1', port: 9932 });
    expect(refusal({ base }, { listen: 'socket' })).toMatch(/^input\.invalid/);
  });

  it('the same wish is the same release, another is another', () => {
    const { id } = on({}).release;
    expect(on({ memoryAvailable: GIB }).release.id).toBe(id);
    expect(on({}, { context: 512 }).release.id).not.toBe(id);
    expect(on({ base: '/elsewhere' }).release.id).not.toBe(id);
  });

  it('earlier prompts get a quarter of the memory that is left, never more than the engine would take itself', () => {
    const needed = plan().estimate?.total ?? 0;
    const left = (bytes: number) => ({ memoryAvailable: needed + bytes });
    const cache = (part: Partial<ProbeFacts>) => on(part).release.promptCache;
    expect(cache(left(GIB))).toBe(256);
    expect(cache({ ...left(64 * GIB), groupMemory: needed + 400 * 1024 * 1024 })).toBe(100);
    expect(cache(left(64 * GIB))).toBe(8192);
    expect(cache(left(0))).toBe(0);
    // the release before it is stopped first, and what it uses is free then
    const tight = { current: 'ab', isRunning: true, memoryAvailable: 0 };
    expect(cache({ ...tight, currentMemory: needed + GIB })).toBe(256);
  });

  it('what runs keeps the memory for prompts that it was started with, until it is begun anew', () => {
    const { id } = on({}).release;
    const running = {
      current: id,
      isRunning: true,
      currentRelease: '{"id":"x","promptCache":77,"probe":null}',
    };
    expect(on(running).release.promptCache).toBe(77);
    expect(on({ ...running, currentRelease: '{"id":"x"}' }).release.promptCache).toBe(256);
    const stopped = { ...running, isRunning: false };
    expect(on(stopped).release.promptCache).toBe(on({}).release.promptCache);
  });

  it('both releases run at once where memory allows it', () => {
    const running = { current: 'ab', isRunning: true, currentMemory: 30 * 1024 * 1024 };
    expect(on(running).instead).toBe(false);
    expect(on({ ...running, memoryAvailable: 20 * 1024 * 1024 }).instead).toBe(true);
    expect(refusal({ ...running, memoryAvailable: 0, currentMemory: 1000 })).toMatch(/^host\.memory/);
  });
});

describe('what a host answers', () => {
  it('counts only when all of it came', () => {
    expect(parseProbe('system=Linux\n')).toBeNull();
    const facts = parseProbe(
      'noise\nsystem=Linux\ngroup=1000 400\ngroup=900 1\nports=0016 26CB \ngpu=nvidia\ngpu_row=0, \u001b[31mA100\nrunning=yes\nend=yes\n',
    );
    expect(facts).toMatchObject({
      system: 'Linux',
      groupMemory: 600,
      isRunning: true,
      graphicsRows: ['0, A100'],
    });
    expect(facts?.ports).toEqual(new Set([22, 9931]));
  });

  it('of the machine is told once, of the deployment again: what is no more is not believed', () => {
    const site = { name: 'web-1' } as Site;
    const first = parseProbe('system=Linux\nuser=ann\n--\nengine=yes\nrunning=yes\ncurrent=ab\nend=yes\n');
    expect(first).toMatchObject({ user: 'ann', hasEngine: true, isRunning: true, current: 'ab' });
    const again = lookedAgain(site, first ?? { machine: '' }, 0, 'model=yes\nend=yes\n');
    expect(again).toMatchObject({ system: 'Linux', user: 'ann', hasModel: true });
    expect(again).toMatchObject({ hasEngine: false, isRunning: false, current: null });
    expect(() => lookedAgain(site, first ?? { machine: '' }, 0, 'model=yes\n')).toThrow('not answered');
  });

  it('of a release says whether it ended', () => {
    const log = '0.1 I line\n0.2 E end\n';
    const status = parseStatus(`service=user\nActiveState=activating\nNRestarts=2\npid=\nlog=20\n\n${log}`);
    expect(status).toMatchObject({ state: 'activating', restarts: 2, pid: null, log });
    expect(hasEnded(status)).toBe(true);
    expect(hasEnded(parseStatus('ActiveState=active\nNRestarts=0\npid=12\nrss=100\n\n'))).toBe(false);
  });
});
