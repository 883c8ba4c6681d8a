import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal } from '../../core/task-state.ts';
import type { Store } from '../../store/store.ts';
import type { CarrierState } from './staged-file.ts';

/** How the task stands that carries a file. */
export async function carrierState(store: Pick<Store, 'task'>, id: string): Promise<CarrierState> {
  try {
    const { state } = await store.task(id);
    if (!isFinal(state)) return 'open';
    return state === 'succeeded' ? 'succeeded' : 'ended';
  } catch (error) {
    if (error instanceof DeckhandError && error.code === 'task.unknown') return 'none';
    throw error;
  }
}
