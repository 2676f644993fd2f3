// Whether this server counts. The library for it is loaded only then.
import type { ServeSettings } from '../config/serve-settings.ts';
import type { ProcessMetrics } from './metrics/process-metrics.ts';
import type { ServerMetrics, ServerMetricsDeps } from './metrics/server-metrics.ts';

type Asked = Pick<ServeSettings, 'metrics'>;

/** In each process, before anything else: what there is to count begins with the store. */
export async function countProcess({ metrics }: Asked): Promise<ProcessMetrics | undefined> {
  if (metrics === undefined) return undefined;
  const { createProcessMetrics } = await import('./metrics/process-metrics.ts');
  return createProcessMetrics();
}

/** In the primary, or the only process. */
export async function countServer(
  deps: Omit<ServerMetricsDeps, 'process'> & { readonly process: ProcessMetrics | undefined },
): Promise<ServerMetrics | undefined> {
  const { process } = deps;
  if (process === undefined) return undefined;
  const { createServerMetrics } = await import('./metrics/server-metrics.ts');
  return createServerMetrics({ ...deps, process });
}
