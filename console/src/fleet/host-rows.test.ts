import { describe, expect, it } from 'vitest';
import type { TunnelView } from 'deckhand/client';
import { sampleRow as task } from '../tasks/sample-row.ts';
import { hostRows } from './host-rows.ts';

const host = { name: 'web-1', source: '', groups: [], address: null };
function tunnel(name: string, part: Partial<TunnelView>): TunnelView {
  const forward = {
    kind: 'dynamic',
    listen: { host: '127.0.0.1', port: 0 },
  } as unknown as TunnelView['forward'];
  return {
    name,
    host: 'web-1',
    forward,
    state: 'up',
    task: `task-${name}`,
    status: null,
    error: null,
    ...part,
  };
}
const rowWith = (tasks: Parameters<typeof hostRows>[0]['tasks'], tunnels: readonly TunnelView[] = []) =>
  hostRows({ hosts: [host], tasks, facts: new Map(), tunnels })[0];

describe('what goes on on a host', () => {
  it('is the newest task that runs, and how many more; a tunnel is told as one, not as a task', () => {
    const row = rowWith([
      task({ id: 'c', state: 'queued' }),
      task({ id: 'b' }),
      task({ id: 't', kind: 'ssh.tunnel' }),
      task({ id: 'a' }),
      task({ id: 'x', host: 'db' }),
    ]);
    expect([row?.current?.id, row?.others, row?.running]).toEqual(['b', 1, 2]);
    expect(rowWith([task({ state: 'succeeded' })])).toMatchObject({ current: null, others: 0, running: 0 });
  });
  it('are the tunnels through it that have not ended, by their names', () => {
    const tunnels = [
      tunnel('z', { state: 'down' }),
      tunnel('a', {}),
      tunnel('gone', { state: 'ended' }),
      tunnel('other', { host: 'db' }),
    ];
    expect(rowWith([], tunnels)?.tunnels.map(({ name }) => name)).toEqual(['a', 'z']);
  });
});
