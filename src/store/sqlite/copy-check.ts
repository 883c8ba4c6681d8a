import { Worker } from 'node:worker_threads';
import { DeckhandError } from '../../core/deckhand-error.ts';

/** Reads every page of a copy, in a thread: a large one takes seconds. Throws `store.corrupt` when it is not sound. */
export async function checkCopy(store: string, copy: string): Promise<void> {
  const file = import.meta.url.replace(/copy-check(\.[jt]s)$/, 'copy-check-main$1');
  const worker = new Worker(new URL(file), { workerData: copy });
  const found = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The thread that checks the copy has ended.')));
  });
  if (found === 'ok') return;
  throw new DeckhandError(
    'store.corrupt',
    `The copy of the store ${store} is damaged (${found}) and was removed; the store was left as it is.`,
    {
      details: { path: store },
      hint: 'Run `deckhand doctor`: it says whether the store itself is damaged. Keep the backups you have.',
    },
  );
}
