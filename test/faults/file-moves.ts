import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { LabHost } from '../lab/lab.ts';
import type { DaemonUnderTest } from './daemon-under-test.ts';
import type { FaultKit } from './fault.ts';
import {
  hashesHere,
  hashesThere,
  makeTree,
  manifestHere,
  manifestThere,
  firstDifference,
} from './file-trees.ts';
import { type LabFleet, onHost } from './lab-fleet.ts';

export const MOVES = ['put', 'get', 'push', 'pull', 'both', 'cp'] as const;
export type Move = (typeof MOVES)[number];

/** What files of a tree may hold: what they held before, or what they are to become. */
type Versions = ReadonlyMap<string, readonly string[]>;

/** What the ssh config calls the host of each kind of transfer, and the other end of a copy. */
interface Names {
  readonly from: (move: Move) => string;
  readonly to: string;
}

/** Every kind of transfer of one tree, begun anew as often as wanted, and the question what came of it. */
export class FileMoves {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  readonly #one: LabHost;
  readonly #other: LabHost;
  readonly #names: Names;
  #versions: Versions = new Map();
  #both: Versions = new Map();
  /** What the sources are like: nobody may change them, so they are looked at once. */
  #source = '';
  #large: ReadonlyMap<string, string> = new Map();
  #round = 0;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit, names?: Names) {
    const [one, other] = fleet.hosts;
    if (!one || !other) throw new Error('two hosts are needed');
    [this.#daemon, this.#fleet, this.#kit, this.#one, this.#other] = [daemon, fleet, kit, one, other];
    this.#names = names ?? { from: () => one.name, to: other.name };
  }

  /** The new tree and an older one, on both sides; a large one for what has no limit to its rate. */
  async prepare(size: {
    readonly files: number;
    readonly big: number;
    readonly large?: number;
  }): Promise<void> {
    const [source, old] = [this.#here('source'), this.#here('old')];
    makeTree(source, size);
    execFileSync('cp', ['-a', source, old]);
    const change = [
      'rm -r "folder 3"; for f in "folder 5"/*/*; do echo old >"$f"; done; head -c 6000000 /dev/zero >big',
      'mkdir extra; echo extra >extra/file; chmod 700 "folder 6"',
    ].join('; ');
    execFileSync('sh', ['-c', change], { cwd: old });
    for (const [name, path] of [
      ['source', source],
      ['old', old],
    ] as const) {
      const { state, error } = await this.#done('put', 'scp.upload', {
        source: path,
        target: `/srv/${name}`,
      });
      if (state !== 'succeeded') throw new Error(`the trees did not arrive: ${JSON.stringify(error)}`);
    }
    const { large = 250_000_000 } = size;
    await onHost(this.#one, `mkdir /srv/large && head -c ${large} /dev/urandom >/srv/large/file`);
    this.#versions = versionsOf([hashesHere(source), hashesHere(old)]);
    this.#source = manifestHere(source);
    this.#large = await hashesThere(this.#one, '/srv/large');
  }

  /** Begins all of them; each has places of its own. `ready`: just before the first. */
  async begin(
    moves: readonly Move[] = MOVES,
    ready?: () => Promise<void>,
  ): Promise<ReadonlyMap<Move, string>> {
    this.#round += 1;
    const there = this.#there();
    const prepared = onHost(
      this.#one,
      `mkdir -p ${there} && cp -a /srv/old ${there}/push && cp -a /srv/old ${there}/both`,
    );
    mkdirSync(this.#here(`r${this.#round}`));
    for (const name of ['pull', 'both'])
      execFileSync('cp', ['-a', this.#here('old'), this.#here(`r${this.#round}`, name)]);
    await prepared;
    const ids = new Map<Move, string>();
    // both sides were equal once, then each became newer in something
    if (moves.includes('both')) {
      await this.#done('both', 'scp.sync', this.#params('both').params);
      execFileSync('sh', ['-c', 'echo mine >mine; for f in "folder 7"/*/*; do echo mine >"$f"; done'], {
        cwd: this.#here(`r${this.#round}`, 'both'),
      });
      await onHost(
        this.#one,
        `cd ${there}/both && echo theirs >theirs && head -c 9000000 /dev/zero | tr '\\0' x >big`,
      );
    }
    this.#both = versionsOf([
      hashesHere(this.#here(`r${this.#round}`, 'both')),
      await hashesThere(this.#one, `${there}/both`),
    ]);
    await ready?.();
    for (const move of moves) ids.set(move, await this.#submit(move));
    return ids;
  }

  /** Names beside the targets of this round and of the trees that nobody asked for, on any side. */
  async strangers(moves: readonly Move[]): Promise<readonly string[]> {
    const mine = new Set(['pull', 'both', ...moves]);
    const theirs = new Set(['source', 'old', 'large', `r${this.#round}`, 'push', 'both', ...moves]);
    const here = readdirSync(this.#here(`r${this.#round}`)).filter(name => !mine.has(name));
    const beside = readdirSync(this.#here()).filter(name => !/^(source|old|r\d+)$/.test(name));
    const there = await Promise.all(
      [this.#one, this.#other].map(
        async host => await onHost(host, `ls -A /srv; ! [ -d ${this.#there()} ] || ls -A ${this.#there()}`),
      ),
    );
    const others = there.flatMap(text => text.split('\n')).filter(name => name !== '' && !theirs.has(name));
    return [...here, ...beside, ...others];
  }

  /** Throws nothing away but what this round made. */
  async clear(): Promise<void> {
    rmSync(this.#here(`r${this.#round}`), { recursive: true, force: true });
    await Promise.all(
      [this.#one, this.#other].map(async host => await onHost(host, `rm -rf ${this.#there()}`)),
    );
  }

  /** Where what came of a transfer differs from its source; `` = nowhere. */
  async differs(move: Move): Promise<string> {
    const there = this.#there();
    const here = this.#here(`r${this.#round}`);
    switch (move) {
      case 'put':
      case 'push':
        return firstDifference(await manifestThere(this.#one, `${there}/${move}`), this.#source);
      case 'get':
      case 'pull':
        return firstDifference(manifestHere(join(here, move)), this.#source);
      case 'both': {
        const looking = hashesThere(this.#one, `${there}/both`);
        const mine = hashesHere(join(here, 'both'));
        const theirs = await looking;
        if (!mine.has('./mine') || !mine.has('./theirs')) return 'what was new on one side is not there';
        const strange = [...mine].find(([name, hash]) => this.#both.get(name)?.includes(hash) !== true);
        if (strange) return `${strange[0]} is as on neither side`;
        return differentHash(mine, theirs);
      }
      case 'cp':
        return differentHash(await hashesThere(this.#other, `${there}/cp`), this.#large);
    }
  }

  /** What is not as it may be after a transfer that was stopped: half files, and trees that are new but not whole. */
  async halves(move: Move): Promise<readonly string[]> {
    const there = this.#there();
    const here = this.#here(`r${this.#round}`);
    if (move === 'put' || move === 'cp' || move === 'get') {
      const isThere =
        move === 'get'
          ? execFileSync('ls', ['-A', here]).toString().includes('get')
          : (await (move === 'put' ? this.#one : this.#other).run(`test -e ${there}/${move}`)).code === 0;
      const different = isThere ? await this.differs(move) : '';
      return different === '' ? [] : [`${move}: a tree that is not whole: ${different}`];
    }
    const theirs = move === 'pull' ? [] : [hashesThere(this.#one, `${there}/${move}`)];
    const mine = move === 'push' ? [] : [hashesHere(join(here, move))];
    const found = [...mine, ...(await Promise.all(theirs))];
    const known = move === 'both' ? this.#both : this.#versions;
    return found.flatMap(hashes =>
      [...hashes]
        .filter(([name, hash]) => known.get(name)?.includes(hash) !== true)
        .map(([name]) => `${move}: ${name} is neither the old one nor the new one`),
    );
  }

  async #submit(move: Move): Promise<string> {
    const { kind, params } = this.#params(move);
    const { surroundings } = this.#fleet;
    const submission = { kind, hosts: this.#names.from(move), params, surroundings };
    return (await this.#daemon.persist(async api => await api.submit(submission))).tasks[0]?.id ?? '';
  }

  #params(move: Move): { readonly kind: string; readonly params: Record<string, unknown> } {
    const there = this.#there();
    const here = this.#here(`r${this.#round}`, move);
    const source = this.#here('source');
    const slow = { rateLimit: 6 * 1024 ** 2 };
    const sync = { deleteExtra: true, ...slow };
    switch (move) {
      case 'put':
        return { kind: 'scp.upload', params: { source, target: `${there}/put`, ...slow } };
      case 'get':
        return { kind: 'scp.download', params: { source: '/srv/source', target: here, ...slow } };
      case 'push':
        return {
          kind: 'scp.sync',
          params: { local: source, remote: `${there}/push`, direction: 'push', ...sync },
        };
      case 'pull':
        return {
          kind: 'scp.sync',
          params: { local: here, remote: '/srv/source', direction: 'pull', ...sync },
        };
      case 'both':
        return {
          kind: 'scp.sync',
          params: { local: here, remote: `${there}/both`, direction: 'both', ...slow },
        };
      case 'cp':
        return {
          kind: 'scp.copy',
          params: { source: '/srv/large', toHost: this.#names.to, target: `${there}/cp` },
        };
    }
  }

  async #done(move: Move, kind: string, params: Record<string, unknown>): Promise<TaskView> {
    const { surroundings } = this.#fleet;
    const submission = { kind, hosts: this.#names.from(move), params, surroundings };
    const { tasks } = await this.#daemon.api.submit(submission);
    return await this.#daemon.ended(tasks[0]?.id ?? '');
  }

  #here(...names: readonly string[]): string {
    return join(this.#kit.folder, 'files', ...names);
  }
  #there(): string {
    return `/srv/r${this.#round}`;
  }
}

function versionsOf(trees: readonly ReadonlyMap<string, string>[]): Versions {
  const versions = new Map<string, readonly string[]>();
  for (const tree of trees)
    for (const [name, hash] of tree) versions.set(name, [...(versions.get(name) ?? []), hash]);
  return versions;
}

function differentHash(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].find(name => one.get(name) !== other.get(name)) ?? '';
}
