// GET /livez: the process answers. GET /readyz: it can do its work.
import { authError } from '../../errors.ts';
import type { SigningKeys } from '../../signing/signing-keys.ts';
import type { Handler } from '../request-context.ts';

export interface HealthDeps {
  readonly keys: SigningKeys;
  /** Whatever else has to work; throws when it does not. */
  readonly checkReady: () => Promise<void>;
}

export const livez: Handler = (ctx) => {
  ctx.body = { status: 'ok' };
};

export function createReadyz({ keys, checkReady }: HealthDeps): Handler {
  return async (ctx) => {
    try {
      await checkReady();
      await keys.active();
    } catch (cause) {
      throw authError('not-ready', 'not ready', { hint: 'the reason is in the log' }, cause);
    }
    ctx.body = { status: 'ok' };
  };
}
