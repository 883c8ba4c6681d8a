import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** A folder where each suite leaves its results as JSON, so that `.ci/run` can count them. */
const results = process.env['DECKHAND_TEST_RESULTS'];
/** How long something is waited for that an event ends: by itself it would be a second, too little on a busy machine. */
const expectation = { poll: { timeout: 50_000 } };
const suite = ['e2e', 'browser'].find(name => process.argv.includes(name)) ?? 'unit';

export default defineConfig({
  test: {
    // by default one core is left idle
    maxWorkers: '100%',
    reporters: results ? ['default', ['json', { outputFile: join(results, `${suite}.json`) }]] : ['default'],
    projects: [
      {
        resolve: { alias: { 'deckhand/client': join(import.meta.dirname, 'src/browser-client.ts') } },
        test: {
          name: 'unit',
          include: [
            'eval/**/*.test.ts',
            'src/**/*.test.ts',
            'console/src/**/*.test.ts',
            'test/architecture.test.ts',
            'test/docs/**/*.test.ts',
            'test/cli/**/*.test.ts',
          ],
          // far more than any needs: a machine may be busy with other work
          testTimeout: 60_000,
          expect: expectation,
          // modules are loaded once for each worker, not for each file: a quarter of the processor time
          isolate: false,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/global-setup.ts'],
          testTimeout: 300_000,
          expect: expectation,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // run by name alone: it installs 0.8 GB that are no dependency
        test: {
          name: 'task-master',
          include: ['test/task-master/**/*.test.ts'],
          globalSetup: ['test/e2e/global-setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['eval/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/global-setup.ts'],
          // far more than any needs, as above
          testTimeout: 600_000,
          expect: expectation,
          hookTimeout: 600_000,
          // two files at once: a host belongs to one of them at a time (test/lab/claim.ts)
          maxWorkers: 2,
        },
      },
    ],
  },
});
