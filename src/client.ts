/** `deckhand/client`: the tasks of a running daemon, without the engine. */
export { type ClientOptions, connectClient } from './api/http/connect.ts';
export type * from './api/contract.ts';
export type * from './api/run-contract.ts';
export type * from './api/task-api.ts';
export type * from './api/watch-contract.ts';
export { DeckhandError } from './core/deckhand-error.ts';
