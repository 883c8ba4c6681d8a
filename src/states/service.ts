import type { Effect, StateOf } from '../core/state.ts';
import { quote, quoteAll } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';
import { type DiffLine, type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';
import { fullUnit } from './unit-name.ts';

type Service = StateOf<'service'>;

const PROPERTIES =
  'Id,Names,LoadState,ActiveState,SubState,UnitFileState,StateChangeTimestamp,ReloadResult,NeedDaemonReload';

/** Units that start without being enabled, or have nothing to enable. */
const ENABLING_MEANS_NOTHING = new Set(['static', 'indirect', 'generated', 'transient', 'alias']);

/** systemd units. A host without systemd is said so, never guessed at. */
export const serviceKind: StateKind<Service> = {
  describe: state => `service ${state.name}`,
  check: state => checkServices([state]),
  checkAll: checkServices,
  judge: judgeService,
  apply: applyScript,
  effects: (state): readonly Effect[] => [{ kind: 'service', subject: state.name, risk: 'privileged' }],
  privilege: () => 'root',
};

function checkServices(states: readonly Service[]): string {
  const units = quoteAll([...new Set(states.map(state => fullUnit(state.name)))]);
  const files = [...new Set(states.flatMap(state => state.reloadAfter))];
  const changes = files.map(
    path =>
      `fact changed "$(stat -c '%.6Z' ${quote(path)} 2>/dev/null || echo missing) "${quote(encodeURI(path))}`,
  );
  return `if [ -d /run/systemd/system ] && command -v systemctl >/dev/null; then
  systemctl show --timestamp=us+utc -p ${PROPERTIES} -- ${units} | sed "s/^/$M $I unit = /"
  fact unit =
  ${changes.join('\n  ')}
else fact error 'no systemd'; fi`;
}

type Properties = ReadonlyMap<string, string>;

/** Blocks of `Key=value` lines, parted by empty lines, as maps. */
function readUnits(lines: readonly string[]): readonly Properties[] {
  const units: Properties[] = [];
  let current = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals > 0) current.set(line.slice(0, equals), line.slice(equals + 1));
    else if (current.size > 0) {
      units.push(current);
      current = new Map();
    }
  }
  return units;
}

function judgeService(state: Service, facts: Facts) {
  const error = factOf(facts, 'error');
  if (error !== undefined) return undecided(error);
  const wanted = fullUnit(state.name);
  const unit = readUnits(facts.get('unit') ?? []).find(
    found => found.get('Id') === wanted || (found.get('Names') ?? '').split(' ').includes(wanted),
  );
  if (!unit) return undecided(`systemctl said nothing of ${wanted}.`);
  const load = unit.get('LoadState') ?? '';
  const detail = `${wanted}: ${load}, ${unit.get('ActiveState') ?? ''} (${unit.get('SubState') ?? ''}), ${unit.get('UnitFileState') || 'no unit file'}`;
  const diff = [...compareRunning(state, unit), ...compareEnabled(state, unit)];
  if (diff.length === 0 && state.running) diff.push(...compareChanges(state, unit, facts));
  return observe(diff, load === 'masked' ? `Unit ${state.name} is masked.\n${detail}` : detail);
}

function compareRunning(state: Service, unit: Properties): readonly DiffLine[] {
  const active = unit.get('ActiveState') ?? '';
  const runs = ['active', 'reloading', 'refreshing'].includes(active);
  const stopped = ['inactive', 'failed'].includes(active);
  if (state.running ? runs : stopped) return [];
  const load = unit.get('LoadState') ?? '';
  const before = load === 'loaded' ? active : load;
  return [{ field: 'running', before, after: state.running ? 'active' : 'inactive' }];
}

function compareEnabled(state: Service, unit: Properties): readonly DiffLine[] {
  const file = unit.get('UnitFileState') ?? '';
  if (ENABLING_MEANS_NOTHING.has(file)) return [];
  const enabled = file === 'enabled';
  const runsAtBoot = enabled || file === 'enabled-runtime';
  if (state.enabled ? enabled : !runsAtBoot) return [];
  return [{ field: 'enabled', before: file || 'not found', after: state.enabled ? 'enabled' : 'disabled' }];
}

function compareChanges(state: Service, unit: Properties, facts: Facts): readonly DiffLine[] {
  const result = unit.get('ReloadResult') ?? 'success';
  if (state.reloadAfter.length > 0 && result !== 'success') {
    return [{ field: 'configuration', before: `last reload: ${result}`, after: `${state.reloadBy}ed` }];
  }
  const since = microseconds(unit.get('StateChangeTimestamp') ?? '');
  const times = new Map(
    (facts.get('changed') ?? []).map(row => {
      const space = row.indexOf(' ');
      return [row.slice(space + 1), row.slice(0, space)] as const;
    }),
  );
  return state.reloadAfter
    .filter(path => {
      const time = times.get(encodeURI(path)) ?? 'missing';
      return /^\d+\.\d{6}$/.test(time) && BigInt(time.replace('.', '')) > since;
    })
    .map(path => ({
      field: 'configuration',
      before: `${path} is newer than what runs`,
      after: `${state.reloadBy}ed`,
    }));
}

/** `Mon 2026-01-05 10:00:00.123456 UTC` as microseconds since the epoch; 0 when unreadable. */
function microseconds(timestamp: string): bigint {
  const match = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6}) UTC/.exec(timestamp);
  if (!match) return 0n;
  return BigInt(Date.parse(`${match[1]}T${match[2]}Z`)) * 1000n + BigInt(match[3] ?? '0');
}

function applyScript(state: Service): string {
  const unit = fullUnit(state.name);
  const wantsIt = state.running || state.enabled;
  const lines = [
    `unit=${quote(unit)}`,
    `[ -d /run/systemd/system ] && command -v systemctl >/dev/null || die 'no systemd'`,
    `property() { systemctl show -p "$1" --value --timestamp=us+utc -- "$unit"; }`,
    // the unit's last words may still be on their way to the journal
    `explain() { journalctl --sync 2>/dev/null || :; systemctl status --no-pager --full -n 20 -- "$unit" >&2 || :; exit 1; }`,
    `if [ "$(property LoadState)" = not-found ] || [ "$(property NeedDaemonReload)" = yes ]; then systemctl daemon-reload; fi`,
    ...(wantsIt
      ? [
          `case $(property LoadState) in`,
          `masked) die ${quote(`Unit ${state.name} is masked.`)} ;;`,
          `not-found) die ${quote(`Unit ${unit} not found.`)} ;;`,
          `esac`,
        ]
      : [`if [ "$(property LoadState)" = not-found ]; then exit 0; fi`]),
    ...enableLines(state),
    ...runLines(state),
  ];
  return `${APPLY_PRELUDE}${lines.join('\n')}\n`;
}

function enableLines(state: Service): readonly string[] {
  const skip = [...ENABLING_MEANS_NOTHING].join(' | ');
  return state.enabled
    ? [
        `case $(property UnitFileState) in`,
        `enabled | ${skip}) ;;`,
        `*) systemctl --no-ask-password enable -- "$unit" ;;`,
        `esac`,
      ]
    : [
        `case $(property UnitFileState) in`,
        `enabled | enabled-runtime) systemctl --no-ask-password disable -- "$unit" ;;`,
        `esac`,
      ];
}

function runLines(state: Service): readonly string[] {
  if (!state.running) {
    return [
      `case $(property ActiveState) in`,
      `inactive | failed) ;;`,
      `*) systemctl --no-ask-password stop -- "$unit" || explain ;;`,
      `esac`,
    ];
  }
  // `reload-or-restart` reloads where the unit can; a unit that cannot would keep its old configuration.
  const verb = state.reloadBy === 'restart' ? 'restart' : 'reload-or-restart';
  return [
    `case $(property ActiveState) in`,
    `active | reloading | refreshing) ;;`,
    `*)`,
    `  systemctl --no-ask-password start -- "$unit" || explain`,
    `  exit 0 ;;`,
    `esac`,
    ...(state.reloadAfter.length === 0
      ? []
      : [
          `since=$(date -u -d "$(property StateChangeTimestamp)" +%s%6N)`,
          `stale=no`,
          `case $(property ReloadResult) in success | '') ;; *) stale=yes ;; esac`,
          `for file in ${quoteAll(state.reloadAfter)}; do`,
          `  changed=$(stat -c '%.6Z' "$file" 2>/dev/null | tr -d .) || :`,
          `  if [ -n "$changed" ] && [ "$changed" -gt "$since" ]; then stale=yes; fi`,
          `done`,
          `if [ "$stale" = yes ]; then systemctl --no-ask-password ${verb} -- "$unit" || explain; fi`,
        ]),
  ];
}
