import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CA, config, files, judged, merged, type Wanted } from '../request.ts';

const FILE = '/etc/rancher/k3s/registries.yaml';
const NODE = '/etc/rancher/k3s/config.yaml.d/50-portolan.yaml';

function warnings(text: string, wanted: Wanted = {}): readonly string[] {
  return judged('k3s', { [FILE]: text }, wanted).warnings;
}

describe('registries.yaml of k3s', () => {
  it('sends every registry here, and turns the default endpoints off', () => {
    expect(files('k3s', { ca: CA })).toEqual({
      [FILE]: `mirrors:
  "*":
    endpoint:
      - https://registry.lan
configs:
  registry.lan:
    tls:
      ca_file: /etc/rancher/k3s/portolan-ca.crt
`,
      [NODE]: 'disable-default-registry-endpoint: true\n',
      '/etc/rancher/k3s/portolan-ca.crt': CA,
    });
  });

  it('names the registries when it is fail-open, and says that default endpoints stay', () => {
    const given = files('k3s', { fails: 'open', known: 'docker.io,host.lan:5000' });
    expect(Object.keys(given)).toEqual([FILE, NODE]);
    expect(given[NODE]).toBe('disable-default-registry-endpoint: false\n');
    expect(parse(given[FILE] ?? '')).toEqual({
      mirrors: {
        'docker.io': { endpoint: ['https://registry.lan'] },
        'host.lan:5000': { endpoint: ['https://registry.lan'] },
      },
    });
  });

  it('keeps what else is in the file, comments too', () => {
    const existing = `# by hand
mirrors:
  ghcr.io:
    endpoint: [https://other.lan]
configs:
  other.lan:
    auth: {username: a, password: b} # a robot
`;
    const text = merged('k3s', existing, { ca: CA });
    expect(text).toContain('# by hand');
    expect(text).toContain('# a robot');
    expect(parse(text)).toEqual({
      mirrors: {
        'ghcr.io': { endpoint: ['https://other.lan'] },
        '*': { endpoint: ['https://registry.lan'] },
      },
      configs: {
        'other.lan': { auth: { username: 'a', password: 'b' } },
        'registry.lan': { tls: { ca_file: '/etc/rancher/k3s/portolan-ca.crt' } },
      },
    });
    expect(merged('k3s', text, { ca: CA })).toBe(text);
  });

  it('fills a key that has no value', () => {
    expect(parse(merged('k3s', 'mirrors:\nconfigs:\n'))).toMatchObject({
      mirrors: { '*': { endpoint: ['https://registry.lan'] } },
    });
  });

  it.each(['- a', 'a: [', 'text'])('is left alone when it is %j', (existing) => {
    expect(() => merged('k3s', existing)).toThrow(/no YAML mapping/);
  });

  it.each(['v1.25.16', '1.26.12', '1.27.9+k3s1', '1.28.5', '1.29.0'])(
    'is refused fail-closed for %s, which cannot be',
    (version) => {
      expect(() => config('k3s', { version })).toThrow(/cannot be fail-closed/);
      expect(() => config('k3s', { version, fails: 'open' })).not.toThrow();
    },
  );

  it.each(['1.26.13', '1.27.10', '1.28.6', '1.29.1+k3s1', '1.33.0'])(
    'is fail-closed for %s',
    (version) => {
      expect(files('k3s', { version })[NODE]).toContain('endpoint: true');
    },
  );
});

describe('a mirror that is there already', () => {
  const OURS = { endpoint: ['https://registry.lan'] };
  const LONG = 'mirrors: {docker.io: {endpoint: [https://old.lan], rewrite: {"^(.*)": "x/$1"}}}\n';
  const OPEN = { fails: 'open' } as const;

  it.each([
    ['the rewrite of one that is named goes', LONG, { ns: 'docker.io' }, { 'docker.io': OURS }],
    [
      'one that is not named stays',
      'mirrors: {ghcr.io: {endpoint: [https://other.lan], rewrite: {a: b}}}',
      { ns: 'docker.io' },
      { 'ghcr.io': { endpoint: ['https://other.lan'], rewrite: { a: 'b' } }, 'docker.io': OURS },
    ],
    [
      'ours for every registry goes when it is fail-open',
      'mirrors: {"*": {endpoint: [https://registry.lan]}}',
      OPEN,
      { 'docker.io': OURS },
    ],
    [
      'that of others for every registry stays then',
      'mirrors: {"*": {endpoint: [https://registry.lan, https://other.lan]}}',
      OPEN,
      { 'docker.io': OURS, '*': { endpoint: ['https://registry.lan', 'https://other.lan'] } },
    ],
    [
      'that of others for every registry is replaced when it is fail-closed',
      'mirrors: {"*": {endpoint: [https://other.lan], rewrite: {a: b}}}',
      {},
      { '*': OURS },
    ],
  ] as const)('%s', (_title, existing, wanted, mirrors) => {
    const text = merged('k3s', existing, wanted);
    expect(parse(text)).toEqual({ mirrors });
    expect(merged('k3s', text, wanted)).toBe(text);
  });

  it('is ours in either mode, one after the other', () => {
    const closed = merged('k3s', '# mine\n');
    const open = merged('k3s', closed, OPEN);
    expect(parse(open)).toEqual({ mirrors: { 'docker.io': OURS } });
    expect(parse(merged('k3s', open))).toEqual({ mirrors: { 'docker.io': OURS, '*': OURS } });
    expect(open).toContain('# mine');
  });
});

describe('what makes a registry fail-open on a fail-closed node is told', () => {
  it.each([
    ['another mirror', 'mirrors: {docker.io: {endpoint: [https://mirror.gcr.io]}}', 'docker.io'],
    ['one beside ours', 'mirrors: {q.io: {endpoint: [https://registry.lan, https://a]}}', 'q.io'],
    ['none', 'mirrors: {q.io: {rewrite: {a: b}}}', 'q.io'],
    ['a login', 'configs: {quay.io: {auth: {username: a}}}', 'quay.io'],
  ])('%s', (_title, text, host) => {
    expect(warnings(text)).toEqual([expect.stringContaining(`${host} is not fail-closed: `)]);
    expect(warnings(text)[0]).toContain(FILE);
  });

  it('with what replaces it', () => {
    const [text] = warnings('mirrors: {docker.io: {endpoint: [https://mirror.gcr.io]}}');
    expect(text).toContain('https://mirror.gcr.io. Replace it with --ns docker.io, or remove it');
  });

  it.each<[string, string, Wanted]>([
    ['ours', 'mirrors: {q.io: {endpoint: [https://registry.lan/v2/q.io]}}', {}],
    ['that for every registry, which is replaced', 'mirrors: {"*": {endpoint: [https://a]}}', {}],
    ['the login for ours', 'configs: {registry.lan: {auth: {username: a}}}', {}],
    ['one without anything', 'configs: {quay.io: }', {}],
    ['no mapping, which is refused elsewhere', 'a: [', {}],
    ['what is not asked for', 'mirrors: {q.io: {endpoint: [https://a]}}', { ns: 'docker.io' }],
    ['a login for what is not asked for', 'configs: {q.io: {auth: {}}}', { ns: 'docker.io' }],
    ['anything on a node that is fail-open', 'mirrors: {q.io: {}}', { fails: 'open' }],
  ])('but not %s', (_title, text, wanted) => {
    expect(warnings(text, wanted)).toEqual([]);
  });

  it('a login for a registry that is named stays, and keeps it fail-open', () => {
    const text = 'configs: {docker.io: {auth: {username: a}}}';
    expect(warnings(text, { ns: 'docker.io' })).toHaveLength(1);
  });
});

describe('a file of config.yaml.d after ours', () => {
  const DIRECTORY = '/etc/rancher/k3s/config.yaml.d';
  const KEY = 'disable-default-registry-endpoint';

  /** Name → text. */
  function told(there: Readonly<Record<string, string>>, wanted: Wanted = {}): readonly string[] {
    const places = Object.entries(there).map(([name, text]) => [`${DIRECTORY}/${name}`, text]);
    return judged('k3s', Object.fromEntries(places), wanted).warnings;
  }

  it.each([
    ['false', '90-site.yaml', `${KEY}: false`],
    ['false in YAML 1.1, as k3s reads it', '90-site.yml', `${KEY}: no`],
    ['false in quotes', '90-site.YAML', `${KEY}: "false"`],
  ])('is told when it is %s', (_title, name, text) => {
    expect(told({ [name]: text })).toEqual([
      `this node is not fail-closed: ${DIRECTORY}/${name} comes after ${NODE} and sets ${KEY} to false. Remove it there.`,
    ]);
    expect(told({ [name]: text }, { ns: 'docker.io' })).toHaveLength(1);
  });

  it('is the last that has the option', () => {
    const one = { '90-site.yaml': `${KEY}: false` };
    expect(told({ '91-site.yaml': 'debug: true', ...one })).toHaveLength(1);
    expect(told({ '91-site.yaml': `${KEY}: true`, ...one })).toEqual([]);
    expect(told({ '80-site.yaml': `${KEY}: true`, ...one })).toHaveLength(1);
  });

  it.each<[string, string, string, Wanted]>([
    ['before ours', '10-site.yaml', `${KEY}: false`, {}],
    ['of an earlier run', '50-portolan.yaml', `${KEY}: false`, {}],
    ['without the option', '90-site.yaml', 'debug: false', {}],
    ['that turns it on too', '90-site.yaml', `${KEY}: true`, {}],
    ['that k3s does not read', '90-site.yaml.bak', `${KEY}: false`, {}],
    ['that is no YAML', '90-site.yaml', 'a: [', {}],
    ['on a node that is fail-open', '90-site.yaml', `${KEY}: false`, { fails: 'open' }],
  ])('but not one %s', (_title, name, text, wanted) => {
    expect(told({ [name]: text }, wanted)).toEqual([]);
  });
});
