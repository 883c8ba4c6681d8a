import { describe } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { controlCases } from './control-cases.ts';
import { conversationCases } from './conversation-cases.ts';
import { keepingCases } from './keeping-cases.ts';
import { queueCases } from './queue-cases.ts';
import { randomWorkCases } from './random-work.ts';
import { submissionCases } from './submission-cases.ts';
import { claimCases } from './claim-cases.ts';

/** Opens an empty store that a case may fill; the case closes it. */
export type OpenStore = () => Promise<Store>;

/** What every driver of the store must do, each case on a store of its own. */
export function storeConformance(name: string, open: OpenStore): void {
  describe(`the store in ${name}`, () => {
    submissionCases(open);
    queueCases(open);
    claimCases(open);
    controlCases(open);
    keepingCases(open);
    conversationCases(open);
    randomWorkCases(open);
  });
}
