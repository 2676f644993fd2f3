// What is left of an import for whoever answers for it.
import { RepositoryName } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { formatReportJson, type ImportReport } from '../../src/bundle/import-report.ts';
import { formatReportHtml } from '../../src/bundle/report-html.ts';
import { sampleImage } from '../places/sample-content.ts';
import { signal } from './bundle-fixture.ts';
import { openRegistry, tagged } from './registry-fixture.ts';

const ALPINE = RepositoryName.parse('docker.io/library/alpine');
const NAME = `${ALPINE}:3.20`;

const inHtml = (report: ImportReport) => formatReportHtml(report, (bytes) => `${bytes / 1000} kB`);

async function importAlpine() {
  const [here, there] = [await openRegistry(), await openRegistry()];
  const { blobs, manifest } = sampleImage('alpine', ['3.20']);
  await here.put(ALPINE, { blobs, manifests: [manifest] });
  const { directory, document } = await here.exportTo();
  const report = await there.importFrom(directory);
  const head = await there.repository(ALPINE).head(tagged('3.20'), signal);
  return { document, report, digest: head?.digest ?? '' };
}

describe('the report of an import', () => {
  it('names what came in, and by which stick', async () => {
    const { document, report, digest } = await importAlpine();
    expect(JSON.parse(formatReportJson(report))).toMatchObject({
      bundle: document.id,
      importedBy: 'tester',
      references: [{ destination: NAME, digest, outcome: 'new' }],
    });
    const html = inHtml(report);
    expect(html.replaceAll('<wbr>', '')).toContain(NAME);
    expect(html).toContain(digest);
    expect(html).toContain('<th>References</th><td>1 new</td>');
  });

  it('has sizes in HTML as people read them, with the bytes beside', async () => {
    const { report } = await importAlpine();
    const html = inHtml({ ...report, bytes: 1_234_000 });
    expect(html).toContain('<span title="1234000 bytes">1234 kB</span>');
    const bytes = report.references[0]?.bytes ?? 0;
    expect(html).toContain(`<span title="${bytes} bytes">${bytes / 1000} kB</span>`);
  });

  it('breaks names in HTML between their parts', async () => {
    const { report } = await importAlpine();
    expect(inHtml(report)).toContain('docker.io/<wbr>library/<wbr>alpine:<wbr>3.20');
  });

  it('is HTML in which nothing runs, whatever lies on the stick', async () => {
    const { report } = await importAlpine();
    const html = inHtml({ ...report, strangers: [`<script>alert("1")</script>'&`] });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
    expect(html).toContain(`default-src 'none'`);
  });
});
