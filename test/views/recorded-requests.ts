// What each engine sends to pull one image, recorded from the engines that Debian has and read from the
// source of those that it lacks. `registry.lan` is this registry; `<reference>` and `<digest>` stand for
// what is asked for.
export interface RecordedToken {
  /** containerd posts a form when it has credentials, and falls back to GET when that is refused. */
  readonly method: 'GET' | 'POST then GET';
  /** `challenge` is whatever scope the 401 named. */
  readonly scopes: readonly string[];
  readonly sendsAccount?: boolean;
}

export interface RecordedPull {
  readonly engine: string;
  readonly configuration: string;
  /** The image here. */
  readonly repository: 'docker.io/library/busybox' | 'quay.io/coreos/etcd';
  readonly host: string;
  /** Engines that ping take the challenge from there and from nowhere else. */
  readonly ping?: string;
  /** How a manifest is asked for by tag; by digest it is GET alone. */
  readonly methods: readonly ('GET' | 'HEAD')[];
  readonly manifest: string;
  readonly blob: string;
  readonly token: RecordedToken;
  /** containerd has one for its resolver and one for its fetcher. */
  readonly tokenCalls: number;
  /** Blobs come in parallel parts. */
  readonly hasRanges?: boolean;
  /** Sends its credentials for the image's own registry. */
  readonly sendsUpstreamLogin: boolean;
  /** What `OCI-Namespace` says; undefined under the canonical name. */
  readonly view: 'docker.io' | 'quay.io' | undefined;
}

const BUSYBOX = 'docker.io/library/busybox';
const ETCD = 'quay.io/coreos/etcd';
const SHORT = 'repository:library/busybox:pull';
const SHORT_ETCD = 'repository:coreos/etcd:pull';

function paths(before: string, query = '') {
  return {
    manifest: `${before}/manifests/<reference>${query}`,
    blob: `${before}/blobs/<digest>${query}`,
  };
}

const containerd = {
  methods: ['HEAD', 'GET'],
  token: { method: 'POST then GET', scopes: ['challenge', SHORT] },
  tokenCalls: 2,
  sendsUpstreamLogin: true,
  host: 'registry.lan',
  repository: BUSYBOX,
  view: 'docker.io',
} as const satisfies Partial<RecordedPull>;

const containerdEtcd = {
  ...containerd,
  repository: ETCD,
  view: 'quay.io',
  token: { method: 'POST then GET', scopes: ['challenge', SHORT_ETCD] },
} as const satisfies Partial<RecordedPull>;

/** containers/image: it pings, asks for the name as configured, and never by HEAD. */
const podman = {
  methods: ['GET'],
  ping: '/v2/',
  token: { method: 'GET', scopes: [`repository:${BUSYBOX}:pull`] },
  tokenCalls: 1,
  sendsUpstreamLogin: false,
  host: 'registry.lan',
  repository: BUSYBOX,
  view: undefined,
} as const satisfies Partial<RecordedPull>;

const dockerd = {
  methods: ['HEAD', 'GET'],
  ping: '/v2/',
  token: { method: 'GET', scopes: [SHORT], sendsAccount: true },
  tokenCalls: 1,
  sendsUpstreamLogin: true,
  host: 'docker-io.registry.lan',
  repository: BUSYBOX,
  view: 'docker.io',
} as const satisfies Partial<RecordedPull>;

const etcdAtUpstream = { repository: ETCD, host: 'quay.io', view: 'quay.io' } as const;
const buildkitToken = { method: 'GET', scopes: ['challenge', SHORT] } as const;

const CANONICAL = paths(`/v2/${BUSYBOX}`);
const SHORT_NAME = paths('/v2/library/busybox');
const SHORT_ETCD_NAME = paths('/v2/coreos/etcd');
const WITH_NS = paths('/v2/library/busybox', '?ns=docker.io');
const WITH_BOTH = paths(`/v2/${BUSYBOX}`, '?ns=docker.io');
const BEFORE_V2 = paths('/docker.io/v2/library/busybox', '?ns=docker.io');
const ETCD_NS = paths('/v2/coreos/etcd', '?ns=quay.io');

// biome-ignore format: a table reads best as a table
export const RECORDED_PULLS: readonly RecordedPull[] = [
  { ...podman, ...CANONICAL, engine: 'podman 4.3', configuration: 'location of a prefix' },
  { ...podman, ...CANONICAL, engine: 'skopeo 1.9', configuration: 'a mirror of a prefix' },
  { ...podman, ...CANONICAL, engine: 'buildah 1.28', configuration: 'location of a prefix' },
  { ...podman, ...CANONICAL, engine: 'CRI-O', configuration: 'location of a prefix' },
  { ...podman, ...SHORT_ETCD_NAME, ...etcdAtUpstream, engine: 'podman 4.3', configuration: 'DNS override', token: { method: 'GET', scopes: [SHORT_ETCD] }, sendsUpstreamLogin: true },
  { ...containerd, ...WITH_NS, engine: 'containerd 1.6', configuration: 'host' },
  { ...containerd, ...WITH_BOTH, engine: 'containerd 1.6', configuration: '/v2/docker.io with override_path' },
  { ...containerd, ...BEFORE_V2, engine: 'containerd 1.6', configuration: '/docker.io without override_path' },
  { ...containerdEtcd, ...ETCD_NS, engine: 'containerd 1.6', configuration: '_default' },
  { ...containerd, ...CANONICAL, engine: 'containerd 1.6', configuration: 'the canonical name', view: undefined, token: { method: 'POST then GET', scopes: ['challenge'] }, sendsUpstreamLogin: false },
  { ...containerd, ...SHORT_NAME, engine: 'containerd 1.6', configuration: 'CONNECT proxy', host: 'registry-1.docker.io' },
  { ...containerd, ...WITH_NS, engine: 'containerd 2', configuration: 'host, parallel ranges', hasRanges: true },
  { ...containerdEtcd, ...ETCD_NS, engine: 'containerd 2', configuration: '_default, parallel ranges', hasRanges: true },
  { ...containerd, ...BEFORE_V2, engine: 'containerd 2', configuration: '/docker.io without override_path', hasRanges: true },
  { ...containerd, ...WITH_NS, engine: 'k3s', configuration: 'mirrors without rewrite' },
  { ...containerd, ...WITH_BOTH, engine: 'k3s', configuration: 'mirrors with rewrite' },
  { ...containerd, ...WITH_NS, engine: 'dockerd 29', configuration: 'hosts.toml', sendsUpstreamLogin: false, hasRanges: true },
  { ...containerdEtcd, ...ETCD_NS, engine: 'dockerd 29', configuration: 'hosts.toml of quay.io', sendsUpstreamLogin: false },
  { ...dockerd, ...SHORT_NAME, engine: 'dockerd 20.10', configuration: 'registry-mirrors by virtual host' },
  { ...dockerd, ...SHORT_NAME, engine: 'dockerd 20.10', configuration: 'DNS override of Docker Hub', host: 'registry-1.docker.io' },
  { ...dockerd, ...SHORT_ETCD_NAME, ...etcdAtUpstream, engine: 'dockerd 20.10', configuration: 'CONNECT proxy', token: { method: 'GET', scopes: [SHORT_ETCD], sendsAccount: true } },
  { ...dockerd, ...paths('/docker.io/v2/library/busybox'), engine: 'dockerd 25', configuration: 'registry-mirrors with a path', host: 'registry.lan', ping: '/docker.io/v2/' },
  { ...dockerd, ...SHORT_NAME, engine: 'dockerd 25', configuration: 'registry-mirrors by virtual host' },
  { ...containerd, ...WITH_NS, engine: 'BuildKit in dockerd 20.10', configuration: 'registry-mirrors by virtual host', host: 'docker-io.registry.lan', token: buildkitToken },
  { ...containerd, ...WITH_BOTH, engine: 'BuildKit', configuration: 'mirrors with a path', token: buildkitToken },
];
