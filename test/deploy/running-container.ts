// One container of the image, on the host's network, which is the test's own.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ContainerSite } from './container-site.ts';
import { BASE, IMAGE } from './portolan-image.ts';

export interface RunningContainer {
  readonly password: string;
  readonly pid: number;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number>;
}

export interface RunOptions {
  readonly name: string;
  readonly dataDirectory: string;
  readonly options?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** Nothing can be written but the volume, not even a temporary file, and nothing is permitted. */
export const SEALED = [
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
];

const GRACE_SECONDS = 30;

export async function untilHealthy({ engine }: ContainerSite, name: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { code, output } = await engine.podman(`exec ${name} portolan health`);
    if (code === 0) return;
    if (attempt === 60) {
      const { output: log } = await engine.podman(`logs ${name}`);
      throw new Error(`${name} is not healthy: ${output}\n${log}`);
    }
    await delay(500);
  }
}

export async function runContainer(
  site: ContainerSite,
  { name, dataDirectory, options = SEALED, variables = {} }: RunOptions,
): Promise<RunningContainer> {
  const { engine } = site;
  const password = randomBytes(18).toString('base64url');
  const environment = {
    PORTOLAN_PUBLIC_URL: 'http://localhost:5000',
    PORTOLAN_ADMIN_PASSWORD: password,
    ...variables,
  };
  const set = Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`);
  const volume = `--volume=${dataDirectory}:/var/lib/portolan`;
  const more = [...options, ...set, volume, IMAGE];
  await engine.mustPodman(`run --detach --network host --name ${name}`, more);
  await untilHealthy(site, name);
  const read = async (field: string): Promise<number> =>
    Number((await engine.mustPodman(`inspect --format {{.State.${field}}} ${name}`)).stdout);
  return {
    password,
    pid: await read('Pid'),
    async stop() {
      await engine.mustPodman(`stop --time ${GRACE_SECONDS} ${name}`);
      const code = await read('ExitCode');
      await engine.mustPodman(`rm ${name}`);
      return code;
    },
  };
}

/** An image that is there already, out and in again. @param more options of both commands */
export async function pushAndPull(
  { engine }: ContainerSite,
  { host, password }: { readonly host: string; readonly password: string },
  more: readonly string[],
): Promise<void> {
  const reference = `${host}/admin/base:1`;
  const login = ['--creds', `admin:${password}`, ...more];
  await engine.mustPodman('push', [...login, BASE, `docker://${reference}`]);
  await engine.mustPodman('pull --quiet', [...login, reference]);
  const idOf = async (name: string): Promise<string> =>
    (await engine.mustPodman(`image inspect --format {{.Id}} ${name}`)).stdout;
  expect(await idOf(reference)).toBe(await idOf(BASE));
  await engine.mustPodman(`untag ${BASE} ${reference}`);
}
