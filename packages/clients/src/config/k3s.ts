// k3s, which writes containerd's files from its own `registries.yaml`. Whatever stands there, the
// registry itself is asked last, unless the node is started without default endpoints; `*` and that
// option came with the same releases.
import { type Document, isMap, isSeq, parseDocument, YAMLMap } from 'yaml';
import { refuse } from '../client-error.ts';
import { type EngineVersion, isBefore } from '../engine-version.ts';
import {
  certificateFiles,
  type ClientConfig,
  type ConfigFile,
  type ConfigRequest,
  namedUpstreams,
} from './client-config.ts';
import { otherK3sEntries } from './other-k3s-entries.ts';

const FILE = '/etc/rancher/k3s/registries.yaml';
const CA = '/etc/rancher/k3s/portolan-ca.crt';
const NODE_FILE = '/etc/rancher/k3s/config.yaml.d/50-portolan.yaml';
const NODE_OPTION = 'disable-default-registry-endpoint';

/** The first patch release of each branch that has both. */
const FIRST: readonly EngineVersion[] = [
  [1, 26, 13],
  [1, 27, 10],
  [1, 28, 6],
  [1, 29, 1],
];

function isTooOld({ version }: ConfigRequest): boolean {
  if (version === undefined) return false;
  const ofBranch = FIRST.find(([major, minor]) => major === version[0] && minor === version[1]);
  return isBefore(version, ofBranch ?? [1, 26, 13]);
}

/** `*` is left to fail-closed nodes: some releases with containerd 2 lose the fallback behind it. */
function namesOf(request: ConfigRequest): readonly string[] {
  const canAll = request.fails !== 'open' && request.upstreams === undefined;
  return canAll ? ['*'] : namedUpstreams(request);
}

function setIn(document: Document, path: readonly string[], value: unknown): void {
  // A key such as `mirrors:` without a value is null, which nothing can be put into.
  for (const depth of path.keys()) {
    const above = path.slice(0, depth);
    if (!isMap(document.getIn(above, true))) document.setIn(above, new YAMLMap());
  }
  document.setIn(path, document.createNode(value));
}

/** A mirror of ours and nothing else, which only a run of ours writes. */
function isOurs(document: Document, name: string, { registry }: ConfigRequest): boolean {
  const mirror = document.getIn(['mirrors', name], true);
  if (!isMap(mirror) || mirror.items.length !== 1) return false;
  const endpoints = mirror.get('endpoint', true);
  return isSeq(endpoints) && endpoints.items.length === 1 && endpoints.get(0) === registry.origin;
}

function withRegistry(existing: string, request: ConfigRequest): string {
  const document: Document = parseDocument(existing);
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents))) {
    return refuse(`${FILE} is no YAML mapping`, 'k3s would not start with it either: correct it');
  }
  const { registry, ca } = request;
  for (const name of namesOf(request)) {
    setIn(document, ['mirrors', name, 'endpoint'], [registry.origin]);
    // It was for the endpoint that was there.
    document.deleteIn(['mirrors', name, 'rewrite']);
  }
  // Of a fail-closed run, and every registry would go on to come from here.
  if (request.fails === 'open' && isOurs(document, '*', request)) {
    document.deleteIn(['mirrors', '*']);
  }
  if (ca !== undefined) setIn(document, ['configs', registry.host, 'tls', 'ca_file'], CA);
  return document.toString();
}

/** Either way, so that neither an earlier run nor `config.yaml` decides it; a file after it still does. */
function nodeFile(isClosed: boolean): ConfigFile {
  return { path: NODE_FILE, text: `${NODE_OPTION}: ${isClosed}\n` };
}

export function k3sConfig(request: ConfigRequest): ClientConfig {
  const isClosed = request.fails !== 'open';
  if (isClosed && isTooOld(request)) {
    refuse(
      'this k3s cannot be fail-closed: it always asks the registry itself in the end',
      'v1.26.13, v1.27.10, v1.28.6 and v1.29.1 are the first that can; or say --fail-open',
    );
  }
  const text = withRegistry('', request);
  return {
    files: [
      { path: FILE, text, merge: (existing) => withRegistry(existing, request) },
      nodeFile(isClosed),
      ...certificateFiles(request, CA),
    ],
    surroundings: isClosed
      ? otherK3sEntries(request, FILE, { file: NODE_FILE, option: NODE_OPTION })
      : undefined,
    reload: ['systemctl restart k3s'],
    notes: [
      'k3s reads the files when it starts, on every node; on agents the unit is k3s-agent.',
      ...(isClosed
        ? [
            `Fail-closed needs k3s v1.26.13, v1.27.10, v1.28.6, v1.29.1 or later: older ones skip ${NODE_FILE}.`,
          ]
        : ['Fail-open: k3s asks the registry itself last, and shows the error of that one.']),
      'For rke2 the same files belong below /etc/rancher/rke2.',
    ],
  };
}
