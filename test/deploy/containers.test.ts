// deploy/Containerfile, deploy/kube and deploy/compose as they are shipped.
import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type ContainerSite, startContainerSite } from './container-site.ts';
import { composeTests } from './compose-tests.ts';
import { imageTests } from './image-tests.ts';
import { podTests } from './pod-tests.ts';
import { runningImageTests } from './running-image-tests.ts';

const PACKAGES = [
  'buildah',
  'catatonit',
  'docker-compose',
  'haproxy',
  'iproute2',
  'netavark',
  'podman',
  'systemd',
] as const;

describeWith({ packages: PACKAGES, root: true }, 'Portolan in containers', () => {
  let site: ContainerSite;
  beforeAll(async () => {
    site = await startContainerSite();
  }, 300_000);
  afterAll(() => site?.stop());
  imageTests(() => site);
  runningImageTests(() => site);
  podTests(() => site);
  composeTests(() => site);
});
