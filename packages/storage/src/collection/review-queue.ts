// The queue of what collection looks at next. Whoever takes away a reason to keep something puts it
// here, in the same transaction; whether it really goes is decided when its row is due.
import type { Writer } from '../database/transaction.ts';

/** `link` is a blob in one repository, `blob` the blob itself (its `repositoryId` is 0). */
export type ReviewKind = 'blob' | 'link' | 'manifest';

export interface Review {
  readonly kind: ReviewKind;
  readonly repositoryId: number;
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly reviewAfter: number;
}

// Five hundred rows of four values stay far below SQLite's limit of variables.
const ROWS_PER_INSERT = 500;

/** A later reason moves a review that is there already; an earlier one leaves it where it is. */
export async function enqueueReviews(tx: Writer, reviews: readonly Review[]): Promise<void> {
  for (let start = 0; start < reviews.length; start += ROWS_PER_INSERT) {
    const rows = reviews.slice(start, start + ROWS_PER_INSERT).map((review) => ({
      kind: review.kind,
      repository_id: review.repositoryId,
      digest: review.digest,
      review_after: review.reviewAfter,
    }));
    await tx
      .insertInto('review')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['kind', 'repository_id', 'digest'])
          .doUpdateSet((eb) => ({ review_after: eb.ref('excluded.review_after') }))
          .whereRef('excluded.review_after', '>', 'review.review_after'),
      )
      .execute();
  }
}

export async function dropReview(
  tx: Writer,
  review: Pick<Review, 'kind' | 'repositoryId' | 'digest'>,
): Promise<void> {
  await tx
    .deleteFrom('review')
    .where('kind', '=', review.kind)
    .where('repository_id', '=', review.repositoryId)
    .where('digest', '=', review.digest)
    .execute();
}
