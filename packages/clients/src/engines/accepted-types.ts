// The media types of manifests that engines accept.
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '@portolan/oci';

export const MANIFEST_TYPES: readonly string[] = [
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_MANIFEST,
  OCI_INDEX,
];

export const ANY_TYPES: readonly string[] = [...MANIFEST_TYPES, '*/*'];
