// deploy/compose/compose.yaml: Compose reads it, and what it says of the container holds.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runOrThrow } from '../support/run-command.ts';
import type { ContainerSite } from './container-site.ts';
import { IMAGE } from './portolan-image.ts';
import { createProxiedClient } from './proxied-client.ts';
import { runContainer } from './running-container.ts';

const COMPOSE = join(import.meta.dirname, '../../deploy/compose/compose.yaml');
const NAME = 'registry.lan';

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly unknown[];
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
}

/** With variables filled in and everything checked, as Compose itself sees it. */
async function readService(directory: string): Promise<Service> {
  const env = { HOME: directory, PORTOLAN_NAME: NAME };
  const { stdout } = await runOrThrow('/usr/bin/docker-compose', ['-f', COMPOSE, 'config'], {
    env,
  });
  const { services } = parse(stdout) as { services: { portolan: Service } };
  return services.portolan;
}

export function composeTests(site: () => ContainerSite): void {
  describe('the Compose file', () => {
    test('serves HTTPS, with nothing permitted, once there is a certificate', async () => {
      const { directory, engine, network } = site();
      const service = await readService(directory);
      expect(service).toMatchObject({
        image: IMAGE,
        read_only: true,
        ports: [
          { published: 443, target: 8443 },
          { published: 80, target: 8080 },
        ],
      });
      const dataDirectory = await site().makeDataDirectory('compose-data');
      const once = `run --rm --network none --volume=${dataDirectory}:/var/lib/portolan ${IMAGE}`;
      await engine.mustPodman(`${once} ca init --name ${NAME}`);
      await engine.mustPodman(`${once} ca issue ${NAME} *.${NAME}`);
      const container = await runContainer(site(), {
        name: 'composed',
        dataDirectory,
        variables: service.environment,
        options: [
          '--read-only',
          ...service.cap_drop.map((name) => `--cap-drop=${name}`),
          ...service.security_opt.map((option) => `--security-opt=${option.replace(':true', '')}`),
        ],
      });
      const authority = join(dataDirectory, 'ca');
      const client = createProxiedClient({
        httpSocket: await network.openPort(8080),
        httpsSocket: await network.openPort(8443),
        ca: await readFile(join(authority, 'ca.crt')),
      });
      expect((await client.send({ host: NAME, path: '/readyz' })).status).toBe(200);
      const sent = await client.send({ scheme: 'http', host: NAME, path: '/v2/' });
      expect(sent.headers.get('location')).toBe(`https://${NAME}/v2/`);
      expect(await container.stop()).toBe(0);
    });
  });
}
