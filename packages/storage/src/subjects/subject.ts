// Subjects: whoever can authenticate.
export type SubjectKind = 'user' | 'robot' | 'service';

export interface Subject {
  readonly id: number;
  readonly kind: SubjectKind;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly isDisabled: boolean;
  readonly generation: number;
  readonly createdAt: number;
}

export interface NewUser {
  /** Satisfies `isNamespaceName`: a user's personal namespace has the same name. */
  readonly name: string;
  readonly isAdmin: boolean;
  /** PHC string. */
  readonly passwordHash: string;
}
