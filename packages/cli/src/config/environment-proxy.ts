// The proxy that the environment names for other registries, read as Go's clients read it.
import type { Environment } from './environment.ts';
import { isLoopback } from './loopback-host.ts';

function either(environment: Environment, name: string): string | undefined {
  const value = environment[name] ?? environment[name.toLowerCase()];
  return value === '' ? undefined : value;
}

/** `.lan`, `lan` and `registry.lan:5000`, as Go's clients read NO_PROXY; networks are not. */
function isExempt(entry: string, host: string): boolean {
  const wanted = entry.trim().toLowerCase();
  if (wanted === '') return false;
  if (wanted === '*') return true;
  const name = host.replace(/:\d+$/, '');
  const bare = wanted.replace(/^\*?\./, '');
  return host === wanted || name === bare || name.endsWith(`.${bare}`);
}

/** The proxy for a registry; never for this machine itself. */
export function proxyFor(host: string, environment: Environment): string | undefined {
  if (isLoopback(host)) return undefined;
  const exempt = either(environment, 'NO_PROXY') ?? '';
  if (exempt.split(',').some((entry) => isExempt(entry, host))) return undefined;
  const proxy = either(environment, 'HTTPS_PROXY');
  if (proxy === undefined) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}
