// Debian's dockerd through a proxy, under the registry's real name and port.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { ADMIN, type OneBox } from './one-box.ts';

export function dockerTests(box: () => OneBox): void {
  describe('docker', () => {
    let engine: DockerEngine;

    beforeAll(async () => {
      const { network, caFile } = box();
      engine = await startDockerEngine([], {
        inside: network.inside,
        env: { SSL_CERT_FILE: caFile },
      });
    });

    afterAll(() => engine?.stop());

    test('logs in, pushes and pulls', async () => {
      const user = await engine.user('admin');
      const login = await user.login('registry.lan', ADMIN.name, ADMIN.password);
      expect(login.output).toContain('Login Succeeded');
      const reference = 'registry.lan/admin/docker:1';
      await engine.importImage(reference);
      const push = await user.docker(`push ${reference}`);
      expect(push.output).toMatch(/digest: sha256:[0-9a-f]{64}/);
      await user.docker(`rmi ${reference}`);
      const pull = await user.docker(`pull ${reference}`);
      expect(pull.code, pull.output).toBe(0);
    });
  });
}
