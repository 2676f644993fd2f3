// Everything that has a rule of its own when accounts change, bound to its stores and one actor. For
// the command line, and for whatever else manages accounts; plain removals and reads are the stores'.
import type { Namespace, Team } from '@portolan/storage';
import type { AccountDeps } from './account-deps.ts';
import {
  createNamespace,
  type NamespaceChanges,
  type NewNamespaceRequest,
  updateNamespace,
} from './namespaces.ts';
import { createTeam, type NewTeamRequest, setTeamDescription, setTeamMember } from './teams.ts';
import {
  type CreatedUser,
  createUser,
  type NewUserRequest,
  updateUser,
  type UserChanges,
} from './users.ts';

export interface Accounts {
  createUser(request: NewUserRequest): Promise<CreatedUser>;
  /** Returns the password when it was generated. */
  updateUser(name: string, changes: UserChanges): Promise<string | undefined>;
  createTeam(request: NewTeamRequest): Promise<Team>;
  setTeamDescription(name: string, description: string): Promise<void>;
  /** Adds a member or changes the role. */
  setTeamMember(team: string, member: { user: string; role: string }): Promise<void>;
  createNamespace(request: NewNamespaceRequest): Promise<Namespace>;
  updateNamespace(name: string, changes: NamespaceChanges): Promise<void>;
}

/** @example await createAccounts(deps).createUser({ name, isAdmin: true, password: { kind: 'generated' } }) */
export function createAccounts(deps: AccountDeps): Accounts {
  return {
    createUser: (request) => createUser(deps, request),
    updateUser: (name, changes) => updateUser(deps, name, changes),
    createTeam: (request) => createTeam(deps, request),
    setTeamDescription: (name, description) => setTeamDescription(deps, name, description),
    setTeamMember: (team, member) => setTeamMember(deps, team, member),
    createNamespace: (request) => createNamespace(deps, request),
    updateNamespace: (name, changes) => updateNamespace(deps, name, changes),
  };
}
