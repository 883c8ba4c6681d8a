import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Submission } from '../../src/api/task-api.ts';
import type { LabHost } from '../lab/lab.ts';
import { makeTree } from './file-trees.ts';
import { onHost } from './lab-fleet.ts';

const LOOK = String.raw`find . -type f -printf '%P %m %T@ ' -exec sha256sum {} \; | sort | sha256sum`;

/** Transfers as a part of the load: a tree that goes to a folder of each task's own. */
export class LoadFiles {
  readonly #tree: string;

  constructor(folder: string) {
    this.#tree = join(folder, 'load');
  }

  /** Slow enough to be hit in the middle. */
  submission(kind: 'upload' | 'sync', key: string): Pick<Submission, 'kind' | 'params'> {
    if (!existsSync(this.#tree)) makeTree(this.#tree, { files: 60, big: 6_000_000 });
    const rateLimit = 3 * 1024 ** 2;
    const remote = `/srv/files/${key}`;
    if (kind === 'upload')
      return { kind: 'scp.upload', params: { source: this.#tree, target: remote, rateLimit } };
    const params = { local: this.#tree, remote, direction: 'push', deleteExtra: true, rateLimit };
    return { kind: 'scp.sync', params };
  }

  /** Those of the keys whose folder on the host is not what went there. */
  async differing(host: LabHost, keys: readonly string[]): Promise<readonly string[]> {
    if (keys.length === 0) return [];
    const wanted = execFileSync('sh', ['-c', LOOK], { cwd: this.#tree }).toString().trim();
    const script = `for k in ${keys.join(' ')}; do echo "$k $(cd /srv/files/$k 2>/dev/null && { ${LOOK}; })"; done`;
    const lines = (await onHost(host, script)).trim().split('\n');
    return lines.filter(line => !line.endsWith(` ${wanted}`));
  }
}
