// The report of an import, for the person who scans the stick and answers for what came in: JSON for
// programs, and one HTML file without scripts or anything from outside.
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

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(value: unknown): string {
  return String(value).replaceAll(/[&<>"']/g, (found) => ENTITIES[found] ?? '');
}

function cells(tag: 'th' | 'td', row: readonly unknown[]): string {
  return row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('');
}

function table(lines: readonly string[]): string {
  return `<table>\n${lines.map((line) => `<tr>${line}</tr>`).join('\n')}\n</table>`;
}

const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #c8c8c8;padding:.25rem .6rem;text-align:left;vertical-align:top}
th{background:#f2f2f2}td{overflow-wrap:anywhere}td:nth-child(5){overflow-wrap:normal}`;

const SIGNATURES: Readonly<Record<ImportReport['signature'], string>> = {
  good: 'good',
  bad: 'bad',
  unchecked: 'there is one; it was not checked, for want of a key',
  none: 'none',
};

const OUTCOMES = ['new', 'moved', 'unchanged', 'failed'] as const;

/** `1 moved, 11 unchanged` */
function outcomes({ references }: ImportReport): string {
  const counts = OUTCOMES.map((outcome) => {
    const count = references.filter((reference) => reference.outcome === outcome).length;
    return count === 0 ? '' : `${count} ${outcome}`;
  });
  return counts.filter((text) => text !== '').join(', ');
}

function facts(report: ImportReport): readonly (readonly [string, unknown])[] {
  const { base } = report;
  return [
    ['Bundle', report.bundle],
    ['Made', report.madeAt],
    ['Made by', report.tool],
    ['Imported', report.importedAt],
    ['Imported by', report.importedBy],
    ['Made against', base === undefined ? 'nothing: it is complete' : `${base.kind} ${base.id}`],
    ['Signature', SIGNATURES[report.signature]],
    ['Files', report.files],
    ['Bytes', report.bytes],
    ['References', outcomes(report)],
    ['Other files on the stick', report.strangers.join(', ') || 'none'],
  ];
}

export function formatReportHtml(report: ImportReport): string {
  const references = report.references.map((one) => [
    one.name,
    one.destination,
    one.digest,
    one.bytes,
    one.error === undefined ? one.outcome : `${one.outcome}: ${one.error}`,
    one.before ?? '',
  ]);
  const head = ['Reference', 'Here', 'Digest', 'Bytes', 'Outcome', 'Before'];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Import of bundle ${escape(report.bundle)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Import of a bundle</h1>
${table(facts(report).map(([name, value]) => cells('th', [name]) + cells('td', [value])))}
<h2>References</h2>
${table([cells('th', head), ...references.map((row) => cells('td', row))])}
</body>
</html>
`;
}

export function formatReportJson(report: ImportReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
