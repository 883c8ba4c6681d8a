import type { AccessApi } from '../../api/access-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { readAuditLog } from '../../store/audit-log.ts';
import type { Doors } from '../access/doors.ts';
import { auditFolder } from '../policy-gate.ts';
import { explain } from '../policy-tools.ts';
import { audit, type DeskRequest } from './desk-parts.ts';
import { TERMINAL_KIND } from './terminal-desk.ts';

const USUAL_PAGE = 100;

/** Who else may ask, and what they did: the console, tokens, the audit log, the policy. */
export function accessDesk(request: DeskRequest): AccessApi {
  const doors = (): Doors => {
    if (request.doors) return request.doors;
    throw new DeckhandError('console.needs-daemon', 'This engine ends with its command.');
  };
  return {
    console: () => Promise.resolve(request.doors?.console.view() ?? null),
    async openConsole(surroundings, where) {
      const view = await doors().console.listen(surroundings, where);
      await audit(request, 'console.open', view.url);
      return view;
    },
    async closeConsole() {
      await doors().console.close();
      await audit(request, 'console.close', 'console');
    },
    async loginLink() {
      const link = doors().console.link();
      await audit(request, 'console.login-link', 'console');
      return link;
    },

    sessions: () => Promise.resolve(request.doors?.console.sessions() ?? []),
    async endSessions(which) {
      const ended = await doors().console.endSessions(which);
      await audit(request, 'console.end-sessions', 'id' in which ? which.id : `all but ${which.except}`);
      return { ended };
    },

    tokens: () => Promise.resolve(request.doors?.tokens.list() ?? []),
    async addToken(surroundings, token) {
      const { tokens } = doors();
      for (const kind of token.kinds ?? []) if (kind !== TERMINAL_KIND) request.registry.kind(kind);
      // a selector that means nothing here would be a token that can do nothing
      if (token.hosts !== undefined) await (await request.fleets.at(surroundings)).select(token.hosts);
      const added = await tokens.add(surroundings, token);
      await audit(request, 'token.add', `${token.name} ${token.role}`);
      return added;
    },
    async removeToken(name) {
      const { tokens, console } = doors();
      await tokens.remove(name);
      await console.forget(name);
      request.terminals.closeThoseOf(`token:${name}`);
      await audit(request, 'token.remove', name);
    },

    async auditTrail({ before = Number.POSITIVE_INFINITY, limit = USUAL_PAGE }) {
      const folder = auditFolder(request.store.location);
      const records = folder === null ? [] : await readAuditLog(folder);
      const older = records.filter(({ number }) => number < before);
      const entries = older
        .slice(-limit)
        .toReversed()
        .map(({ number, time, who, action, hosts, command, rule, why, requestId }) => {
          return { number, time, who, action, hosts, command, rule, why, requestId };
        });
      return { entries, total: records.length };
    },
    async explainPolicy(surroundings, command, host) {
      const { settings } = await request.fleets.at(surroundings);
      const { verdict, ...rest } = await explain(command, host, settings.values);
      const { class: found, risks, effects, reasons } = verdict;
      return { ...rest, verdict: { class: found, risks, effects, reasons } };
    },
  };
}
