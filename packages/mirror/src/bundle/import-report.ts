// The report of an import, for the person who scans the stick and answers for what came in: JSON for
// programs here, and HTML for people in report-html.ts.
import type { Digest } from '@portolan/oci';
import type { BundleBase } from './bundle-document.ts';
import type { VerifiedBundle } from './verify-bundle.ts';

export interface ReportedReference {
  /** In the bundle. */
  readonly name: string;
  /** In this registry. */
  readonly destination: string;
  readonly digest: Digest;
  /** Of all that it consists of. */
  readonly bytes: number;
  readonly outcome: 'new' | 'moved' | 'unchanged' | 'failed';
  /** Where the tag pointed before; undefined when it is new. */
  readonly before: Digest | undefined;
  readonly error: string | undefined;
}

export interface ImportReport {
  readonly bundle: string;
  readonly madeAt: string;
  readonly importedAt: string;
  readonly importedBy: string;
  readonly tool: string;
  readonly base: BundleBase | undefined;
  readonly signature: VerifiedBundle['signature'];
  readonly files: number;
  readonly bytes: number;
  /** Beside the bundle on the stick; nothing of them was read. */
  readonly strangers: readonly string[];
  readonly references: readonly ReportedReference[];
}

export function formatReportJson(report: ImportReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
