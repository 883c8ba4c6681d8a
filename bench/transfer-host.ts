import { join } from 'node:path';
import { lightFleet } from '../test/lab/light.ts';
import { openLab } from './lab-link.ts';
import { ownFolder } from './own-folder.ts';

/** Of the lab; no test uses it. */
const BOOTED = 140;
/** The memory of this machine. */
export const MEMORY_HERE = '/dev/shm';

/** The other end of a transfer bench. */
export interface TransferHost extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** As known_hosts has it. */
  readonly knownAs: string;
  readonly configFile: string;
  /** For files of the client's. */
  readonly folder: string;
  /** On the host, in memory; where it is empty there, `prepare` makes it. */
  readonly farFolder: string;
  /** A script for the host, before anything else. */
  readonly prepare: string;
}

/** A machine of its own, booted from a pristine disk. */
export async function bootedHost(): Promise<TransferHost> {
  const lab = await openLab([BOOTED]);
  const [host] = lab.hosts;
  if (host === undefined) throw new Error('The lab has no host.');
  const { name, address, port, user, keyFile } = host;
  const farFolder = '/tmp/bench';
  return {
    name,
    address,
    port,
    user,
    keyFile,
    farFolder,
    knownAs: address,
    configFile: lab.configFile,
    folder: lab.folder,
    // of its own: what a host gives /tmp may be a tenth of the memory
    prepare: `mkdir -p ${farFolder} && mount -t tmpfs -o size=90% bench ${farFolder}`,
    [Symbol.asyncDispose]: async () => await lab[Symbol.asyncDispose](),
  };
}

/** Nothing but sshd, on this machine. */
export async function plainHost(): Promise<TransferHost> {
  await using opened = new AsyncDisposableStack();
  const { path: folder } = opened.use(await ownFolder('light'));
  const { path: farFolder } = opened.use(await ownFolder('bench-far', MEMORY_HERE));
  const fleet = opened.use(await lightFleet(1, folder));
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('There is no host.');
  const { name, address, port } = host;
  const all = opened.move();
  return {
    name,
    address,
    port,
    folder,
    farFolder,
    user: 'root',
    keyFile: join(folder, 'id_ed25519'),
    knownAs: `[${address}]:${port}`,
    configFile: fleet.sshConfigFile,
    prepare: 'true',
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}
