// What a person reads of a failure, whoever has chosen the words in it.
import { DomainError } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { explainFailure, failureText } from '../../src/terminal/explain-failure.ts';

describe('a failure', () => {
  it('is told with its facts and its hint, line by line', () => {
    const detail = { file: '/media/usb/a', hint: 'copy it again' };
    const failure = explainFailure(new DomainError('bundle-invalid', 'it is damaged', detail));
    expect(failureText(failure)).toBe(
      'error: it is damaged\n  file: /media/usb/a\n  copy it again',
    );
  });

  it('is told with sizes and times as people read them, and a line for each entry', () => {
    const detail = {
      directory: '/media/usb',
      freeBytes: 20 * 1024 ** 2,
      retryAt: Date.UTC(2026, 0, 1),
      newerBundles: ['a', 'b'],
      isQuotaUsedUp: true,
      nothing: undefined,
    };
    const failure = explainFailure(new DomainError('space-short', 'there is no room', detail));
    expect(failureText(failure)).toBe(
      [
        'error: there is no room',
        '  directory: /media/usb',
        '  free: 20.0 MiB',
        '  retry at: 2026-01-01T00:00:00.000Z',
        '  newer bundles:',
        '    a',
        '    b',
        '  is quota used up: true',
      ].join('\n'),
    );
  });

  it.each([
    new DomainError('bundle-invalid', 'the file \u001b[2J', { file: '/media/\u009b2J\r' }),
    new Error('ENOENT: no such file \u001b]0;title\u0007'),
  ])('moves no cursor with names that others have chosen', (error) => {
    expect(failureText(explainFailure(error))).toMatch(/^[^\p{Cc}]+(?:\n[^\p{Cc}]+)*$/u);
  });
});
