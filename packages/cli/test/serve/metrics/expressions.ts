// Which metrics, with which labels, an expression of Prometheus asks for; as far as our own use them.

export interface Selected {
  readonly metric: string;
  /** In its braces. */
  readonly labels: readonly string[];
}

const SELECTOR = /\b([a-z][a-z0-9_]*)\b\s*(?:\{([^}]*)\})?/g;
const MATCHER = /([a-z_]+)\s*(?:=~|!~|!=|=)/g;
/** Functions, aggregations and words of PromQL that we use. */
const WORDS = new Set(
  'sum min max count by or and absent vector rate increase time clamp_min histogram_quantile'.split(
    ' ',
  ),
);
/** What Prometheus has of every target. */
const OF_PROMETHEUS = new Set(['up']);

/** Labels that series are grouped by. */
export function groupings(expression: string): string[] {
  return [...expression.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  );
}

export function selections(expression: string): Selected[] {
  const withoutGroups = expression
    .replaceAll(/\bby\s*\([^)]*\)/g, '')
    .replaceAll(/\[[^\]]*\]/g, '');
  return [...withoutGroups.matchAll(SELECTOR)]
    .map(([, metric = '', braces = '']) => ({
      metric,
      labels: [...braces.matchAll(MATCHER)].map(([, label = '']) => label),
    }))
    .filter(({ metric }) => !WORDS.has(metric) && !OF_PROMETHEUS.has(metric));
}
