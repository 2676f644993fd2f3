// Roles as people write them.
import type { Role } from '@portolan/storage';
import { accountError } from './account-error.ts';

const ROLES = ['viewer', 'contributor', 'owner'] as const satisfies readonly Role[];

/** @throws AccountError `role-invalid` */
export function parseRole(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  const hint = `use one of ${ROLES.join(', ')}`;
  throw accountError('role-invalid', 'there is no such role', { role: text.slice(0, 100), hint });
}
