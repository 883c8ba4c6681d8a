import { DeckhandError } from '../../../core/deckhand-error.ts';
import type { DeployedEngine, DeployParams } from '../../../core/model-params.ts';
import type { AskEngine, EngineAdapter } from '../../engine.ts';
import type { Release } from '../release.ts';
import type { StartPlace } from '../start-place.ts';

/** How one kind of model server is deployed: what differs between them. Everything else is the same for all. */
export interface EngineKind {
  readonly name: DeployedEngine;
  /** It writes to its own folder, so that it cannot be an account made for the moment. */
  readonly needsAccount: boolean;
  /** Throws `input.invalid` for settings that do not go together. */
  check(params: DeployParams): void;
  /** Where it can be made to listen. */
  listens(params: DeployParams): { readonly socket: boolean; readonly port: boolean };
  /** Whoever has no key is refused; else whoever reaches it may use it. */
  isGuarded(params: DeployParams): boolean;
  /** What makes another release of it besides what every release depends on. */
  settings(params: DeployParams): readonly unknown[];
  adapter(release: Pick<Release, 'probe'>): EngineAdapter;
  /** A request that whoever has no key must be refused. */
  readonly guarded: { readonly method: 'GET' | 'POST'; readonly path: string };
  /** sh text, in the folder of the release, before it is started for the first time; may run again. */
  prepare(place: StartPlace): string;
  /** sh text that becomes the engine. */
  start(place: StartPlace): string;
  /** Brings its model in once it answers; may run again. */
  load(ask: AskEngine, place: StartPlace): Promise<void>;
  /** What the person is to know of it before it runs. */
  warnings(host: string, params: DeployParams): readonly string[];
}

/** Throws `input.invalid` where one of these settings is given. */
export function refuse(
  kind: DeployedEngine,
  params: DeployParams,
  names: readonly (keyof DeployParams)[],
): void {
  const given = names.find(name => params[name] !== undefined);
  if (given !== undefined)
    throw new DeckhandError('input.invalid', `--${given} is nothing that the engine ${kind} takes.`);
}

/** Throws `input.invalid` when it does not hold. */
export function demand(holds: boolean, text: string, hint: string): void {
  if (!holds) throw new DeckhandError('input.invalid', text, { hint });
}
