import type { DeployParams } from '../../core/model-params.ts';
import type { Layout } from './layout.ts';
import type { Release } from './release.ts';

/** What a release is started by. */
export interface StartPlace {
  readonly layout: Layout;
  readonly release: Release;
  readonly params: DeployParams;
  /** The login account. */
  readonly user: string;
  readonly isRoot: boolean;
}

/** The folder of the release itself, on the target. */
export function releaseFolder({ layout, release }: Pick<StartPlace, 'layout' | 'release'>): string {
  return `${layout.releases}/${release.id}`;
}

/** Shell text for the file with the key, as the started program may read it. */
export function keyFileText({ layout }: Pick<StartPlace, 'layout'>): string {
  return `"\${CREDENTIALS_DIRECTORY:-${layout.home}}/apikey"`;
}
