import type { Surroundings } from '../../core/task.ts';
import type { AddHostRequest } from '../contract.ts';
import { answers } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

/**
 * Hosts, runbooks and the doctor. All depend on where the caller stands (settings files, flags), which does
 * not fit into an address: hence POST also for what only reads.
 */
export function registerFleetRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'listHosts',
    method: 'post',
    path: '/v1/hosts/list',
    summary: 'Hosts that a selector names, or all.',
    body: requests.listHostsBody,
    answer: answers.hosts,
    carryOut: async ({ body, api }) => ({
      hosts: await api.listHosts(requests.exact<Surroundings>(body.surroundings), body.selector),
    }),
  });
  register(parts, {
    id: 'addHost',
    method: 'post',
    path: '/v1/hosts',
    summary: 'Adds a host to the settings file.',
    body: requests.addHostBody,
    answer: answers.file,
    carryOut: async ({ body, api }) =>
      await api.addHost(
        requests.exact<Surroundings>(body.surroundings),
        requests.exact<AddHostRequest>(body.host),
      ),
  });
  register(parts, {
    id: 'removeHost',
    method: 'post',
    path: '/v1/hosts/{host}/remove',
    summary: 'Takes a host out of its deckhand.yaml; ~/.ssh/config is never written.',
    parameters: requests.hostPath,
    body: requests.surroundingsBody,
    answer: answers.removedHost,
    carryOut: async ({ parameters, body, api }) =>
      await api.removeHost(requests.exact<Surroundings>(body.surroundings), parameters.host),
  });
  register(parts, {
    id: 'listRunbooks',
    method: 'post',
    path: '/v1/runbooks/list',
    summary: 'All runbooks.',
    body: requests.surroundingsBody,
    answer: answers.runbooks,
    carryOut: async ({ body, api }) => ({
      runbooks: await api.listRunbooks(requests.exact<Surroundings>(body.surroundings)),
    }),
  });
  register(parts, {
    id: 'showRunbook',
    method: 'post',
    path: '/v1/runbooks/{name}/show',
    summary: 'One runbook and its text.',
    parameters: requests.runbookPath,
    body: requests.surroundingsBody,
    answer: answers.runbook,
    carryOut: async ({ parameters, body, api }) =>
      await api.showRunbook(requests.exact<Surroundings>(body.surroundings), parameters.name),
  });
  register(parts, {
    id: 'doctor',
    method: 'post',
    path: '/v1/doctor',
    summary: 'Looks at this machine and the store.',
    body: requests.surroundingsBody,
    answer: answers.findings,
    carryOut: async ({ body, api }) => ({
      findings: await api.doctor(requests.exact<Surroundings>(body.surroundings)),
    }),
  });
}
