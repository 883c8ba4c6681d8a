import { mkdir, mkdtemp, readlink, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { DeckhandError } from '../../core/deckhand-error.ts';
import { deployParams } from '../../core/model-params.ts';
import { bringUp, type BringUp } from './bring-up.ts';
import { layoutOf } from './layout.ts';
import { localSite } from './local-site.ts';
import type { ProbeFacts } from './probe.ts';
import type { Release } from './release.ts';
import type { Site } from './site.ts';
import { StepLog } from './step-log.ts';
import { stopRelease } from './stop-release.ts';

const server = fileURLToPath(new URL('../../../test/engines/stand-ins/moody-server.pl', import.meta.url));
const limit = AbortSignal.timeout(120_000);
const [OLD, NEW] = ['aaaaaaaaaa', 'bbbbbbbbbb'];
const here = localSite(process.env);
let base = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'deckhand-bring-up-'));
  const { releases, sockets } = layoutOf(base, 'tiny');
  for (const folder of [releases, sockets]) await mkdir(folder, { recursive: true });
});
afterEach(async () => {
  const layout = layoutOf(base, 'tiny');
  for (const id of [OLD, NEW])
    await stopRelease({ site: here, layout, name: 'tiny', isRoot: false, signal: limit }, id);
  await rm(base, { recursive: true, force: true });
});

/** A release of a real server of one process, started without a service manager, as nobody's upgrade or of `OLD`. */
function wishFor(id: string, start: string, part: Partial<BringUp> = {}): BringUp {
  const layout = layoutOf(base, 'tiny');
  const signal = part.signal ?? limit;
  const watch = { clock: systemClock, signal, onStep: () => {}, onStepDone: () => {} };
  const release: Release = {
    id,
    kind: 'command',
    engine: null,
    version: 'x',
    model: null,
    modelSize: 0,
    modelName: '',
    context: 0,
    service: 'detached',
    listen: { path: `${layout.sockets}/${id}.sock` },
    estimate: 0,
    probe: '/v1/models',
    guarded: false,
    promptCache: 0,
  };
  const params = deployParams.parse({ name: 'tiny', engine: 'command', start });
  const current = id === OLD ? null : OLD;
  return {
    site: here,
    steps: new StepLog(watch),
    clock: systemClock,
    signal,
    place: { layout, release, params, user: 'me', isRoot: false },
    facts: { current, previous: null, isRunning: false } as ProbeFacts,
    instead: true,
    ...part,
  };
}
const GOOD = `exec perl ${server} $SOCKET`;
const isHeard = async (id: string): Promise<boolean> =>
  await new Promise(resolve => {
    const socket = connect(`${layoutOf(base, 'tiny').sockets}/${id}.sock`);
    socket.once('connect', () => resolve(socket.destroy() !== null)).once('error', () => resolve(false));
  });
const failureOf = async (wish: BringUp): Promise<DeckhandError> =>
  await bringUp(wish).then(
    () => expect.fail('it came up'),
    (error: unknown) => error as DeckhandError,
  );
const current = async (): Promise<string> => await readlink(layoutOf(base, 'tiny').current);

it('brings back what it stopped when it is cancelled, and not when it is only left', async () => {
  await bringUp(wishFor(OLD, GOOD));
  for (const isCancel of [true, false]) {
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, limit]);
    const part = { signal, ...(isCancel && { cancel: end.signal }) };
    const failing = failureOf(wishFor(NEW, `echo $SOCKET; sleep 600`, part));
    await expect.poll(async () => await isHeard(OLD), { timeout: 60_000 }).toBe(false);
    end.abort(new Error('enough'));
    const error = await failing;
    if (!isCancel) {
      expect(error).toBe(end.signal.reason);
      continue;
    }
    expect(error).toMatchObject({ code: 'command.cancelled', details: { rolledBackTo: OLD } });
    await expect.poll(async () => await isHeard(OLD), { timeout: 60_000 }).toBe(true);
    expect(await current()).toBe(`releases/${OLD}`);
  }
});

it('says when what was there before could not be started again', async () => {
  await bringUp(wishFor(OLD, GOOD));
  const releases = layoutOf(base, 'tiny').releases;
  let stopped = false;
  const forgetful: Site = {
    ...here,
    async run(script, options) {
      const answer = await here.run(script, options);
      // the old release is lost as soon as it was stopped
      if (stopped) return answer;
      stopped = !(await isHeard(OLD));
      if (stopped) await rm(join(releases, OLD), { recursive: true, force: true });
      return answer;
    },
  };
  const error = await failureOf(wishFor(NEW, 'echo $SOCKET: not found >&2', { site: forgetful }));
  expect(error.message).toContain('and the release before it could not be started again');
  expect(error.details).toMatchObject({ notRolledBackTo: OLD });
});

it('makes the old release the current one again when the switch was made in part', async () => {
  await bringUp(wishFor(OLD, GOOD));
  const { home, sockets } = layoutOf(base, 'tiny');
  let wasBroken = false;
  const broken: Site = {
    ...here,
    async run(script, options) {
      if (wasBroken || !script.includes(`ln -sfn releases/${NEW} current.new`))
        return await here.run(script, options);
      wasBroken = true;
      await rm(join(home, 'current'));
      await symlink(`releases/${NEW}`, join(home, 'current'));
      return { exitCode: 92, output: '', errors: 'broken' };
    },
  };
  const error = await failureOf(wishFor(NEW, GOOD, { site: broken, instead: false }));
  expect(error.details).toMatchObject({ rolledBackTo: OLD });
  expect(await current()).toBe(`releases/${OLD}`);
  expect(await readlink(join(sockets, 'live.sock'))).toBe(`${sockets}/${OLD}.sock`);
  expect(await isHeard(OLD)).toBe(true);
});
