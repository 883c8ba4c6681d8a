import { meterProgram, type Way } from './transfer-meter.ts';
import type { TransferLab } from './transfer-lab.ts';

/** The tools people use, each doing the same work in its own words. */

export interface PeerWork {
  readonly lab: TransferLab;
  readonly direction: 'up' | 'down';
  /** Below the folders of both sides. */
  readonly from: string;
  readonly to: string;
  /** Untimed: what must be done before. */
  readonly before: () => Promise<void>;
  /** Untimed: throws when the work was not done. */
  readonly after: () => Promise<void>;
}

export type PeerName = 'rsync' | 'scp' | 'sftp' | 'rclone' | 'lftp' | 'tar';

/** `isWarm`: over the open master; rclone has its own client and always connects. */
export function peerOf(name: PeerName, isWarm: boolean, work: PeerWork, ...flags: readonly string[]): Way {
  const { lab, before, after } = work;
  const { words, environment } = commandOf(name, isWarm, work, flags);
  const how = name === 'rclone' || !isWarm ? 'a new connection' : 'over an open master';
  return {
    what: `${[name === 'tar' ? 'tar | ssh tar' : name, ...flags].join(' ')}, ${how}`,
    run: async () => {
      await before();
      const cost = await meterProgram(words, {
        masterPid: lab.masterPid,
        ...(environment ? { environment } : {}),
      });
      await after();
      return cost;
    },
  };
}

interface Command {
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

function commandOf(
  name: PeerName,
  isWarm: boolean,
  { lab, direction, from, to }: PeerWork,
  flags: readonly string[],
): Command {
  const options = ['-F', lab.configFile, '-o', 'BatchMode=yes', ...(isWarm ? lab.control : [])];
  const ssh = ['ssh', ...options].join(' ');
  const isUp = direction === 'up';
  // single files are told apart by their names
  const isFolder = from === 'tree' || from === 'tenth';
  const [here, there] = isUp
    ? [`${lab.folder}/${from}`, `${lab.farFolder}/${to}`]
    : [`${lab.folder}/${to}`, `${lab.farFolder}/${from}`];
  const ends = (far: string): string[] => (isUp ? [here, far] : [far, here]);
  switch (name) {
    case 'rsync':
      return { words: ['rsync', ...flags, '-e', ssh, ...slashed(isFolder, ends(`${lab.name}:${there}`))] };
    case 'scp':
      return { words: ['scp', '-q', ...flags, ...options, ...ends(`${lab.name}:${there}`)] };
    case 'sftp': {
      const line = isUp ? `put ${here} ${there}` : `get ${there} ${here}`;
      return { words: ['sh', '-c', `echo '${line}' | sftp -q -b - ${options.join(' ')} ${lab.name}`] };
    }
    case 'lftp': {
      const line = isFolder
        ? `mirror ${flags.join(' ')} ${isUp ? `-R ${here} ${there}` : `${there} ${here}`}`
        : isUp
          ? `put ${here} -o ${there}`
          : `get ${there} -o ${here}`;
      const program = `set sftp:connect-program "ssh -a -x ${options.join(' ')}"`;
      return { words: ['lftp', '-e', `${program}; ${line}; bye`, `sftp://${lab.name}`] };
    }
    case 'rclone':
      return {
        words: ['rclone', isFolder ? 'copy' : 'copyto', '-q', ...flags, ...ends(`lab:${there}`)],
        environment: rcloneSettings(lab),
      };
    case 'tar': {
      const far = isUp ? `mkdir -p ${there} && tar -C ${there} -xf -` : `tar -C ${there} -cf - .`;
      const line = isUp
        ? `tar -C ${here} -cf - . | ${ssh} ${lab.name} '${far}'`
        : `mkdir -p ${here} && ${ssh} ${lab.name} '${far}' | tar -C ${here} -xf -`;
      return { words: ['sh', '-c', line] };
    }
  }
}

/** Folders as what is in them. */
function slashed(isFolder: boolean, ends: readonly string[]): string[] {
  return isFolder ? ends.map(end => `${end}/`) : [...ends];
}

function rcloneSettings({ far }: TransferLab): Readonly<Record<string, string>> {
  return {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_LAB_TYPE: 'sftp',
    RCLONE_CONFIG_LAB_HOST: far.address,
    RCLONE_CONFIG_LAB_PORT: String(far.port),
    RCLONE_CONFIG_LAB_USER: far.user,
    RCLONE_CONFIG_LAB_KEY_FILE: far.keyFile,
    RCLONE_CONFIG_LAB_SHELL_TYPE: 'unix',
  };
}
