import { type Argument, type Call, note } from '../call.ts';
import { devicePlace, holdsSecrets, isPillar, isTemporary, mayBeSecret, writePlace } from './places.ts';
import { printable, resolveIn } from './shape.ts';

type Target = Pick<Argument, 'shape' | 'source'>;

/** Where a path may lead, from every folder the script may stand in; null: anywhere. */
export function placesOf(call: Call, { shape }: Target): readonly (string | null)[] {
  if (shape.startsWith('/')) return [resolveIn('/', shape)];
  return [...call.scope.folders].map(folder => (folder === null ? null : resolveIn(folder, shape)));
}

/** A file is read. True: it may hold a secret. */
export function readsPath(call: Call, target: Target, depth: 'file' | 'tree' = 'file'): boolean {
  let secret = false;
  for (const place of placesOf(call, target)) {
    if (place === null) {
      call.ledger.effect('reads', '?');
      note(call, 'unknown', 'reads a file that is known only when it runs', undefined, target.source);
      continue;
    }
    call.ledger.effect('reads', printable(place));
    const device = devicePlace(place);
    if (device === 'harmless') continue;
    if (device === 'network') {
      note(call, 'forbidden', `opens a connection (${printable(place)})`, 'secret-disclosure', target.source);
    }
    if (!mayBeSecret(place) && !(depth === 'tree' && holdsSecrets(place))) continue;
    secret = true;
    note(
      call,
      'destructive',
      `may show a secret: reads ${printable(place)}`,
      'secret-disclosure',
      target.source,
    );
  }
  return secret;
}

/** `replace`: what was there is gone; `append` and `edit` keep it; `make` is a new name. */
export type Writing = 'replace' | 'append' | 'edit' | 'make';

export function writesPath(call: Call, target: Target, how: Writing): void {
  for (const place of placesOf(call, target)) writesPlace(call, target, place, how);
}

function writesPlace(call: Call, { source }: Target, place: string | null, how: Writing): void {
  if (place === null) {
    call.ledger.effect('writes', '?');
    note(call, 'unknown', 'writes a file that is known only when it runs', undefined, source);
    return;
  }
  const name = printable(place);
  const device = devicePlace(place);
  if (device === 'harmless') return;
  call.ledger.effect('writes', name);
  if (device !== null) {
    writesDevice(call, source, name, device);
    return;
  }
  const kind = writePlace(place);
  if (kind === 'access')
    note(
      call,
      'forbidden',
      `writes ${name}, which says who may log in or become root`,
      'privilege-gain',
      source,
    );
  else if (kind === 'way-in')
    note(call, 'destructive', `writes ${name}, on which the way in depends`, 'lose-ssh', source);
  else if (kind === 'start-up')
    note(call, 'destructive', `writes ${name}, which runs later`, 'privilege-gain', source);
  else if (isPillar(place) && how !== 'make')
    note(call, 'destructive', `writes into ${name}`, 'data-loss', source);
  else if (how === 'replace' && kind === 'history')
    note(call, 'destructive', `replaces the record ${name}`, 'cover-tracks', source);
  else if (how === 'replace' && kind === 'data')
    note(call, 'destructive', `replaces the data ${name}`, 'data-loss', source);
  else note(call, 'change', `writes ${name}`, undefined, source);
}

function writesDevice(call: Call, source: string, name: string, device: string): void {
  if (device === 'disk') note(call, 'forbidden', `writes over the disk ${name}`, 'data-loss', source);
  else if (device === 'crash') note(call, 'forbidden', 'can stop the kernel', 'reboot', source);
  else if (device === 'network')
    note(call, 'forbidden', `sends to another machine (${name})`, 'secret-disclosure', source);
  else if (device === 'kernel')
    note(call, 'destructive', `changes the running kernel (${name})`, 'service-loss', source);
  else note(call, 'destructive', `writes to the device ${name}`, undefined, source);
}

/** A file or folder goes. */
export function removesPath(call: Call, target: Target, how: 'file' | 'tree' = 'tree'): void {
  for (const place of placesOf(call, target)) {
    if (place === null) {
      call.ledger.effect('removes', '?');
      note(call, 'unknown', 'removes something that is known only when it runs', 'data-loss', target.source);
      continue;
    }
    const name = printable(place);
    call.ledger.effect('removes', name);
    const kind = writePlace(place);
    if (call.scope.made.has(place) && isTemporary(place)) continue;
    const disk = devicePlace(place) === 'disk';
    if (disk || (how === 'tree' && isPillar(place)))
      note(
        call,
        'forbidden',
        `removes ${name}, without which the host does not work`,
        'data-loss',
        target.source,
      );
    else if (kind === 'access')
      note(call, 'forbidden', `removes ${name}, which says who may log in`, 'lose-ssh', target.source);
    else if (kind === 'way-in')
      note(call, 'destructive', `removes ${name}, on which the way in depends`, 'lose-ssh', target.source);
    else if (kind === 'history')
      note(call, 'destructive', `removes the record ${name}`, 'cover-tracks', target.source);
    else note(call, 'destructive', `removes ${name}`, 'data-loss', target.source);
  }
}

/** Owner, mode or attributes of a file change. */
export function opensPath(call: Call, target: Target, what: string, recursive: boolean): void {
  for (const place of placesOf(call, target)) {
    if (place === null) {
      note(call, 'unknown', `${what} of something that is known only when it runs`, undefined, target.source);
      continue;
    }
    const name = printable(place);
    call.ledger.effect('writes', name);
    const kind = writePlace(place);
    if (isPillar(place) || devicePlace(place) === 'disk')
      note(
        call,
        recursive ? 'forbidden' : 'destructive',
        `${what} of ${name}`,
        'service-loss',
        target.source,
      );
    else if (kind === 'access' || kind === 'way-in')
      note(call, 'destructive', `${what} of ${name}, on which the way in depends`, 'lose-ssh', target.source);
    else if (kind === 'start-up' || devicePlace(place) !== null || mayBeSecret(place))
      note(call, 'destructive', `${what} of ${name}`, 'privilege-gain', target.source);
    else note(call, 'change', `${what} of ${name}`, undefined, target.source);
  }
}
