import { connectClient } from '../api/http/connect.ts';
import type { TaskApi } from '../api/task-api.ts';
import { connectTo } from './answers.ts';
import { placesOf } from './places.ts';

/**
 * Tasks as the command line gets at them: the daemon's, which is started when none runs, or those of an
 * engine in this process. Throws `daemon.start-failed`; locally what the store throws.
 */
export async function openTasks({
  local,
  say,
  as,
}: {
  readonly local: boolean;
  readonly say: (text: string) => void;
  readonly as?: string;
}): Promise<TaskApi> {
  const places = placesOf(process.env);
  if (local) {
    const { openLocalEngine } = await import('./local-engine.ts');
    return await openLocalEngine({ folder: places.folder });
  }
  const opened = await connectTo(places.socket);
  if (!opened) {
    const { startDaemon } = await import('./daemon-control.ts');
    const pid = await startDaemon(places);
    say(`started the daemon (process ${pid}); it keeps your tasks: deckhand daemon status`);
  }
  return connectClient({
    socketPath: places.socket,
    ...(opened && { opened }),
    ...(as !== undefined && { as }),
  });
}
