// The metrics of all processes of a server, added up. What a worker counted stays when it dies, as of the
// last time that it was asked, so that no counter ever falls; one that does not answer in time is counted
// as it was then, and its gauges are left out.
import { setTimeout as delay } from 'node:timers/promises';
import { addUp, countsOf, type Snapshot, toText } from './snapshot.ts';

/** What can be asked: a worker. */
export interface CrewMember {
  /** Never resolves when it has died meanwhile. */
  snapshot(): Promise<Snapshot>;
  readonly ended: Promise<unknown>;
}

export interface CrewSnapshots {
  add(member: CrewMember): void;
  /** In Prometheus' format. */
  scrape(): Promise<string>;
}

export interface CrewSnapshotsDeps {
  /** Of the process that asks. */
  readonly own: () => Promise<Snapshot>;
  readonly patienceMs?: number;
}

interface Known {
  readonly member: CrewMember;
  last: Snapshot;
  /** The question that is not answered yet; there is never a second. */
  asked: Promise<void> | undefined;
}

const PATIENCE_MS = 2000;

async function askOnce(known: Known): Promise<void> {
  known.last = await known.member.snapshot();
  known.asked = undefined;
}

/** Whether the answer came. */
async function ask(known: Known, patienceMs: number): Promise<boolean> {
  known.asked ??= askOnce(known);
  const answered = known.asked.then(() => true);
  const gone = known.member.ended.then(() => false);
  const patience = new AbortController();
  const late = delay(patienceMs, false, { signal: patience.signal }).catch(() => false);
  const isFresh = await Promise.race([answered, gone, late]);
  patience.abort();
  return isFresh;
}

export function createCrewSnapshots({ own, patienceMs = PATIENCE_MS }: CrewSnapshotsDeps) {
  const live = new Set<Known>();
  /** Of those that are gone. Added up when somebody asks, since that takes time. */
  let gone: Snapshot[] = [];

  async function bury(known: Known): Promise<void> {
    await known.member.ended;
    live.delete(known);
    gone.push(countsOf(known.last));
  }

  async function scrape(): Promise<string> {
    const asked = [...live];
    const [mine, answers] = await Promise.all([
      own(),
      Promise.all(asked.map((known) => ask(known, patienceMs))),
    ]);
    const fresh = new Set(asked.filter((_, index) => answers[index] === true));
    // From here to the text nothing waits: a worker is either live or gone.
    const workers = [...live].map((known) =>
      fresh.has(known) ? known.last : countsOf(known.last),
    );
    const text = toText([mine, ...workers, ...gone]);
    if (gone.length > 1) {
      const many = gone;
      const one = await addUp(many);
      gone = [one, ...gone.slice(many.length)];
    }
    return await text;
  }

  let underWay: Promise<string> | undefined;
  const crew: CrewSnapshots = {
    add(member) {
      const known: Known = { member, last: [], asked: undefined };
      live.add(known);
      void bury(known);
    },
    scrape() {
      underWay ??= scrape().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
  return crew;
}
