/**
 * Loaded into executors before their own code (`NODE_OPTIONS=--import`). When a transfer enters the phase that the file
 * `wanted-ID` names, that file becomes `reached-ID`: whoever looks for it at each byte that goes over the link knows where
 * the phase begins. `end` instead of a phase: all is done, and the claim waits with its end for the file `go-ID`.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import type { Outcome } from '../../src/queue/executor-protocol.ts';
import type { TaskWork } from '../../src/tasks/task-kind.ts';

interface Kind {
  run: (work: TaskWork<unknown>) => Promise<Outcome>;
}

const folder = process.env['PHASE_GATE'];
if (folder !== undefined && isMainThread && process.argv[1]?.endsWith('executor-main.ts') === true) {
  const { scpUpload } = await import('../../src/tasks/scp-upload.ts');
  const { scpDownload } = await import('../../src/tasks/scp-download.ts');
  const { scpSync } = await import('../../src/tasks/scp-sync.ts');
  const { scpCopy } = await import('../../src/tasks/scp-copy.ts');
  for (const kind of [scpUpload, scpDownload, scpSync, scpCopy]) gate(kind as unknown as Kind, folder);
}

function gate(kind: Kind, place: string): void {
  const { run } = kind;
  kind.run = async work => {
    const { id } = work.task;
    const phase = (name: string): void => {
      work.phase(name);
      if (wanted(place, id) === name) reach(place, id);
    };
    const outcome = await run({ ...work, phase });
    if (wanted(place, id) !== 'end') return outcome;
    reach(place, id);
    while (!existsSync(join(place, `go-${id}`))) await pause(10);
    return outcome;
  };
}

function wanted(place: string, id: string): string {
  try {
    return readFileSync(join(place, `wanted-${id}`), 'utf8');
  } catch {
    return '';
  }
}

/** By one rename: a later claim of the same task is not held again. */
function reach(place: string, id: string): void {
  renameSync(join(place, `wanted-${id}`), join(place, `reached-${id}`));
}
