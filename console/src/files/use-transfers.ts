import { useCallback, useRef, useState } from 'react';
import { type ErrorRecord, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useChanges } from '../engine/use-live.ts';
import { TaskEnds } from './task-ends.ts';

/** Bytes of a file that travel to the daemon at once. */
const PIECE = 4 * 1024 * 1024;

/** A file on its way between this browser and a server. */
export interface Transfer {
  readonly key: string;
  readonly name: string;
  readonly way: 'up' | 'down';
  /** `browser`: between this browser and the daemon; `server`: the task. */
  readonly part: 'browser' | 'server' | 'done' | 'failed';
  readonly done: number;
  readonly total: number | null;
  readonly task: string | null;
  readonly error: ErrorRecord | null;
}

export interface Transfers {
  readonly all: readonly Transfer[];
  readonly upload: (host: string, folder: string, files: readonly File[]) => void;
  readonly download: (host: string, path: string, name: string) => void;
  /** Forgets those that have ended. */
  readonly clear: () => void;
}

/** Uploads and downloads: each is an ordinary task, and goes on when this page is left once it is one. */
export function useTransfers(onArrived: () => void): Transfers {
  const [all, setAll] = useState<readonly Transfer[]>([]);
  const ends = useRef(new TaskEnds(async task => await api.task(task)));
  const change = useCallback((key: string, part: Partial<Transfer>): void => {
    setAll(old => old.map(each => (each.key === key ? { ...each, ...part } : each)));
  }, []);
  useChanges(news => {
    ends.current.hear(news);
    if (news.item !== 'tasks') return;
    for (const task of news.tasks) {
      const { progress } = task;
      setAll(old =>
        old.map(each =>
          each.task === task.id && each.part === 'server' && progress
            ? { ...each, done: progress.done, total: progress.total }
            : each,
        ),
      );
    }
  });

  const carried = async (key: string, task: string): Promise<void> => {
    change(key, { part: 'server', task, done: 0 });
    const ended = await ends.current.of(task);
    if (ended.state === 'succeeded') return;
    if (ended.error) throw toDeckhandError(ended.error);
    throw new Error(`It was ${ended.state}.`);
  };

  const begin = (
    transfer: Pick<Transfer, 'name' | 'way' | 'total'>,
    work: (key: string) => Promise<void>,
  ): void => {
    const key = crypto.randomUUID();
    const fresh = { ...transfer, key, part: 'browser', done: 0, task: null, error: null } as const;
    setAll(old => [fresh, ...old]);
    work(key).then(
      () => change(key, { part: 'done' }),
      (thrown: unknown) => change(key, { part: 'failed', error: toDeckhandError(thrown) }),
    );
  };

  const send = async (key: string, file: File, target: { host: string; folder: string }): Promise<void> => {
    const { id } = await api.beginUpload({ name: file.name, size: file.size });
    for (let at = 0; at < file.size; at += PIECE) {
      const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
      const { received } = await api.addToUpload(id, at, piece);
      change(key, { done: received });
    }
    const { tasks } = await api.sendUpload(HERE, id, target);
    if (tasks[0]) await carried(key, tasks[0].id);
    onArrived();
  };

  return {
    all,
    upload: (host, folder, files) => {
      for (const file of files)
        begin(
          { name: file.name, way: 'up', total: file.size },
          async key => await send(key, file, { host, folder }),
        );
    },
    download: (host, path, name) =>
      begin({ name, way: 'down', total: null }, async key => {
        const { id, submitted } = await api.fetchFile(HERE, host, path);
        if (submitted.tasks[0]) await carried(key, submitted.tasks[0].id);
        const link = document.createElement('a');
        link.href = `/v1/fetched/${id}`;
        link.download = name;
        link.click();
      }),
    clear: () => setAll(old => old.filter(({ part }) => part !== 'done' && part !== 'failed')),
  };
}
