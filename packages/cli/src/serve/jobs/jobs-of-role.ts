// Which jobs a server runs: content is the registry's, keys are the token service's.
import { removeRetiredKeys } from '@portolan/auth';
import type { Storage } from '@portolan/storage';
import type { ServeRole, ServeSettings } from '../../config/serve-settings.ts';
import { certificateJob } from './certificate-job.ts';
import type { Job } from './jobs.ts';
import { mirrorJob, type MirrorJobDeps } from './mirror-job.ts';

export const COLLECT_JOB = 'collect';

const HOUR_MS = 3_600_000;

function collectJob({ collector }: Storage, everyMs: number): Job {
  return {
    name: COLLECT_JOB,
    everyMs,
    async run(signal) {
      const report = await collector.run(signal);
      return Object.values(report).some((count) => count > 0) ? report : undefined;
    },
  };
}

function forgetKeysJob({ signingKeys, layout }: Storage): Job {
  return {
    name: 'forget-retired-keys',
    everyMs: HOUR_MS,
    async run() {
      await removeRetiredKeys({ directory: layout.keys, store: signingKeys });
      return undefined;
    },
  };
}

export function jobsOf(
  { role, storage: settings, egress, tls }: ServeSettings,
  deps: Omit<MirrorJobDeps, 'egress'>,
): Job[] {
  const { storage, logger } = deps;
  const collect = collectJob(storage, settings.collectEveryMs);
  const mirror = mirrorJob({ ...deps, egress });
  const forgetKeys = forgetKeysJob(storage);
  const certificates = certificateJob({ settings: tls, clock: Date.now, logger });
  const jobs: Record<ServeRole, Job[]> = {
    all: [collect, mirror, forgetKeys, certificates],
    registry: [collect, mirror, certificates],
    auth: [forgetKeys, certificates],
  };
  return jobs[role];
}
