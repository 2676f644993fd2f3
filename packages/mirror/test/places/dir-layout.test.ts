import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listDirImages } from '../../src/places/dir-layout.ts';

const root = mkdtempSync(join(tmpdir(), 'portolan-dir-layout-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('the images of a tree', () => {
  it('are none when the tree is not there yet', async () => {
    expect(await listDirImages(join(root, 'later'))).toEqual([]);
  });

  it('are not looked for in a file, such as an archive that was taken for one', async () => {
    const archive = join(root, 'busybox.tar');
    writeFileSync(archive, '');
    await expect(listDirImages(archive)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
