// Tries one route as one subject on one repository.
import type { Visibility } from '@portolan/oci';
import type { Answer } from '../conformance/registry-client.ts';
import { createRepository } from '../conformance/repository.ts';
import type { Image } from '../support/image.ts';
import { CATALOG, HAS_TOKEN, RIGHTS, type SubjectKind } from './reference-model.ts';
import type { Probe } from './registry-probes.ts';
import type { World } from './world.ts';

export interface Attempt {
  readonly subject: SubjectKind;
  readonly visibility: Visibility;
  /** Instead of the subject's repository of this visibility; there it may do nothing. */
  readonly name?: string;
}

/** By the reference model. */
export function isAllowed({ needs }: Probe, subject: SubjectKind, visibility: Visibility): boolean {
  if (needs === 'any token') return HAS_TOKEN[subject];
  if (needs === 'catalog') return CATALOG[subject] !== undefined;
  return RIGHTS[subject][visibility].includes(needs);
}

export function titleOf({ method, pattern, note }: Probe): string {
  return [method, pattern, note].filter(Boolean).join(' ');
}

/** The repositories of `world` hold `image` under the tag `latest`. */
export async function attempt(
  world: World,
  image: Image,
  probe: Probe,
  { subject, visibility, name: given }: Attempt,
): Promise<Answer> {
  const name = given ?? world.repositoryName(subject, visibility);
  const session = await world.session(subject, visibility, given);
  const repository = createRepository(name, session);
  const own = world.repositoryName(subject, visibility);
  const mayPush = RIGHTS[subject][visibility].includes('push');
  async function beginUpload(): Promise<string> {
    const location = await (mayPush ? repository : await world.administrator(own)).beginUpload();
    // Nothing may come into being in a repository that shall be absent.
    return location.replace(own, name);
  }
  const scene = { repository, image, beginUpload };
  const target = await probe.target(scene);
  return session.request(probe.method, target, probe.options?.(scene));
}
