import { quote } from '../../shell/quote.ts';
import { kindOf } from './kinds/kind-of.ts';
import { unitOf } from './layout.ts';
import { releaseFolder, type StartPlace } from './start-place.ts';

/** Bytes of log from which only the end is kept at the next start. */
const LONGEST_LOG = 16 * 1024 * 1024;

/** Starts the engine in the place of this shell. */
export function runScriptText(place: StartPlace): string {
  const folder = quote(releaseFolder(place));
  return `#!/bin/sh
# release ${place.release.id} of ${place.params.name}, written by deckhand
umask 077
cd ${folder} || exit 1
if [ "$(wc -c < log 2>/dev/null || echo 0)" -gt ${LONGEST_LOG} ]; then tail -c 1048576 log > log.old 2>/dev/null; : > log; fi 2>/dev/null
{ echo "$$ $(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)" > pid; } 2>/dev/null
${kindOf(place.release.kind).start(place)}
`;
}

/**
 * Keeps a release running where no service manager does: begins it again after two seconds, and gives up when
 * it ended four times within two minutes. TERM ends both. Where it leads a group of its own, what the engine
 * started ends with the engine.
 */
export function keepScriptText(place: StartPlace): string {
  return `#!/bin/sh
cd ${quote(releaseFolder(place))} || exit 1
echo "$$ $(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)" > keeper
g=; [ "$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f3)" = $$ ] && g=$$
rest() { [ -z "$g" ] || kill -s "$1" -- "-$g" 2>/dev/null; }
stop() { trap '' TERM; kill -TERM "$p" 2>/dev/null; n=0; while kill -0 "$p" 2>/dev/null && [ $n -lt 80 ]; do sleep 0.1; n=$((n+1)); done; kill -KILL "$p" 2>/dev/null; rm -f keeper; rest KILL; exit 0; }
trap stop TERM INT HUP
ends=
while :; do
  ./run.sh >> log 2>&1 < /dev/null & p=$!
  wait "$p"; now=$(date +%s); ends="$ends $now"; recent=0
  trap '' TERM; rest TERM; trap stop TERM
  for end in $ends; do [ $((now - end)) -lt 120 ] && recent=$((recent+1)); done
  echo $recent > ended
  if [ $recent -ge 4 ]; then echo "deckhand: ended $recent times within two minutes, given up" >> log; rm -f keeper; exit 1; fi
  sleep 2 & wait $!
done
`;
}

/** A unit of systemd for the whole machine, or of the account. */
export function unitText(place: StartPlace): string {
  const { layout, release, params, user, isRoot } = place;
  const isSystem = release.service === 'system';
  // systemd takes a percent sign for something of its own
  const folder = `${layout.releases}/${release.id}`.replaceAll('%', '%%');
  const account = isRoot
    ? [
        'DynamicUser=yes',
        `LoadCredential=apikey:${layout.key}`,
        `RuntimeDirectory=deckhand-llm-${params.name}-${release.id}`,
        'RuntimeDirectoryMode=0700',
        'ProtectSystem=strict',
        'ProtectHome=yes',
        'PrivateTmp=yes',
        'RestrictSUIDSGID=yes',
      ]
    : [`User=${user}`, 'PrivateTmp=yes', 'ProtectSystem=full'];
  return `[Unit]
Description=Model server ${params.name} (deckhand)
StartLimitIntervalSec=120
StartLimitBurst=4
${isSystem ? 'After=network.target\n' : ''}
[Service]
Type=exec
ExecStart="${folder}/run.sh"
StandardOutput=append:${folder}/log
StandardError=append:${folder}/log
Restart=on-failure
RestartSec=2
TimeoutStopSec=8
NoNewPrivileges=yes
UMask=0077
${isSystem ? `${account.join('\n')}\n` : ''}
[Install]
WantedBy=${isSystem ? 'multi-user.target' : 'default.target'}
`;
}

/** Where the unit of a release lies; null where there is none. */
export function unitFile({ release, params }: Pick<StartPlace, 'release' | 'params'>): string | null {
  const unit = unitOf(params.name, release.id);
  if (release.service === 'system') return `/etc/systemd/system/${unit}`;
  return release.service === 'user' ? `$HOME/.config/systemd/user/${unit}` : null;
}
