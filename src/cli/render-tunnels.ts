import type { TunnelState, TunnelView } from '../api/contract.ts';
import { showDuration } from '../core/duration.ts';
import { showEndpoint } from '../core/endpoint.ts';
import type { Forward, HealthState } from '../core/tunnel.ts';
import { oneLine, table } from './layout.ts';
import { timeText } from './render-tasks.ts';
import { showSize } from './sizes.ts';
import type { Style } from './style.ts';

/** Changes shown of one tunnel. */
const RECENT = 10;

/** Tunnels, one per line. `now` = milliseconds since the epoch. */
export function renderTunnelList(tunnels: readonly TunnelView[], now: number, style: Style): string {
  if (tunnels.length === 0) return 'There is no tunnel.\n';
  const titles = ['NAME', 'STATE', 'HEALTH', 'HOST', 'FORWARD', 'OPEN', 'TRAFFIC', 'SINCE'];
  const rows = tunnels.map(tunnel => {
    const { status } = tunnel;
    const statistics = status?.statistics;
    return [
      tunnel.name,
      showState(tunnel.state, style),
      tunnel.state === 'up' && status ? showHealth(status.health.state, style) : '-',
      oneLine(tunnel.host),
      forwardText(tunnel),
      statistics ? String(statistics.open) : '-',
      statistics ? showSize(statistics.sent + statistics.received) : '-',
      status && tunnel.state !== 'stopped' ? showDuration(Math.max(0, now - status.linkSince)) : '-',
    ];
  });
  return `${table([titles.map(title => style.strong(title)), ...rows])}\n`;
}

/** One tunnel with all that is worth knowing. */
export function renderTunnel(tunnel: TunnelView, now: number, style: Style): string {
  const { status, error } = tunnel;
  const rows = [
    ['state', showState(tunnel.state, style)],
    ['host', oneLine(tunnel.host)],
    ['forward', forwardText(tunnel)],
    ['task', tunnel.task],
  ];
  if (status) {
    const { health, statistics, linkSince, history } = status;
    const latency = health.latency === null ? '' : `, ${health.latency} ms`;
    rows.push(['since', showDuration(Math.max(0, now - linkSince))]);
    rows.push(['health', `${showHealth(health.state, style)}${latency}, ${oneLine(health.text)}`]);
    rows.push(['traffic', `${showSize(statistics.sent)} sent, ${showSize(statistics.received)} received`]);
    const { open, total, held, heldEver, failed, reconnects } = statistics;
    rows.push([
      'connections',
      `${open} open, ${total} in all, ${held} held, ${heldEver} held before, ${failed} failed`,
    ]);
    rows.push(['reconnects', String(reconnects)]);
    for (const change of history.slice(-RECENT))
      rows.push([
        style.faint(timeText(change.time)),
        oneLine(`${change.what} ${change.state} ${change.text}`),
      ]);
  }
  const why = error
    ? `${style.bad(error.code)}: ${oneLine(error.message)}\nhint: ${oneLine(error.hint)}\n`
    : '';
  return `${style.strong(tunnel.name)}\n${table(rows, '  ')}\n${why}`;
}

/** `127.0.0.1:8080 → 127.0.0.1:80`, with the port that was found. */
function forwardText({ forward, status }: TunnelView): string {
  const listen = showEndpoint(status?.listening ?? forward.listen);
  return oneLine(`${listen} ${arrow(forward)}`);
}
function arrow(forward: Forward): string {
  if (forward.kind === 'dynamic') return '(SOCKS5)';
  return forward.kind === 'local'
    ? `-> ${showEndpoint(forward.target)}`
    : `there -> ${showEndpoint(forward.target)} here`;
}

function showState(state: TunnelState, style: Style): string {
  if (state === 'up') return style.good(state);
  if (state === 'down' || state === 'needs-attention') return style.bad(state);
  return state === 'starting' ? style.accent(state) : style.faint(state);
}
function showHealth(state: HealthState, style: Style): string {
  if (state === 'healthy' || state === 'sleeping') return style.good(state);
  if (state === 'degraded' || state === 'loading') return style.warning(state);
  return state === 'down' ? style.bad(state) : style.faint(state);
}
