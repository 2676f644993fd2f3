// Reports of imports are written where they are asked for, and nowhere else.
import type { ImportReport } from '@portolan/mirror';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeReports } from '../../src/commands/import-reports.ts';

const BUNDLE = '0'.repeat(32);
const REPORT: ImportReport = {
  bundle: BUNDLE,
  madeAt: '2026-11-01T12:00:00.000Z',
  importedAt: '2026-11-02T12:00:00.000Z',
  importedBy: 'cli:tester',
  tool: '<script>alert(1)</script>',
  base: undefined,
  signature: 'good',
  files: 1,
  bytes: 1,
  strangers: ['"><img src=x onerror=alert(1)>'],
  references: [],
};

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-reports-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe('reports of an import', () => {
  it.each(['json', 'html'])('follow no link that is there already: .%s', async (ending) => {
    const directory = makeDirectory();
    const file = join(directory, 'treasure');
    writeFileSync(file, 'not ours');
    symlinkSync(file, join(directory, `report-20261102T120000000Z-${BUNDLE}.${ending}`));
    await writeReports(directory, REPORT);
    await writeReports(directory, REPORT);
    expect(readFileSync(file, 'utf8')).toBe('not ours');
  });

  it('stand beside those of an import before', async () => {
    const directory = makeDirectory();
    await writeReports(directory, REPORT);
    await writeReports(directory, { ...REPORT, importedAt: '2026-11-02T12:00:00.001Z' });
    expect(readdirSync(directory).sort()).toEqual(
      ['000', '001'].flatMap((ms) =>
        ['html', 'json'].map((ending) => `report-20261102T120000${ms}Z-${BUNDLE}.${ending}`),
      ),
    );
  });

  it('hold no markup that came with the bundle', async () => {
    const html = readFileSync(await writeReports(makeDirectory(), REPORT), 'utf8');
    expect(html).not.toMatch(/<script|<img/);
  });
});
