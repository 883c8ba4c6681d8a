import { type LightFleet, lightFleet } from '../test/lab/light.ts';
import type { FanOut } from './fan-out-peers.ts';
import { alsoWhenCut } from './on-cut.ts';
import { ownFolder } from './own-folder.ts';

/** Light hosts of one bench, for ours and the peers; started once for all its parts. */
export interface LightLab extends AsyncDisposable {
  readonly fleet: LightFleet;
  readonly fanOut: FanOut;
}

export async function openLightLab(count: number): Promise<LightLab> {
  const folder = await ownFolder('light');
  try {
    const fleet = await lightFleet(count, folder.path);
    const { hosts, sshConfigFile } = fleet;
    return {
      fleet,
      fanOut: { names: hosts.map(({ name }) => name), sshConfigFile, folder: folder.path },
      [Symbol.asyncDispose]: alsoWhenCut(async () => {
        await fleet[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      }),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}
