// Teams and their members.
import type { Team } from '@portolan/storage';
import type { AccountDeps } from './account-deps.ts';
import { accountError } from './account-error.ts';
import { checkName } from './name-rules.ts';
import { parseRole } from './role-rules.ts';

const MAX_DESCRIPTION = 1000;

function checkDescription(description: string): void {
  if (description.length <= MAX_DESCRIPTION) return;
  const hint = `use at most ${MAX_DESCRIPTION} characters`;
  throw accountError('description-invalid', 'the description is too long', { hint });
}

export interface NewTeamRequest {
  readonly name: string;
  readonly description?: string | undefined;
  /** Without one, only administrators can manage the team. */
  readonly owner?: string | undefined;
}

/**
 * @throws AccountError `account-name-invalid`, `description-invalid`; StorageError `name-taken`,
 *   `not-found` (the owner)
 */
export async function createTeam(deps: AccountDeps, request: NewTeamRequest): Promise<Team> {
  const { name, description = '', owner } = request;
  checkName('team', name);
  checkDescription(description);
  const team = { name, description, ...(owner === undefined ? {} : { owner }) };
  return await deps.access.teams.create(team, deps.actor);
}

/** @throws AccountError `description-invalid`; StorageError `not-found` */
export async function setTeamDescription(
  deps: AccountDeps,
  name: string,
  description: string,
): Promise<void> {
  checkDescription(description);
  await deps.access.teams.setDescription(name, description, deps.actor);
}

/**
 * Adds a member or changes the role.
 * @throws AccountError `role-invalid`; StorageError `not-found`, `last-owner`
 */
export async function setTeamMember(
  deps: AccountDeps,
  team: string,
  member: { readonly user: string; readonly role: string },
): Promise<void> {
  await deps.access.teams.setMember(team, member.user, parseRole(member.role), deps.actor);
}
