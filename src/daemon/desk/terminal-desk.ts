import type { TerminalApi } from '../../api/terminal-contract.ts';
import { checkCommand } from './task-desk.ts';
import type { DeskRequest } from './desk-parts.ts';
import { oneHost } from './one-host.ts';

/** What a token names that may open terminals; no kind of task. */
export const TERMINAL_KIND = 'terminal';
/** What the policy judges a terminal as: a shell that does whatever is typed. */
const TERMINAL_COMMAND = 'sh -i';

/** A person's terminals on hosts. */
export function terminalDesk(request: DeskRequest): TerminalApi {
  const { terminals, fleets, who, requestId } = request;
  return {
    async openTerminal(surroundings, selector, wish) {
      const { fleet, name: host } = await oneHost(fleets, surroundings, selector);
      // asked anew for each way back too: a rule may have changed
      await checkCommand(request, surroundings, host, TERMINAL_COMMAND, wish.approval);
      if (wish.terminal !== undefined) return terminals.rejoin(who, host, wish.terminal);
      return await terminals.open({
        who,
        host,
        wish,
        settings: fleet.settings.values,
        requestId: requestId(),
        connect: async (prompts, signal) => await fleet.connect(host, prompts, signal),
      });
    },
    attachTerminal: async (host, ticket, options) =>
      await Promise.resolve(terminals.attach(who, host, ticket, options)),
  };
}
