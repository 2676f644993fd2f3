// Seals what must be readable again, such as an upstream's password: AES-256-GCM with a key in a file
// beside the database, so that a copy of the database alone gives nothing away. The context, such as
// the row's name, is part of what is authenticated: a sealed value opens nowhere but in its place.
//
//   version (1 byte) │ nonce (12) │ tag (16) │ ciphertext
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mirrorError } from '../errors.ts';
import { loadSecretKey } from './secret-key-file.ts';

export interface SecretBox {
  /** @throws MirrorError `secret-unreadable` when others can read the key */
  seal(secret: Buffer | string, context: string): Promise<Buffer>;
  /** @throws MirrorError `secret-unreadable`: changed, of another key, or sealed for another context */
  open(sealed: Buffer, context: string): Promise<Buffer>;
}

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

function authenticated(context: string): Buffer {
  return Buffer.concat([Buffer.of(VERSION), Buffer.from(context)]);
}

function unreadable(context: string, cause?: unknown): Error {
  return mirrorError(
    'secret-unreadable',
    'a stored secret cannot be opened with the key that is here',
    {
      secret: context,
      hint: 'restore keys/mirror.key from the backup that the database is from, or set the secret again',
    },
    cause,
  );
}

function openSealed(key: Buffer, sealed: Buffer, context: string): Buffer {
  if (sealed.length < HEADER_BYTES || sealed[0] !== VERSION) throw unreadable(context);
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated(context));
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEADER_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES)), decipher.final()]);
  } catch (error) {
    throw unreadable(context, error);
  }
}

/** @param keyFile made when something is sealed first */
export function createSecretBox({ keyFile }: { readonly keyFile: string }): SecretBox {
  let loaded: Buffer | undefined;
  const key = async (): Promise<Buffer> => (loaded ??= await loadSecretKey(keyFile));

  return {
    async seal(secret, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, await key(), nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(authenticated(context));
      const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), ciphertext]);
    },
    open: async (sealed, context) => openSealed(await key(), sealed, context),
  };
}
