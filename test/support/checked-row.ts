// A row of `portolan client check --output json`: one engine in one shape.
export interface CheckedRow {
  readonly engine: string;
  readonly shape: string;
  readonly proxy: string | null;
  readonly request: string | null;
  readonly status: number | null;
  readonly granted: readonly string[];
  readonly digest: string | null;
  readonly namespace: string | null;
  readonly verdict: string;
  readonly reason: string | null;
  readonly requests: readonly { readonly method: string; readonly url: string }[];
}
