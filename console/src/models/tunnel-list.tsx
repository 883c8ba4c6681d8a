import type { JSX } from 'react';
import { toDeckhandError, type TunnelView } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { notice } from '../parts/notice.ts';
import { TUNNEL_LOOKS } from '../parts/states.ts';
import { When } from '../parts/when.tsx';
import { bytesText, countText, plainText } from '../parts/words.ts';

/** Every tunnel, how it is, and its steering. */
export function TunnelList({
  tunnels,
  onChanged,
}: {
  readonly tunnels: readonly TunnelView[];
  readonly onChanged: () => void;
}): JSX.Element | null {
  const steer = (work: Promise<unknown>): void => {
    work.then(onChanged, (thrown: unknown) => notice.say(toDeckhandError(thrown).message));
  };
  if (tunnels.length === 0) return null;
  return (
    <section aria-label="tunnels" className="px-4 py-2">
      <h2 className="text-base font-semibold">Tunnels</h2>
      <ul>
        {tunnels.map(({ name, host, state, status }) => (
          <li key={name} className="flex flex-wrap items-center gap-x-3 border-b border-line py-1">
            <span className="font-medium">{plainText(name, 64)}</span>
            <span className="text-muted">{plainText(host, 80)}</span>
            <Badge look={TUNNEL_LOOKS[state]} />
            {status ? (
              <span className="text-muted">
                since <When time={status.linkSince} /> ·{' '}
                {countText(status.statistics.reconnects, 'reconnect')} ·{' '}
                {bytesText(status.statistics.sent + status.statistics.received)} · {status.health.state}
                {status.health.latency === null ? '' : ` in ${Math.round(status.health.latency)} ms`}
              </span>
            ) : null}
            {status?.listening && 'port' in status.listening ? (
              <CopyButton
                label="copy URL"
                text={`http://${status.listening.host}:${status.listening.port}`}
              />
            ) : null}
            {state === 'up' || state === 'starting' ? (
              <Button onClick={() => steer(api.stopTunnel(name))}>Stop</Button>
            ) : (
              <Button onClick={() => steer(api.startTunnel(name))}>Start</Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
