import type { FolderApi } from '../folder-contract.ts';
import type { PolicyApi } from '../policy-contract.ts';
import type { SettingsApi } from '../settings-contract.ts';
import type { StagingApi } from '../staging-contract.ts';
import type { Submitted } from '../task-api.ts';

const listed = {
  name: 'grüße',
  type: 'file',
  size: 1,
  mode: '0644',
  owner: 'root',
  group: 'root',
  modifiedAt: '2026-01-01T00:00:00.000Z',
} as const;
const setting = {
  name: 'concurrency',
  meaning: 'Hosts at once.',
  form: { form: 'number' },
  value: 50,
  default: 50,
  source: 'default',
  layer: 'default',
  own: null,
  environment: 'DECKHAND_CONCURRENCY',
} as const;

/** For tests of the transport: folders, files on their way, settings and rules, the same always. */
export function sampleFiles(submitted: Submitted): FolderApi & StagingApi & SettingsApi & PolicyApi {
  return {
    policyRules: async () => ({ file: null, broken: null, rules: [] }),
    addAllowRules: async () => ({ file: '/c/policy.yaml', names: ['always-echo'] }),
    settings: async () => ({ file: '/c/deckhand.yaml', files: [], settings: [setting], entries: [] }),
    changeSetting: async () => setting,
    listFolder: async () => ({ path: '/srv', entries: [listed], truncated: false }),
    async *searchFolder() {
      yield { item: 'found', path: '/srv/grüße', isFolder: true };
      yield { item: 'searched', found: 1, why: 'all', closed: 0 };
    },
    async *watchFolder() {
      yield { item: 'watching', path: '/srv' };
      yield { item: 'changed' };
    },
    beginUpload: async () => ({ id: 'staged-1' }),
    addToUpload: async () => ({ received: 3 }),
    sendUpload: async () => submitted,
    fetchFile: async () => ({ id: 'staged-1', submitted: submitted }),
    async *fetched() {
      yield new Uint8Array([0, 255, 10]);
    },
  };
}
