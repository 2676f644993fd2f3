// The report of an import as one HTML file, without scripts or anything from outside: it is read where there is
// no network, on a desk or on a phone. What stands on the stick is text in it and never markup.
import type { ImportReport, ReportedReference } from './import-report.ts';

type FormatBytes = (bytes: number) => string;

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

/** A long name goes on in the next line after one of its parts, and nowhere else. */
function nameOf(value: string): string {
  return escape(value).replaceAll(/[/:@]/g, '$&<wbr>');
}

function digestOf(value: string | undefined): string {
  return value === undefined ? '' : `<code>${escape(value)}</code>`;
}

function sizeOf(bytes: number, formatBytes: FormatBytes): string {
  return `<span title="${bytes} bytes">${escape(formatBytes(bytes))}</span>`;
}

// Where a table does not fit, each of its rows is a list.
const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #c8c8c8;padding:.25rem .6rem;text-align:left;vertical-align:top}
th{background:#f2f2f2}td{overflow-wrap:anywhere}code{font-size:12px;word-break:break-all}
.references{table-layout:fixed;width:100%}.references th:nth-child(-n+2){width:23%}.references th:nth-child(4){width:7%}.references th:nth-child(5){width:9%}
@media(max-width:60rem){body{margin:1rem}table{width:100%}table,tbody,tr,th,td{display:block}thead{display:none}
tr{border:1px solid #c8c8c8;margin:.6rem 0;padding:.25rem .6rem}th,td{border:0;padding:.1rem 0;background:none}
td:empty{display:none}td[data-name]::before{content:attr(data-name);display:block;font-weight:bold}}
@media print{body{margin:0;max-width:none}}`;

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

/** Names, and what stands beside them as HTML. */
function facts(report: ImportReport, formatBytes: FormatBytes): readonly (readonly string[])[] {
  const { base } = report;
  const against = base === undefined ? 'nothing: it is complete' : `${base.kind} ${base.id}`;
  return [
    ['Bundle', escape(report.bundle)],
    ['Made', escape(report.madeAt)],
    ['Made by', escape(report.tool)],
    ['Imported', escape(report.importedAt)],
    ['Imported by', escape(report.importedBy)],
    ['Made against', escape(against)],
    ['Signature', SIGNATURES[report.signature]],
    ['Files', escape(report.files)],
    ['Size', sizeOf(report.bytes, formatBytes)],
    ['References', outcomes(report)],
    ['Other files on the stick', report.strangers.map(escape).join(', ') || 'none'],
  ];
}

const COLUMNS = ['Reference', 'Here', 'Digest', 'Size', 'Outcome', 'Before'] as const;

function rowOf(one: ReportedReference, formatBytes: FormatBytes): string {
  const cells: Readonly<Record<(typeof COLUMNS)[number], string>> = {
    Reference: nameOf(one.name),
    Here: nameOf(one.destination),
    Digest: digestOf(one.digest),
    Size: sizeOf(one.bytes, formatBytes),
    Outcome: escape(one.error === undefined ? one.outcome : `${one.outcome}: ${one.error}`),
    Before: digestOf(one.before),
  };
  return COLUMNS.map((name) => `<td data-name="${name}">${cells[name]}</td>`).join('');
}

function rows(lines: readonly string[]): string {
  return `<tbody>\n${lines.map((line) => `<tr>${line}</tr>`).join('\n')}\n</tbody>`;
}

export function formatReportHtml(report: ImportReport, formatBytes: FormatBytes): string {
  const head = COLUMNS.map((name) => `<th>${name}</th>`).join('');
  const about = facts(report, formatBytes).map(
    ([name, value]) => `<th>${name}</th><td>${value}</td>`,
  );
  const references = report.references.map((one) => rowOf(one, formatBytes));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Import of bundle ${escape(report.bundle)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Import of a bundle</h1>
<table>
${rows(about)}
</table>
<h2>References</h2>
<table class="references">
<thead><tr>${head}</tr></thead>
${rows(references)}
</table>
</body>
</html>
`;
}
