// The token service: who may do what, as signed tokens.
export type { AccountDeps } from './accounts/account-deps.ts';
export type { AccountError, AccountErrorCode } from './accounts/account-error.ts';
export { type Accounts, createAccounts } from './accounts/accounts.ts';
export { generatePassword } from './accounts/generated-password.ts';
export { createUser, type PasswordChoice, type UserChanges } from './accounts/users.ts';
export type { AuthError, AuthErrorCode } from './errors.ts';
export { type AuthApp, type AuthDeps, createAuthApp } from './http/app.ts';
export type {
  Correlate,
  Correlation,
  ObserveRequest as ObserveAuthRequest,
  RequestObservation as AuthRequestObservation,
} from './http/observation.ts';
export type { Service } from './http/endpoints/token.ts';
export { accountFailureKey } from './identity/login-throttle.ts';
export { sourceOf } from './identity/source-address.ts';
export {
  createPasswordHasher,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './identity/password-hasher.ts';
export type { PolicySettings, PushPolicy } from './policy/repository-policy.ts';
export { activeKeyOf, isPublished } from './signing/active-key.ts';
export { selfSignedCertificate } from './signing/certificate.ts';
export { readPrivateKey } from './signing/key-file.ts';
export { removeRetiredKeys, rotateSigningKey } from './signing/key-rotation.ts';
export { publicKeyPem } from './signing/public-key.ts';
export {
  openSigningKeys,
  type PublicKeySet,
  publicKeySetOf,
  type SigningKeys,
} from './signing/signing-keys.ts';
export { createTokenIssuer, type KeyIdForm } from './signing/token-issuer.ts';
