import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { z } from '../core/schema.ts';
import { type Facts, factsSchema } from './facts-schema.ts';

const recordSchema = z.strictObject({
  host: z.string(),
  /** `SHA256:…` of the host key the facts were asked under. */
  fingerprint: z.string(),
  facts: factsSchema,
});

export interface CachedFacts {
  readonly facts: Facts;
  readonly fingerprint: string;
  /** Milliseconds since they were collected. */
  readonly age: number;
}

/**
 * Facts on disk, one file per host name (0600), each bound to the host key they were asked under:
 * a host that was replaced is asked again. A file that is damaged or of another version is no file.
 */
export interface FactsCache {
  /** Null when there are none, they are older than `maxAge` milliseconds, or the key is another one. */
  read(host: string, limits: { maxAge: number; fingerprint?: string }): Promise<CachedFacts | null>;
  write(host: string, fingerprint: string, facts: Facts): Promise<void>;
  forget(host: string): Promise<void>;
}

/** `directory`: Deckhand's cache folder (XDG); made when the first facts are written. */
export function openFactsCache(directory: string, clock: Clock): FactsCache {
  const folder = join(directory, 'facts');
  const fileOf = (host: string): string => {
    const readable = host.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 60);
    return join(folder, `${readable}-${createHash('sha256').update(host).digest('hex').slice(0, 16)}.json`);
  };
  return {
    async read(host, limits) {
      const record = await readRecord(fileOf(host));
      if (record?.host !== host) return null;
      if (limits.fingerprint !== undefined && limits.fingerprint !== record.fingerprint) return null;
      const age = clock.now() - record.facts.collectedAt;
      // Facts of the future come from a clock that was set back since; their age is not known.
      if (age < 0 || age > limits.maxAge) return null;
      return { facts: record.facts, fingerprint: record.fingerprint, age };
    },
    async write(host, fingerprint, facts) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await replaceFile(fileOf(host), JSON.stringify({ host, fingerprint, facts }));
    },
    async forget(host) {
      await rm(fileOf(host), { force: true });
    },
  };
}

async function readRecord(file: string): Promise<z.infer<typeof recordSchema> | null> {
  try {
    const result = recordSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

let drafts = 0;

/** A reader sees the old facts or the new ones, never half of them. */
async function replaceFile(file: string, text: string): Promise<void> {
  drafts += 1;
  const draft = `${file}.${process.pid}-${drafts}.new`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
