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

  it.each([
    new DomainError('bundle-invalid', 'the file \u001b[2J', { file: '/media/\u009b2J\r' }),
    new Error('ENOENT: no such file \u001b]0;title\u0007'),
  ])('moves no cursor with names that others have chosen', (error) => {
    expect(failureText(explainFailure(error))).toMatch(/^[^\p{Cc}]+(?:\n[^\p{Cc}]+)*$/u);
  });
});
