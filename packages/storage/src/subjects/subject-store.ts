// Subjects: whoever can authenticate. Issue 3 has users; robots and services come later.

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

export interface SubjectStore {
  /**
   * The user, the password and the private personal namespace of the same name.
   * @throws StorageError `name-taken` (detail.kind: 'user' or 'namespace')
   */
  createUser(user: NewUser, actor: string): Promise<Subject>;
  find(name: string): Promise<Subject | undefined>;
  findById(id: number): Promise<Subject | undefined>;
  list(): Promise<readonly Subject[]>;
  /** Ends the access of tokens already issued. @throws StorageError `not-found`, `last-administrator` */
  setDisabled(name: string, isDisabled: boolean, actor: string): Promise<void>;
  /** @throws StorageError `not-found`, `last-administrator` */
  setAdmin(name: string, isAdmin: boolean, actor: string): Promise<void>;
  /**
   * Removes the user with credentials and memberships. The personal namespace goes too when it is
   * empty; otherwise it stays, private, for administrators.
   * @throws StorageError `not-found`, `last-administrator`, `last-owner`
   */
  delete(name: string, actor: string): Promise<void>;
}
