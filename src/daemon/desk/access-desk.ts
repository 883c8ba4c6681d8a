import type { AccessApi } from '../../api/access-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ConsoleKeeper } from '../access/console-keeper.ts';
import { audit, type DeskRequest } from './desk-parts.ts';

/** Who else may ask: the console and the ways in. */
export function accessDesk(request: DeskRequest): AccessApi {
  const keeper = (): ConsoleKeeper => {
    const { console } = request;
    if (console) return console;
    throw new DeckhandError('console.needs-daemon', 'This engine ends with its command.');
  };
  return {
    console: () => Promise.resolve(request.console?.view() ?? null),
    async openConsole(surroundings, where) {
      const view = await keeper().listen(surroundings, where);
      await audit(request, 'console.open', view.url);
      return view;
    },
    async closeConsole() {
      await keeper().close();
      await audit(request, 'console.close', 'console');
    },
    async loginLink() {
      const link = keeper().link();
      await audit(request, 'console.login-link', 'console');
      return link;
    },
  };
}
