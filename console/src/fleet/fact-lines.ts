import { bytesText, durationText } from '../parts/words.ts';

interface Facts {
  readonly os: { readonly prettyName: string; readonly kernel: string; readonly architecture: string };
  readonly hostname: string;
  readonly account: { readonly user: string };
  readonly processor: { readonly count: number; readonly model: string | null };
  readonly memory: { readonly total: number; readonly available: number } | null;
  readonly disks: readonly { readonly mount: string; readonly total: number; readonly available: number }[];
  readonly init: string;
  readonly packageManager: string | null;
  readonly sudo: string;
  readonly gpus: readonly { readonly name: string }[];
  readonly uptime: number | null;
}

const MOST_DISKS = 4;

/** Facts as lines for people. Empty where there are none. Pure. */
export function factLines(
  result: Readonly<Record<string, unknown>> | null,
): readonly (readonly [string, string])[] {
  const facts = result?.['facts'] as Facts | undefined;
  if (!facts) return [];
  const free = ({ total, available }: { readonly total: number; readonly available: number }): string =>
    `${bytesText(available)} of ${bytesText(total)} free`;
  return [
    ['system', `${facts.os.prettyName}, ${facts.os.kernel} ${facts.os.architecture}`],
    ['calls itself', facts.hostname],
    ['account', `${facts.account.user}, sudo: ${facts.sudo}`],
    ['processors', `${facts.processor.count} ${facts.processor.model ?? ''}`],
    ...(facts.memory ? [['memory', free(facts.memory)] as const] : []),
    ...facts.disks.slice(0, MOST_DISKS).map(disk => [`disk ${disk.mount}`, free(disk)] as const),
    ...(facts.gpus.length > 0 ? [['GPU', facts.gpus.map(gpu => gpu.name).join(', ')] as const] : []),
    ['services', `${facts.init}, packages: ${facts.packageManager ?? 'none'}`],
    ...(facts.uptime === null ? [] : [['up for', durationText(facts.uptime)] as const]),
  ];
}
