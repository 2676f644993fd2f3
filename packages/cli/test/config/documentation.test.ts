import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { loadServeSettings } from '../../src/config/serve-settings.ts';
import { settingsReference } from './settings-reference.ts';

const FILE = resolve(import.meta.dirname, '../../../../docs/configuration.md');
const page = readFileSync(FILE, 'utf8');

it('documents every setting with its variable and its default', () => {
  expect(page).toContain(settingsReference());
});

it('shows an example file that loads', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'portolan-example-'));
  const file = join(directory, 'portolan.yaml');
  writeFileSync(file, yaml);
  const { settings } = loadServeSettings('all', { environment: {}, file });
  rmSync(directory, { recursive: true });
  expect(settings.publicUrl).toBe('https://registry.example.com');
});
