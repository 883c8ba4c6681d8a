import { DeckhandError } from '../../core/deckhand-error.ts';
import { sanitiseText } from '../../core/untrusted.ts';
import { quote } from '../../shell/quote.ts';
import type { Site } from './site.ts';

/** What one question to the target gives: the machine, and how far this deployment is. */
export interface ProbeFacts {
  readonly system: string;
  readonly architecture: string;
  readonly user: string;
  readonly uid: number;
  /** Folder of Deckhand's state there. */
  readonly base: string;
  readonly processors: number;
  /** Bytes. */
  readonly memoryTotal: number;
  readonly memoryAvailable: number;
  /** Bytes this account's group of processes may still take; null = no limit. */
  readonly groupMemory: number | null;
  readonly diskFree: number;
  readonly inodesFree: number | null;
  readonly isNoexec: boolean;
  readonly isWritable: boolean;
  /** `nvidia`, `amd`, `render` (a device without tools to ask it), `none`; and a line for each. */
  readonly graphics: string;
  readonly graphicsRows: readonly string[];
  readonly tools: readonly string[];
  readonly hasSystemd: boolean;
  readonly hasUserManager: boolean;
  readonly lingers: boolean;
  readonly isSudoer: boolean;
  /** Ports that something listens on. */
  readonly ports: ReadonlySet<number>;
  /** Seconds since the epoch. */
  readonly clock: number;
  /** Of this deployment: */
  readonly hasEngine: boolean;
  readonly hasModel: boolean;
  readonly hasKey: boolean;
  readonly current: string | null;
  readonly previous: string | null;
  /** The `release.json` of what is current. */
  readonly currentRelease: string | null;
  /** Bytes that the current release uses. */
  readonly currentMemory: number;
  readonly isRunning: boolean;
  /** What was printed of the machine itself, for another look at the deployment alone. */
  readonly machine: string;
}

export interface ProbeWish {
  readonly name: string;
  readonly engine: string;
  readonly model: string;
  readonly modelSize: number;
}

/** Asks everything in one round trip; nothing is changed. Throws `ssh.*`, `host.unsupported`. */
export async function probe(site: Site, wish: ProbeWish, signal: AbortSignal): Promise<ProbeFacts> {
  const { output, exitCode } = await site.run(probeScript(wish), { signal });
  return answered(site, exitCode, output);
}

/** The facts in what a look at the deployment alone printed. Throws `host.unsupported`. */
export function lookedAgain(
  site: Site,
  before: Pick<ProbeFacts, 'machine'>,
  exitCode: number,
  output: string,
): ProbeFacts {
  return answered(site, exitCode, `${before.machine}\n${BORDER}\n${output}`);
}

/** The facts in what the script printed. Throws `host.unsupported`. */
function answered(site: Site, exitCode: number, output: string): ProbeFacts {
  const facts = parseProbe(output);
  if (exitCode === 0 && facts) return facts;
  throw new DeckhandError('host.unsupported', `${site.name}: what was asked of it was not answered.`, {
    details: { host: site.name, exitCode },
  });
}

/** Sets `$b`, the folder of state: of the account, or of the machine for root, or one that is named. */
export const BASE_SCRIPT =
  'u=$(id -u); if [ -n "${DECKHAND_BASE:-}" ]; then b=$DECKHAND_BASE; elif [ "$u" = 0 ]; then b=/var/lib/deckhand; else b=${XDG_STATE_HOME:-$HOME/.local/state}/deckhand; fi; export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$u}"';

/** Between what is printed of the machine and of the deployment. */
const BORDER = '--';

/** How the machine is, and how far the deployment is. */
export function probeScript(wish: ProbeWish): string {
  return `${BASE_SCRIPT}\n${MACHINE_SCRIPT}\n${deploymentScript(wish)}`;
}

const PRINT = String.raw`k() { printf '%s=%s\n' "$1" "$2"; }`;

const MACHINE_SCRIPT = String.raw`${PRINT}
c() { command -v "$1" >/dev/null 2>&1; }
k system "$(uname -s)"; k arch "$(uname -m)"; k user "$(id -un)"; k uid "$u"; k base "$b"
k cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
k mem_total "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"; k mem_free "$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)"
g=$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null); m=/sys/fs/cgroup$g
while case $m in /sys/fs/cgroup/?*) ;; *) false;; esac; do v=$(cat "$m/memory.max" 2>/dev/null); case $v in ''|max) ;; *) k group "$v $(cat "$m/memory.current" 2>/dev/null)";; esac; m=$(dirname "$m"); done
d=$b; while [ ! -d "$d" ]; do d=$(dirname "$d"); done
[ -w "$d" ] && k writable yes
k disk "$(df -Pk "$d" 2>/dev/null | awk 'NR==2{print $4}')"; k inodes "$(df -Pi "$d" 2>/dev/null | awk 'NR==2{print $4}')"
p=$(df -Pk "$d" 2>/dev/null | awk 'NR==2{print $6}'); k noexec "$(awk -v d="$p" '$2==d{f=($4 ~ /(^|,)noexec(,|$)/)} END{print f?"yes":"no"}' /proc/mounts 2>/dev/null)"
if c nvidia-smi; then k gpu nvidia; nvidia-smi --query-gpu=index,name,memory.total,memory.free,driver_version,compute_cap --format=csv,noheader,nounits 2>&1 | head -n 16 | sed 's/^/gpu_row=/'
elif c rocm-smi; then k gpu amd; rocm-smi --showmeminfo vram --csv 2>&1 | head -n 16 | sed 's/^/gpu_row=/'
elif ls /dev/dri/renderD* >/dev/null 2>&1; then k gpu render; else k gpu none; fi
t=; for x in tar gzip sha256sum awk dd setsid systemctl loginctl; do c $x && t="$t $x"; done; k tools "$t"
[ -d /run/systemd/system ] && k systemd yes
[ -d "$XDG_RUNTIME_DIR/systemd" ] && c systemctl && systemctl --user show-environment >/dev/null 2>&1 && k user_manager yes
[ -e "/var/lib/systemd/linger/$(id -un)" ] && k linger yes
[ "$u" != 0 ] && c sudo && sudo -n true 2>/dev/null && k sudo yes
echo ${BORDER}`;

/** Only how far the deployment is: the machine is as it was a moment ago, and asking it costs a hundred processes. */
export function deploymentScript({ name, engine, model, modelSize }: ProbeWish): string {
  return String.raw`${BASE_SCRIPT}; ${PRINT}
k ports "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4=="0A"{sub(/.*:/,"",$2); printf "%s ", $2}')"
k clock "$(date +%s)"
h=$b/llm/${quote(name)}
[ -e "$b/engines/${engine}/.ready" ] && k engine yes
[ "$(wc -c < "$b/models/${model}.gguf" 2>/dev/null)" = ${modelSize} ] && k model yes
[ -s "$h/apikey" ] && k key yes
r=$(readlink "$h/current" 2>/dev/null); k current "$(basename "$r" 2>/dev/null)"
r=$(readlink "$h/previous" 2>/dev/null); k previous "$(basename "$r" 2>/dev/null)"
k release "$(tr -d '\n' < "$h/current/release.json" 2>/dev/null)"
w=; s=; n=deckhand-llm-${name}-$(basename "$(readlink "$h/current" 2>/dev/null)" 2>/dev/null).service
case $(cat "$h/current/service" 2>/dev/null) in
detached) read -r w s < "$h/current/pid"; [ "$(sed 's/.*) //' "/proc/$w/stat" 2>/dev/null | cut -d' ' -f20)" = "$s" ] || w=;;
user) w=$(systemctl --user show "$n" -p MainPID --value);;
system) w=$(systemctl show "$n" -p MainPID --value);;
esac 2>/dev/null
[ -n "$w" ] && [ "$w" != 0 ] && k running yes && k current_memory "$(awk '/^VmRSS/{print $2}' "/proc/$w/status" 2>/dev/null)"
k end yes`;
}

/** Null: not all of it came. */
export function parseProbe(output: string): ProbeFacts | null {
  const found = new Map<string, string>();
  const rows: string[] = [];
  const limits: number[] = [];
  for (const line of output.split('\n')) {
    const at = line.indexOf('=');
    if (at < 0) continue;
    const key = line.slice(0, at);
    const value = sanitiseText(line.slice(at + 1)).slice(0, 20_000);
    if (key === 'gpu_row') rows.push(value.slice(0, 300));
    else if (key === 'group') limits.push(leftOf(value));
    else found.set(key, value);
  }
  if (found.get('end') !== 'yes') return null;
  const text = (name: string): string => found.get(name) ?? '';
  const number = (name: string): number => Number(text(name)) || 0;
  const is = (name: string): boolean => found.get(name) === 'yes';
  return {
    system: text('system'),
    architecture: text('arch'),
    user: text('user'),
    uid: number('uid'),
    base: text('base'),
    processors: number('cpus'),
    memoryTotal: number('mem_total') * 1024,
    memoryAvailable: number('mem_free') * 1024,
    groupMemory: limits.length === 0 ? null : Math.min(...limits),
    diskFree: number('disk') * 1024,
    inodesFree: /^\d+$/.test(text('inodes')) && number('inodes') > 0 ? number('inodes') : null,
    isNoexec: is('noexec'),
    isWritable: is('writable'),
    graphics: text('gpu'),
    graphicsRows: rows,
    tools: text('tools').split(' ').filter(Boolean),
    hasSystemd: is('systemd'),
    hasUserManager: is('user_manager'),
    lingers: is('linger'),
    isSudoer: is('sudo'),
    ports: new Set(
      text('ports')
        .split(' ')
        .filter(Boolean)
        .map(port => Number.parseInt(port, 16)),
    ),
    clock: number('clock'),
    hasEngine: is('engine'),
    hasModel: is('model'),
    hasKey: is('key'),
    current: text('current') || null,
    previous: text('previous') || null,
    currentRelease: text('release') || null,
    currentMemory: number('current_memory') * 1024,
    isRunning: is('running'),
    machine: output.slice(0, Math.max(output.indexOf(`\n${BORDER}\n`), 0)),
  };
}

/** `MAX USED` of one group. */
function leftOf(value: string): number {
  const [most = 0, used = 0] = value.split(' ').map(Number);
  return Math.max(most - used, 0);
}
