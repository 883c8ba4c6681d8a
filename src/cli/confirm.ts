import { DeckhandError } from '../core/deckhand-error.ts';
import { type Asker, promptNeeded } from './asker.ts';

/**
 * A grave step: asked about on a terminal, else it needs `--yes`. Throws `input.prompt-needed`, and
 * `approval.declined` when the person says no.
 */
export async function confirm(question: string, yes: boolean, asker: Asker | null): Promise<void> {
  if (yes) return;
  if (!asker) throw promptNeeded(question.replace(/\?$/, ''), '--yes');
  const answer = await asker.choose(
    question,
    [
      { value: 'no', label: 'No' },
      { value: 'yes', label: 'Yes' },
    ],
    'no',
  );
  if (answer !== 'yes') throw new DeckhandError('approval.declined', 'Nothing was done.');
}
