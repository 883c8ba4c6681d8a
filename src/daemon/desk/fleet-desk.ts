import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DoctorFinding } from '../../api/contract.ts';
import type { TaskApi } from '../../api/task-api.ts';
import type { Surroundings } from '../../core/task.ts';
import { addHost } from '../../fleet/add-host.ts';
import { removeHost } from '../../fleet/remove-host.ts';
import { readSshAliases } from '../../fleet/ssh-aliases.ts';
import { findRunbook, loadRunbooks } from '../../runbooks/load-runbooks.ts';
import type { Runbook } from '../../runbooks/runbook.ts';
import { settingsFileToWrite } from '../../settings/load.ts';
import { doctorOfThisMachine } from '../host-questions.ts';
import { summariseRunbook } from '../runbook-summary.ts';
import { audit, type DeskRequest } from './desk-parts.ts';

type FleetCalls = Pick<
  TaskApi,
  'listHosts' | 'addHost' | 'removeHost' | 'listRunbooks' | 'showRunbook' | 'doctor'
>;

/** Which hosts and runbooks there are where the asker stands, and whether this machine is sound. */
export function fleetDesk(request: DeskRequest): FleetCalls {
  const { fleets, store } = request;
  return {
    async listHosts(surroundings, selector) {
      const fleet = await fleets.at(surroundings);
      const hosts = selector === null ? fleet.inventory.hosts : await fleet.select(selector);
      return hosts.map(({ name, source, groups, overrides }) => ({
        name,
        source,
        groups,
        address: overrides.address ?? null,
      }));
    },

    async addHost(surroundings, { name, ...entry }) {
      const fleet = await fleets.at(surroundings);
      const file = settingsFileToWrite(fleet.settings, { environment: process.env, home: homedir() });
      const groups = entry.groups ? [...entry.groups] : undefined;
      await addHost(fleet.inventory, file, name, { ...entry, groups });
      await fleet.refresh(true);
      return { file };
    },

    async removeHost(surroundings, name) {
      const fleet = await fleets.at(surroundings);
      const home = homedir();
      const config = surroundings.sshConfigFile ?? join(home, '.ssh', 'config');
      const aliases = new Set((await readSshAliases(config, home)).map(alias => alias.name));
      const { inventory, settings } = fleet;
      const removed = await removeHost({ inventory, settings, aliases }, name);
      await fleet.refresh(true);
      await audit(request, 'hosts.remove', name);
      return removed;
    },

    async listRunbooks(surroundings) {
      const { runbooks, language } = await known(surroundings);
      return runbooks.map(runbook => summariseRunbook(runbook, language));
    },

    async showRunbook(surroundings, name) {
      const { runbooks, language } = await known(surroundings);
      const runbook = findRunbook(runbooks, name);
      return { summary: summariseRunbook(runbook, language), source: runbook.source };
    },

    async doctor() {
      const local = await doctorOfThisMachine(new AbortController().signal);
      return [...local, storeFinding(store.location, await store.check())];
    },
  };

  async function known(
    surroundings: Surroundings,
  ): Promise<{ readonly runbooks: readonly Runbook[]; readonly language: 'ru' | 'en' }> {
    const { values } = (await fleets.at(surroundings)).settings;
    return {
      runbooks: await loadRunbooks(values.runbooks),
      language: values.language === 'ru' ? 'ru' : 'en',
    };
  }
}

function storeFinding(location: string, damage: readonly string[]): DoctorFinding {
  const about = { subject: 'this machine', id: 'store' };
  if (damage.length === 0)
    return { ...about, status: 'ok', message: `the store ${location} is sound`, fix: null };
  const fix = 'Stop the daemon, put the file aside and restore a backup.';
  return { ...about, status: 'fail', message: damage.join('; '), fix };
}
