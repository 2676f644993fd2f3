// The report of an import as files: JSON for programs, HTML for people.
import type { ImportReport } from '@portolan/mirror';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A link of that name, as on a stick that others have prepared, goes. */
async function writeAnew(file: string, text: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, text, { flag: 'wx' });
}

/** An import may be repeated, and each leaves its own; without `:`, which FAT32 refuses. */
function nameOf({ bundle, importedAt }: ImportReport): string {
  return `report-${importedAt.replaceAll(/[-:.]/g, '')}-${bundle}`;
}

/** Returns the file for people. */
export async function writeReports(directory: string, report: ImportReport): Promise<string> {
  const { formatReportHtml, formatReportJson } = await import('@portolan/mirror');
  await mkdir(directory, { recursive: true });
  const file = join(directory, nameOf(report));
  await writeAnew(`${file}.json`, formatReportJson(report));
  await writeAnew(`${file}.html`, formatReportHtml(report));
  return `${file}.html`;
}
