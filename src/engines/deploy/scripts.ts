import { quote } from '../../shell/quote.ts';
import type { EngineArchive } from '../bundle/engine-archive.ts';
import { type Layout, unitOf } from './layout.ts';
import { BASE_SCRIPT } from './probe.ts';
import { keepScriptText, runScriptText, unitFile, unitText } from './start-files.ts';
import type { StartPlace } from './start-place.ts';
import type { Release } from './release.ts';
import { kindOf } from './kinds/kind-of.ts';
import type { ServiceMode } from '../../core/model-params.ts';

/** Scripts for the target, each in one round trip, each harmless when it is run again. Exit codes from 90 on are ours. */

/** The lock is somebody else's. */
export const LOCKED = 91;
/** Seconds that a lock holds without being renewed. */
const LEASE = 90;

/** Makes folders, and notes which were not there, so that they can go again with what is in them. */
const MAKE_FOLDERS = String.raw`mk() { for d; do a=$d; l=; while [ ! -d "$a" ]; do l="$a
$l"; a=$(dirname "$a"); done; mkdir -p "$d" || exit 92; [ -n "$l" ] && printf '%s' "$l" >> "$made.new"; done; :; }`;

/** Makes the folders, takes the lock, or renews it. `owner`: the task. */
export function prepareScript(layout: Layout, owner: string, isRoot: boolean): string {
  const { base, models, engines, home, lock, releases, sockets } = layout;
  const made = `${base}/llm/.made`;
  // what another account runs must be readable for it; keys are not
  const mode = isRoot ? '022' : '077';
  const all = [models, engines, `${base}/llm`].map(quote).join(' ');
  const inside = [home, releases, sockets].map(quote).join(' ');
  return `umask ${mode}; made=\${TMPDIR:-/tmp}/deckhand-made.$$; ${MAKE_FOLDERS}
rm -f "$made.new"; mk ${all}; [ -e "$made.new" ] && cat "$made.new" >> ${quote(made)}; rm -f "$made.new"
${lockScript(lock, owner)}
mkdir -p ${inside} || exit 92; chmod 0700 ${quote(sockets)}`;
}

/** A folder can be made by one only; a lock nobody renewed is taken away by a rename that one only can do. */
function lockScript(lock: string, owner: string): string {
  const path = quote(lock);
  return `now=$(date +%s); take() { mkdir ${path} 2>/dev/null && echo "${owner} $((now + ${LEASE}))" > ${path}/owner; }
if ! take; then
  o=; until=0; read -r o until < ${path}/owner 2>/dev/null
  if [ "$o" = "${owner}" ]; then echo "${owner} $((now + ${LEASE}))" > ${path}/owner
  else
    [ -n "$o" ] || until=$(( $(stat -c %Y ${path} 2>/dev/null || echo "$now") + ${LEASE} ))
    if [ "$until" -lt "$now" ] && mv ${path} ${path}.old.$$ 2>/dev/null && rm -rf ${path}.old.$$ && take; then :; else echo "$o $((until - now))"; exit ${LOCKED}; fi
  fi
fi`;
}

/** Milliseconds after which a lock that is held is renewed. */
export const RENEW = (LEASE * 1000) / 4;

export function renewScript(layout: Layout, owner: string): string {
  return lockScript(layout.lock, owner);
}

export function unlockScript(layout: Layout, owner: string): string {
  const path = quote(layout.lock);
  return `o=; read -r o u < ${path}/owner 2>/dev/null; [ "$o" = "${owner}" ] && rm -rf ${path}; :`;
}

/** Where an archive is sent to, before it is unpacked. */
export function archivePath(layout: Layout, { id }: Pick<EngineArchive, 'id'>): string {
  return `${layout.engines}/${id}.tar.gz`;
}

/** Unpacks what was sent, compares every file where it can, writes the loader's path, and sees that it starts. */
export function unpackScript(layout: Layout, engine: EngineArchive): string {
  const to = quote(`${layout.engines}/${engine.id}`);
  const archive = quote(archivePath(layout, engine));
  const { relocation, isSealed, program } = engine;
  const compare = isSealed
    ? `sha256sum -c MANIFEST.sha256 >/dev/null 2>&1 || { cd /; rm -rf ${to}; exit 94; }`
    : ':';
  const tryIt =
    program === null
      ? ':'
      : `v=$(./${quote(program)} --version 2>&1); r=$?; printf '%s\\n' "$v" | head -n 3; [ $r -eq 0 ] || exit $r`;
  const relocate =
    relocation === null
      ? ':'
      : `p="$(pwd -P)/lib/ld-linux-x86-64.so.2"; if [ \${#p} -lt ${relocation.length} ]; then { printf '%s' "$p"; head -c $((${relocation.length} - \${#p})) /dev/zero; } | dd of=${quote(relocation.file)} bs=1 seek=${relocation.offset} conv=notrunc 2>/dev/null && : > .relocated; fi`;
  return `umask 022; rm -rf ${to}; mkdir ${to} && cd ${to} || exit 92
gzip -dc ${archive} | tar -xf - || { cd /; rm -rf ${to}; exit 93; }
${compare}
${relocate}
${tryIt}
sync . 2>/dev/null; : > .ready && rm -f ${archive}`;
}

/** A way to the service manager: `$sc`. */
function managerOf(service: ServiceMode, isRoot: boolean): string {
  if (service === 'user') return 'sc="systemctl --user"; as=';
  return isRoot ? 'sc=systemctl; as=' : 'sc="sudo -n systemctl"; as="sudo -n"';
}

function write(path: string, text: string, mode: string): string {
  return `printf '%s' ${quote(text)} > ${path}.new && chmod ${mode} ${path}.new && mv -f ${path}.new ${path} || exit 92`;
}

/**
 * Writes key, release, and what starts it; `params` goes beside the release so that an upgrade knows it. Prints the
 * key.
 */
export function configureScript(place: StartPlace): string {
  const { layout, release, params, isRoot } = place;
  const folder = quote(`${layout.releases}/${release.id}`);
  const key = quote(layout.key);
  const mode = isRoot ? '755' : '700';
  return `umask ${isRoot ? '022' : '077'}; mkdir -p ${folder} && cd ${folder} || exit 92
[ -s ${key} ] || { (umask 077; od -An -tx1 -N24 /dev/urandom | tr -d ' \\n' > ${key}.new) && mv -f ${key}.new ${key}; } || exit 92
chmod 600 ${key}
${write('release.json', JSON.stringify(release), '644')}
${write('params.json', JSON.stringify(params), '600')}
${write('service', release.service, '644')}
${write('run.sh', runScriptText(place), mode)}
${release.service === 'detached' ? write('keep.sh', keepScriptText(place), '700') : ''}
${kindOf(release.kind).prepare(place)}
cat ${key}`;
}

/** Starts a release unless it runs. Its log is empty at first, so that all that is in it is of this start. */
export function startScript(place: StartPlace): string {
  const { layout, release, isRoot, params } = place;
  const folder = quote(`${layout.releases}/${release.id}`);
  const file = unitFile(place);
  if (file === null)
    return `umask 077; cd ${folder} || exit 92; ${ALIVE}
alive keeper && exit 0
(: > log) || exit 92; rm -f pid ended keeper
if command -v setsid >/dev/null 2>&1; then setsid ./keep.sh </dev/null >/dev/null 2>&1 & else nohup ./keep.sh </dev/null >/dev/null 2>&1 & fi
# a busy machine takes its time: until it noted itself it would look as if it had ended
n=0; while [ ! -s keeper ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; :`;
  const unit = unitOf(params.name, release.id);
  const folders =
    release.service === 'user'
      ? `made=${quote(`${layout.base}/llm/.made`)}; ${MAKE_FOLDERS}; rm -f "$made.new"; mk "$HOME/.config/systemd/user"; [ -e "$made.new" ] && cat "$made.new" >> "$made"; rm -f "$made.new"`
      : ':';
  return `${BASE_SCRIPT}; cd ${folder} || exit 92; ${managerOf(release.service, isRoot)}; ${folders}
$sc is-active --quiet ${unit} && exit 0
: > log || exit 92
printf '%s' ${quote(unitText(place))} | $as tee "${file}" >/dev/null || exit 92
$sc daemon-reload && $sc reset-failed ${unit} 2>/dev/null; $sc start ${unit}`;
}

/** `alive FILE`: the process noted there, with its start, is the one that runs under that number. */
const ALIVE = `alive() { q=; s=; read -r q s < "$1" 2>/dev/null; [ -n "$q" ] && [ "$(sed 's/.*) //' "/proc/$q/stat" 2>/dev/null | cut -d' ' -f20)" = "$s" ]; }`;

/** Prints how a release is, `name=value` on each line, then an empty line and the end of its log. */
export function statusScript(
  layout: Layout,
  name: string,
  release: Release | { readonly id: string },
  lines: number,
): string {
  const folder = quote(`${layout.releases}/${release.id}`);
  const unit = unitOf(name, release.id);
  return `${BASE_SCRIPT}; cd ${folder} 2>/dev/null || { echo ActiveState=missing; exit 0; }
${ALIVE}; m=$(cat service 2>/dev/null); echo "service=$m"; p=
case $m in
detached) if alive keeper; then echo ActiveState=active; else echo ActiveState=inactive; fi; echo "NRestarts=$(cat ended 2>/dev/null)"; alive pid && p=$q;;
user) systemctl --user show ${unit} -p ActiveState -p SubState -p NRestarts -p ExecMainStatus; p=$(systemctl --user show ${unit} -p MainPID --value);;
system) systemctl show ${unit} -p ActiveState -p SubState -p NRestarts -p ExecMainStatus; p=$(systemctl show ${unit} -p MainPID --value);;
esac
[ "$p" = 0 ] && p=; echo "pid=$p"
[ -n "$p" ] && echo "rss=$(awk '/^VmRSS/{print $2}' "/proc/$p/status" 2>/dev/null)" && echo "read=$(sed -n 's/^read_bytes: //p' "/proc/$p/io" 2>/dev/null)"
echo "log=$(wc -c < log 2>/dev/null)"; echo; tail -n ${lines} log 2>/dev/null`;
}

/**
 * What the process of a release and all that it started listen on, one a line: `tcp 0100007F:26CB` as the kernel writes it,
 * `unix PATH`. The line `unknown` when it may not be seen, or does not run.
 */
export function listenersScript(layout: Layout, name: string, release: { readonly id: string }): string {
  return `{ ${statusScript(layout, name, release, 1)}; } >/dev/null
ls "/proc/\${p:-none}/fd" >/dev/null 2>&1 || { echo unknown; exit 0; }
t=$(cat /proc/[0-9]*/stat 2>/dev/null | sed 's/(.*)/x/' | awk -v r="$p" '{p[$1]=$4} END {t[r]=1; do {n=0; for (c in p) if (!(c in t) && (p[c] in t)) {t[c]=1; n=1}} while (n); for (c in t) print c}')
i=" $(for q in $t; do ls -l "/proc/$q/fd" 2>/dev/null; done | sed -n 's/.*socket:\\[\\([0-9]*\\)\\].*/\\1/p' | tr '\\n' ' ')"
awk -v i="$i" '$4=="0A" && index(i, " " $10 " ") {print "tcp " $2}' /proc/net/tcp /proc/net/tcp6 2>/dev/null
awk -v i="$i" '$4=="00010000" && $8!="" && index(i, " " $7 " ") {print "unix " $8}' /proc/net/unix 2>/dev/null; :`;
}

/** Exits with 0 when something listens where a release is to be reached, seen on the target itself. */
export function heardScript({ listen }: Pick<Release, 'listen'>): string {
  if ('path' in listen)
    return `awk -v p=${quote(listen.path)} '$8==p && $4=="00010000" {f=1} END {exit !f}' /proc/net/unix`;
  const port = listen.port.toString(16).toUpperCase().padStart(4, '0');
  return `awk '$4=="0A" && $2=="0100007F:${port}" {f=1} END {exit !f}' /proc/net/tcp`;
}

/** Prints how many are connected to a release, as the target itself sees it. */
export function connectionsScript({ listen }: Pick<Release, 'listen'>): string {
  if ('path' in listen)
    return `awk -v p=${quote(listen.path)} '$8==p && $6=="03" {n++} END {print n+0}' /proc/net/unix`;
  const port = listen.port.toString(16).toUpperCase().padStart(4, '0');
  return `awk '$4=="01" && $2=="0100007F:${port}" {n++} END {print n+0}' /proc/net/tcp`;
}

/** Makes a release the current one: links are renamed over, never absent. What was current is the previous one. Prints all. */
export function switchScript(place: StartPlace): string {
  const { layout, release, params, isRoot } = place;
  const home = quote(layout.home);
  const unit = unitOf(params.name, release.id);
  const enable =
    release.service === 'detached'
      ? ':'
      : `${BASE_SCRIPT}; ${managerOf(release.service, isRoot)}; $sc enable --quiet ${unit} || exit 95`;
  const live =
    'path' in release.listen
      ? `ln -sfn ${quote(release.listen.path)} run/live.new && mv -f run/live.new run/live.sock || exit 92`
      : 'rm -f run/live.sock';
  return `${enable}; cd ${home} || exit 92
o=$(readlink current 2>/dev/null)
[ -n "$o" ] && [ "$o" != releases/${release.id} ] && { ln -sfn "$o" previous.new && mv -fT previous.new previous; }
ln -sfn releases/${release.id} current.new && mv -fT current.new current || exit 92
${live}; sync . 2>/dev/null; ls releases`;
}

/** Makes what was the current release that again, and `previous` what it was. */
export function switchBackScript(place: StartPlace, previous: string | null): string {
  const link = quote(`releases/${previous ?? '-'}`);
  return `${switchScript(place)} >/dev/null
if [ -d ${link} ]; then ln -sfn ${link} previous.new && mv -fT previous.new previous; else rm -f previous; fi`;
}

/** Stops one release, so that it stays stopped; its files stay. Prints what still runs: a process or a unit. */
export function stopScript(layout: Layout, name: string, release: string, isRoot: boolean): string {
  const folder = quote(`${layout.releases}/${release}`);
  const unit = unitOf(name, release);
  return `${BASE_SCRIPT}; cd ${folder} 2>/dev/null || exit 0
${ALIVE}; m=$(cat service 2>/dev/null)
case $m in
detached) k=; read -r k s < keeper 2>/dev/null; if alive keeper; then kill -TERM "$q"; n=0; while alive keeper && [ $n -lt 120 ]; do sleep 0.1; n=$((n+1)); done; fi
  alive keeper && kill -KILL "$q"
  if alive pid; then [ -n "$k" ] && [ "$(sed 's/.*) //' "/proc/$q/stat" 2>/dev/null | cut -d' ' -f3)" = "$k" ] && kill -s KILL -- "-$k" 2>/dev/null; kill -KILL "$q" 2>/dev/null; fi; rm -f keeper;;
user|system) if [ "$m" = user ]; then sc="systemctl --user"; as=; f="$HOME/.config/systemd/user/${unit}"; else ${managerOf('system', isRoot)}; f=/etc/systemd/system/${unit}; fi
  [ -e "$f" ] || exit 0; $sc disable --quiet --now ${unit} 2>/dev/null
  # while it runs its unit stays, so that it can be stopped at the next try; an engine of another account notes no process
  case $($sc is-active ${unit} 2>/dev/null) in active|activating|reloading|deactivating) echo ${unit}; exit 0;; esac
  $as rm -f "$f"; $sc daemon-reload; $sc reset-failed ${unit} 2>/dev/null;;
esac
n=0; while alive pid && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done; alive pid && echo "$q"; :`;
}

/** Removes releases other than the current and the previous one, and files that nothing refers to any more. */
export function tidyScript(layout: Layout, keepFiles: boolean): string {
  const unused = keepFiles
    ? ':'
    : `others=$(ls -d llm/*.lock 2>/dev/null | grep -vxF ${quote(layout.lock.slice(layout.base.length + 1))})
if [ -z "$others" ]; then
  used=$(cat llm/*/releases/*/release.json 2>/dev/null)
  for f in models/*.gguf engines/*; do [ -e "$f" ] || continue; n=\${f##*/}; n=\${n%.gguf}; case $used in *"\\"$n\\""*) ;; *) rm -rf "$f";; esac; done
fi`;
  return `cd ${quote(layout.base)} || exit 0
for d in ${quote(layout.releases)}/*/; do [ -d "$d" ] || continue; n=$(basename "$d"); c=$(basename "$(readlink ${quote(layout.current)})" 2>/dev/null); p=$(basename "$(readlink ${quote(layout.previous)})" 2>/dev/null); [ "$n" = "$c" ] || [ "$n" = "$p" ] || rm -rf "$d"; done
${unused}`;
}

/** Removes a deployment whose releases are all stopped, and every folder that was made for it and is empty now. */
export function removeScript(layout: Layout, keepFiles: boolean): string {
  return `${BASE_SCRIPT}; rm -rf ${quote(layout.home)}; ${tidyScript(layout, keepFiles)}
cd ${quote(layout.base)} || exit 0; rm -rf ${quote(layout.lock)}
rm -rf models/.deckhand-* engines/.deckhand-* 2>/dev/null
if [ -z "$(ls llm)" ]; then
  [ -e llm/.linger ] && loginctl disable-linger 2>/dev/null; rm -f llm/.linger
  m=$(cat llm/.made 2>/dev/null); rm -f llm/.made; cd /
  rmdir "$HOME/.config/systemd/user/default.target.wants" 2>/dev/null
  printf '%s\\n' "$m" | sort -u -r | while IFS= read -r d; do [ -n "$d" ] && rmdir -- "$d" 2>/dev/null; done
fi; :`;
}

/** Asks for an account whose services run without a login; notes that it was asked here. 0 = it is so. */
export function lingerScript(layout: Layout): string {
  return `loginctl enable-linger >/dev/null 2>&1 || exit 1; [ -e "/var/lib/systemd/linger/$(id -un)" ] || exit 1; mkdir -p ${quote(`${layout.base}/llm`)} && : > ${quote(`${layout.base}/llm/.linger`)}`;
}
