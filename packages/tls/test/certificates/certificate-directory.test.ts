import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listCertificateFiles } from '../../src/certificates/certificate-directory.ts';
import { listRenewalRecords } from '../../src/certificates/renewal-record.ts';

const directory = mkdtempSync(join(tmpdir(), 'portolan-certificates-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a directory of certificates', () => {
  it('that is not there yet has none, and nothing to renew', async () => {
    const later = join(directory, 'later');
    expect(await listCertificateFiles(later)).toEqual([]);
    expect(await listRenewalRecords(later)).toEqual([]);
  });

  it('is not a certificate: who names one instead is told', async () => {
    const file = join(directory, 'registry.lan.pem');
    writeFileSync(file, '');
    await expect(listCertificateFiles(file)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(listRenewalRecords(file)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
