// Leases: rows that say which process does a job. They run out by themselves, so that a process that
// died holds nothing up for long.
import type { StoreDeps } from '../store-deps.ts';

/** Jobs that must run once among all processes hold a lease row. */
export interface LeaseStore {
  /** True when `holder` has the lease until now + `ttlMs`: it was free, expired or already its own. */
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  release(name: string, holder: string): Promise<void>;
}

export function createLeaseStore({ database, clock }: StoreDeps): LeaseStore {
  // A lease that a power cut takes back has outlived its holder anyway: no need to wait for the disk.
  const durability = 'soft';
  return {
    acquire: (name, holder, ttlMs) =>
      database.write(async (tx) => {
        const now = clock();
        const lease = { holder, until: now + ttlMs };
        const taken = await tx
          .insertInto('lease')
          .values({ name, ...lease })
          .onConflict((conflict) =>
            conflict
              .column('name')
              .doUpdateSet(lease)
              .where((eb) =>
                eb.or([eb('lease.holder', '=', holder), eb('lease.until', '<=', now)]),
              ),
          )
          .returning('name')
          .executeTakeFirst();
        return taken !== undefined;
      }, durability),
    release: (name, holder) =>
      database.write(async (tx) => {
        await tx
          .deleteFrom('lease')
          .where('name', '=', name)
          .where('holder', '=', holder)
          .execute();
      }, durability),
  };
}
