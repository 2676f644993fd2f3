// Visibilities as people write them.
import type { Visibility } from '@portolan/oci';
import { accountError } from './account-error.ts';

const VISIBILITIES = ['public', 'protected', 'private'] as const satisfies readonly Visibility[];

/**
 * The global namespace holds what has no owner: nobody but administrators could use it in private.
 * @throws AccountError `visibility-invalid`
 */
export function parseVisibility(namespace: string, text: string): Visibility {
  const allowed = namespace === '' ? VISIBILITIES.filter((v) => v !== 'private') : VISIBILITIES;
  const visibility = allowed.find((known) => known === text);
  if (visibility !== undefined) return visibility;
  const message =
    namespace === '' && text === 'private'
      ? 'the global namespace cannot be private'
      : 'there is no such visibility';
  const hint = `use one of ${allowed.join(', ')}`;
  throw accountError('visibility-invalid', message, { visibility: text.slice(0, 100), hint });
}
