// An installation that the operating system refuses: as the user of a service or in a container nobody writes
// to `/etc`, and root has another way there.
import { resolve } from 'node:path';
import { explainRefusal } from '../terminal/access-refusal.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';

/** The failure as it is to be told; another one stays as it is. */
export function asRefusedInstall(error: unknown, directory: string): unknown {
  const refusal = explainRefusal(error);
  if (refusal === undefined) return error;
  const { path, hint: refused } = refusal;
  const hint = `${refused}\nOr let root unpack it: … --tar | tar -C ${resolve(directory)} -x`;
  return new CommandFailure(`cannot write ${path}`, EXIT.failed, { hint, cause: error });
}
