import { openSync } from 'node:fs';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import { never, signal } from './ssh-client.ts';

/** A process that lets the system's client write a file that never ends, until it is killed. */
const [configFile = '', name = '', file = ''] = process.argv.slice(2);
const host = await resolveHost(name, { signal, configFile });
const bulk = await opensshEngine.connect(host, { signal, hostKeys: never, forFiles: true });
await bulk.executeOnFiles?.('cat /dev/zero', { signal, stdout: openSync(file, 'w') });
