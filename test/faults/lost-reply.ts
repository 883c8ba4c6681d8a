import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeSubmission } from '../../src/api/http/item-codec.ts';
import type { Submission } from '../../src/api/task-api.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { type Fault, randomBetween } from './fault.ts';
import { labFleet, onHost } from './lab-fleet.ts';

/** The connection is cut before the answer is read, and the same is submitted again: it runs once. */
export const fault: Fault = {
  id: 'REPLY',
  title: 'replies to submissions lost, and the same submitted again',
  async run({ short, folder, say, check }) {
    const rounds = short ? 100 : 1000;
    await using fleet = await labFleet([44], folder, { kind: 'plain' });
    const [host] = fleet.hosts;
    if (!host) throw new Error('no host');
    await using daemon = await DaemonUnderTest.start(folder);
    const ids = new Set<string>();
    let accepted = 0;
    for (let round = 0; round < rounds; round += 1) {
      const submission: Submission = {
        kind: 'ssh.execute',
        hosts: host.name,
        params: { command: `echo key-${round} >>"$HOME/counter"` },
        surroundings: fleet.surroundings,
        idempotencyKey: `key-${round}`,
      };
      await submitAndLeave(daemon.places.socket, submission, round);
      const { tasks, existed } = await daemon.api.submit(submission);
      if (existed) accepted += 1;
      for (const { id } of tasks) ids.add(id);
    }
    for (const id of ids) await daemon.ended(id);
    const { counts } = await daemon.api.health();
    const kept = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const lines = (await onHost(host, 'cat "$HOME/counter"')).trim().split('\n');
    say(`${rounds} replies lost; ${accepted} of these submissions had been accepted`);
    check(accepted > 0 && accepted < rounds + 1, 'some were accepted before their reply was lost');
    check(ids.size === rounds && kept === rounds, `${kept} tasks kept for ${rounds} keys`);
    check(
      lines.length === rounds && new Set(lines).size === rounds,
      `${lines.length} starts on the host for ${rounds} keys`,
    );
  },
};

/** Sends a request and goes away: at once, after a moment, or when the answer begins to arrive. */
async function submitAndLeave(socket: string, submission: Submission, round: number): Promise<void> {
  const body = JSON.stringify(encodeSubmission(submission));
  const follow = round % 2 === 0 ? '' : '?follow=1';
  await new Promise<void>((resolve, reject) => {
    const line = connect(socket, () => {
      line.write(
        `POST /v1/tasks${follow} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        () => {
          if (round % 4 < 2) void pause(randomBetween(0, 6)).then(() => line.destroy());
        },
      );
    });
    line.once('data', () => line.destroy());
    line.once('error', reject);
    line.once('close', () => resolve());
  });
}
