// What of the pod API deploy/kube uses, by kind: a misspelled field is ignored by podman, and refused by a
// kubelet, which is not here. And what a static pod may not have.

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly hostPort: number }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Pod {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly initContainers: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly {
      readonly name: string;
      readonly hostPath?: { readonly path: string };
    }[];
  };
}

type Fields = Readonly<Record<string, string | undefined>>;

/** The kind of each field; undefined is a plain value or a list of them. */
const KINDS: Readonly<Record<string, Fields>> = {
  Pod: { apiVersion: undefined, kind: undefined, metadata: 'Metadata', spec: 'PodSpec' },
  Metadata: { annotations: 'Annotations', name: undefined, labels: 'Labels' },
  Annotations: { 'io.podman.annotations.init.container.type': undefined },
  Labels: { 'app.kubernetes.io/name': undefined },
  PodSpec: {
    automountServiceAccountToken: undefined,
    containers: 'Container',
    dnsPolicy: undefined,
    enableServiceLinks: undefined,
    initContainers: 'Container',
    restartPolicy: undefined,
    securityContext: 'PodSecurityContext',
    terminationGracePeriodSeconds: undefined,
    volumes: 'Volume',
  },
  PodSecurityContext: { seccompProfile: 'SeccompProfile' },
  SeccompProfile: { type: undefined },
  Container: {
    args: undefined,
    command: undefined,
    env: 'EnvVar',
    image: undefined,
    imagePullPolicy: undefined,
    livenessProbe: 'Probe',
    name: undefined,
    ports: 'ContainerPort',
    securityContext: 'SecurityContext',
    startupProbe: 'Probe',
    volumeMounts: 'VolumeMount',
  },
  ContainerPort: { containerPort: undefined, hostPort: undefined, name: undefined },
  // No `valueFrom`, which leads to a ConfigMap or a Secret.
  EnvVar: { name: undefined, value: undefined },
  Probe: {
    exec: 'ExecAction',
    failureThreshold: undefined,
    periodSeconds: undefined,
    timeoutSeconds: undefined,
  },
  ExecAction: { command: undefined },
  SecurityContext: {
    allowPrivilegeEscalation: undefined,
    capabilities: 'Capabilities',
    readOnlyRootFilesystem: undefined,
    runAsGroup: undefined,
    runAsNonRoot: undefined,
    runAsUser: undefined,
  },
  Capabilities: { add: undefined, drop: undefined },
  VolumeMount: { mountPath: undefined, name: undefined, readOnly: undefined },
  // Files of the host and what the pod shares; a static pod has no API server to ask for more.
  Volume: { emptyDir: 'EmptyDir', hostPath: 'HostPath', name: undefined },
  EmptyDir: {},
  HostPath: { path: undefined, type: undefined },
};

/** Every field that its kind does not have, by its path. */
export function unknownFields(value: unknown, kind = 'Pod', path = kind): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => unknownFields(item, kind, `${path}[${i}]`));
  }
  const fields = KINDS[kind] ?? {};
  return Object.entries(value as object).flatMap(([name, part]) => {
    const at = `${path}.${name}`;
    if (!Object.hasOwn(fields, name)) return [at];
    const kindOfPart = fields[name];
    return kindOfPart === undefined ? [] : unknownFields(part, kindOfPart, at);
  });
}
