/** A thread that reads every page of a copy and says `ok` or the first thing that is wrong. */
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

// immutable: nobody writes to it, and no -wal or -shm is made beside it
const url = pathToFileURL(String(workerData));
url.searchParams.set('immutable', '1');
parentPort?.postMessage(check(), []);

function check(): string {
  let copy: DatabaseSync | undefined;
  try {
    copy = new DatabaseSync(url, { readOnly: true });
    const answer = Object.values(copy.prepare('PRAGMA integrity_check(1)').get() ?? {})[0];
    return String(answer).split('\n').at(-1) ?? '';
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    copy?.close();
  }
}
