// What a person does with docker in these tests, and what must come of it.
import { expect } from 'vitest';
import type { DockerUser } from '../support/docker-engine.ts';
import { type RunnableImages, SAYS } from './images.ts';
import { HUB_LOGIN } from './world.ts';

/** As `docker login` leaves it; Docker Hub itself cannot be asked here. */
export async function logInToHub(user: DockerUser): Promise<void> {
  const auth = Buffer.from(`${HUB_LOGIN.name}:${HUB_LOGIN.password}`).toString('base64');
  await user.configure({ auths: { 'https://index.docker.io/v1/': { auth } } });
}

export interface WantedPull {
  readonly reference: string;
  readonly image: keyof RunnableImages;
}

/** The very image of the upstream comes, with nothing of it kept from before, and runs. */
export async function expectPulled(
  user: DockerUser,
  images: RunnableImages,
  { reference, image }: WantedPull,
): Promise<void> {
  await user.docker(`rmi --force ${reference}`);
  const { code, output } = await user.docker(`pull ${reference}`);
  expect(code, output).toBe(0);
  expect(output).toContain(images[image].root.digest);
  const run = await user.docker(`run --rm --network=none ${reference}`);
  expect(run.output).toContain(SAYS[image]);
}
