import type { PolicyApi } from '../../api/policy-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { addLastingRules } from '../lasting-rules.ts';
import { loadRules } from '../policy-gate.ts';
import { audit, type DeskRequest } from './desk-parts.ts';
import { layerOf, ownFile } from './settings-desk.ts';

/** The rules of the policy, and adding some. */
export function policyDesk(request: DeskRequest): PolicyApi {
  return {
    async policyRules(surroundings) {
      const { settings } = await request.fleets.at(surroundings);
      const file = settings.values['policy.rules'];
      const book = await loadRules(file);
      const named = file === '' ? null : file;
      if ('broken' in book) return { file: named, broken: book.broken, rules: [] };
      const rules = book.rules.map(({ name, decision, command, risk, hosts, why, upTo }) => {
        return {
          name,
          decision,
          command: command ?? null,
          risk: risk ?? null,
          hosts: hosts ?? null,
          why,
          upTo,
        };
      });
      return { file: named, broken: null, rules };
    },
    async addAllowRules(surroundings, rules) {
      const fleet = await request.fleets.at(surroundings);
      const { value: named, source } = fleet.settings.sourced['policy.rules'];
      const settingsFile = ownFile(surroundings);
      // written into a file of one's own, it would switch off what the project denies
      if (layerOf(source, settingsFile) === 'project')
        throw new DeckhandError(
          'input.invalid',
          `The rules are those of a project: write it into ${named}.`,
          {
            details: { field: 'policy.rules', file: named },
          },
        );
      const added = await addLastingRules({ named, settingsFile }, rules);
      await fleet.refresh(true);
      await audit(request, 'policy.rule-add', `${added.names.join(', ')} in ${added.file}`);
      return added;
    },
  };
}
