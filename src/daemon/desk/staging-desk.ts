import { basename, posix } from 'node:path';
import type { StagingApi } from '../../api/staging-contract.ts';
import type { Submission, Submitted } from '../../api/task-api.ts';
import { sanitiseText } from '../../core/untrusted.ts';
import { audit, type DeskRequest } from './desk-parts.ts';
import { oneHost } from './one-host.ts';
import { taskDesk } from './task-desk.ts';

/** Files of callers from afar; the tasks that carry them are ordinary ones. */
export function stagingDesk(request: DeskRequest): StagingApi {
  const { staging, who } = request;
  const submitOne = async (id: string, submission: Submission): Promise<Submitted> => {
    const { hosts = '', surroundings } = submission;
    await oneHost(request.fleets, surroundings, hosts);
    const submitted = await taskDesk(request).submit({ ...submission, idempotencyKey: id });
    const [task] = submitted.tasks;
    if (task) await staging.carriedBy(who, id, task.id);
    return submitted;
  };
  return {
    async beginUpload({ name, size }) {
      const id = await staging.beginUpload(who, name, size);
      await audit(request, 'staging.begin', sanitiseText(`${name} ${size} bytes`));
      return { id };
    },
    addToUpload: async (id, at, bytes) => ({ received: await staging.add(who, id, at, bytes) }),
    async sendUpload(surroundings, id, { host, folder }) {
      const source = await staging.whole(who, id);
      const name = basename(source);
      const target = posix.join(folder, name);
      return await submitOne(id, {
        kind: 'scp.upload',
        hosts: host,
        params: { source, target, preserve: false },
        title: sanitiseText(`upload ${name} to ${host}:${target}`).slice(0, 200),
        surroundings,
      });
    },
    async fetchFile(surroundings, host, path) {
      const { id, path: target } = await staging.beginDownload(who, posix.basename(path));
      const submitted = await submitOne(id, {
        kind: 'scp.download',
        hosts: host,
        params: { source: path, target, recursive: false, preserve: false, links: 'follow' },
        title: sanitiseText(`download ${host}:${path}`).slice(0, 200),
        surroundings,
      });
      return { id, submitted };
    },
    async *fetched(id, { signal }) {
      yield* staging.fetched(who, id, signal);
    },
  };
}
