import type { OutputPiece } from '../../core/task-event.ts';
import type { ClaimWrite, WriteOutcome } from '../store.ts';
import { countLines } from './line-index.ts';
import { packPieces } from './output-frames.ts';
import { removeAttached, removeDeployment, saveAttached, saveDeployment } from './notebook.ts';
import { settleClaim } from './settle.ts';
import type { TaskRow } from './task-row.ts';
import type { Transaction } from './transaction.ts';

/** One report of a running claim, if the claim is still the task's. */
export function recordWrite(transaction: Transaction, write: ClaimWrite): WriteOutcome {
  const task = transaction.find(write.task);
  if (!task || task.state !== 'running' || task.claim !== write.claim) return 'fenced';
  transaction.touch(task);
  switch (write.write) {
    case 'event':
      transaction.event(task, write.body);
      break;
    case 'output':
      keepOutput(transaction, task, write.pieces);
      break;
    case 'progress':
      task.progress = JSON.stringify(write.progress);
      transaction.event(task, { kind: 'progress', progress: write.progress });
      break;
    case 'phase':
      task.phase = write.phase;
      transaction.event(task, { kind: 'phase', phase: write.phase });
      break;
    case 'begun':
      task.begun = true;
      transaction.event(task, { kind: 'run-begun', host: write.host, runId: write.runId });
      break;
    case 'step':
      transaction.database.run(
        'INSERT OR REPLACE INTO step (task, name, attempt, output) VALUES (?, ?, ?, ?)',
        task.number,
        write.name,
        task.attempt,
        JSON.stringify(write.output),
      );
      break;
    case 'approval-used':
      transaction.database.run(
        'UPDATE approval SET uses = uses - 1 WHERE id = ? AND task = ? AND uses > 0',
        write.approval,
        task.number,
      );
      transaction.database.run(
        'INSERT OR REPLACE INTO step (task, name, attempt, output) VALUES (?, ?, ?, ?)',
        task.number,
        write.step,
        task.attempt,
        '{}',
      );
      break;
    case 'audit':
      // goes to the log beside the store, before it comes here
      break;
    case 'deployed':
      saveDeployment(transaction.database, write.deployment);
      break;
    case 'undeployed':
      removeDeployment(transaction.database, write.host, write.name);
      break;
    case 'attached':
      saveAttached(transaction.database, write.attached);
      break;
    case 'detached':
      removeAttached(transaction.database, write.host, write.name);
      break;
    case 'settle':
      settleClaim(transaction, task, write.settlement);
  }
  return 'written';
}

/** Bytes that an earlier claim of the attempt has reported are not kept twice. */
function keepOutput(transaction: Transaction, task: TaskRow, pieces: readonly OutputPiece[]): void {
  const fresh: OutputPiece[] = [];
  for (const piece of pieces) {
    const kept = piece.stream === 'stdout' ? task.stdoutLength : task.stderrLength;
    const known = Math.min(piece.bytes.length, Math.max(0, kept - piece.at));
    if (known === piece.bytes.length) continue;
    const bytes = piece.bytes.slice(known);
    const at = piece.at + known;
    fresh.push({ stream: piece.stream, at, bytes });
    if (piece.stream === 'stdout') task.stdoutLength = at + bytes.length;
    else task.stderrLength = at + bytes.length;
  }
  if (fresh.length === 0) return;
  task.outputSeq += 1;
  const { packing, frames } = packPieces(fresh);
  transaction.database.run(
    'INSERT INTO output (task, seq, attempt, time, packing, frames) VALUES (?, ?, ?, ?, ?, ?)',
    task.number,
    task.outputSeq,
    task.attempt,
    transaction.now,
    packing,
    frames,
  );
  countLines(transaction.database, task, fresh);
  transaction.output(task, fresh);
}
