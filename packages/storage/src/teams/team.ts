// Teams and what a member may be in one.
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

export interface Membership {
  readonly team: string;
  readonly role: Role;
}

export interface NewTeam {
  readonly name: string;
  readonly description: string;
  /** Name of the user who becomes its first owner. */
  readonly owner?: string;
}
