// Suites that need a program of a Debian package. Where it is absent the suite is skipped with a
// reason that names the package; in CI (PORTOLAN_CI) everything is installed, so absence is a failure.
import { accessSync, constants } from 'node:fs';
import { describe, test } from 'vitest';

/** Absolute paths: a program of the same name elsewhere in PATH may be another version. */
const PROGRAMS = {
  buildah: ['/usr/bin/buildah'],
  'busybox-static': ['/bin/busybox'],
  caddy: ['/usr/bin/caddy'],
  catatonit: ['/usr/bin/catatonit'],
  containerd: ['/usr/bin/containerd', '/usr/bin/ctr'],
  'docker-compose': ['/usr/bin/docker-compose'],
  'docker-registry': ['/usr/bin/docker-registry'],
  'docker.io': ['/usr/sbin/dockerd', '/usr/bin/docker'],
  haproxy: ['/usr/sbin/haproxy'],
  iptables: ['/usr/sbin/iptables'],
  iproute2: ['/usr/sbin/ip'],
  netavark: ['/usr/lib/podman/netavark'],
  'nginx-light': ['/usr/sbin/nginx'],
  podman: ['/usr/bin/podman'],
  prometheus: ['/usr/bin/promtool'],
  skopeo: ['/usr/bin/skopeo'],
  systemd: ['/usr/bin/systemd-analyze', '/usr/bin/systemd-socket-activate'],
} as const satisfies Record<string, readonly string[]>;

export type DebianPackage = keyof typeof PROGRAMS;

export interface Needs {
  readonly packages?: readonly DebianPackage[];
  /** Engines that mount and chown files do not work for an ordinary user. */
  readonly root?: boolean;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why a suite cannot run here, or undefined. */
export function missingNeed(needs: Needs): string | undefined {
  for (const name of needs.packages ?? []) {
    if (!PROGRAMS[name].every(isExecutable)) return `needs the Debian package ${name}`;
  }
  if (needs.root === true && process.getuid?.() !== 0) return 'needs root';
  return undefined;
}

/** As `describe`, for a suite that runs only where its needs are met. */
export function describeWith(needs: Needs, title: string, suite: () => void): void {
  const reason = missingNeed(needs);
  if (reason === undefined) {
    describe(title, suite);
    return;
  }
  if (process.env['PORTOLAN_CI'] === undefined) {
    describe.skip(`${title} (skipped: ${reason})`, suite);
    return;
  }
  test(title, () => {
    throw new Error(`${title}: ${reason}`);
  });
}
