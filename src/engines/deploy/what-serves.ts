import { sanitiseText } from '../../core/untrusted.ts';
import { quote } from '../../shell/quote.ts';
import { layoutOf } from './layout.ts';
import { probe } from './probe.ts';
import { type DeploymentRequest, NOTHING } from './rollback.ts';
import { unlockScript } from './scripts.ts';

/**
 * What there is of a deployment after work on it was given up, for a person: which release is the current one, whether
 * it runs, and which others were begun and are left. Nothing is said that was not seen. The lock that `owner` may still
 * have is given back, so that the next one need not wait for its lease. Throws as `probe` does.
 */
export async function whatServes(
  { site, name, owner }: Pick<DeploymentRequest, 'site' | 'name' | 'owner'>,
  signal: AbortSignal,
): Promise<string> {
  const { base, current, previous, isRunning } = await probe(site, { name, ...NOTHING }, signal);
  const layout = layoutOf(base, name);
  const look = `${unlockScript(layout, owner)}\nls ${quote(layout.releases)} 2>/dev/null; :`;
  const { output } = await site.run(look, { signal });
  const left = sanitiseText(output)
    .split('\n')
    .filter(id => /^[0-9a-f]{1,64}$/.test(id) && id !== current && id !== previous);
  const serves =
    current === null
      ? `nothing of ${name} serves on ${site.name}`
      : `the current release of ${name} on ${site.name} is ${current}, and it ${isRunning ? 'runs' : 'does not run'}`;
  return left.length === 0 ? serves : `${serves}; begun and left there: ${left.slice(0, 5).join(', ')}`;
}
