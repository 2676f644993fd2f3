import { describe, expect, it } from 'vitest';
import { type CheckedRow, formatChecked } from '../../src/commands/client-check-report.ts';

const DIGEST = `sha256:${'5'.repeat(64)}`;
const PULL = 'repository:quay.io/coreos/etcd:pull';
const URL = 'https://registry.lan/v2/coreos/etcd/manifests/v3.1?ns=quay.io';

const ASKED = {
  request: `HEAD ${URL}`,
  status: 200,
  granted: [PULL],
  digest: DIGEST,
  namespace: 'quay.io',
  verdict: 'ok',
  reason: null,
} as const;

const UNASKED = {
  request: null,
  status: null,
  granted: [],
  digest: null,
  namespace: null,
  verdict: 'not possible',
  reason: 'only for docker.io: use `portolan client config proxy`',
} as const;

const REFUSED = {
  ...ASKED,
  status: 401,
  granted: [],
  digest: null,
  verdict: 'refused',
  reason: 'UNAUTHORIZED: the token does not grant pull; the token grants nothing',
} as const;

const ROWS: readonly CheckedRow[] = [
  { engine: 'containerd', shape: 'hosts.toml', ...ASKED },
  { engine: 'docker', shape: 'registry-mirrors', ...UNASKED },
  { engine: 'docker', shape: 'hosts.toml', ...REFUSED },
];

describe('what was checked, on a narrow terminal', () => {
  it('is a block for each engine', () => {
    expect(formatChecked(ROWS, 120)).toBe(
      [
        'containerd',
        '  ✔ hosts.toml: ok',
        `    HEAD ${URL}`,
        `    status 200, granted ${PULL}, namespace quay.io,`,
        `      ${DIGEST}`,
        '',
        'docker',
        '  - registry-mirrors: not possible: only for docker.io: use `portolan client config proxy`',
        '  ✘ hosts.toml: refused: UNAUTHORIZED: the token does not grant pull; the token grants nothing',
        `    HEAD ${URL}`,
        '    status 401, namespace quay.io',
        '',
      ].join('\n'),
    );
  });

  it.each([120, 100, 80])('fits %i columns', (width) => {
    const lines = formatChecked(ROWS, width).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it('says what an engine does that goes elsewhere', () => {
    const row = { ...REFUSED, engine: 'k3s', shape: 'registries.yaml' };
    const text = formatChecked([{ ...row, verdict: 'would fall back to the upstream' }], 200);
    expect(text).toContain('  ! registries.yaml: would fall back to the upstream: UNAUTHORIZED');
  });
});
