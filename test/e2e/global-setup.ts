import { lab, labAvailable } from '../lab/lab.ts';

/**
 * Builds the lab's templates once, before the first test that boots a host. Where booted hosts
 * cannot be had, says so, and tests that need them are left out by `process.env.DECKHAND_LAB`;
 * under CI nothing may be left out, so there it is a failure.
 */
export async function setup(): Promise<void> {
  const can = labAvailable();
  if (can.booted) {
    process.env['DECKHAND_LAB'] = 'booted';
    await lab(['template'], 20 * 60_000);
    return;
  }
  if (process.env['CI']) throw new Error(`The lab is needed under CI and is not there: ${can.why}.`);
  process.env['DECKHAND_LAB'] = 'absent';
  console.warn(`LEFT OUT: every test on a booted host, because ${can.why}.`);
}
