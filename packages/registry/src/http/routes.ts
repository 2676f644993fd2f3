// THE table of `/v2/`: what is served, and which access each row needs. It drives routing, 405 with
// `Allow`, authorization, and the names in the log; what has no row here does not exist.
import type { RegistryAccess, RepositoryAccess } from '../access/require-access.ts';
import { getBase } from './endpoints/base.ts';
import { deleteBlob, getBlob, headBlob } from './endpoints/blobs.ts';
import { listCatalog } from './endpoints/catalog.ts';
import { discoverExtensions } from './endpoints/extensions.ts';
import { putManifest } from './endpoints/manifest-push.ts';
import { deleteManifest, getManifest, headManifest } from './endpoints/manifests.ts';
import { listReferrers } from './endpoints/referrers.ts';
import { listTags } from './endpoints/tags.ts';
import {
  appendToUpload,
  beginUpload,
  cancelUpload,
  finishUpload,
  getUploadStatus,
} from './endpoints/uploads.ts';
import type { MakeHandler, RegistryRequest, RepositoryRequest } from './request.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface RegistryRoute {
  readonly name: string;
  readonly method: Method;
  readonly pattern: string;
  readonly access: RegistryAccess;
  readonly handler: MakeHandler<RegistryRequest>;
}

/** Its pattern begins with `/v2/<name>/`. */
interface RepositoryRoute {
  readonly name: string;
  readonly method: Method;
  readonly pattern: `/v2/<name>/${string}`;
  readonly access: RepositoryAccess;
  readonly handler: MakeHandler<RepositoryRequest>;
}

export type Route = RegistryRoute | RepositoryRoute;

// A tag or a digest: to delete either takes the same right.
const MANIFEST = '/v2/<name>/manifests/<reference>';
const BLOB = '/v2/<name>/blobs/<digest>';
const UPLOADS = '/v2/<name>/blobs/uploads/';
const UPLOAD = '/v2/<name>/blobs/uploads/<id>';
const TAGS = '/v2/<name>/tags/list';
const REFERRERS = '/v2/<name>/referrers/<digest>';
const DISCOVER = '/v2/_oci/ext/discover';
const DISCOVER_IN = '/v2/<name>/_oci/ext/discover';

// biome-ignore format: a table reads best as a table
export const ROUTES: readonly Route[] = [
  { name: 'base', method: 'GET', pattern: '/v2/', access: 'any-token', handler: getBase },
  { name: 'base-head', method: 'HEAD', pattern: '/v2/', access: 'any-token', handler: getBase },
  { name: 'manifest-get', method: 'GET', pattern: MANIFEST, access: 'pull', handler: getManifest },
  { name: 'manifest-head', method: 'HEAD', pattern: MANIFEST, access: 'pull', handler: headManifest },
  { name: 'manifest-put', method: 'PUT', pattern: MANIFEST, access: 'push', handler: putManifest },
  { name: 'manifest-delete', method: 'DELETE', pattern: MANIFEST, access: 'delete', handler: deleteManifest },
  { name: 'blob-get', method: 'GET', pattern: BLOB, access: 'pull', handler: getBlob },
  { name: 'blob-head', method: 'HEAD', pattern: BLOB, access: 'pull', handler: headBlob },
  { name: 'blob-delete', method: 'DELETE', pattern: BLOB, access: 'delete', handler: deleteBlob },
  { name: 'upload-begin', method: 'POST', pattern: UPLOADS, access: 'push', handler: beginUpload },
  { name: 'upload-status', method: 'GET', pattern: UPLOAD, access: 'upload', handler: getUploadStatus },
  { name: 'upload-append', method: 'PATCH', pattern: UPLOAD, access: 'upload', handler: appendToUpload },
  { name: 'upload-finish', method: 'PUT', pattern: UPLOAD, access: 'upload', handler: finishUpload },
  { name: 'upload-cancel', method: 'DELETE', pattern: UPLOAD, access: 'upload', handler: cancelUpload },
  { name: 'tags-list', method: 'GET', pattern: TAGS, access: 'pull', handler: listTags },
  { name: 'referrers-list', method: 'GET', pattern: REFERRERS, access: 'pull', handler: listReferrers },
  { name: 'catalog', method: 'GET', pattern: '/v2/_catalog', access: 'catalog', handler: listCatalog },
  { name: 'extensions', method: 'GET', pattern: DISCOVER, access: 'any-token', handler: discoverExtensions },
  { name: 'extensions-of-repository', method: 'GET', pattern: DISCOVER_IN, access: 'pull', handler: discoverExtensions },
];
