// Whether a bundle that was verified may be taken in. That it lacks a signature, or has another one, is no
// damage, and is told as what it is.
import { mirrorError } from '../errors.ts';
import type { BundleContents } from './bundle-contents.ts';
import { SIGNATURE_FILE } from './layout.ts';
import { listed } from './listed.ts';
import type { VerifiedBundle } from './verify-bundle.ts';

function refuseSignature(signature: VerifiedBundle['signature'], directory: string): never {
  if (signature === 'none') {
    throw mirrorError('bundle-invalid', 'the bundle is not signed; nothing was imported', {
      directory,
      hint: 'ask for a signed one (`portolan bundle export --sign`), or leave --key out',
    });
  }
  throw mirrorError(
    'bundle-invalid',
    'the bundle is not signed with this key; nothing was imported',
    {
      directory,
      hint: 'name the public key of whoever made it; with that key, somebody has changed the bundle',
    },
  );
}

/** @throws MirrorError `bundle-invalid` */
export function requireSound(bundle: VerifiedBundle, directory: string): BundleContents {
  const { contents, problems, signature } = bundle;
  if (contents !== undefined && problems.length === 0) return contents;
  if (problems.every(({ file }) => file === SIGNATURE_FILE)) refuseSignature(signature, directory);
  throw mirrorError('bundle-invalid', 'the bundle is damaged; nothing was imported', {
    directory,
    problems: listed(problems.map(({ file, problem }) => `${file ?? 'bundle'}: ${problem}`)),
    hint: 'copy it again or make it again; an export into the same directory keeps what is right',
  });
}
