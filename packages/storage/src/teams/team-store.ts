export type Role = 'viewer' | 'contributor' | 'owner';

export interface Team {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
}

export interface Member {
  readonly subject: string;
  readonly role: Role;
}

export interface TeamStore {
  /** @throws StorageError `name-taken`, `not-found` (the owner) */
  create(team: { name: string; description: string; owner?: string }, actor: string): Promise<Team>;
  find(name: string): Promise<Team | undefined>;
  list(): Promise<readonly Team[]>;
  members(name: string): Promise<readonly Member[]>;
  /** Adds a member or changes the role. @throws StorageError `not-found`, `last-owner` */
  setMember(team: string, subject: string, role: Role, actor: string): Promise<void>;
  /** Ends the access of the member's tokens. @throws StorageError `not-found`, `last-owner` */
  removeMember(team: string, subject: string, actor: string): Promise<void>;
  /** @throws StorageError `not-found`, `still-in-use` while it owns namespaces */
  delete(name: string, actor: string): Promise<void>;
}
