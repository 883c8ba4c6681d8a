import { answers } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

/** Tunnels by their names; a new one is a task of kind `ssh.tunnel`. */
export function registerTunnelRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'tunnels',
    method: 'get',
    path: '/v1/tunnels',
    summary: 'All tunnels, and how they are.',
    answer: answers.tunnels,
    carryOut: async ({ api }) => ({ tunnels: await api.tunnels() }),
  });
  register(parts, {
    id: 'tunnel',
    method: 'get',
    path: '/v1/tunnels/{name}',
    summary: 'One tunnel: link, health, statistics, what changed.',
    parameters: requests.tunnelPath,
    answer: answers.tunnel,
    carryOut: async ({ parameters, api }) => await api.tunnel(parameters.name),
  });
  for (const verb of ['start', 'stop'] as const) {
    register(parts, {
      id: `${verb}Tunnel`,
      method: 'post',
      path: `/v1/tunnels/{name}/${verb}`,
      summary: verb === 'start' ? 'Opens it again, and tries at once.' : 'Closes it; it stays known.',
      parameters: requests.tunnelPath,
      answer: answers.tunnel,
      carryOut: async ({ parameters, api }) => await api[`${verb}Tunnel`](parameters.name),
    });
  }
  register(parts, {
    id: 'removeTunnel',
    method: 'delete',
    path: '/v1/tunnels/{name}',
    summary: 'Closes it and forgets it.',
    parameters: requests.tunnelPath,
    answer: answers.nothing,
    carryOut: async ({ parameters, api }) => await api.removeTunnel(parameters.name),
  });
}
