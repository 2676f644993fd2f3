// Certificates of a directory, by the name that the client asks for.
import { expect, test } from 'vitest';
import type { OneBox } from './one-box.ts';

export function certificateTests(box: () => OneBox): void {
  test.each([
    ['registry.lan', 'DNS:registry.lan, DNS:*.registry.lan'],
    ['docker-io.registry.lan', 'DNS:registry.lan, DNS:*.registry.lan'],
    ['portal.registry.lan', 'DNS:portal.registry.lan'],
  ])('shows the certificate of %s to who asks for it', async (name, names) => {
    const socket = await box().client.openTls(name, 'http/1.1');
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    expect(subjectaltname).toBe(names);
  });
}
